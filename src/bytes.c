/* bytes - see bytes.h. */
#include "src/bytes.h"

#include "src/utf8.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES_CAPACITY_MIN = 64 };

void bytes_init(struct bytes *bytes, size_t length_max)
{
    assert(length_max <= SIZE_MAX / 4);
    *bytes = (struct bytes){.length_max = length_max};
}

void bytes_free(struct bytes *bytes)
{
    free(bytes->data);
    bytes_init(bytes, bytes->length_max);
}

void bytes_shorten(struct bytes *bytes, size_t length)
{
    if (length >= bytes->length)
        return;
    bytes->length = length;
    bytes->data[length] = '\0';
}

void bytes_clear(struct bytes *bytes)
{
    bytes_shorten(bytes, 0);
}

const char *bytes_text(const struct bytes *bytes)
{
    return bytes->data ? bytes->data : "";
}

/* Makes room for n more bytes and the final NUL. */
static enum bytes_result bytes_grow(struct bytes *bytes, size_t n)
{
    if (n > bytes->length_max - bytes->length)
        return BYTES_FULL;
    size_t needed = bytes->length + n + 1;
    if (needed <= bytes->capacity)
        return BYTES_OK;
    size_t capacity = bytes->capacity * 2 > BYTES_CAPACITY_MIN ? bytes->capacity * 2 : BYTES_CAPACITY_MIN;
    if (capacity < needed)
        capacity = needed;
    if (capacity > bytes->length_max + 1)
        capacity = bytes->length_max + 1;
    char *data = realloc(bytes->data, capacity);
    if (!data)
        return BYTES_NO_MEMORY;
    bytes->data = data;
    bytes->capacity = capacity;
    return BYTES_OK;
}

enum bytes_result bytes_append(struct bytes *bytes, const void *data, size_t n)
{
    enum bytes_result result = bytes_grow(bytes, n);
    if (result != BYTES_OK)
        return result;
    if (n > 0)
        memcpy(bytes->data + bytes->length, data, n);
    bytes->length += n;
    bytes->data[bytes->length] = '\0';
    return BYTES_OK;
}

enum bytes_result bytes_append_text(struct bytes *bytes, const char *text)
{
    return bytes_append(bytes, text, strlen(text));
}

enum bytes_result bytes_append_format(struct bytes *bytes, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(n >= 0);
    enum bytes_result result = bytes_grow(bytes, (size_t)n);
    if (result != BYTES_OK)
        return result;
    va_start(args, format);
    vsnprintf(bytes->data + bytes->length, (size_t)n + 1, format, args);
    va_end(args);
    bytes->length += (size_t)n;
    return BYTES_OK;
}

/* Writes the escape of one byte, at most 4 characters; returns how many. */
static size_t bytes_escape(unsigned char byte, char escape[4])
{
    static const char hex[] = "0123456789abcdef";
    static const char plain[] = "\n\r\t\\\"", letter[] = "nrt\\\"";
    const char *found = byte ? memchr(plain, byte, sizeof plain - 1) : NULL;
    escape[0] = '\\';
    if (found) {
        escape[1] = letter[found - plain];
        return 2;
    }
    escape[1] = 'x';
    escape[2] = hex[byte >> 4];
    escape[3] = hex[byte & 15];
    return 4;
}

enum bytes_result bytes_append_visible(struct bytes *bytes, const void *data, size_t n,
                                       enum bytes_visible_style style)
{
    const char *from = data;
    size_t length_before = bytes->length;
    size_t run = 0; /* start of what is shown as it is and not yet appended */
    enum bytes_result result = BYTES_OK;
    for (size_t i = 0; i < n && result == BYTES_OK;) {
        uint32_t codepoint = 0;
        size_t length = utf8_decode(from + i, n - i, &codepoint);
        bool quoted = style == BYTES_VISIBLE_QUOTED && (codepoint == '\\' || codepoint == '"');
        if (length > 0 && !quoted && utf8_may_show(codepoint)) {
            i += length;
            continue;
        }
        result = bytes_append(bytes, from + run, i - run);
        for (size_t end = i + (length > 0 ? length : 1); i < end && result == BYTES_OK; i++) {
            char escape[4];
            size_t escape_length = bytes_escape((unsigned char)from[i], escape);
            result = bytes_append(bytes, escape, escape_length);
        }
        run = i;
    }
    if (result == BYTES_OK)
        result = bytes_append(bytes, n > 0 ? from + run : NULL, n - run);
    if (result != BYTES_OK) {
        bytes->length = length_before;
        if (bytes->data)
            bytes->data[length_before] = '\0';
    }
    return result;
}
