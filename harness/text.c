/* text - see text.h and text_compile.h; what stands in ${...} is expression.c's. */
#include "harness/text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/expression.h"
#include "harness/text_compile.h"

/* --- values
 * ----------------------------------------------------------------------------------------------------------
 */

int values_open(struct values *values, size_t count, const char *const *names)
{
    *values = (struct values){.count = count, .names = names};
    if (count > 0) {
        values->slots = calloc(count, sizeof *values->slots);
        if (!values->slots) {
            return -1;
        }
    }
    for (size_t i = 0; i < count; i++) {
        bytes_init(&values->slots[i].bytes, VALUE_BYTES_MAX);
    }
    return 0;
}

void values_close(struct values *values)
{
    for (size_t i = 0; i < values->count; i++) {
        bytes_free(&values->slots[i].bytes);
    }
    free(values->slots);
    *values = (struct values){.count = 0};
}

int values_set(struct values *values, size_t slot, const void *data, size_t length)
{
    assert(slot < values->count);
    struct values_slot *s = &values->slots[slot];
    bytes_clear(&s->bytes);
    s->set = bytes_append(&s->bytes, data, length) == BYTES_OK;
    return s->set ? 0 : -1;
}

int values_set_number(struct values *values, size_t slot, int64_t number)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRId64, number);
    return values_set(values, slot, digits, (size_t)length);
}

/* --- expanding
 * ------------------------------------------------------------------------------------------------------- */

static int fail_at(const struct place *place, struct seam_error *error)
{
    error->path = place->path;
    error->line = place->line;
    error->column = place->column;
    return -1;
}

int text_expand(const struct text *text, const struct values *values, struct bytes *out,
                struct seam_error *error)
{
    for (size_t i = 0; i < text->piece_count; i++) {
        const struct text_piece *piece = &text->pieces[i];
        if (piece->expression) {
            if (expression_append(piece->expression, values, out, error) != 0) {
                return -1;
            }
        } else if (bytes_append(out, piece->bytes, piece->length) != BYTES_OK) {
            seam_error_set(error, "expands to more than %zu bytes", out->length_max);
            return fail_at(&text->place, error);
        }
    }
    return 0;
}

int number_expand(const struct number *number, const struct values *values, int64_t *out,
                  struct seam_error *error)
{
    if (number->constant) {
        *out = number->value;
        return 0;
    }
    struct bytes digits;
    bytes_init(&digits, 64);
    int result = text_expand(number->text, values, &digits, error);
    if (result == 0 && !text_parse_integer(digits.data, digits.length, out)) {
        struct bytes shown;
        bytes_init(&shown, 400);
        bytes_append_visible(&shown, digits.data, digits.length, BYTES_VISIBLE_QUOTED);
        seam_error_set(error, "expected an integer of 64 bits, got \"%s\"", bytes_text(&shown));
        bytes_free(&shown);
        result = fail_at(&number->place, error);
    }
    bytes_free(&digits);
    return result;
}

bool text_is_known(const struct text *text, const struct values *values)
{
    for (size_t i = 0; i < text->piece_count; i++) {
        if (text->pieces[i].expression && !expression_is_known(text->pieces[i].expression, values)) {
            return false;
        }
    }
    return true;
}

/* --- compiling
 * ------------------------------------------------------------------------------------------------------- */

struct pieces {
    struct arena *arena;
    struct text_piece *items;
    size_t count;
    size_t capacity;
    struct bytes literal; /* collected, not yet a piece */
};

static void add_piece(struct pieces *pieces, struct text_piece piece)
{
    pieces->items =
        arena_grow(pieces->arena, pieces->items, &pieces->count, &pieces->capacity, sizeof *pieces->items);
    pieces->items[pieces->count - 1] = piece;
}

static void flush_literal(struct pieces *pieces)
{
    if (pieces->literal.length > 0) {
        const char *copy = arena_copy(pieces->arena, pieces->literal.data, pieces->literal.length);
        add_piece(pieces, (struct text_piece){.bytes = copy, .length = pieces->literal.length});
        bytes_clear(&pieces->literal);
    }
}

static enum bytes_result append_itself(struct bytes *out, const char *bytes, size_t length)
{
    return bytes_append(out, bytes, length);
}

static void add_literal(struct pieces *pieces, const char *bytes, size_t length,
                        enum bytes_result (*quote)(struct bytes *out, const char *bytes, size_t length))
{
    if ((quote ? quote : append_itself)(&pieces->literal, bytes, length) != BYTES_OK) {
        abort(); /* out of memory, as in the arena */
    }
}

int text_compile(const struct text_compiler *compiler, const char *bytes, size_t length, struct place place,
                 struct text *out)
{
    struct pieces pieces = {.arena = compiler->arena};
    int result = 0;
    bytes_init(&pieces.literal, SIZE_MAX / 4);
    for (size_t at = 0; at < length;) {
        const char *dollar = memmem(bytes + at, length - at, "${", 2);
        size_t literal_end = dollar ? (size_t)(dollar - bytes) : length;
        add_literal(&pieces, bytes + at, literal_end - at, NULL);
        at = literal_end;
        if (length - at >= 4 && memcmp(bytes + at, "${$}", 4) == 0) {
            add_literal(&pieces, "$", 1, compiler->quote);
            at += 4;
        } else if (at < length) {
            struct text_piece piece;
            if (expression_compile(compiler, bytes, length, at + 2, &piece, &at) != 0) {
                result = -1;
            } else if (piece.expression) {
                flush_literal(&pieces);
                add_piece(&pieces, piece);
            } else {
                add_literal(&pieces, piece.bytes, piece.length, compiler->quote);
            }
        }
    }
    flush_literal(&pieces);
    bytes_free(&pieces.literal);
    *out =
        (struct text){.pieces = pieces.items, .piece_count = pieces.count, .place = place, .constant = true};
    for (size_t i = 0; i < pieces.count; i++) {
        out->constant = out->constant && !pieces.items[i].expression;
    }
    return result;
}
