/* scenario - what loading hands out: the script, rows, programs, variables. What it refuses is in
 * tests/scenario. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "harness/scenario_fixture_test.h"

static const char *verb(const struct scenario *scenario, size_t entry)
{
    return scenario->script[entry].step->verb->name;
}

static void test_simple(void **state)
{
    (void)state;
    struct scenario_file *file = fixture_load(
        "{\"seam\": 1, \"name\": \"simple\", \"why\": \"because\", \"delimiter\": \"\\r\\n\","
        " \"timeout_ms\": 7, \"tags\": [\"x\", \"y\"], \"requires\": [\"sh\", \"real\", \"no-such-program\"],"
        " \"programs\": {\"s\": {\"command\": [\"cat\"], \"listens\": true}},\n"
        " \"steps\": [{\"connect\": \"a\", \"to\": \"s\"},\n"
        "  {\"send\": \"a\", \"line\": \"x\", \"why\": \"first\", \"barrier\": true},\n"
        "  {\"connect\": \"b\", \"to\": \"127.0.0.1:${s.port}\", \"delimiter\": \"!\"}]}");
    assert_non_null(file);
    assert_int_equal(scenario_file_count(file), 1);
    assert_false(scenario_file_is_part(file));
    const struct scenario *s = scenario_file_at(file, 0);
    assert_string_equal(s->name, "simple");
    assert_string_equal(s->why, "because");
    assert_string_equal(s->path, "fixture.json");
    assert_int_equal(s->folder[0], '/');
    assert_int_equal(s->timeout_ms, 7);
    assert_int_equal(s->tag_count, 2);
    assert_string_equal(scenario_missing(s), "no-such-program");
    assert_int_equal(s->connection_count, 2);
    assert_string_equal(s->connections[0].name, "a");
    assert_int_equal(s->connections[0].delimiter.length, 2);
    assert_int_equal(s->connections[1].delimiter.length, 1);
    assert_int_equal(s->connections[1].delimiter.bytes[0], '!');
    assert_int_equal(s->script_count, 3);
    assert_string_equal(verb(s, 1), "send");
    const struct step *send = s->script[1].step;
    assert_string_equal(send->why, "first");
    assert_true(send->barrier);
    assert_int_equal(send->place.line, 3);
    assert_int_equal(send->place.column, 3);
    assert_int_equal(send->verb_place.column, 12);
    const struct connect_target *to = fixture_arg(s, 0, "to");
    assert_false(to->is_address);
    assert_int_equal(to->program, 0);
    to = fixture_arg(s, 2, "to");
    assert_true(to->is_address);
    scenario_file_free(file);
}

static void test_repeat(void **state)
{
    (void)state;
    struct scenario_file *file = fixture_load(FIXTURE_STEPS(
        "\"vars\": {\"n\": 3},",
        "{\"repeat\": \"${n}\", \"as\": \"i\", \"steps\": ["
        "  {\"repeat\": \"${i}\", \"as\": \"k\", \"steps\": [{\"send\": \"a\", \"line\": \"${i}${k}\"}]}]}"));
    assert_non_null(file);
    const struct scenario *s = scenario_file_at(file, 0);
    static const char *const verbs[] = {"connect", "repeat", "repeat", "repeat", "send",
                                        "repeat",  "repeat", "send",   "repeat", "send"};
    static const int64_t indexes[] = {0, 0, 1, 0, 0, 2, 0, 0, 1, 0};
    assert_int_equal(s->script_count, 10);
    for (size_t i = 0; i < 10; i++) {
        assert_string_equal(verb(s, i), verbs[i]);
        assert_int_equal(s->script[i].repeat_index, indexes[i]);
    }
    assert_ptr_equal(s->script[1].step, s->script[2].step);
    assert_int_equal(*(const size_t *)fixture_arg(s, 1, "as"), fixture_slot(s, "i") + 1);
    scenario_file_free(file);
}

static void test_rows(void **state)
{
    (void)state;
    struct scenario_file *file = fixture_load(
        FIXTURE_STEPS("\"each\": [{\"row\": \"at\", \"n\": 2}, {\"n\": 1}],",
                      "{\"repeat\": \"${n}\", \"steps\": [{\"send\": \"a\", \"line\": \"${n}\"}]}"));
    assert_non_null(file);
    assert_int_equal(scenario_file_count(file), 2);
    assert_string_equal(scenario_file_at(file, 0)->name, "t [at]");
    assert_string_equal(scenario_file_at(file, 1)->name, "t [2]");
    assert_int_equal(scenario_file_at(file, 0)->script_count, 5);
    assert_int_equal(scenario_file_at(file, 1)->script_count, 3);
    scenario_file_free(file);
}

static void test_define(void **state)
{
    (void)state;
    static const char text[] =
        FIXTURE_STEPS("\"vars\": {\"n\": 1, \"m\": \"${n}\"},",
                      "{\"repeat\": \"${m}\", \"steps\": [{\"send\": \"a\", \"line\": \"x\"}]}");
    struct scenario_define defines[] = {{.name = "n", .value = "4"}, {.name = "unused", .value = ""}};
    const struct scenario_options options = {.bin = "/", .defines = defines, .define_count = 2};
    struct scenario_file *file = fixture_load_with(text, &options);
    assert_non_null(file);
    assert_int_equal(scenario_file_at(file, 0)->script_count, 9);
    assert_true(defines[0].used);
    assert_false(defines[1].used);
    scenario_file_free(file);
}

static void test_programs(void **state)
{
    (void)state;
    struct scenario_file *file = fixture_load(
        "{\"seam\": 1, \"name\": \"t\", \"programs\": {"
        " \"found\": {\"command\": [\"x\"], \"listens\": true},"
        " \"chosen\": {\"command\": [\"x\", \"${chosen.port}\"], \"listens\": true},"
        " \"two\": {\"command\": [\"x\"], \"listens\": [\"http\", \"stats\"], \"env\": {\"A\": "
        "\"${two.stats.port}\", \"B\": null},"
        "   \"files\": {\"${two.dir}.conf\": \"x\"}, \"logs\": {\"log\": \"a.log\"}},"
        " \"other\": {\"command\": [\"x\", \"${found.port}\"]},"
        " \"far\": {\"address\": \"127.0.0.1:80\"}},"
        " \"steps\": [{\"start\": \"other\"}, {\"connect\": \"a\", \"to\": \"two.stats\"}, {\"connect\": "
        "\"b\", \"to\": \"far\"},"
        "   {\"expect\": \"two.log\", \"line\": \"x\"}, {\"stop\": \"two\", \"killed\": \"TERM\"}]}");
    assert_non_null(file);
    const struct scenario *s = scenario_file_at(file, 0);
    assert_int_equal(s->program_count, 5);
    assert_false(s->programs[0].ports[0].chosen);
    assert_true(s->programs[1].ports[0].chosen);
    assert_string_equal(s->programs[1].ports[0].name, "port");
    assert_int_equal(s->programs[2].port_count, 2);
    assert_false(s->programs[2].ports[0].chosen);
    assert_true(s->programs[2].ports[1].chosen);
    assert_null(s->programs[2].env[1].value);
    assert_false(s->programs[3].listens);
    assert_true(s->programs[3].explicit_start);
    assert_false(s->programs[0].explicit_start);
    assert_non_null(s->programs[4].address);
    assert_int_equal(s->programs[4].port_count, 1);
    assert_int_equal(s->programs[2].ports[1].slot, fixture_slot(s, "two.stats.port"));
    const struct connect_target *to = fixture_arg(s, 1, "to");
    assert_int_equal(to->program, 2);
    assert_int_equal(to->port, 1);
    const struct stream_ref *stream = fixture_arg(s, 3, "expect");
    assert_int_equal(stream->kind, STREAM_LOG);
    assert_int_equal(stream->index, 2);
    assert_int_equal(*(const int *)fixture_arg(s, 4, "killed"), 15);
    scenario_file_free(file);
}

/* A client program's command names the port of a listener that a step opens. */
static void test_listener_named_by_a_program(void **state)
{
    (void)state;
    struct scenario_file *file = fixture_load(
        "{\"seam\": 1, \"name\": \"t\", \"programs\": {\"c\": {\"command\": [\"x\", \"${door.port}\"]}},"
        " \"steps\": [{\"listen\": \"door\"}, {\"start\": \"c\"}, {\"accept\": \"a\", \"from\": \"door\"}]}");
    assert_non_null(file);
    const struct scenario *s = scenario_file_at(file, 0);
    assert_int_equal(s->listener_count, 1);
    assert_int_equal(s->listeners[0].slot_port, fixture_slot(s, "door.port"));
    scenario_file_free(file);
}

static void test_captures_share_a_slot(void **state)
{
    (void)state;
    struct scenario_file *file =
        fixture_load(FIXTURE_STEPS("", "{\"expect\": \"a\", \"matches\": \"(?<x>.)(?<y>.)\"},"
                                       "{\"expect\": \"a\", \"matches\": \"(?<x>.)${x}\"}"));
    assert_non_null(file);
    const struct scenario *s = scenario_file_at(file, 0);
    const struct pattern *first = *(const struct pattern *const *)fixture_arg(s, 1, "matches");
    const struct pattern *second = *(const struct pattern *const *)fixture_arg(s, 2, "matches");
    assert_int_equal(first->group_count, 2);
    assert_int_equal(second->groups[0].slot, first->groups[0].slot);
    assert_non_null(first->code);
    assert_null(second->code);
    scenario_file_free(file);
}

static void test_warnings_are_no_errors(void **state)
{
    (void)state;
    static const char text[] = FIXTURE_STEPS("", "{\"line\": \"x\", \"send\": \"a\"}");
    struct error_list errors = {0};
    struct scenario_file *file =
        scenario_load_text("w.json", text, strlen(text), &(struct scenario_options){.bin = "/"}, &errors);
    assert_non_null(file);
    assert_int_equal(errors.count, 1);
    assert_int_equal(errors.error_count, 0);
    assert_true(errors.items[0].warning);
    scenario_file_free(file);
    error_list_close(&errors);
}

static void test_errors_of_several_loads(void **state)
{
    (void)state;
    char text[30000] = FIXTURE_STEPS("", "1");
    struct error_list errors = {0};
    const struct scenario_options options = {.bin = "/"};
    assert_null(scenario_load_text("b.json", text, strlen(text), &options, &errors));
    assert_null(scenario_load("/no/such/file.json", &options, &errors));
    assert_int_equal(errors.count, 2);
    assert_string_equal(errors.items[0].error.path, "b.json");
    assert_int_equal(errors.items[1].error.line, 0);
    error_list_close(&errors);

    /* One more than are kept. */
    size_t length = strlen(text);
    for (int i = 0; i < SCENARIO_ERRORS_KEPT_MAX; i++) {
        memcpy(text + length - 2, ",\n1]}", 6);
        length += 3;
    }
    assert_null(scenario_load_text("b.json", text, length, &options, &errors));
    assert_int_equal(errors.count, SCENARIO_ERRORS_KEPT_MAX);
    assert_int_equal(errors.left_out, 1);
    assert_int_equal(errors.error_count, SCENARIO_ERRORS_KEPT_MAX + 1);
    error_list_close(&errors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_simple),
        cmocka_unit_test(test_repeat),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_define),
        cmocka_unit_test(test_programs),
        cmocka_unit_test(test_listener_named_by_a_program),
        cmocka_unit_test(test_captures_share_a_slot),
        cmocka_unit_test(test_warnings_are_no_errors),
        cmocka_unit_test(test_errors_of_several_loads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
