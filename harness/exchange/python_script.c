/* python_script - see python_script.h. The part that plays is python/NAME.py, made a text by the build. */
#include "harness/exchange/python_script.h"

#include <stdlib.h>
#include <string.h>

#include "harness/run.h"

extern const char python_runtime[];                  /* made by the build; a C string */
static const char data_line[] = "\nSCENARIO = {}\n"; /* in the runtime, once */

/* --- programs and connections
 * ------------------------------------------------------------------------------------------------------ */

/* A path of the program's: as run_launch.c has it, relative to the file's folder. */
static void say_path(struct script *s, const struct program *program, const struct text *text,
                     bool with_slash_only)
{
    struct python_parts parts = {0}, whole = {0};
    script_flatten_text(s, text, &parts);
    const struct bytes *known = parts.count && !parts.items[0].variable ? &parts.items[0].known : NULL;
    bool relative = known && known->length && known->data[0] != '/' &&
                    (!with_slash_only || memchr(known->data, '/', known->length));
    if (relative) {
        python_parts_add(&whole, program->folder, strlen(program->folder));
        python_parts_add(&whole, "/", 1);
    }
    for (size_t i = 0; i < parts.count; i++) {
        if (parts.items[i].variable) {
            python_parts_add_variable(&whole, parts.items[i].variable);
        } else {
            python_parts_add(&whole, parts.items[i].known.data, parts.items[i].known.length);
        }
    }
    python_append_parts(s->out, &whole);
    python_parts_close(&whole);
    python_parts_close(&parts);
}

static void say_ports(struct script *s, const struct program *program)
{
    if (program->port_count == 0) {
        return;
    }
    script_say(s, program->listens ? ", \"listens\": True, \"ports\": [" : ", \"ports\": [");
    for (size_t i = 0; i < program->port_count; i++) {
        script_say(s, "%s{\"name\": ", i ? ", " : "");
        script_say_text(s, script_variable(s, program->ports[i].slot));
        script_say(s, ", \"chosen\": %s}", program->ports[i].chosen ? "True" : "False");
    }
    script_say(s, "]");
}

static void say_environment(struct script *s, const struct program *program)
{
    script_say(s, ", \"environment\": [");
    for (size_t i = 0; i < program->env_count; i++) {
        script_say(s, "(");
        script_say_text(s, program->env[i].name);
        script_say(s, ", ");
        if (program->env[i].value) {
            script_say_words(s, program->env[i].value);
        } else {
            script_say(s, "None");
        }
        script_say(s, "), ");
    }
    script_say(s, "]");
}

static void say_files(struct script *s, const struct program *program)
{
    static const struct delimiter newline = {.bytes = "\n", .length = 1};
    script_say(s, ", \"files\": [");
    for (size_t i = 0; i < program->file_count; i++) {
        script_say(s, "(");
        script_say_words(s, program->files[i].path);
        script_say(s, ", ");
        script_say_data(s, program->files[i].data, &newline);
        script_say(s, "), ");
    }
    script_say(s, "], \"logs\": {");
    for (size_t i = 0; i < program->log_count; i++) {
        script_say_text(s, program->logs[i].name);
        script_say(s, ": ");
        script_say_words(s, program->logs[i].path);
        script_say(s, ", ");
    }
    script_say(s, "}");
}

static void say_program(struct script *s, const struct program *program)
{
    s->place = &program->place;
    script_say(s, "        ");
    script_say_text(s, program->name);
    if (program->terminal) {
        script_refuse(s, "a program with a terminal");
    }
    if (program->address) {
        script_say(s, ": {\"address\": ");
        script_say_words(s, program->address);
        say_ports(s, program);
        script_say(s, "},\n");
        return;
    }
    script_say(s, ": {\"command\": [");
    for (size_t i = 0; i < program->command_count; i++) {
        script_say(s, i ? ", " : "");
        if (i == 0) {
            say_path(s, program, program->command[i], true);
        } else {
            script_say_words(s, program->command[i]);
        }
    }
    script_say(s, "]");
    if (program->cwd) {
        script_say(s, ", \"cwd\": ");
        say_path(s, program, program->cwd, false);
    }
    script_say(s, program->stdio ? ", \"stdio\": True" : "");
    say_ports(s, program);
    say_environment(s, program);
    say_files(s, program);
    script_say(s, "},\n");
}

void script_say_programs(struct script *s)
{
    script_say(s, "    \"programs\": {\n");
    for (size_t i = 0; i < s->scenario->program_count && !script_refused(s); i++) {
        say_program(s, &s->scenario->programs[i]);
    }
    script_say(s, "    },\n");
}

void script_say_connections(struct script *s)
{
    script_say(s, "    \"connections\": {\n");
    for (size_t i = 0; i < s->scenario->connection_count && !script_refused(s); i++) {
        const struct connection *c = &s->scenario->connections[i];
        s->place = &c->place;
        script_say(s, "        ");
        script_say_text(s, c->name);
        script_say(s, ": {\"delimiter\": ");
        python_append_bytes(s->out, c->delimiter.bytes, c->delimiter.length);
        script_say(s, "%s%s", c->rest_ignored ? ", \"rest\": True" : "",
                   c->reads_on_expect ? ", \"on_expect\": True" : "");
        if (c->receive_buffer) {
            script_say(s, ", \"receive_buffer\": %lld", (long long)script_number(s, c->receive_buffer));
        }
        for (size_t k = 0; k < c->ignore_count; k++) {
            script_say(s, k ? ", " : ", \"ignore\": [");
            script_say_pattern(s, c->ignore[k]);
        }
        script_say(s, c->ignore_count ? "]},\n" : "},\n");
    }
    script_say(s, "    },\n");
}

/* --- the walk
 * ------------------------------------------------------------------------------------------------------ */

/* A slot's name in the script: its own, with its number where another slot has the same. */
static bool name_variables(struct script *s)
{
    size_t count = s->scenario->slot_count;
    s->variables = calloc(count + 1, sizeof *s->variables);
    for (size_t i = 0; s->variables && i < count; i++) {
        const char *own = s->scenario->slot_names[i];
        bool twice = false;
        for (size_t k = 0; k < i && !twice; k++) {
            twice = strcmp(s->scenario->slot_names[k], own) == 0;
        }
        char *name = NULL;
        if (twice ? asprintf(&name, "%s#%zu", own, i) < 0 : !(name = strdup(own))) {
            return false;
        }
        s->variables[i] = name;
    }
    return s->variables != NULL;
}

static bool open_script(struct script *s)
{
    const struct scenario *scenario = s->scenario;
    struct seam_error ignored = {0}; /* loading has read it */
    s->flows = calloc(scenario->connection_count + 1, sizeof *s->flows);
    if (!s->flows || values_open(&s->values, scenario->slot_count, scenario->slot_names) != 0 ||
        !name_variables(s) || (scenario->cut && segmentation_parse(scenario->cut, &s->cut, &ignored) != 0)) {
        return false;
    }
    for (size_t i = 0; i < scenario->connection_count; i++) {
        bytes_init(&s->flows[i].bytes, PYTHON_SCRIPT_BYTES_MAX);
        s->flows[i].item = segmentation_find(&s->cut, scenario->connections[i].name);
    }
    return true;
}

static void close_script(struct script *s)
{
    for (size_t i = 0; s->flows && i < s->scenario->connection_count; i++) {
        bytes_free(&s->flows[i].bytes);
    }
    for (size_t i = 0; s->variables && i < s->scenario->slot_count; i++) {
        free((char *)s->variables[i]);
    }
    free(s->variables);
    free(s->flows);
    values_close(&s->values);
    segmentation_close(&s->cut);
}

static void say_scenario(struct script *s)
{
    const struct scenario *scenario = s->scenario;
    script_say(s, "\nSCENARIO = {\n    \"name\": ");
    script_say_text(s, scenario->name);
    script_say(s, ",\n    \"timeout\": %.3f,\n", (double)scenario->timeout_ms / 1000);
    struct bytes *whole = s->out, steps;
    bytes_init(&steps, PYTHON_SCRIPT_BYTES_MAX);
    s->out = &steps; /* what vars bind in a run comes before the first step */
    s->place = &scenario->place;
    script_bind(s, scenario->vars, scenario->var_count);
    s->out = whole;
    script_say_programs(s);
    script_say_connections(s);
    s->out = &steps;
    for (size_t i = 0; i < scenario->script_count && !script_refused(s); i++) {
        script_say_step(s, i);
    }
    s->place = &scenario->place;
    script_check_cuts(s);
    s->out = whole;
    script_say(s, "    \"steps\": [\n");
    if (bytes_append(s->out, bytes_text(&steps), steps.length) != BYTES_OK ||
        steps.length + 4096 > steps.length_max) {
        script_refuse(s, "the script would be too long");
    }
    bytes_free(&steps);
    script_say(s, "    ],\n}\n");
}

bool python_script(const struct scenario *scenario, struct bytes *out, char why_not[300])
{
    struct script s = {.scenario = scenario, .out = out, .place = &scenario->place};
    const char *data = strstr(python_runtime, data_line);
    if (!open_script(&s)) {
        script_refuse(&s, "out of memory");
    } else if (s.cut.interleaved) {
        script_refuse(&s, "its \"cut\" lets connections take turns (#%llu)",
                      (unsigned long long)s.cut.interleave_seed);
    } else {
        bytes_append(out, python_runtime, (size_t)(data - python_runtime));
        say_scenario(&s);
        data += sizeof data_line - 1;
        if (bytes_append_text(out, data) != BYTES_OK) {
            script_refuse(&s, "the script would be too long");
        }
    }
    snprintf(why_not, 300, "%s", s.why_not);
    close_script(&s);
    return !why_not[0];
}
