/* python_literal - see python_literal.h. */
#include "harness/exchange/python_literal.h"

#include <stdlib.h>
#include <string.h>

#include "harness/exchange/sent.h"
#include "src/utf8.h"

enum { PART_BYTES_MIN = 64 };

/* One printable ASCII character other than a quote or a backslash. */
static bool is_plain(unsigned char c)
{
    return c >= ' ' && c < 0x7f && c != '"' && c != '\'' && c != '\\';
}

void python_append_bytes(struct bytes *out, const void *data, size_t length)
{
    const unsigned char *at = data;
    bytes_append_text(out, "b\"");
    for (size_t i = 0; i < length; i++) {
        if (is_plain(at[i])) {
            bytes_append(out, &at[i], 1);
        } else if (at[i] == '\n' || at[i] == '\r') {
            bytes_append_text(out, at[i] == '\n' ? "\\n" : "\\r");
        } else {
            bytes_append_format(out, "\\x%02x", at[i]);
        }
    }
    bytes_append_text(out, "\"");
}

void python_append_text(struct bytes *out, const char *text)
{
    size_t length = strlen(text);
    bytes_append_text(out, "\"");
    for (size_t i = 0; i < length;) {
        uint32_t codepoint = 0;
        size_t used = utf8_decode(text + i, length - i, &codepoint);
        if (used == 0) {
            bytes_append_format(out, "\\udc%02x", (unsigned char)text[i]);
            used = 1;
        } else if (codepoint < 0x7f && is_plain((unsigned char)codepoint)) {
            bytes_append(out, text + i, 1);
        } else {
            bytes_append_format(out,
                                codepoint < 0x100     ? "\\x%02x"
                                : codepoint < 0x10000 ? "\\u%04x"
                                                      : "\\U%08x",
                                (unsigned)codepoint);
        }
        i += used;
    }
    bytes_append_text(out, "\"");
}

static struct python_part *add_part(struct python_parts *parts)
{
    if (parts->count == parts->capacity) {
        size_t capacity = parts->capacity ? 2 * parts->capacity : 8;
        struct python_part *items = reallocarray(parts->items, capacity, sizeof *items);
        if (!items) {
            parts->too_much = true;
            return NULL;
        }
        parts->items = items;
        parts->capacity = capacity;
    }
    struct python_part *part = &parts->items[parts->count++];
    *part = (struct python_part){0};
    bytes_init(&part->known, SENT_BYTES_MAX);
    return part;
}

void python_parts_add(struct python_parts *parts, const void *data, size_t length)
{
    struct python_part *last = parts->count ? &parts->items[parts->count - 1] : NULL;
    if (length == 0) {
        return;
    }
    if (!last || last->variable) {
        last = add_part(parts);
    }
    if (length > SENT_BYTES_MAX - parts->bytes || !last ||
        bytes_append(&last->known, data, length) != BYTES_OK) {
        parts->too_much = true;
        return;
    }
    parts->bytes += length;
}

void python_parts_add_variable(struct python_parts *parts, const char *name)
{
    struct python_part *part = parts->bytes < SENT_BYTES_MAX - PART_BYTES_MIN ? add_part(parts) : NULL;
    if (!part) {
        parts->too_much = true;
        return;
    }
    part->variable = name;
    parts->bytes += PART_BYTES_MIN;
}

bool python_parts_known(const struct python_parts *parts)
{
    return parts->count == 0 || (parts->count == 1 && !parts->items[0].variable);
}

void python_parts_close(struct python_parts *parts)
{
    for (size_t i = 0; i < parts->count; i++) {
        bytes_free(&parts->items[i].known);
    }
    free(parts->items);
    *parts = (struct python_parts){0};
}

void python_append_parts(struct bytes *out, const struct python_parts *parts)
{
    if (python_parts_known(parts)) {
        python_append_bytes(out, parts->count ? bytes_text(&parts->items[0].known) : "",
                            parts->count ? parts->items[0].known.length : 0);
        return;
    }
    bytes_append_text(out, "[");
    for (size_t i = 0; i < parts->count; i++) {
        const struct python_part *part = &parts->items[i];
        bytes_append_text(out, i ? ", " : "");
        if (part->variable) {
            python_append_text(out, part->variable);
        } else {
            python_append_bytes(out, bytes_text(&part->known), part->known.length);
        }
    }
    bytes_append_text(out, "]");
}
