/*
 * scenario_print_expression - what only a run knows, while a scenario is printed: names, and expressions made
 * from their instructions again.
 *
 * Calculates what can be calculated, as loading does, so that what is printed loads to the same instructions.
 */
#include "harness/expression.h"

#include <inttypes.h>
#include <string.h>

#include "harness/scenario_print_values.h"

enum { OPERANDS_MAX = 2 * (EXPRESSION_NESTING_MAX + 2) }; /* as in expression.c */

/* --- names --- */

struct uses {
    struct print_use *items;
    size_t count, capacity;
};

/* A text names this slot: is it what the name will mean in the printed file? */
static const char *use_name(struct printer *p, size_t slot, struct uses *uses)
{
    const char *name = p->scenario->slot_names[slot];
    struct print_slot *s = &p->slots[slot];
    const json_t *owner;
    switch (s->kind) {
    case PRINT_SLOT_RUN:
        break;
    case PRINT_SLOT_PROGRAM:
        p->programs_used[s->index] = true;
        break;
    case PRINT_SLOT_LISTENER:
        if (!p->listeners_made[s->index]) {
            return print_fail(p, "\"%s\" is used, but no step opens that listener before", name);
        }
        break;
    case PRINT_SLOT_VARIABLE:
        owner = json_object_get(p->owners, name);
        if (!owner || (size_t)json_integer_value(owner) != slot) {
            return print_fail(p,
                              owner ? "\"%s\" is captured in several parts and means another one by now: one "
                                      "file can't say which"
                                    : "\"%s\" has no value that one file could name",
                              name);
        }
        s->pinned = s->pinned || p->pinning;
        uses->items = arena_grow(p->arena, uses->items, &uses->count, &uses->capacity, sizeof *uses->items);
        uses->items[uses->count - 1] = (struct print_use){.slot = slot, .generation = s->generation};
        break;
    }
    return name;
}

/* What an include made of captures still is that only as long as they are the same. */
static int use_bound(struct printer *p, size_t slot, struct uses *uses)
{
    const struct print_flat *bound = p->slots[slot].bound;
    for (size_t i = 0; i < bound->count; i++) {
        for (size_t u = 0; u < bound->items[i].use_count; u++) {
            const struct print_use *use = &bound->items[i].uses[u];
            if (!use_name(p, use->slot, uses)) {
                return -1;
            }
            if (p->slots[use->slot].generation != use->generation) {
                print_fail(p, "\"%s\" was made of \"%s\", which was captured again since",
                           p->scenario->slot_names[slot], p->scenario->slot_names[use->slot]);
                return -1;
            }
        }
    }
    return 0;
}

/* The name of a slot whose value is not known, for use inside an expression. */
static const char *name_of(struct printer *p, size_t slot, struct uses *uses)
{
    const struct print_flat *bound = p->slots[slot].bound;
    if (!bound) {
        return use_name(p, slot, uses);
    }
    if (bound->count != 1 || bound->items[0].name_slot == SIZE_MAX) {
        return print_fail(
            p, "\"%s\" is made of what a run captures: nothing can be calculated with it in one file",
            p->scenario->slot_names[slot]);
    }
    return use_bound(p, slot, uses) == 0 ? p->scenario->slot_names[bound->items[0].name_slot] : NULL;
}

/* --- expressions --- */

enum precedence { PRECEDENCE_SUM = 1, PRECEDENCE_PRODUCT, PRECEDENCE_UNARY, PRECEDENCE_ATOM };

struct operand {
    struct bytes text;
    enum precedence precedence;
    bool constant;
    int64_t value;
};

static void set_constant(struct operand *o, int64_t value)
{
    bytes_clear(&o->text);
    o->constant = true;
    o->value = value;
    o->precedence = value < 0 ? PRECEDENCE_UNARY : PRECEDENCE_ATOM;
    if (value == INT64_MIN) { /* has no literal */
        print_must(bytes_append_format(&o->text, "(%" PRId64 " - 1)", value + 1));
        o->precedence = PRECEDENCE_ATOM;
    } else {
        print_must(bytes_append_format(&o->text, "%" PRId64, value));
    }
}

static void parenthesise(struct operand *o, bool needed)
{
    struct bytes whole;
    if (needed) {
        bytes_init(&whole, o->text.length_max);
        print_must(bytes_append_format(&whole, "(%s)", bytes_text(&o->text)));
        bytes_free(&o->text);
        o->text = whole;
        o->precedence = PRECEDENCE_ATOM;
    }
}

/* The value of code that needs no names, or of one instruction whose slot is known. */
static int calculate(struct printer *p, const struct instruction *code, size_t count, int64_t *out)
{
    struct expression expression = {.kind = EXPRESSION_NUMBER, .code = code, .code_count = count};
    struct seam_error error = {0};
    struct bytes digits;
    bytes_init(&digits, 64);
    int result = expression_append(&expression, &p->values, &digits, &error);
    if (result != 0) {
        print_fail(p, "%s", error.text);
    } else {
        *out = strtoll(bytes_text(&digits), NULL, 10);
    }
    bytes_free(&digits);
    return result;
}

static int push_slot(struct printer *p, struct operand *o, const struct instruction *in, struct uses *uses)
{
    int64_t value;
    if (p->values.slots[in->slot].set) {
        if (calculate(p, in, 1, &value) != 0) {
            return -1;
        }
        set_constant(o, value);
        return 0;
    }
    const char *name = name_of(p, in->slot, uses);
    print_must(bytes_append_format(&o->text, in->operation == OPERATION_LENGTH_OF ? "len(%s)" : "%s",
                                   name ? name : ""));
    o->precedence = PRECEDENCE_ATOM;
    return name ? 0 : -1;
}

static int apply(struct printer *p, struct operand *a, struct operand *b, enum operation operation)
{
    static const char signs[] = "+-*/%";
    bool unary = operation == OPERATION_NEGATE;
    bool sum = operation == OPERATION_ADD || operation == OPERATION_SUBTRACT;
    enum precedence precedence = unary ? PRECEDENCE_UNARY : sum ? PRECEDENCE_SUM : PRECEDENCE_PRODUCT;
    if (a->constant && b->constant) { /* loading does the same */
        struct instruction code[] = {{.operation = OPERATION_CONSTANT, .value = a->value},
                                     {.operation = unary ? operation : OPERATION_CONSTANT, .value = b->value},
                                     {.operation = operation}};
        int64_t value;
        if (calculate(p, code, unary ? 2 : 3, &value) != 0) {
            return -1;
        }
        set_constant(a, value);
        return 0;
    }
    parenthesise(a, a->precedence < precedence);
    if (unary) {
        struct bytes whole;
        bytes_init(&whole, a->text.length_max);
        print_must(bytes_append_format(&whole, "-%s", bytes_text(&a->text)));
        bytes_free(&a->text);
        a->text = whole;
    } else {
        parenthesise(b, b->precedence <= precedence);
        print_must(bytes_append_format(&a->text, " %c ", signs[operation - OPERATION_ADD]));
        print_must(bytes_append_text(&a->text, bytes_text(&b->text)));
    }
    a->precedence = precedence;
    a->constant = false;
    return 0;
}

static int write_sum(struct printer *p, const struct expression *expression, struct bytes *out,
                     struct uses *uses)
{
    struct operand stack[OPERANDS_MAX];
    size_t depth = 0;
    int result = 0;
    for (size_t i = 0; i < expression->code_count && result == 0; i++) {
        const struct instruction *in = &expression->code[i];
        if (in->operation <= OPERATION_LENGTH_OF) {
            struct operand *o = &stack[depth++];
            *o = (struct operand){.constant = false};
            bytes_init(&o->text, PRINT_BYTES_MAX);
            if (in->operation == OPERATION_CONSTANT) {
                set_constant(o, in->value);
            } else {
                result = push_slot(p, o, in, uses);
            }
        } else if (in->operation == OPERATION_NEGATE) {
            result = apply(p, &stack[depth - 1], &stack[depth - 1], in->operation);
        } else {
            result = apply(p, &stack[depth - 2], &stack[depth - 1], in->operation);
            bytes_free(&stack[--depth].text);
        }
    }
    if (result == 0) { /* a bare name would be its bytes, not its number */
        bool bare = expression->code_count == 1 && expression->code[0].operation == OPERATION_NUMBER_OF;
        print_must(bytes_append_format(out, bare ? "${(%s)}" : "${%s}", bytes_text(&stack[0].text)));
    }
    while (depth > 0) {
        bytes_free(&stack[--depth].text);
    }
    return result;
}

int print_expression(struct printer *p, const struct expression *expression, struct print_flat *out)
{
    struct uses uses = {.items = NULL};
    bool is_name = expression->kind == EXPRESSION_BYTES;
    const struct print_flat *bound =
        expression->kind == EXPRESSION_NUMBER ? NULL : p->slots[expression->slot].bound;
    if (is_name && bound) {
        for (size_t i = 0; i < bound->count; i++) {
            print_add_piece(p, out, bound->items[i]);
        }
        return use_bound(p, expression->slot, &uses);
    }
    struct bytes text;
    bytes_init(&text, PRINT_BYTES_MAX);
    int result = 0;
    if (expression->kind == EXPRESSION_NUMBER) {
        result = write_sum(p, expression, &text, &uses);
    } else {
        const char *name = name_of(p, expression->slot, &uses);
        result = name ? 0 : -1;
        print_must(bytes_append_format(&text, is_name ? "${%s}" : "${hex(%s)}", name ? name : ""));
    }
    if (result == 0) {
        print_add_piece(p, out,
                        (struct print_piece){.kind = PRINT_UNKNOWN,
                                             .bytes = arena_copy(p->arena, bytes_text(&text), text.length),
                                             .length = text.length,
                                             .name_slot = is_name ? expression->slot : SIZE_MAX,
                                             .uses = uses.items,
                                             .use_count = uses.count});
    }
    bytes_free(&text);
    return result;
}
