/*
 * expression - what stands in ${...}, compiled to a few instructions for a stack of integers.
 *
 * Private to text.c and expression.c; the grammar is in text_compile.h. Neither compiling nor evaluating
 * recurses deeper than EXPRESSION_NESTING_MAX, whatever the length.
 */
#ifndef SEAM_HARNESS_EXPRESSION_H
#define SEAM_HARNESS_EXPRESSION_H

#include "harness/text.h"
#include "harness/text_compile.h"

enum expression_kind { EXPRESSION_BYTES, EXPRESSION_HEX, EXPRESSION_NUMBER };

enum operation {
    OPERATION_CONSTANT,  /* push value */
    OPERATION_NUMBER_OF, /* push what the slot holds, which must be a number */
    OPERATION_LENGTH_OF, /* push the length of what the slot holds, in bytes */
    OPERATION_NEGATE,
    OPERATION_ADD,
    OPERATION_SUBTRACT,
    OPERATION_MULTIPLY,
    OPERATION_DIVIDE,
    OPERATION_REMAINDER,
};

struct instruction {
    enum operation operation;
    int64_t value;
    size_t slot;
};

struct expression {
    enum expression_kind kind;
    size_t slot; /* EXPRESSION_BYTES, EXPRESSION_HEX */
    const struct instruction *code;
    size_t code_count;
    struct place place;
};

/*
 * Compiles the expression that begins at bytes[at], behind "${". Returns 0 with a piece (a literal when all
 * of it is known) and the offset behind "}", or -1 after a complaint, with the offset where to go on.
 */
int expression_compile(const struct text_compiler *compiler, const char *bytes, size_t length, size_t at,
                       struct text_piece *piece, size_t *after);

/* Appends the value to out. 0, or -1 with error filled. */
int expression_append(const struct expression *expression, const struct values *values, struct bytes *out,
                      struct seam_error *error);

/* How many bytes it appends, as far as the values are known; 0 where not. A number counts as the longest one.
 */
size_t expression_bytes(const struct expression *expression, const struct values *values);

/* Has every slot that it uses a value? */
bool expression_is_known(const struct expression *expression, const struct values *values);

#endif
