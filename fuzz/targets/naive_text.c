/* naive_text - see naive_text.h. */
#include "fuzz/targets/naive_text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

struct range {
    unsigned char first, last;
};

/* Unicode 15, table 3-7: the ranges of the bytes of a well-formed sequence. */
static const struct row {
    size_t length;
    struct range bytes[4];
} rows[] = {
    {1, {{0x00, 0x7f}}},
    {2, {{0xc2, 0xdf}, {0x80, 0xbf}}},
    {3, {{0xe0, 0xe0}, {0xa0, 0xbf}, {0x80, 0xbf}}},
    {3, {{0xe1, 0xec}, {0x80, 0xbf}, {0x80, 0xbf}}},
    {3, {{0xed, 0xed}, {0x80, 0x9f}, {0x80, 0xbf}}},
    {3, {{0xee, 0xef}, {0x80, 0xbf}, {0x80, 0xbf}}},
    {4, {{0xf0, 0xf0}, {0x90, 0xbf}, {0x80, 0xbf}, {0x80, 0xbf}}},
    {4, {{0xf1, 0xf3}, {0x80, 0xbf}, {0x80, 0xbf}, {0x80, 0xbf}}},
    {4, {{0xf4, 0xf4}, {0x80, 0x8f}, {0x80, 0xbf}, {0x80, 0xbf}}},
};

/* How many of the first bytes are as the row wants them. */
static size_t fitting(const struct row *row, const unsigned char *data, size_t n)
{
    size_t i = 0;
    while (i < n && i < row->length && data[i] >= row->bytes[i].first && data[i] <= row->bytes[i].last) {
        i++;
    }
    return i;
}

enum naive_sequence naive_utf8(const unsigned char *data, size_t n, size_t *length, uint32_t *codepoint)
{
    static const unsigned char payload[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        size_t fits = fitting(&rows[r], data, n);
        if (fits == rows[r].length) {
            *length = fits;
            *codepoint = data[0] & payload[fits];
            for (size_t i = 1; i < fits; i++) {
                *codepoint = *codepoint * 64 + (data[i] - 0x80u);
            }
            return NAIVE_WELL_FORMED;
        }
        if (fits > 0 && fits == n) {
            return NAIVE_CUT_OFF;
        }
    }
    return NAIVE_ILL_FORMED;
}

size_t naive_utf8_bad(const unsigned char *data, size_t n, bool whole)
{
    uint32_t codepoint;
    for (size_t at = 0, length; at < n; at += length) {
        enum naive_sequence sequence = naive_utf8(data + at, n - at, &length, &codepoint);
        if (sequence == NAIVE_CUT_OFF && !whole) {
            return n;
        }
        if (sequence != NAIVE_WELL_FORMED) {
            return at;
        }
    }
    return n;
}

bool naive_may_show(uint32_t c)
{
    bool control = c < 0x20 || (c >= 0x7f && c < 0xa0);
    bool separator = c == 0x2028 || c == 0x2029;
    bool moves = c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
                 (c >= 0x2066 && c <= 0x2069) || (c >= 0xfff9 && c <= 0xfffb); /* bidi, annotations */
    bool joins = c == 0x034f || (c >= 0x200b && c <= 0x200d) || c == 0x2060 || c == 0xfeff;
    bool fills =
        c == 0x00ad || c == 0x115f || c == 0x1160 || c == 0x17b4 || c == 0x17b5 || c == 0x3164 || c == 0xffa0;
    bool varies = (c >= 0x180b && c <= 0x180f) || (c >= 0xfe00 && c <= 0xfe0f);
    bool formats = (c >= 0x2061 && c <= 0x2065) || (c >= 0x206a && c <= 0x206f) ||
                   (c >= 0xfff0 && c <= 0xfff8) || (c >= 0x1bca0 && c <= 0x1bca3) ||
                   (c >= 0x1d173 && c <= 0x1d17a) || (c >= 0xe0000 && c <= 0xe0fff);
    return !control && !separator && !moves && !joins && !fills && !varies && !formats;
}

void naive_visible(struct bytes *out, const void *data, size_t n, enum bytes_visible_style style)
{
    const unsigned char *bytes = data;
    for (size_t at = 0, length; at < n; at += length) {
        uint32_t codepoint = 0;
        bool character = naive_utf8(bytes + at, n - at, &length, &codepoint) == NAIVE_WELL_FORMED;
        const char *special =
            character && codepoint ? strchr("\nn\rr\tt", (int)(codepoint < 0x80 ? codepoint : 1)) : NULL;
        length = character ? length : 1;
        enum bytes_result result = BYTES_OK;
        if (special && codepoint < 0x20) {
            result = bytes_append_format(out, "\\%c", special[1]);
        } else if (character && style == BYTES_VISIBLE_QUOTED && (codepoint == '\\' || codepoint == '"')) {
            result = bytes_append_format(out, "\\%c", (int)codepoint);
        } else if (character && naive_may_show(codepoint)) {
            result = bytes_append(out, bytes + at, length);
        } else {
            for (size_t i = 0; i < length && result == BYTES_OK; i++) {
                result = bytes_append_format(out, "\\x%02x", bytes[at + i]);
            }
        }
        assert(result == BYTES_OK);
    }
}
