/* scenario_fixture_test - loads scenarios from text in the tests of loading. */
#ifndef SEAM_HARNESS_SCENARIO_FIXTURE_TEST_H
#define SEAM_HARNESS_SCENARIO_FIXTURE_TEST_H

#include <stdio.h>
#include <string.h>

#include "harness/scenario.h"
#include "harness/step.h"

/* A scenario with one program `s`, one connection `a`, and these steps behind its connect. */
#define FIXTURE_STEPS(top, steps)                                                                            \
    "{\"seam\": 1, \"name\": \"t\", " top                                                                    \
    " \"programs\": {\"s\": {\"command\": [\"cat\"], \"listens\": true}},"                                   \
    " \"steps\": [{\"connect\": \"a\", \"to\": \"s\"}, " steps "]}"

/* NULL when it is wrong; the errors are then printed. */
static inline struct scenario_file *fixture_load_with(const char *text,
                                                      const struct scenario_options *options)
{
    struct error_list errors = {0};
    struct scenario_file *file = scenario_load_text("fixture.json", text, strlen(text), options, &errors);
    for (size_t i = 0; i < errors.count && !file; i++) {
        fprintf(stderr, "%s:%d:%d: %s\n", errors.items[i].error.path, errors.items[i].error.line,
                errors.items[i].error.column, errors.items[i].error.text);
    }
    error_list_close(&errors);
    return file;
}

static inline struct scenario_file *fixture_load(const char *text)
{
    return fixture_load_with(text, &(struct scenario_options){.bin = "/opt/bin"});
}

/* The argument of a step of the script, in the verb's struct; NULL: the verb has none of that name. */
static inline const void *fixture_arg(const struct scenario *scenario, size_t entry, const char *name)
{
    const struct step *step = scenario->script[entry].step;
    for (size_t i = 0; i < step->verb->arg_count; i++) {
        if (strcmp(step->verb->args[i].name, name) == 0) {
            return (const char *)step->args + step->verb->args[i].offset;
        }
    }
    return NULL;
}

static inline const struct data *fixture_data(const struct scenario *scenario, size_t entry, const char *name)
{
    return *(const struct data *const *)fixture_arg(scenario, entry, name);
}

/* A run's values at its start: vars are expanded. */
static inline int fixture_values(const struct scenario *scenario, struct values *values)
{
    struct seam_error error;
    int result = values_open(values, scenario->slot_count, scenario->slot_names);
    for (size_t i = 0; i < scenario->var_count && result == 0; i++) {
        struct bytes bytes;
        bytes_init(&bytes, 1 << 20);
        result = data_expand(scenario->vars[i].value, values, &scenario->delimiter, &bytes, &error);
        if (result == 0) {
            result = values_set(values, scenario->vars[i].slot, bytes.data, bytes.length);
        }
        bytes_free(&bytes);
    }
    return result;
}

static inline size_t fixture_slot(const struct scenario *scenario, const char *name)
{
    for (size_t i = 0; i < scenario->slot_count; i++) {
        if (strcmp(scenario->slot_names[i], name) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

#endif
