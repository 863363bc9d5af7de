/* expression - see expression.h. */
#include "harness/expression.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Each level of nesting leaves at most the left sides of a sum and a product on the stack. */
enum { STACK_MAX = 2 * (EXPRESSION_NESTING_MAX + 2) };

struct parser {
    const struct text_compiler *compiler;
    const char *bytes;
    size_t length;
    size_t at;
    int nesting_left;
    struct instruction *code;
    size_t code_count;
    size_t code_capacity;
};

static int parse_sum(struct parser *p);

static __attribute__((format(printf, 4, 5))) int complain(struct parser *p, size_t start, size_t end,
                                                          const char *format, ...)
{
    struct seam_error error;
    va_list args;
    va_start(args, format);
    vsnprintf(error.text, sizeof error.text, format, args);
    va_end(args);
    p->compiler->complain(p->compiler->context, start, end < p->length ? end : p->length, error.text);
    return -1;
}

/* --- numbers
 * ---------------------------------------------------------------------------------------------------------
 */

bool text_parse_integer(const char *bytes, size_t length, int64_t *out)
{
    bool negative = length > 0 && bytes[0] == '-';
    int64_t value = 0; /* kept negative: that side has one more */
    if (length == (size_t)negative) {
        return false;
    }
    for (size_t i = negative; i < length; i++) {
        if (bytes[i] < '0' || bytes[i] > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, bytes[i] - '0', &value)) {
            return false;
        }
    }
    if (!negative && value == INT64_MIN) {
        return false;
    }
    *out = negative ? value : -value;
    return true;
}

/* NULL, or what is wrong. */
static const char *calculate(enum operation operation, int64_t a, int64_t b, int64_t *out)
{
    static const char *const overflow = "the result does not fit 64 bits";
    switch (operation) {
    case OPERATION_ADD:
        return __builtin_add_overflow(a, b, out) ? overflow : NULL;
    case OPERATION_SUBTRACT:
        return __builtin_sub_overflow(a, b, out) ? overflow : NULL;
    case OPERATION_MULTIPLY:
        return __builtin_mul_overflow(a, b, out) ? overflow : NULL;
    case OPERATION_DIVIDE:
    case OPERATION_REMAINDER:
        if (b == 0) {
            return "division by zero";
        }
        if (b == -1) { /* the quotient may overflow, and C leaves both undefined then */
            *out = 0;
            return operation == OPERATION_DIVIDE && __builtin_sub_overflow(0, a, out) ? overflow : NULL;
        }
        *out = operation == OPERATION_DIVIDE ? a / b : a % b;
        return NULL;
    default:
        assert(operation == OPERATION_NEGATE);
        return __builtin_sub_overflow(0, a, out) ? overflow : NULL;
    }
}

/* --- compiling
 * ------------------------------------------------------------------------------------------------------- */

static int peek(struct parser *p)
{
    while (p->at < p->length && (p->bytes[p->at] == ' ' || p->bytes[p->at] == '\t')) {
        p->at++;
    }
    return p->at < p->length ? (unsigned char)p->bytes[p->at] : -1;
}

static void push(struct parser *p, struct instruction instruction)
{
    p->code = arena_grow(p->compiler->arena, p->code, &p->code_count, &p->code_capacity, sizeof *p->code);
    p->code[p->code_count - 1] = instruction;
}

/* Adds an operation, or carries it out when its operands are constants. start: where its left operand begins.
 */
static int push_operation(struct parser *p, enum operation operation, size_t start)
{
    size_t operands = operation == OPERATION_NEGATE ? 1 : 2;
    struct instruction *a = p->code + p->code_count - operands, *b = p->code + p->code_count - 1;
    bool divides = operation == OPERATION_DIVIDE || operation == OPERATION_REMAINDER;
    if (divides && b->operation == OPERATION_CONSTANT && b->value == 0) {
        return complain(p, start, p->at, "division by zero");
    }
    if (a->operation != OPERATION_CONSTANT || b->operation != OPERATION_CONSTANT) {
        push(p, (struct instruction){.operation = operation});
        return 0;
    }
    const char *wrong = calculate(operation, a->value, b->value, &a->value);
    p->code_count -= operands - 1;
    return wrong ? complain(p, start, p->at, "%s", wrong) : 0;
}

static bool is_name_byte(int c, bool first)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    return letter || (!first && ((c >= '0' && c <= '9') || c == '.'));
}

/* Reads a name; answers its length, 0 when there is none. */
static size_t read_name(struct parser *p, size_t *start)
{
    peek(p);
    *start = p->at;
    while (p->at < p->length && is_name_byte((unsigned char)p->bytes[p->at], p->at == *start)) {
        p->at++;
    }
    return p->at - *start;
}

static int resolve(struct parser *p, size_t start, size_t length, struct text_name *out)
{
    struct seam_error error = {.path = NULL};
    *out = (struct text_name){.bytes = NULL};
    if (p->compiler->resolve(p->compiler->context, p->bytes + start, length, out, &error) != 0) {
        return complain(p, start, start + length, "%s", error.text);
    }
    return 0;
}

/* Reads "(name)" behind len or hex. */
static int read_argument(struct parser *p, const char *function, struct text_name *out)
{
    size_t start, length;
    p->at++;
    length = read_name(p, &start);
    if (length == 0 || peek(p) != ')') {
        return complain(p, start, p->at + 1, "%s takes the name of a variable: %s(name)", function, function);
    }
    p->at++;
    return resolve(p, start, length, out);
}

static int parse_name(struct parser *p)
{
    size_t start, length = read_name(p, &start);
    struct text_name name;
    if (peek(p) == '(') {
        if (length != 3 || memcmp(p->bytes + start, "len", 3) != 0) {
            bool hex = length == 3 && memcmp(p->bytes + start, "hex", 3) == 0;
            return complain(p, start, start + length,
                            hex ? "hex(...) is text: nothing can be calculated with it"
                                : "there is no such function; there are len(x) and hex(x)");
        }
        if (read_argument(p, "len", &name) != 0) {
            return -1;
        }
        push(p, name.bytes
                    ? (struct instruction){.operation = OPERATION_CONSTANT, .value = (int64_t)name.length}
                    : (struct instruction){.operation = OPERATION_LENGTH_OF, .slot = name.slot});
        return 0;
    }
    if (resolve(p, start, length, &name) != 0) {
        return -1;
    }
    struct instruction constant = {.operation = OPERATION_CONSTANT};
    if (name.bytes && !text_parse_integer(name.bytes, name.length, &constant.value)) {
        return complain(p, start, start + length, "this is no number: nothing can be calculated with it");
    }
    push(p,
         name.bytes ? constant : (struct instruction){.operation = OPERATION_NUMBER_OF, .slot = name.slot});
    return 0;
}

static int parse_integer(struct parser *p)
{
    size_t start = p->at;
    struct instruction constant = {.operation = OPERATION_CONSTANT};
    while (p->at < p->length && p->bytes[p->at] >= '0' && p->bytes[p->at] <= '9') {
        p->at++;
    }
    if (!text_parse_integer(p->bytes + start, p->at - start, &constant.value)) {
        return complain(p, start, p->at, "this number does not fit 64 bits");
    }
    push(p, constant);
    return 0;
}

static int parse_unary(struct parser *p)
{
    int c = peek(p), result;
    size_t start = p->at;
    if (c >= '0' && c <= '9') {
        return parse_integer(p);
    }
    if (is_name_byte(c, true)) {
        return parse_name(p);
    }
    if (c != '-' && c != '(') {
        return complain(p, start, start + 1, "expected a name or a number");
    }
    if (p->nesting_left == 0) {
        return complain(p, start, start + 1, "nested deeper than %d", EXPRESSION_NESTING_MAX);
    }
    p->nesting_left--;
    p->at++;
    if (c == '-') {
        result = parse_unary(p);
        result = result == 0 ? push_operation(p, OPERATION_NEGATE, start) : result;
    } else {
        result = parse_sum(p);
        if (result == 0 && peek(p) != ')') {
            result = complain(p, start, start + 1, "this \"(\" is never closed");
        }
        p->at += result == 0;
    }
    p->nesting_left++;
    return result;
}

static int parse_product(struct parser *p)
{
    peek(p);
    size_t start = p->at;
    int result = parse_unary(p);
    for (int c = peek(p); result == 0 && (c == '*' || c == '/' || c == '%'); c = peek(p)) {
        p->at++;
        result = parse_unary(p);
        if (result == 0) {
            result = push_operation(p,
                                    c == '*'   ? OPERATION_MULTIPLY
                                    : c == '/' ? OPERATION_DIVIDE
                                               : OPERATION_REMAINDER,
                                    start);
        }
    }
    return result;
}

static int parse_sum(struct parser *p)
{
    peek(p);
    size_t start = p->at;
    int result = parse_product(p);
    for (int c = peek(p); result == 0 && (c == '+' || c == '-'); c = peek(p)) {
        p->at++;
        result = parse_product(p);
        if (result == 0) {
            result = push_operation(p, c == '+' ? OPERATION_ADD : OPERATION_SUBTRACT, start);
        }
    }
    return result;
}

static const char *hex_of(struct arena *arena, const char *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    char *out = arena_alloc(arena, length * 2 + 1);
    for (size_t i = 0; i < length; i++) {
        out[2 * i] = digits[(unsigned char)bytes[i] >> 4];
        out[2 * i + 1] = digits[(unsigned char)bytes[i] & 15];
    }
    return out;
}

/* A bare name or hex(name): 1 when it was one, 0 when it is something else, -1 after a complaint. */
static int parse_bytes(struct parser *p, struct text_piece *piece, struct expression *expression)
{
    size_t start, before = p->at, length = read_name(p, &start);
    struct text_name name;
    bool hex = length == 3 && memcmp(p->bytes + start, "hex", 3) == 0 && peek(p) == '(';
    if (length > 0 && (hex || peek(p) == '}')) {
        if (hex ? read_argument(p, "hex", &name) : resolve(p, start, length, &name)) {
            return -1;
        }
        if (peek(p) == '}') {
            expression->kind = hex ? EXPRESSION_HEX : EXPRESSION_BYTES;
            expression->slot = name.slot;
            if (name.bytes) {
                *piece = (struct text_piece){.bytes = name.bytes, .length = name.length};
            }
            if (name.bytes && hex) {
                *piece = (struct text_piece){.bytes = hex_of(p->compiler->arena, name.bytes, name.length),
                                             .length = name.length * 2};
            }
            return 1;
        }
    }
    p->at = before;
    return 0;
}

int expression_compile(const struct text_compiler *compiler, const char *bytes, size_t length, size_t at,
                       struct text_piece *piece, size_t *after)
{
    struct parser p = {.compiler = compiler,
                       .bytes = bytes,
                       .length = length,
                       .at = at,
                       .nesting_left = EXPRESSION_NESTING_MAX};
    struct expression *expression = arena_alloc(compiler->arena, sizeof *expression);
    *piece = (struct text_piece){.bytes = NULL};
    int result = parse_bytes(&p, piece, expression);
    if (result == 0) {
        expression->kind = EXPRESSION_NUMBER;
        result = parse_sum(&p);
    }
    if (result >= 0 && peek(&p) != '}') {
        result = peek(&p) < 0
                     ? complain(&p, at - 2, length, "this ${ is never closed; a literal ${ is written ${$}{")
                     : complain(&p, p.at, p.at + 1, "expected an operator or \"}\"");
    }
    if (result < 0) {
        const char *brace = memchr(bytes + p.at, '}', length - p.at);
        *after = brace ? (size_t)(brace - bytes) + 1 : length;
        return -1;
    }
    *after = p.at + 1;
    if (piece->bytes) {
        return 0;
    }
    if (p.code_count == 1 && p.code[0].operation == OPERATION_CONSTANT) {
        piece->bytes = arena_format(compiler->arena, "%" PRId64, p.code[0].value);
        piece->length = strlen(piece->bytes);
        return 0;
    }
    expression->code = p.code;
    expression->code_count = p.code_count;
    expression->place = compiler->locate(compiler->context, at - 2, *after);
    piece->expression = expression;
    return 0;
}

/* --- evaluating
 * ------------------------------------------------------------------------------------------------------ */

static const struct bytes *slot_bytes(const struct values *values, size_t slot, struct seam_error *error)
{
    assert(slot < values->count);
    if (!values->slots[slot].set) {
        seam_error_set(error, "\"%s\" has no value yet", values->names[slot]);
        return NULL;
    }
    return &values->slots[slot].bytes;
}

static int number_of(const struct values *values, size_t slot, int64_t *out, struct seam_error *error)
{
    const struct bytes *bytes = slot_bytes(values, slot, error);
    if (!bytes) {
        return -1;
    }
    if (!text_parse_integer(bytes->data, bytes->length, out)) {
        struct bytes shown;
        bytes_init(&shown, 400);
        bytes_append_visible(&shown, bytes->data, bytes->length < 60 ? bytes->length : 60,
                             BYTES_VISIBLE_QUOTED);
        seam_error_set(error, "\"%s\" is no number of 64 bits: \"%s\"%s", values->names[slot],
                       bytes_text(&shown), bytes->length < 60 ? "" : "...");
        bytes_free(&shown);
        return -1;
    }
    return 0;
}

static int evaluate(const struct expression *expression, const struct values *values, int64_t *out,
                    struct seam_error *error)
{
    int64_t stack[STACK_MAX] = {0};
    size_t depth = 0;
    for (size_t i = 0; i < expression->code_count; i++) {
        const struct instruction *in = &expression->code[i];
        const struct bytes *bytes;
        const char *wrong;
        assert(depth < STACK_MAX);
        switch (in->operation) {
        case OPERATION_CONSTANT:
            stack[depth++] = in->value;
            break;
        case OPERATION_NUMBER_OF:
            if (number_of(values, in->slot, &stack[depth++], error) != 0) {
                return -1;
            }
            break;
        case OPERATION_LENGTH_OF:
            bytes = slot_bytes(values, in->slot, error);
            if (!bytes) {
                return -1;
            }
            stack[depth++] = (int64_t)bytes->length;
            break;
        default:
            depth -= in->operation != OPERATION_NEGATE;
            wrong = calculate(in->operation, stack[depth - 1], stack[depth], &stack[depth - 1]);
            if (wrong) {
                return seam_error_set(error, "%s", wrong);
            }
            break;
        }
    }
    *out = stack[0];
    return 0;
}

static int append(const struct expression *expression, const struct values *values, struct bytes *out,
                  struct seam_error *error)
{
    enum bytes_result result = BYTES_OK;
    if (expression->kind == EXPRESSION_NUMBER) {
        int64_t number;
        if (evaluate(expression, values, &number, error) != 0) {
            return -1;
        }
        result = bytes_append_format(out, "%" PRId64, number);
    } else {
        const struct bytes *bytes = slot_bytes(values, expression->slot, error);
        if (!bytes) {
            return -1;
        }
        if (expression->kind == EXPRESSION_BYTES) {
            result = bytes_append(out, bytes->data, bytes->length);
        } else {
            for (size_t i = 0; i < bytes->length && result == BYTES_OK; i++) {
                result = bytes_append_format(out, "%02x", (unsigned char)bytes->data[i]);
            }
        }
    }
    return result == BYTES_OK ? 0 : seam_error_set(error, "expands to more than %zu bytes", out->length_max);
}

int expression_append(const struct expression *expression, const struct values *values, struct bytes *out,
                      struct seam_error *error)
{
    if (append(expression, values, out, error) != 0) {
        error->path = expression->place.path;
        error->line = expression->place.line;
        error->column = expression->place.column;
        return -1;
    }
    return 0;
}

static bool is_set(const struct values *values, size_t slot)
{
    return slot < values->count && values->slots[slot].set;
}

bool expression_is_known(const struct expression *expression, const struct values *values)
{
    if (expression->kind != EXPRESSION_NUMBER) {
        return is_set(values, expression->slot);
    }
    for (size_t i = 0; i < expression->code_count; i++) {
        enum operation operation = expression->code[i].operation;
        if ((operation == OPERATION_NUMBER_OF || operation == OPERATION_LENGTH_OF) &&
            !is_set(values, expression->code[i].slot)) {
            return false;
        }
    }
    return true;
}

size_t expression_bytes(const struct expression *expression, const struct values *values)
{
    enum { DIGITS_MAX = 20 };
    if (expression->kind == EXPRESSION_NUMBER) {
        return DIGITS_MAX;
    }
    if (!is_set(values, expression->slot)) {
        return 0;
    }
    return values->slots[expression->slot].bytes.length * (expression->kind == EXPRESSION_HEX ? 2 : 1);
}
