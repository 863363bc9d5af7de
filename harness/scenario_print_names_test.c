/* What is printed, to the letter: bytes, names, expressions, paths, steps made in memory, the layout. */
#include "harness/scenario_print_fixture_test.h"

/* --- bytes --- */

static char *dump(json_t *json)
{
    char *text = json_dumps(json, JSON_ENCODE_ANY);
    json_decref(json);
    return text;
}

static void test_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        const char *json;
    } cases[] = {
        {"", 0, "\"\""},
        {"hello\r\n\tyou\n", 12, "\"hello\\r\\n\\tyou\\n\""},
        {"caf\xc3\xa9 \"\\", 8, "\"caf\xc3\xa9 \\\"\\\\\""},
        {"${x}", 4, "\"${$}{x}\""},
        {"$${$}{", 6, "\"$${$}{$}{\""},
        {"a\0b'\"\\\n\x1b", 8, "{\"bytes\": \"a\\\\x00b'\\\"\\\\\\\\\\\\n\\\\x1b\"}"},
        {"\xff${\x80", 4, "{\"bytes\": \"\\\\xff${\\\\x80\"}"},
        {"\xe2\x80\xae", 3, "{\"bytes\": \"\\\\xe2\\\\x80\\\\xae\"}"}, /* turns the text around */
        {"a\x7f", 2, "{\"bytes\": \"a\\\\x7f\"}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = dump(scenario_print_bytes(cases[i].bytes, cases[i].length));
        assert_string_equal(text, cases[i].json);
        free(text);
    }
}

static void test_runs(void **state)
{
    (void)state;
    size_t length = 1 << 20;
    char *bytes = malloc(length), *text;
    memset(bytes, 'a', length);
    text = dump(scenario_print_bytes(bytes, 512));
    assert_string_equal(text, "{\"text\": \"a\", \"times\": 512}");
    free(text);
    text = dump(scenario_print_bytes(bytes, length));
    assert_string_equal(text, "{\"text\": \"a\", \"times\": 1048576}");
    free(text);
    text = dump(scenario_print_bytes(bytes, 63));
    assert_int_equal(strlen(text), 65);
    free(text);
    memset(bytes + 100, 0, length - 200);
    bytes[length - 1] = '\n';
    text = dump(scenario_print_bytes(bytes, length));
    assert_string_equal(text,
                        "[{\"text\": \"a\", \"times\": 100}, {\"bytes\": \"\\\\x00\", \"times\": 1048376}, "
                        "{\"text\": \"a\", \"times\": 99}, \"\\n\"]");
    free(text);
    memset(bytes, '$', 64);
    memcpy(bytes + 64, "{x}", 3);
    text = dump(scenario_print_bytes(bytes, 67));
    assert_string_equal(text, "[{\"text\": \"$\", \"times\": 64}, \"{x}\"]");
    free(text);
    free(bytes);
}

/* --- printing again --- */

static void again(const struct scenario *scenario, const char *folder)
{
    json_t *json = print_in(scenario, folder);
    struct scenario_file *file = print_load(json, folder);
    assert_non_null(file);
    json_t *second = print_in(scenario_file_at(file, 0), folder);
    assert_true(json_equal(json, second));
    json_decref(json);
    json_decref(second);
    scenario_file_free(file);
}

/* --- names and expressions --- */

/* The step that is printed for the last one; the caller frees it. */
static char *last_step(const struct scenario_file *file)
{
    json_t *json = print_in(scenario_file_at(file, 0), "/tmp");
    assert_non_null(json);
    json_t *steps = json_object_get(json, "steps");
    char *text = json_dumps(json_array_get(steps, json_array_size(steps) - 1), 0);
    json_decref(json);
    return text;
}

static void test_expressions(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"${c}", "${c}"},
        {"${(c)}", "${(c)}"},
        {"${c+1}", "${c + 1}"},
        {"${ -c }", "${-c}"},
        {"${--c * -(c)}", "${--c * -c}"},
        {"${c - (c - 1)}", "${c - (c - 1)}"},
        {"${(c - c) - 1}", "${c - c - 1}"},
        {"${(c + 1) * (2 / c) % -3}", "${(c + 1) * (2 / c) % -3}"},
        {"${c * (c / 2)}", "${c * (c / 2)}"},
        {"${-(c + 1)}", "${-(c + 1)}"},
        {"${n * 2 + len(c)}", "${84 + len(c)}"},
        {"${c + n - len(n)}", "${c + 42 - 2}"},
        {"${c + low}", "${c + (-9223372036854775807 - 1)}"},
        {"${hex(c)}${hex(n)}", "${hex(c)}3432"},
        {"${len(c)}", "${len(c)}"},
        {"$${c}${$}{${s.port} ${s.dir} ${tmp} ${case}", "$${c}${$}{${s.port} ${s.dir} ${tmp} ${case}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char steps[256], expected[256];
        snprintf(steps, sizeof steps,
                 "{\"expect\": \"a\", \"matches\": \"(?<c>.*)\"}, {\"send\": \"a\", \"line\": \"%s\"}",
                 cases[i][0]);
        snprintf(expected, sizeof expected, "{\"send\": \"a\", \"line\": \"%s\"}", cases[i][1]);
        struct scenario_file *file =
            print_steps_of("\"vars\": {\"n\": 42, \"low\": \"${-9223372036854775807 - 1}\"},", steps);
        char *text = last_step(file);
        assert_string_equal(text, expected);
        free(text);
        again(scenario_file_at(file, 0), "/tmp");
        scenario_file_free(file);
    }
}

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* error NULL: it is printed as `expected`. Else printing fails, and says so. */
static void check_parts(const char *folder, const char *steps, const char *expected, const char *error)
{
    char path[PATH_MAX], text[2048];
    struct error_list errors = {0};
    struct seam_error why = {0};
    snprintf(path, sizeof path, "%s/x.json", folder);
    snprintf(
        text, sizeof text,
        "{\"seam\": 1, \"name\": \"t\", \"programs\": {\"s\": {\"command\": [\"cat\"], \"listens\": true}},"
        " \"steps\": [{\"connect\": \"a\", \"to\": \"s\"}, %s]}",
        steps);
    struct scenario_file *file = scenario_load_text(path, text, strlen(text), &print_options, &errors);
    assert_non_null(file);
    if (error) {
        assert_null(scenario_print(scenario_file_at(file, 0), folder, &why));
        assert_non_null(strstr(why.text, error));
        assert_true(why.line > 0);
    } else {
        char *last = last_step(file);
        assert_string_equal(last, expected);
        free(last);
        again(scenario_file_at(file, 0), folder);
    }
    scenario_file_free(file);
    error_list_close(&errors);
}

#define LOGIN         "{\"include\": \"login.part.json\"}"
#define TAKE(pattern) "{\"expect\": \"a\", \"matches\": \"" pattern "\"}"
#define SAY(text)     "{\"send\": \"a\", \"line\": \"" text "\"}"
#define GIVE(vars)    "{\"include\": \"say.part.json\", \"vars\": {" vars "}}"

static void test_names_of_parts(void **state)
{
    (void)state;
    char *folder = print_folder_new();
    write_file(folder, "login.part.json",
               "{\"seam\": 1, \"part\": true, \"steps\": [" TAKE("(?<id>.)") "," SAY("${id}") "]}");
    write_file(folder, "say.part.json",
               "{\"seam\": 1, \"part\": true, \"steps\": [" SAY("${x}") "," TAKE("(?<id>.)") "," SAY(
                   "-${x} ${id}") "]}");
    write_file(folder, "count.part.json",
               "{\"seam\": 1, \"part\": true, \"steps\": [" SAY("${x * 2} ${hex(x)} ${len(x)}") "]}");
    check_parts(folder, LOGIN "," LOGIN "," LOGIN, SAY("${id}"), NULL);
    check_parts(folder, TAKE("(?<id>.)") "," LOGIN "," TAKE("(?<id>.)") "," SAY("${id}"), SAY("${id}"), NULL);
    check_parts(folder, TAKE("(?<id>.)") "," LOGIN "," SAY("${id}"), NULL,
                "\"id\" is captured in several parts");
    check_parts(folder, TAKE("(?<n>.)") "," GIVE("\"x\": [\"<$${$}{\", \"${n}${n + 1}>\"]"),
                SAY("-<$${$}{${n}${n + 1}> ${id}"), NULL);
    check_parts(folder, TAKE("(?<n>.)") "," GIVE("\"x\": {\"text\": \"${n}\", \"times\": 2}"), NULL,
                "\"x\" has no value");
    check_parts(folder, TAKE("(?<id>.)") "," GIVE("\"x\": \"${id}\""), NULL,
                "\"id\" is captured in several parts");
    check_parts(folder, TAKE("(?<n>.)") ",{\"include\": \"count.part.json\", \"vars\": {\"x\": \"${n}\"}}",
                SAY("${n * 2} ${hex(n)} ${len(n)}"), NULL);
    check_parts(folder, TAKE("(?<n>.)") ",{\"include\": \"count.part.json\", \"vars\": {\"x\": \"${n}1\"}}",
                NULL, "nothing can be calculated");
    check_parts(folder, LOGIN ",{\"connect\": \"id\", \"to\": \"s\"}", NULL,
                "the name of a program, connection");
    print_folder_remove(folder);
}

/* What `ignore` means must not change later. */
static void test_ignore(void **state)
{
    (void)state;
    char *folder = print_folder_new();
#define IGNORE(pattern) "{\"connect\": \"b\", \"to\": \"s\", \"ignore\": [\"" pattern "\"]}"
    write_file(folder, "login.part.json", "{\"seam\": 1, \"part\": true, \"steps\": [" TAKE("(?<id>.)") "]}");
    check_parts(folder, TAKE("(?<id>.)") "," IGNORE("x${id}"), IGNORE("x${id}"), NULL);
    check_parts(folder, TAKE("(?<id>.)") "," IGNORE("x${id}") "," LOGIN, NULL,
                "captures one of that name later");
    check_parts(folder, "{\"repeat\": 1, \"as\": \"i\", \"steps\": [" IGNORE("${i}") "]}", IGNORE("0"), NULL);
    check_parts(folder,
                "{\"repeat\": 1, \"as\": \"i\", \"steps\": [" IGNORE(
                    "${i}") "]}, {\"repeat\": 2, \"as\": \"i\", \"steps\": [{\"settle\": \"s\"}]}",
                NULL, "an \"ignore\" uses \"i\"");
    print_folder_remove(folder);
}

/* --- paths --- */

static void test_bin(void **state)
{
    (void)state;
    static const char text[] =
        "{\"seam\": 1, \"name\": \"t\", \"programs\": {\"s\": {\"command\": [\"${bin}/s\"],"
        " \"stdio\": true}, \"unused\": {\"command\": [\"cat\"], \"stdio\": true}},"
        " \"steps\": [{\"connect\": \"a\", \"to\": \"s\"}, {\"send\": \"a\", \"line\": \"${bin}\"}]}";
    char bin[PATH_MAX] = "";
    assert_true(readlink("/proc/self/exe", bin, sizeof bin - 1) > 0);
    *strrchr(bin, '/') = '\0';
    struct scenario_file *file = fixture_load_with(text, &(struct scenario_options){.bin = bin});
    assert_non_null(file);
    json_t *json = print_in(scenario_file_at(file, 0), "/tmp");
    json_object_del(json, "seam");
    json_object_del(json, "name");
    char *printed = json_dumps(json, 0);
    static const char expected[] =
        "{\"programs\": {\"s\": {\"command\": [\"${bin}/s\"], \"stdio\": true}},"
        " \"steps\": [{\"connect\": \"a\", \"to\": \"s\"}, {\"send\": \"a\", \"line\": \"${bin}\"}]}";
    assert_string_equal(printed, expected);
    free(printed);
    json_decref(json);
    scenario_file_free(file);
}

static void check_paths(const struct scenario *scenario, const char *folder, const char *expected,
                        const char *said)
{
    json_t *json = print_in(scenario, folder);
    assert_non_null(json);
    char *text = json_dumps(json_object_get(json_object_get(json, "programs"), "s"), 0);
    assert_string_equal(text, expected);
    free(text);
    json_t *send = json_array_get(json_object_get(json, "steps"), 1);
    assert_string_equal(json_string_value(json_object_get(send, "line")), said);
    json_decref(json);
    again(scenario, folder);
}

static void test_paths(void **state)
{
    (void)state;
    char *root = print_folder_new(), path[PATH_MAX], text[PATH_MAX], said[PATH_MAX + 16], big[5001];
    struct error_list errors = {0};
    memset(big, 'x', 5000);
    big[0] = '(';
    big[5000] = '\0';
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", root, i == 0 ? "in" : i == 1 ? "in/sub" : "in2");
        assert_int_equal(mkdir(path, 0700), 0);
    }
    snprintf(path, sizeof path, "%s/in", root);
    write_file(path, "small", "${x}\n");
    write_file(path, "sub/big", big);
    snprintf(path, sizeof path, "%s/in/x.json", root);
    snprintf(text, sizeof text,
             "{\"seam\": 1, \"name\": \"t\", \"programs\": {\"s\": {\"command\": [\"sub/./s\", "
             "\"-c${here}\", \"a=${here}/../b\","
             " \"${here}3/${$}{\", \"${tmp}${here}/x\"], \"cwd\": \"../in2\", \"listens\": true, \"files\": "
             "{\"f\": {\"file\": \"small\"},"
             " \"g\": {\"file\": \"sub/big\"}}}}, \"steps\": [{\"connect\": \"a\", \"to\": \"s\"}, "
             "{\"send\": \"a\", \"line\": \"${here}/../x\"}]}");
    struct scenario_file *file = scenario_load_text(path, text, strlen(text), &print_options, &errors);
    assert_non_null(file);
    const struct scenario *scenario = scenario_file_at(file, 0);
    static const char rest[] = "\"listens\": true, \"files\": {\"f\": \"${$}{x}\\n\", \"g\": ";
    snprintf(text, sizeof text,
             "{\"command\": [\"sub/./s\", \"-c%s/in\", \"a=${here}/../b\", \"%s/in3/${$}{\", "
             "\"${tmp}%s/in/x\"], \"cwd\": \"../in2\", "
             "%s{\"file\": \"sub/big\"}}}",
             root, root, root, rest);
    check_paths(scenario, scenario->folder, text, "${here}/../x");
    snprintf(text, sizeof text,
             "{\"command\": [\"./s\", \"-c%s/in\", \"a=${here}/../../b\", \"%s/in3/${$}{\", "
             "\"${tmp}%s/in/x\"], \"cwd\": \"../../in2\", "
             "%s{\"file\": \"big\"}}}",
             root, root, root, rest);
    snprintf(path, sizeof path, "%s/in/sub/", root);
    snprintf(said, sizeof said, "%s/in/../x", root);
    check_paths(scenario, path, text, said);
    snprintf(text, sizeof text,
             "{\"command\": [\"../in/sub/./s\", \"-c%s/in\", \"a=${here}/../b\", \"%s/in3/${$}{\", "
             "\"${tmp}%s/in/x\"], \"cwd\": \".\", "
             "%s[\"(\", {\"text\": \"x\", \"times\": 4999}]}}",
             root, root, root, rest);
    snprintf(path, sizeof path, "%s/in2", root);
    check_paths(scenario, path, text, said);
    print_folder_remove(root);
    scenario_file_free(file);
    error_list_close(&errors);
}

/* --- steps made in memory --- */

struct send_args { /* as in steps/send.c */
    size_t connection;
    const struct data *line, *lines, *data;
    const struct split *split;
    int evidence;
};

static void test_made_in_memory(void **state)
{
    (void)state;
    struct scenario_file *file = print_steps_of("", SAY("one") "," SAY("two"));
    struct scenario changed = *scenario_file_at(file, 0);
    struct connection connection = changed.connections[0];
    struct seam_error error;
    struct data a = {.kind = DATA_LITERAL, .literal = (const unsigned char *)"\xff${", .literal_length = 3};
    struct data b = {.kind = DATA_LITERAL, .literal = (const unsigned char *)"x", .literal_length = 1};
    const struct data *items[] = {&b, &a, &b};
    struct data list = {.kind = DATA_LIST, .items = items, .item_count = 3};
    struct number two = {.constant = true, .value = 2};
    const struct split split = {.items = items, .item_count = 2};
    struct send_args args[] = {{.data = &list}, {.split = &split, .evidence = 1}, {.data = &a}};
    struct step steps[3];
    struct script_entry script[4] = {changed.script[0]};
    for (size_t i = 0; i < 3; i++) {
        steps[i] =
            (struct step){.verb = step_verb_find("send"), .args = &args[i], .why = i == 1 ? "made" : NULL};
        script[i + 1].step = &steps[i];
    }
    list.times = &two;
    connection.delimiter = (struct delimiter){.bytes = "\0", .length = 1};
    changed.connections = &connection;
    changed.script = script;
    changed.script_count = 4;
    json_t *json = print_in(&changed, "/tmp");
    char *text = json_dumps(json_object_get(json, "steps"), 0);
    assert_string_equal(text,
                        "[{\"connect\": \"a\", \"to\": \"s\", \"delimiter\": {\"bytes\": \"\\\\x00\"}}, "
                        "{\"send\": \"a\", \"data\": {\"bytes\": \"x\\\\xff${xx\\\\xff${x\"}}, "
                        "{\"send\": \"a\", \"split\": [\"x\", {\"bytes\": \"\\\\xff${\"}], \"evidence\": "
                        "\"sent\", \"why\": \"made\"}, "
                        "{\"send\": \"a\", \"data\": {\"bytes\": \"\\\\xff${\"}}]");
    free(text);
    json_decref(json);
    again(&changed, "/tmp");
    changed.script = script + 1; /* nobody connects */
    changed.script_count = 3;
    assert_null(scenario_print(&changed, "/tmp", &error));
    assert_string_equal(error.text, "no step makes the connection \"a\" before");
    changed.script_count = 0;
    assert_null(scenario_print(&changed, "/tmp", &error));
    assert_string_equal(error.text, "there are no steps to write");
    scenario_file_free(file);
}

static void test_what_cannot_be_said(void **state)
{
    (void)state;
    static const char format[] =
        "{\"seam\": 1, \"name\": \"t\", \"vars\": {\"v\": {\"bytes\": \"%s\"}}, \"programs\": {\"s\": "
        "{\"command\": [\"cat\", "
        "\"${v}\"], \"stdio\": true}}, \"steps\": [{\"connect\": \"a\", \"to\": \"s\"}]}";
    static const char *const values[] = {"\\\\xff", "\\\\x00"};
    for (size_t i = 0; i < 2; i++) {
        char text[512];
        struct seam_error error;
        snprintf(text, sizeof text, format, values[i]);
        struct scenario_file *file = fixture_load(text);
        assert_non_null(file);
        assert_null(scenario_print(scenario_file_at(file, 0), "/tmp", &error));
        assert_non_null(strstr(error.text, "not UTF-8"));
        scenario_file_free(file);
    }
}

static void test_layout(void **state)
{
    (void)state;
    struct scenario_file *file =
        print_steps_of("\"requires\": [\"cat\"], \"timeout_ms\": 7, \"delimiter\": \"\\r\\n\", \"cut\": "
                       "\"a@\", \"tags\": [\"x\"], \"xfail\": \"y\",",
                       "{\"send\": \"a\", \"line\": {\"times\": 99, \"text\": \"x\"}}, {\"close\": \"a\", "
                       "\"how\": \"write\"}");
    json_t *json = print_in(scenario_file_at(file, 0), "/tmp");
    json_object_set_new(json, "cut", json_string("a@1"));
    json_object_set_new(json, "sweep", json_pack("{s:[s]}", "mask", "x"));
    char *text = scenario_print_text(json);
    assert_string_equal(text, "{\n"
                              "  \"seam\": 1,\n"
                              "  \"name\": \"t\",\n"
                              "  \"timeout_ms\": 7,\n"
                              "  \"delimiter\": \"\\r\\n\",\n"
                              "  \"requires\": [\"cat\"],\n"
                              "  \"cut\": \"a@1\",\n"
                              "  \"sweep\": { \"mask\": [\"x\"] },\n"
                              "  \"programs\": {\n"
                              "    \"s\": { \"command\": [\"cat\"], \"listens\": true }\n"
                              "  },\n"
                              "  \"steps\": [\n"
                              "    { \"connect\": \"a\", \"to\": \"s\" },\n"
                              "    { \"send\": \"a\", \"line\": {\"text\": \"x\", \"times\": 99} },\n"
                              "    { \"close\": \"a\", \"how\": \"write\" }\n"
                              "  ]\n"
                              "}\n");
    free(text);
    json_decref(json);
    scenario_file_free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_expressions),
        cmocka_unit_test(test_names_of_parts),
        cmocka_unit_test(test_ignore),
        cmocka_unit_test(test_bin),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_made_in_memory),
        cmocka_unit_test(test_what_cannot_be_said),
        cmocka_unit_test(test_layout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
