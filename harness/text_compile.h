/*
 * text_compile - turns strings with ${...} into texts whose names are resolved.
 *
 * Called at load only. Who compiles says what a name stands for and takes the complaints; this knows the
 * grammar:
 *
 *   text       = { byte | "${" expression "}" | "${$}" }         "${$}{" is a literal "${"
 *   expression = name | "hex(" name ")" | sum                    a bare name yields its bytes, a sum a
 * decimal number sum        = product { ("+" | "-") product } product    = unary { ("*" | "/" | "%") unary }
 * division cuts towards zero, as in C unary      = "-" unary | integer | name | "len(" name ")" | "(" sum ")"
 *   name       = letter { letter | digit | "_" | "." }
 *
 * Integers have 64 bits; overflow, division by zero and a value that is no number are errors: at load where
 * all is known.
 */
#ifndef SEAM_HARNESS_TEXT_COMPILE_H
#define SEAM_HARNESS_TEXT_COMPILE_H

#include "harness/arena.h"
#include "harness/text.h"

enum { EXPRESSION_NESTING_MAX = 50 }; /* parentheses and minus signs within each other */

/* What a name stands for: bytes that are known at load (borrowed from the arena), or a slot. */
struct text_name {
    const char *bytes; /* NULL: the slot has it */
    size_t length;
    size_t slot;
};

struct text_compiler {
    struct arena *arena;
    void *context; /* handed to the functions */
    /* 0, or -1 with error->text: no such name. */
    int (*resolve)(void *context, const char *name, size_t length, struct text_name *out,
                   struct seam_error *error);
    /* Bytes start..end of the string are wrong. */
    void (*complain)(void *context, size_t start, size_t end, const char *message);
    /* Where bytes start..end of the string stand in the file. */
    struct place (*locate)(void *context, size_t start, size_t end);
    /* Appends what a known value becomes in this string; NULL: itself. */
    enum bytes_result (*quote)(struct bytes *out, const char *bytes, size_t length);
};

/* 0 with out filled, or -1 after at least one complaint. place: of the whole string. */
int text_compile(const struct text_compiler *compiler, const char *bytes, size_t length, struct place place,
                 struct text *out);

/* Parses an optional minus and decimal digits, nothing else. False when it is none or does not fit. */
bool text_parse_integer(const char *bytes, size_t length, int64_t *out);

#endif
