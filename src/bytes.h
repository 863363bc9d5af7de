/*
 * bytes - a byte buffer that grows up to a bound given at the start.
 *
 * Sans-IO: no fd, no clock, no global, no stdio. Every append is all or nothing: when the result would be
 * longer than length_max (BYTES_FULL) or there is no memory (BYTES_NO_MEMORY) the buffer is as it was before.
 * Memory grows geometrically, never past length_max + 1 bytes, and nothing is allocated before the first
 * append.
 */
#ifndef SEAM_BYTES_H
#define SEAM_BYTES_H

#include <stddef.h>

enum bytes_result { BYTES_OK = 0, BYTES_FULL, BYTES_NO_MEMORY };

/*
 * `data` holds `length` bytes (NULs allowed) followed by one NUL that is not counted; it is NULL until
 * something was appended. It is owned by the buffer: borrowed until the next append, and gone after
 * bytes_free. Read the fields, change them only through the functions.
 */
struct bytes {
    char *data;
    size_t length;
    size_t length_max;
    size_t capacity;
};

/* Starts empty. length_max in bytes, at most SIZE_MAX / 4. */
void bytes_init(struct bytes *bytes, size_t length_max);

/* Gives the memory back; the buffer is then empty, with the same bound, and may be used again. */
void bytes_free(struct bytes *bytes);

/* Empties it and keeps the memory. */
void bytes_clear(struct bytes *bytes);

/* Keeps the first `length` bytes; not more than there are. */
void bytes_shorten(struct bytes *bytes, size_t length);

/* The content as a C string: never NULL, borrowed until the next append. */
const char *bytes_text(const struct bytes *bytes);

/* Copies n bytes to the end. data may be NULL when n is 0, and must not point into the buffer. */
enum bytes_result bytes_append(struct bytes *bytes, const void *data, size_t n);

/* Appends a C string. */
enum bytes_result bytes_append_text(struct bytes *bytes, const char *text);

/* Appends what printf would print (no argument may point into the buffer). */
enum bytes_result bytes_append_format(struct bytes *bytes, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

enum bytes_visible_style {
    BYTES_VISIBLE_QUOTED, /* for between double quotes: backslash and double quote are escaped, too;
                             reversible */
    BYTES_VISIBLE_TEXT,   /* for people: backslash and double quote stay */
};

/*
 * Appends n bytes so that every one can be seen and none can drive a terminal: printable ASCII and
 * well-formed UTF-8 that utf8_may_show() lets through stay as they are; \n, \r and \t become those two
 * characters; every other byte becomes \xNN (each byte of a hidden character apart: U+200B is \xe2\x80\x8b).
 */
enum bytes_result bytes_append_visible(struct bytes *bytes, const void *data, size_t n,
                                       enum bytes_visible_style style);

#endif
