/* Every scenario of the repository is printed, loaded again and compared; then what is hard to print. */
#include "harness/scenario_print_fixture_test.h"

enum { COMPARED_BYTES_MAX = 4 << 20 };

/* --- walking two scripts side by side --- */

struct walk {
    const struct scenario *scenario;
    struct values values;
    size_t at;
};

static void bind(struct walk *w, const struct scenario_var *vars, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct bytes bytes;
        struct seam_error error;
        bytes_init(&bytes, COMPARED_BYTES_MAX);
        w->values.slots[vars[i].slot].set = false;
        if (data_is_known(vars[i].value, &w->values)) {
            assert_int_equal(data_expand(vars[i].value, &w->values, &w->scenario->delimiter, &bytes, &error),
                             0);
            values_set(&w->values, vars[i].slot, bytes.data, bytes.length);
        }
        bytes_free(&bytes);
    }
}

static void walk_open(struct walk *w, const struct scenario *scenario)
{
    *w = (struct walk){.scenario = scenario};
    assert_int_equal(values_open(&w->values, scenario->slot_count, scenario->slot_names), 0);
    bind(w, scenario->vars, scenario->var_count);
}

/* The next step that does something; NULL at the end. */
static const struct step *walk_next(struct walk *w)
{
    for (; w->at < w->scenario->script_count; w->at++) {
        const struct script_entry *entry = &w->scenario->script[w->at];
        if (strcmp(entry->step->verb->name, "repeat") == 0) {
            size_t as = *(const size_t *)fixture_arg(w->scenario, w->at, "as");
            if (as > 0) {
                values_set_number(&w->values, as - 1, entry->repeat_index);
            }
        } else if (strcmp(entry->step->verb->name, "include") == 0) {
            const struct include_binding *binding =
                *(const struct include_binding *const *)fixture_arg(w->scenario, w->at, "vars");
            bind(w, binding->vars, binding->count);
        } else {
            w->at++;
            return entry->step;
        }
    }
    return NULL;
}

static void compare_data(const struct walk *a, const struct data *x, const struct walk *b,
                         const struct data *y, const struct delimiter *delimiter)
{
    struct bytes xs, ys;
    struct seam_error error;
    assert_int_equal(x != NULL, y != NULL);
    if (!x || !data_is_known(x, &a->values)) {
        assert_true(!x || !data_is_known(y, &b->values));
        return;
    }
    bytes_init(&xs, COMPARED_BYTES_MAX);
    bytes_init(&ys, COMPARED_BYTES_MAX);
    int result = data_expand(x, &a->values, delimiter, &xs, &error);
    assert_int_equal(data_expand(y, &b->values, delimiter, &ys, &error), result);
    assert_int_equal(xs.length, ys.length);
    assert_true(xs.length == 0 || memcmp(xs.data, ys.data, xs.length) == 0);
    bytes_free(&xs);
    bytes_free(&ys);
}

static void compare_number(const struct walk *a, const struct number *x, const struct walk *b,
                           const struct number *y)
{
    int64_t xs, ys;
    struct seam_error error;
    assert_int_equal(x != NULL, y != NULL);
    if (x && (x->constant || text_is_known(x->text, &a->values))) {
        assert_int_equal(number_expand(x, &a->values, &xs, &error), 0);
        assert_int_equal(number_expand(y, &b->values, &ys, &error), 0);
        assert_int_equal(xs, ys);
    }
}

static void compare_split(const struct walk *a, const struct split *x, const struct walk *b,
                          const struct split *y)
{
    assert_int_equal(x != NULL, y != NULL);
    if (!x) {
        return;
    }
    assert_int_equal(x->item_count, y->item_count);
    for (size_t i = 0; i < x->item_count; i++) {
        compare_data(a, x->items[i], b, y->items[i], &a->scenario->delimiter);
    }
    compare_number(a, x->size, b, y->size);
}

static void compare_arg(const struct walk *a, const void *x, const struct walk *b, const void *y,
                        const struct step_arg *arg)
{
    const struct stream_ref *s = x, *t = y;
    const void *p = NULL, *q = NULL;
    if (arg->kind >= ARG_TEXT && arg->kind <= ARG_NUMBER) {
        p = *(const void *const *)x;
        q = *(const void *const *)y;
        assert_int_equal(p != NULL, q != NULL);
    }
    switch (arg->kind) {
    case ARG_DATA:
    case ARG_LINE:
    case ARG_LINES:
    case ARG_LINE_LIST:
        assert_true(!p || arg->kind == ARG_DATA ||
                    ((const struct data *)p)->kind == ((const struct data *)q)->kind);
        compare_data(a, p, b, q, &a->scenario->delimiter);
        break;
    case ARG_SPLIT:
        compare_split(a, p, b, q);
        break;
    case ARG_NUMBER:
        compare_number(a, p, b, q);
        break;
    case ARG_UNTIL:
        if (p) {
            compare_data(a, ((const struct until *)p)->data, b, ((const struct until *)q)->data,
                         &a->scenario->delimiter);
        }
        break;
    case ARG_CONNECTION:
    case ARG_CONNECTION_NEW:
        assert_string_equal(a->scenario->connections[*(const size_t *)x].name,
                            b->scenario->connections[*(const size_t *)y].name);
        break;
    case ARG_PROGRAM:
        assert_string_equal(a->scenario->programs[*(const size_t *)x].name,
                            b->scenario->programs[*(const size_t *)y].name);
        break;
    case ARG_STREAM:
        assert_int_equal(s->kind, t->kind);
        assert_int_equal(s->log, t->log);
        break;
    case ARG_CHOICE:
    case ARG_SIGNAL:
        assert_int_equal(*(const int *)x, *(const int *)y);
        break;
    case ARG_BOOL_TRUE:
        assert_int_equal(*(const bool *)x, *(const bool *)y);
        break;
    default:
        break;
    }
}

static void compare_connections(const struct scenario *x, const struct scenario *y)
{
    for (size_t i = 0; i < y->connection_count; i++) {
        size_t k = 0;
        while (strcmp(x->connections[k].name, y->connections[i].name) != 0) {
            k++;
            assert_true(k < x->connection_count);
        }
        const struct connection *c = &x->connections[k], *d = &y->connections[i];
        assert_int_equal(c->delimiter.length, d->delimiter.length);
        assert_memory_equal(c->delimiter.bytes, d->delimiter.bytes, d->delimiter.length);
        assert_int_equal(c->rest_ignored, d->rest_ignored);
        assert_int_equal(c->reads_on_expect, d->reads_on_expect);
        assert_int_equal(c->receive_buffer != NULL, d->receive_buffer != NULL);
        assert_int_equal(c->ignore_count, d->ignore_count);
    }
}

static void compare(const struct scenario *x, const struct scenario *y)
{
    struct walk a, b;
    walk_open(&a, x);
    walk_open(&b, y);
    assert_string_equal(x->name, y->name);
    assert_int_equal(x->timeout_ms, y->timeout_ms);
    compare_connections(x, y);
    for (;;) {
        const struct step *s = walk_next(&a), *t = walk_next(&b);
        assert_int_equal(s != NULL, t != NULL);
        if (!s) {
            break;
        }
        assert_ptr_equal(s->verb, t->verb);
        assert_int_equal(s->barrier, t->barrier);
        assert_int_equal(s->why != NULL, t->why != NULL);
        for (size_t i = 0; i < s->verb->arg_count; i++) {
            const struct step_arg *arg = &s->verb->args[i];
            compare_arg(&a, (const char *)s->args + arg->offset, &b, (const char *)t->args + arg->offset,
                        arg);
        }
    }
    values_close(&a.values);
    values_close(&b.values);
}

/* --- all files --- */

static void round_trip(const struct scenario *scenario, const char *folder)
{
    json_t *json = print_in(scenario, folder);
    assert_non_null(json);
    struct scenario_file *file = print_load(json, folder);
    assert_non_null(file);
    assert_int_equal(scenario_file_count(file), 1);
    compare(scenario, scenario_file_at(file, 0));
    json_t *again = print_in(scenario_file_at(file, 0), folder);
    assert_non_null(again);
    assert_true(json_equal(json, again));
    json_decref(json);
    json_decref(again);
    scenario_file_free(file);
}

static int files_seen;
static char *elsewhere;

static int try_file(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    size_t length = strlen(path);
    if (kind != FTW_F || length < 5 || strcmp(path + length - 5, ".json") != 0) {
        return 0;
    }
    struct error_list errors = {0};
    struct scenario_file *file = scenario_load(path, &print_options, &errors);
    for (size_t i = 0; file && i < scenario_file_count(file); i++) {
        const struct scenario *scenario = scenario_file_at(file, i);
        print_message("%s: %s\n", path + ftw->base, scenario->name);
        round_trip(scenario, scenario->folder);
        if (scenario->script_count < 100000) {
            round_trip(scenario, elsewhere);
        }
        files_seen++;
    }
    scenario_file_free(file);
    error_list_close(&errors);
    return 0;
}

static void test_every_file(void **state)
{
    (void)state;
    elsewhere = print_folder_new();
    assert_int_equal(nftw(SCENARIO_TREE "/tests/scenario/valid", try_file, 16, FTW_PHYS), 0);
    assert_true(files_seen >= 14);
    assert_int_equal(nftw(SCENARIO_TREE "/scenarios", try_file, 16, FTW_PHYS), 0);
    assert_true(files_seen >= 100);
    print_folder_remove(elsewhere);
}

/* --- hostile values --- */

static unsigned next_random(unsigned *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return *seed >> 16;
}

/* Bytes that mean something to someone, in a random order. */
static size_t hostile(unsigned *seed, char *out, size_t max)
{
    static const char bytes[] = "$${{}}\\\\\"'a1\0\n\r\xff\xc3\xa9 (?<[*.|#";
    size_t length = next_random(seed) % max;
    for (size_t i = 0; i < length; i++) {
        out[i] = bytes[next_random(seed) % (sizeof bytes - 1)];
    }
    return length;
}

/* A variable that is known, before and behind one that is not. */
static void test_hostile_values(void **state)
{
    (void)state;
    unsigned seed = 1;
    for (int i = 0; i < 2000; i++) {
        char value[24], top[256];
        size_t length = hostile(&seed, value, sizeof value);
        json_t *data = scenario_print_bytes(value, length);
        char *json = json_dumps(data, JSON_ENCODE_ANY);
        snprintf(top, sizeof top, "\"vars\": {\"v\": %s},", json);
        struct scenario_file *file =
            print_steps_of(top, "{\"expect\": \"a\", \"matches\": \"(?<c>.*)\"},"
                                "{\"send\": \"a\", \"line\": \"x${v}y${v}\"},"
                                "{\"send\": \"a\", \"lines\": [\"${v}${c}${v}\", {\"line\": \"$${v}${c}\"}]},"
                                "{\"send\": \"a\", \"data\": {\"text\": \"${v}\", \"times\": 3}},"
                                "{\"expect\": \"a\", \"matches\": \"(?s)<?${v}(?<d>.)\"},"
                                "{\"expect\": \"a\", \"matches\": \"\\\\d${v}${c}[${v}\\\\\\\\]\"}");
        round_trip(scenario_file_at(file, 0), "/tmp");
        json_t *printed = print_in(scenario_file_at(file, 0), "/tmp");
        struct scenario_file *again = print_load(printed, "/tmp");
        const struct pattern *pattern =
            *(const struct pattern *const *)fixture_arg(scenario_file_at(again, 0), 5, "matches");
        struct seam_error error;
        value[length] = 'd';
        assert_int_equal(pattern_match(pattern, NULL, value, length + 1, NULL, &error), PATTERN_MATCH);
        assert_int_equal(pattern_match(pattern, NULL, value, length, NULL, &error), PATTERN_NO_MATCH);
        free(json);
        json_decref(data);
        json_decref(printed);
        scenario_file_free(again);
        scenario_file_free(file);
    }
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile_values),
        cmocka_unit_test(test_every_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
