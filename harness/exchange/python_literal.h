/*
 * python_literal - bytes and texts as literals of Python, in printable ASCII, whatever is in them.
 *
 * A literal never ends before its closing quote: quotes and backslashes are escaped, as is everything that is
 * no printable ASCII, so no line ends in one either. Data of which a part is known in a run only is a list:
 * literals, and the names of variables as texts.
 */
#ifndef SEAM_HARNESS_EXCHANGE_PYTHON_LITERAL_H
#define SEAM_HARNESS_EXCHANGE_PYTHON_LITERAL_H

#include <stdbool.h>
#include <stddef.h>

#include "src/bytes.h"

#define PYTHON_SCRIPT_BYTES_MAX ((size_t)256 << 20)

void python_append_bytes(struct bytes *out, const void *data, size_t length); /* b"..." */
/* "...": UTF-8 becomes its characters, any other byte b the character U+DCb (surrogateescape). */
void python_append_text(struct bytes *out, const char *text);

struct python_part {
    const char *variable; /* borrowed; NULL: known */
    struct bytes known;
};
/* Zeroed: empty. */
struct python_parts {
    struct python_part *items;
    size_t count, capacity;
    size_t bytes;
    bool too_much; /* memory, or more than SENT_BYTES_MAX: what is in it is not all */
};
void python_parts_add(struct python_parts *parts, const void *data, size_t length);
void python_parts_add_variable(struct python_parts *parts, const char *name);
bool python_parts_known(const struct python_parts *parts);
void python_parts_close(struct python_parts *parts);
void python_append_parts(struct bytes *out, const struct python_parts *parts);

#endif
