/* repro_bytes - the bytes of a reproduction as data and patterns: lines, and what a mask hides in them. */
#include "harness/sweep/repro.h"

#include <string.h>

bool repro_is_hidden(const struct canon *canon, size_t at)
{
    return canon->map && canon->map[at + 1] != canon->map[at] + 1;
}

bool repro_any_hidden(const struct canon *canon, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++) {
        if (repro_is_hidden(canon, i)) {
            return true;
        }
    }
    return false;
}

/* End of the line that begins at `at`, with its delimiter; `end` where it has none. */
size_t repro_line_stop(const char *data, size_t at, size_t end, const struct delimiter *d)
{
    const char *hit = end - at >= d->length ? memmem(data + at, end - at, d->bytes, d->length) : NULL;
    return hit ? (size_t)(hit - data) + d->length : end;
}

/* A pattern that matches these bytes, whatever stands in the hidden parts. Made to be printed, never to be
 * run. */
const struct pattern *repro_pattern(struct arena *arena, const char *data, const struct canon *canon,
                                    size_t begin, size_t end)
{
    struct bytes text;
    bytes_init(&text, (size_t)1 << 20);
    for (size_t i = begin; i < end; i++) {
        bool first = repro_is_hidden(canon, i) && (i == begin || !repro_is_hidden(canon, i - 1));
        if (first) {
            bytes_append_text(&text, ".*");
        } else if (!repro_is_hidden(canon, i)) {
            bool plain = (data[i] >= '0' && data[i] <= '9') || (data[i] >= 'A' && data[i] <= 'Z') ||
                         (data[i] >= 'a' && data[i] <= 'z') || data[i] == ' ' || (data[i] & 0x80);
            bytes_append_format(&text, plain ? "%c" : data[i] < ' ' ? "\\x%02x" : "\\%c", data[i]);
        }
    }
    struct text_piece *piece = arena_alloc(arena, sizeof *piece);
    *piece = (struct text_piece){.bytes = arena_copy(arena, bytes_text(&text), text.length),
                                 .length = text.length};
    struct text *made = arena_alloc(arena, sizeof *made);
    *made = (struct text){.pieces = piece, .piece_count = 1, .constant = true};
    struct pattern *pattern = arena_alloc(arena, sizeof *pattern);
    *pattern = (struct pattern){.text = made};
    bytes_free(&text);
    return pattern;
}

const struct data *repro_lines(struct arena *arena, const char *data, size_t begin, size_t end,
                               const struct delimiter *d, enum data_kind kind)
{
    const struct data **items = NULL;
    size_t count = 0, capacity = 0;
    while (begin < end) {
        size_t stop = repro_line_stop(data, begin, end, d);
        items = arena_grow(arena, items, &count, &capacity, sizeof *items);
        items[count - 1] = data_literal(arena, data + begin, stop - begin - d->length);
        begin = stop;
    }
    struct data *lines = arena_alloc(arena, sizeof *lines);
    *lines = (struct data){.kind = kind, .items = items, .item_count = count};
    return lines;
}

bool repro_whole_lines(const char *data, size_t begin, size_t end, const struct delimiter *d)
{
    return end - begin >= d->length && memcmp(data + end - d->length, d->bytes, d->length) == 0;
}
