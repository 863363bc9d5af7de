/*
 * scenario - the loader of scenario files, and the printer: what loads is printed, and what is printed loads
 * again and prints the same.
 *
 * Files: harness/scenario_load.c harness/scenario_top.c harness/scenario_include.c
 *   harness/scenario_programs.c harness/scenario_steps.c harness/step_args.c
 *   harness/scenario_streams.c harness/scenario_values.c harness/scenario_data.c
 *   harness/scenario_names.c harness/scenario_cut.c harness/scenario_sweep.c
 *   harness/scenario_unroll.c harness/scenario_states.c harness/scenario_errors.c
 *   harness/text.c harness/expression.c harness/pattern.c
 *   harness/address.c harness/names.c harness/source.c
 *   harness/scenario_print.c harness/scenario_print_data.c harness/scenario_print_expression.c
 *   harness/scenario_print_paths.c harness/scenario_print_steps.c harness/scenario_print_values.c
 *
 * An input is the text of a file. It stands in a folder of its own with three files that it may name:
 * part.json, data.bin and long.bin (too long to be printed); nothing outside is read. Nothing is started and
 * no name looked up. The mutator changes JSON as JSON, with the keys and examples of the format's own tables.
 * Not reached: --define, running out of memory, --allow-remote. Scripts of more than SCRIPT_STEPS_MAX steps
 * are loaded and not printed.
 */
#include "fuzz/targets/json_mutator.h"
#include "fuzz/targets/same_script.h"
#include "harness/format_keys.h"
#include "harness/scenario.h"
#include "harness/scenario_print.h"
#include "harness/step.h"

#include <assert.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

enum { SCRIPT_STEPS_MAX = 300, FILE_COUNT = 3 };

/* --- the folder --- */

static const char part_json[] =
    "{ \"seam\": 1, \"part\": true, \"vars\": { \"who\": \"nobody\", \"text\": \"${who} is here\" },\n"
    "  \"programs\": { \"other\": { \"command\": [\"cat\"], \"stdio\": true } },\n"
    "  \"steps\": [ { \"connect\": \"o\", \"to\": \"other\" }, { \"send\": \"o\", \"line\": \"hello "
    "${text}\" },\n"
    "    { \"expect\": \"o\", \"matches\": \"hi (?<name>.*)\" }, { \"close\": \"o\" } ] }\n";

static char folder[PATH_MAX];
static const char *const file_names[FILE_COUNT] = {"part.json", "data.bin", "long.bin"};

static void write_file(const char *name, const void *data, size_t length)
{
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, length, file) != length || fclose(file) != 0) {
        perror(path);
        abort();
    }
}

static void remove_folder(void)
{
    for (int i = 0; i < FILE_COUNT; i++) {
        char path[PATH_MAX + 16];
        snprintf(path, sizeof path, "%s/%s", folder, file_names[i]);
        remove(path);
    }
    rmdir(folder);
}

static void make_folder(void)
{
    static unsigned char filler[SCENARIO_PRINT_FILE_BYTES_MAX + 1];
    const char *base = getenv("TMPDIR");
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/seam-fuzz-scenario-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(path) || !realpath(path, folder)) {
        perror(path);
        abort();
    }
    atexit(remove_folder);
    for (size_t i = 0; i < sizeof filler; i++) {
        filler[i] = (unsigned char)(i * i >> 3);
    }
    write_file(file_names[0], part_json, sizeof part_json - 1);
    write_file(file_names[1], "a \0 and \xff\n", 9);
    write_file(file_names[2], filler, sizeof filler);
}

/* --- loading and printing --- */

static struct scenario_file *load(const char *name, const void *text, size_t length, bool must)
{
    struct error_list errors = {0};
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    struct scenario_file *file =
        scenario_load_text(path, text, length, &(struct scenario_options){.bin = "/bin"}, &errors);
    assert((file == NULL) == (errors.error_count > 0));
    for (size_t i = 0; i < errors.count; i++) {
        const struct seam_error *error = &errors.items[i].error;
        assert(error->text[0]);
        if (must && !file) {
            fprintf(stderr, "%s:%d:%d: %s\n", error->path, error->line, error->column, error->text);
        }
    }
    error_list_close(&errors);
    return file;
}

static json_t *print(const struct scenario *scenario, struct seam_error *error)
{
    json_t *json = scenario_print(scenario, folder, error);
    assert(json || error->text[0]);
    return json;
}

static void check_printed(const struct scenario *scenario, json_t *json)
{
    struct seam_error error = {0};
    char *text = scenario_print_text(json), *text_again;
    assert(text);
    struct scenario_file *file = load("printed.json", text, strlen(text), true);
    json_t *again = file && scenario_file_count(file) == 1 ? print(scenario_file_at(file, 0), &error) : NULL;
    if (!again || !json_equal(json, again)) {
        text_again = again ? scenario_print_text(again) : NULL;
        fprintf(stderr, "%s: printed it is\n%s\nwhich loaded and printed is\n%s%s\n", scenario->name, text,
                text_again ? text_again : "nothing: ", text_again ? "" : error.text);
        abort();
    }
    same_script_check(scenario, scenario_file_at(file, 0));
    text_again = scenario_print_text(again);
    assert(text_again && strcmp(text, text_again) == 0);
    free(text_again);
    free(text);
    json_decref(again);
    scenario_file_free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!*folder) {
        make_folder();
    }
    struct scenario_file *file = load("input.json", data, size, false);
    for (size_t i = 0; file && i < scenario_file_count(file) && i < 4; i++) {
        const struct scenario *scenario = scenario_file_at(file, i);
        struct seam_error error = {0};
        json_t *json = scenario->script_count <= SCRIPT_STEPS_MAX ? print(scenario, &error) : NULL;
        if (json) {
            check_printed(scenario, json);
            json_decref(json);
        }
    }
    scenario_file_free(file);
    return 0;
}

/* --- the mutator --- */

enum { WORDS_MAX = 512, STEP_BYTES_MAX = 512 };
static const char *keys[WORDS_MAX], *values[WORDS_MAX];
static size_t key_count, value_count;

static void add_word(const char **list, size_t *n, const char *word)
{
    assert(*n < WORDS_MAX - 1); /* the last is NULL */
    list[(*n)++] = word;
}

/* {"verb": example, "arg": example}, with each argument of the verb in turn. */
static void add_steps(const struct step_verb *verb)
{
    const struct step_arg *first = &verb->args[0];
    for (size_t i = 0; i < verb->arg_count; i++) {
        const struct step_arg *arg = &verb->args[i];
        char *step = malloc(STEP_BYTES_MAX);
        assert(step && first->example && arg->example);
        int length = i == 0 ? snprintf(step, STEP_BYTES_MAX, "{\"%s\":%s}", verb->name, first->example)
                            : snprintf(step, STEP_BYTES_MAX, "{\"%s\":%s,\"%s\":%s}", verb->name,
                                       first->example, arg->name, arg->example);
        assert(length < STEP_BYTES_MAX);
        add_word(keys, &key_count, arg->name);
        add_word(values, &value_count, arg->example);
        add_word(values, &value_count, step);
    }
}

static void collect_words(void)
{
    static const struct format_key *const tables[] = {
        format_top_keys,  format_program_keys, format_sweep_keys, format_oracle_keys,
        format_data_keys, format_step_keys,    format_until_keys};
    static const char *const names[] = {"a", "b", "n", "server", "o", "row", "who", "i"};
    static const char *const others[] = {
        "null",
        "true",
        "false",
        "0",
        "-1",
        "1.5",
        "3",
        "\"\"",
        "\"a\"",
        "\"b\"",
        "\"n\"",
        "\"server\"",
        "\"server.port\"",
        "\"server.stdout\"",
        "\"${n}\"",
        "\"${i * i - 1}\"",
        "\"${1 / (n - 3)}\"",
        "\"${len(n)}\"",
        "\"${hex(n)}\"",
        "\"${server.port}\"",
        "\"${server.dir}/x\"",
        "\"${tmp}\"",
        "\"${here}/part.json\"",
        "\"${$}{\"",
        "\"(?<n>.)(\"",
        "\"(?<n>[0-9]+)\"",
        "\"part.json\"",
        "\"./part.json\"",
        "[\"part.json\"]",
        "[]",
        "{}",
        "[\"a\", 1]",
        "{\"file\": \"data.bin\"}",
        "{\"file\": \"long.bin\"}",
        "{\"text\": \"${i}\", \"times\": \"${n}\"}",
        "{\"text\": \"x\", \"times\": 70}",
        "{\"line\": \"${n}\", \"times\": 3}",
        "{\"lines\": [\"x\", {\"hex\": \"ff\"}]}",
        "{\"base64\": \"AP8=\"}",
        "{\"bytes\": \"\\\\x00\\\\n\"}",
        "{\"matches\": \"(?<m>.*)\"}",
        "{\"a\": 1, \"n\": 2}",
        "{\"repeat\": 2, \"as\": \"i\", \"steps\": [{\"send\": \"a\", \"line\": \"${i}\"}]}",
        "{\"include\": \"part.json\", \"vars\": {\"who\": \"${n}\"}}",
        "{\"connect\": \"b\", \"to\": \"server\"}",
        "{\"expect\": \"a\", \"line\": \"${n}\"}",
        "{\"command\": [\"x\"], \"listens\": [\"p\", \"q\"]}",
        "{\"command\": [\"./x\", \"${server.port}\"], \"env\": {\"A\": null}, \"logs\": {\"l\": \"x.log\"}}"};
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
        for (const struct format_key *key = tables[t]; key->name; key++) {
            add_word(keys, &key_count, key->name);
        }
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        add_word(keys, &key_count, names[i]);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        add_word(values, &value_count, others[i]);
    }
    for (size_t i = 0; i < step_verb_count; i++) {
        add_steps(step_verbs[i]);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    static const struct json_mutator mutator = {keys, values};
    if (key_count == 0) {
        collect_words();
    }
    return json_mutator_change(&mutator, data, size, max_size, seed);
}
