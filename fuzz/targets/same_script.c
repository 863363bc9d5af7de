/* same_script - see same_script.h. */
#include "fuzz/targets/same_script.h"

#include "harness/steps/args.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMPARED_BYTES_MAX = 1 << 20 };

struct walk {
    const struct scenario *scenario;
    struct values values;
    size_t at; /* of the next entry of the script */
};

struct both {
    struct walk a, b;
    const char *where; /* verb */
};

static void want(const struct both *both, bool same, const char *what)
{
    if (!same) {
        fprintf(stderr, "%s: step %zu (%s): %s: it is another once it was printed and loaded\n",
                both->a.scenario->name, both->a.at, both->where, what);
        abort();
    }
}

/* --- values --- */

static void bind(struct walk *w, const struct scenario_var *vars, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct bytes bytes;
        struct seam_error error;
        bytes_init(&bytes, COMPARED_BYTES_MAX);
        w->values.slots[vars[i].slot].set = false;
        if (data_is_known(vars[i].value, &w->values) &&
            data_expand(vars[i].value, &w->values, &w->scenario->delimiter, &bytes, &error) == 0) {
            values_set(&w->values, vars[i].slot, bytes.data, bytes.length);
        }
        bytes_free(&bytes);
    }
}

static void open_walk(struct walk *w, const struct scenario *scenario)
{
    *w = (struct walk){.scenario = scenario};
    if (values_open(&w->values, scenario->slot_count, scenario->slot_names) != 0) {
        abort();
    }
    bind(w, scenario->vars, scenario->var_count);
}

static const void *argument(const struct step *step, const char *name)
{
    for (size_t i = 0; i < step->verb->arg_count; i++) {
        if (strcmp(step->verb->args[i].name, name) == 0) {
            return (const char *)step->args + step->verb->args[i].offset;
        }
    }
    abort();
}

/* The next step that does something; NULL at the end. */
static const struct step *next_step(struct walk *w)
{
    while (w->at < w->scenario->script_count) {
        const struct script_entry *entry = &w->scenario->script[w->at++];
        if (entry->step->verb == &step_repeat) {
            size_t as = *(const size_t *)argument(entry->step, "as");
            if (as > 0) {
                values_set_number(&w->values, as - 1, entry->repeat_index);
            }
        } else if (entry->step->verb == &step_include) {
            const struct include_binding *binding =
                *(const struct include_binding *const *)argument(entry->step, "vars");
            bind(w, binding->vars, binding->count);
        } else {
            return entry->step;
        }
    }
    return NULL;
}

/* --- arguments --- */

static void same_data(const struct both *both, const struct data *x, const struct data *y,
                      const struct delimiter *delimiter, const char *what)
{
    struct bytes xs, ys;
    struct seam_error error;
    want(both, (x != NULL) == (y != NULL), what);
    if (!x) {
        return;
    }
    bool known = data_is_known(x, &both->a.values);
    want(both, known == data_is_known(y, &both->b.values), what);
    bytes_init(&xs, COMPARED_BYTES_MAX);
    bytes_init(&ys, COMPARED_BYTES_MAX);
    if (known) {
        int result = data_expand(x, &both->a.values, delimiter, &xs, &error);
        want(both, data_expand(y, &both->b.values, delimiter, &ys, &error) == result, what);
        want(both,
             result != 0 ||
                 (xs.length == ys.length && memcmp(bytes_text(&xs), bytes_text(&ys), xs.length) == 0),
             what);
    }
    bytes_free(&xs);
    bytes_free(&ys);
}

static void same_number(const struct both *both, const struct number *x, const struct number *y,
                        const char *what)
{
    int64_t xs = 0, ys = 0;
    struct seam_error error;
    want(both, (x != NULL) == (y != NULL), what);
    if (x && (x->constant || text_is_known(x->text, &both->a.values))) {
        int result = number_expand(x, &both->a.values, &xs, &error);
        want(both, number_expand(y, &both->b.values, &ys, &error) == result && xs == ys, what);
    }
}

static void same_split(const struct both *both, const struct split *x, const struct split *y,
                       const char *what)
{
    want(both, (x != NULL) == (y != NULL), what);
    if (x) {
        want(both, x->item_count == y->item_count, what);
        for (size_t i = 0; i < x->item_count; i++) {
            same_data(both, x->items[i], y->items[i], &both->a.scenario->delimiter, what);
        }
        same_number(both, x->size, y->size, what);
    }
}

static void same_argument(const struct both *both, const struct step_arg *arg, const void *x, const void *y)
{
    const struct scenario *a = both->a.scenario, *b = both->b.scenario;
    const struct stream_ref *s = x, *t = y;
    const void *p = NULL, *q = NULL;
    if (arg->kind >= ARG_TEXT && arg->kind <= ARG_NUMBER) {
        p = *(const void *const *)x;
        q = *(const void *const *)y;
        want(both, (p != NULL) == (q != NULL), arg->name);
    }
    switch (arg->kind) {
    case ARG_DATA:
    case ARG_LINE:
    case ARG_LINES:
    case ARG_LINE_LIST:
        want(both,
             !p || arg->kind == ARG_DATA || ((const struct data *)p)->kind == ((const struct data *)q)->kind,
             arg->name);
        same_data(both, p, q, &a->delimiter, arg->name);
        break;
    case ARG_SPLIT:
        same_split(both, p, q, arg->name);
        break;
    case ARG_NUMBER:
        same_number(both, p, q, arg->name);
        break;
    case ARG_UNTIL:
        if (p) {
            same_data(both, ((const struct until *)p)->data, ((const struct until *)q)->data, &a->delimiter,
                      arg->name);
        }
        break;
    case ARG_CONNECTION:
    case ARG_CONNECTION_NEW:
        want(both,
             strcmp(a->connections[*(const size_t *)x].name, b->connections[*(const size_t *)y].name) == 0,
             arg->name);
        break;
    case ARG_PROGRAM:
        want(both, strcmp(a->programs[*(const size_t *)x].name, b->programs[*(const size_t *)y].name) == 0,
             arg->name);
        break;
    case ARG_STREAM:
        want(both, s->kind == t->kind && s->log == t->log, arg->name);
        break;
    case ARG_CHOICE:
    case ARG_SIGNAL:
        want(both, *(const int *)x == *(const int *)y, arg->name);
        break;
    case ARG_BOOL_TRUE:
        want(both, *(const bool *)x == *(const bool *)y, arg->name);
        break;
    default:
        break;
    }
}

/* --- all of it --- */

static void same_connection(const struct both *both, const struct connection *c)
{
    const struct scenario *a = both->a.scenario;
    size_t i = 0;
    while (i < a->connection_count && strcmp(a->connections[i].name, c->name) != 0) {
        i++;
    }
    want(both, i < a->connection_count, c->name);
    const struct connection *d = &a->connections[i];
    want(both,
         c->delimiter.length == d->delimiter.length &&
             memcmp(c->delimiter.bytes, d->delimiter.bytes, d->delimiter.length) == 0,
         "delimiter");
    want(both, c->rest_ignored == d->rest_ignored && c->reads_on_expect == d->reads_on_expect,
         "rest or reads");
    want(both,
         (c->receive_buffer != NULL) == (d->receive_buffer != NULL) && c->ignore_count == d->ignore_count,
         "receive_buffer or ignore");
}

static void same_top(const struct both *both)
{
    const struct scenario *a = both->a.scenario, *b = both->b.scenario;
    want(both, strcmp(a->name, b->name) == 0 && a->timeout_ms == b->timeout_ms, "name or timeout");
    want(both, (a->why != NULL) == (b->why != NULL) && (!a->why || strcmp(a->why, b->why) == 0), "why");
    want(both,
         a->delimiter.length == b->delimiter.length &&
             memcmp(a->delimiter.bytes, b->delimiter.bytes, a->delimiter.length) == 0,
         "delimiter");
    for (size_t i = 0; i < b->connection_count; i++) {
        same_connection(both, &b->connections[i]);
    }
}

void same_script_check(const struct scenario *a, const struct scenario *b)
{
    struct both both = {.where = "top"};
    open_walk(&both.a, a);
    open_walk(&both.b, b);
    same_top(&both);
    for (;;) {
        const struct step *x = next_step(&both.a), *y = next_step(&both.b);
        both.where = x ? x->verb->name : "end";
        want(&both, (x != NULL) == (y != NULL), "length");
        if (!x) {
            break;
        }
        want(&both, x->verb == y->verb, "verb");
        want(&both, x->barrier == y->barrier, "barrier");
        same_data(&both, x->barrier_probe, y->barrier_probe, &a->delimiter, "barrier");
        for (size_t i = 0; i < x->verb->arg_count; i++) {
            const struct step_arg *arg = &x->verb->args[i];
            same_argument(&both, arg, (const char *)x->args + arg->offset,
                          (const char *)y->args + arg->offset);
        }
    }
    values_close(&both.a.values);
    values_close(&both.b.values);
}
