/* scenario_print_values - see scenario_print_values.h; data is scenario_print_data.c's. */
#include "harness/scenario_print_values.h"

#include <string.h>

#include "harness/expression.h"
#include "harness/pattern_compile.h"
#include "src/utf8.h"

void *print_fail(struct printer *p, const char *format, ...)
{
    va_list args;
    if (!p->failed) {
        va_start(args, format);
        vsnprintf(p->error->text, sizeof p->error->text, format, args);
        va_end(args);
    }
    p->failed = true;
    return NULL;
}

static int fail(struct printer *p, const struct seam_error *error)
{
    print_fail(p, "%s", error->text);
    return -1;
}

/* --- taking texts apart --- */

void print_add_piece(struct printer *p, struct print_flat *out, struct print_piece piece)
{
    out->items = arena_grow(p->arena, out->items, &out->count, &out->capacity, sizeof *out->items);
    out->items[out->count - 1] = piece;
}

static void add_value(struct printer *p, struct print_flat *out, const struct bytes *value)
{
    if (value->length > 0) {
        print_add_piece(p, out,
                        (struct print_piece){.kind = PRINT_VALUE,
                                             .bytes = arena_copy(p->arena, value->data, value->length),
                                             .length = value->length,
                                             .name_slot = SIZE_MAX});
    }
}

/* A known value inside `ignore` must stay what it is now. */
static void pin(struct printer *p, const struct expression *expression)
{
    if (expression->kind != EXPRESSION_NUMBER) {
        p->slots[expression->slot].pinned = true;
    }
    for (size_t i = 0; expression->kind == EXPRESSION_NUMBER && i < expression->code_count; i++) {
        enum operation operation = expression->code[i].operation;
        if (operation == OPERATION_NUMBER_OF || operation == OPERATION_LENGTH_OF) {
            p->slots[expression->code[i].slot].pinned = true;
        }
    }
}

int print_flatten(struct printer *p, const struct text *text, struct print_flat *out)
{
    struct bytes value;
    int result = 0;
    bytes_init(&value, PRINT_BYTES_MAX);
    for (size_t i = 0; i < text->piece_count && result == 0; i++) {
        const struct text_piece *piece = &text->pieces[i];
        struct seam_error error = {0};
        if (!piece->expression && piece->length > 0) {
            print_add_piece(p, out,
                            (struct print_piece){.kind = PRINT_WRITTEN,
                                                 .bytes = piece->bytes,
                                                 .length = piece->length,
                                                 .name_slot = SIZE_MAX});
        } else if (piece->expression && !expression_is_known(piece->expression, &p->values)) {
            result = print_expression(p, piece->expression, out);
        } else if (piece->expression) {
            bytes_clear(&value);
            result = expression_append(piece->expression, &p->values, &value, &error);
            result = result == 0 ? 0 : fail(p, &error);
            add_value(p, out, &value);
        }
        if (piece->expression && p->pinning) {
            pin(p, piece->expression);
        }
    }
    bytes_free(&value);
    return result;
}

int print_flatten_data(struct printer *p, const struct data *data, struct print_flat *out)
{
    const struct bytes literal = {.data = (char *)data->literal, .length = data->literal_length};
    const struct delimiter *delimiter = &p->scenario->delimiter;
    const struct bytes end = {.data = (char *)delimiter->bytes, .length = delimiter->length};
    if (data->times || data->kind == DATA_FILE) {
        print_fail(p, "what only a run knows stands in data with \"times\" or \"file\"");
        return -1;
    }
    if (data->kind == DATA_TEXT) {
        return print_flatten(p, data->text, out);
    }
    if (data->kind == DATA_LITERAL) {
        add_value(p, out, &literal);
    }
    for (size_t i = 0; i < data->item_count; i++) {
        if (print_flatten_data(p, data->items[i], out) != 0) {
            return -1;
        }
        if (data->kind != DATA_LIST) {
            add_value(p, out, &end);
        }
    }
    return 0;
}

/* --- texts --- */

static json_t *string_of(struct printer *p, const struct bytes *text)
{
    const char *bytes = bytes_text(text);
    uint32_t codepoint;
    for (size_t i = 0, n; i < text->length; i += n) {
        n = bytes[i] ? utf8_decode(bytes + i, text->length - i, &codepoint) : 0;
        if (n == 0) {
            return print_fail(p, "a text that is not UTF-8, or has a NUL, can't be written here");
        }
    }
    json_t *json = json_stringn(bytes, text->length);
    return json ? json : print_fail(p, "out of memory");
}

json_t *print_flat_text(struct printer *p, const struct print_flat *flat)
{
    struct bytes whole, literal;
    bool glued = false;
    bytes_init(&whole, PRINT_BYTES_MAX);
    bytes_init(&literal, PRINT_BYTES_MAX);
    for (size_t i = 0; i < flat->count;) { /* literals that follow each other are one */
        bytes_clear(&literal);
        for (; i < flat->count && flat->items[i].kind != PRINT_UNKNOWN; i++) {
            print_must(bytes_append(&literal, flat->items[i].bytes, flat->items[i].length));
        }
        print_literal(p, &whole, literal.data, literal.length, glued, i < flat->count);
        for (; i < flat->count && flat->items[i].kind == PRINT_UNKNOWN; i++) {
            print_must(bytes_append(&whole, flat->items[i].bytes, flat->items[i].length));
            glued = true;
        }
    }
    json_t *json = string_of(p, &whole);
    bytes_free(&whole);
    bytes_free(&literal);
    return json;
}

json_t *print_text(struct printer *p, const struct text *text)
{
    struct print_flat flat = {.items = NULL};
    return print_flatten(p, text, &flat) == 0 ? print_flat_text(p, &flat) : NULL;
}

json_t *print_path(struct printer *p, const struct text *text, const char *base, bool command)
{
    struct print_flat flat = {.items = NULL};
    if (print_flatten(p, text, &flat) != 0) {
        return NULL;
    }
    print_rebase(p, &flat, base, command);
    return print_flat_text(p, &flat);
}

json_t *print_number(struct printer *p, const struct number *number)
{
    int64_t value;
    struct seam_error error = {0};
    if (!number->constant && !text_is_known(number->text, &p->values)) {
        return print_text(p, number->text);
    }
    if (number_expand(number, &p->values, &value, &error) != 0) {
        return print_fail(p, "%s", error.text);
    }
    return json_integer(value);
}

/* --- patterns --- */

/* Can letters stand for themselves anywhere in this pattern? Not so behind a backslash, in braces, in sets.
 */
static bool takes_letters(const struct print_flat *flat)
{
    for (size_t i = 0; i < flat->count; i++) {
        const char *at = flat->items[i].bytes, *end = at + flat->items[i].length;
        for (; flat->items[i].kind == PRINT_WRITTEN && at < end; at++) {
            if (strchr("\\{[#", *at) || (*at == '(' && (at + 1 == end || at[1] == '*'))) {
                return false;
            }
            if (*at != '(' || at[1] != '?') {
                continue;
            }
            at += 2;
            size_t flags = 0;
            while (at + flags < end && strchr("ims", at[flags])) {
                flags++;
            }
            bool option = flags > 0 && at + flags < end && (at[flags] == ')' || at[flags] == ':');
            bool group = at < end && (*at == ':' || (*at == '<' && memchr(at, '>', (size_t)(end - at))));
            if (!option && !group) {
                return false;
            }
        }
    }
    return true;
}

static void append_value(struct bytes *out, const struct print_piece *piece, bool letters)
{
    for (size_t i = 0; i < piece->length; i++) {
        char c = piece->bytes[i];
        bool special = strchr("\\^$.[]|()?*+{}#", c) != NULL;
        if (!letters || (unsigned char)c < 0x20 || (unsigned char)c == 0x7f) {
            print_must(pattern_quote(out, &c, 1));
        } else {
            print_must(bytes_append(out, special ? "\\" : "", special));
            print_must(bytes_append(out, &c, 1));
        }
    }
}

/* May a byte be written as its escape? Not as a part of a character, nor where a backslash is one. */
static bool takes_escapes(const struct print_flat *flat)
{
    bool right = flat->count == 0 || flat->items[0].length < 2 || memcmp(flat->items[0].bytes, "(*", 2) != 0;
    for (size_t i = 0; i < flat->count; i++) {
        right = right && !memmem(flat->items[i].bytes, flat->items[i].length, "\\Q", 2);
    }
    return right;
}

/* A byte that is no UTF-8 can't stand in JSON, its escape can. */
static int escape_bytes(struct printer *p, const struct bytes *pattern, bool escapes, struct bytes *out)
{
    const char *bytes = bytes_text(pattern);
    bool backslash = false;
    uint32_t codepoint;
    for (size_t i = 0, n; i < pattern->length; i += n) {
        n = utf8_decode(bytes + i, pattern->length - i, &codepoint);
        if (n > 0 && bytes[i] != '\0') {
            print_must(bytes_append(out, bytes + i, n));
        } else if (backslash || !escapes) {
            print_fail(p, "a pattern with bytes that are not UTF-8 can't be written here");
            return -1;
        } else {
            n = 1;
            print_must(bytes_append_format(out, "\\x{%02x}", (unsigned char)bytes[i]));
        }
        backslash = bytes[i] == '\\' && !backslash;
    }
    return 0;
}

json_t *print_pattern(struct printer *p, const struct pattern *pattern)
{
    struct print_flat flat = {.items = NULL};
    if (print_flatten(p, pattern->text, &flat) != 0) {
        return NULL;
    }
    struct bytes whole, literal;
    json_t *json = NULL;
    bool letters = takes_letters(&flat), broken = false;
    bytes_init(&whole, PRINT_BYTES_MAX);
    bytes_init(&literal, PRINT_BYTES_MAX);
    for (size_t i = 0; i < flat.count && !broken;) {
        bytes_clear(&literal);
        for (; i < flat.count && flat.items[i].kind != PRINT_UNKNOWN; i++) {
            if (flat.items[i].kind == PRINT_VALUE) {
                append_value(&literal, &flat.items[i], letters);
            } else {
                print_must(bytes_append(&literal, flat.items[i].bytes, flat.items[i].length));
            }
        }
        if (memmem(bytes_text(&literal), literal.length, "${", 2)) {
            print_fail(p, "a pattern with ${ in it can't be written here");
            broken = true;
        }
        broken = broken || escape_bytes(p, &literal, takes_escapes(&flat), &whole) != 0;
        for (; i < flat.count && flat.items[i].kind == PRINT_UNKNOWN; i++) {
            print_must(bytes_append(&whole, flat.items[i].bytes, flat.items[i].length));
        }
    }
    if (!broken) {
        json = string_of(p, &whole);
    }
    bytes_free(&whole);
    bytes_free(&literal);
    return json;
}
