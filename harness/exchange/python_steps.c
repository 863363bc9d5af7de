/* python_steps - the steps of a scenario as lines of its Python script: ("place", "verb", ..., {options}). */
#include <string.h>

#include "harness/exchange/python_script.h"
#include "harness/run.h"
#include "harness/signal_names.h"
#include "harness/steps/args.h"

static const struct delimiter newline = {.bytes = "\n", .length = 1};

/* An argument of a verb by its name, as the loader stored it. */
static const void *argument(const struct step *step, const char *name)
{
    for (size_t i = 0; i < step->verb->arg_count; i++) {
        if (strcmp(step->verb->args[i].name, name) == 0) {
            return (const char *)step->args + step->verb->args[i].offset;
        }
    }
    return NULL;
}

static size_t index_argument(const struct step *step, const char *name)
{
    return *(const size_t *)argument(step, name);
}

static const struct number *number_argument(const struct step *step, const char *name)
{
    return *(const struct number *const *)argument(step, name);
}

static const struct data *data_argument(const struct step *step, const char *name)
{
    return *(const struct data *const *)argument(step, name);
}

void script_begin_step(struct script *s, const struct step *step, const char *verb)
{
    const char *path = step->place.path ? step->place.path : s->scenario->path;
    const char *slash = strrchr(path, '/');
    char place[200];
    snprintf(place, sizeof place, "%.160s:%d", slash ? slash + 1 : path, step->place.line);
    script_say(s, "        (");
    script_say_text(s, place);
    script_say(s, ", \"%s\", ", verb);
}

static void begin(struct script *s, const struct step *step, const char *verb, const char *name)
{
    script_begin_step(s, step, verb);
    script_say_text(s, name);
    script_say(s, ", ");
}

static void say_signal(struct script *s, int number)
{
    const struct signal_name *name = signal_names;
    while (name->name && name->number != number) {
        name++;
    }
    if (!name->name) {
        script_refuse(s, "a signal without a name");
        return;
    }
    script_say(s, "\"SIG%s\"", name->name);
}

/* "exit" and "killed" of a step: `0, None` */
static void say_end(struct script *s, const struct number *exit, int killed)
{
    if (exit) {
        script_say(s, "%lld, None", (long long)script_number(s, exit));
    } else if (killed) {
        script_say(s, "None, ");
        say_signal(s, killed);
    } else {
        script_say(s, "None, None");
    }
}

static void say_within(struct script *s, const struct number *within_ms)
{
    script_say(s, "{");
    if (within_ms) {
        script_say(s, "\"within\": %.3f", (double)script_number(s, within_ms) / 1000);
    }
    script_say(s, "}),\n");
}

/* --- expect
 * ------------------------------------------------------------------------------------------------------ */

static void say_stream(struct script *s, const struct step *step, const struct stream_ref *ref,
                       const char *verb)
{
    const struct scenario *scenario = s->scenario;
    if (ref->kind == STREAM_CONNECTION) {
        begin(s, step, verb, scenario->connections[ref->index].name);
        return;
    }
    const struct program *program = &scenario->programs[ref->index];
    struct bytes name;
    bytes_init(&name, 4096);
    bytes_append_text(&name, program->name);
    if (ref->kind != STREAM_PROGRAM) {
        bytes_append_text(&name, ".");
        bytes_append_text(&name, ref->kind == STREAM_STDOUT   ? "stdout"
                                 : ref->kind == STREAM_STDERR ? "stderr"
                                                              : program->logs[ref->log].name);
    }
    begin(s, step, verb, bytes_text(&name));
    bytes_free(&name);
}

static void say_unit(struct script *s, const struct expect_args *a, const struct delimiter *delimiter)
{
    const struct data *literal = a->line ? a->line : a->lines ? a->lines : a->data;
    if (a->eof) {
        script_say(s, "\"rest\", ");
        if (literal) {
            script_say_data(s, literal, delimiter);
        } else {
            script_say(s, "None");
        }
    } else if (literal) {
        script_say(s, a->data ? "\"data\", " : "\"lines\", ");
        script_say_data(s, literal, delimiter);
    } else if (a->size) {
        script_say(s, "\"size\", %lld", (long long)script_number(s, a->size));
    } else if (a->unordered) {
        script_say(s, "\"unordered\", [");
        for (size_t i = 0; i < a->unordered->item_count; i++) {
            script_say_data(s, a->unordered->items[i], delimiter);
            script_say(s, ", ");
        }
        script_say(s, "]");
    } else if (!a->until) {
        script_say(s, "\"line matches\", None");
    } else if (a->until->matches) {
        script_say(s, "\"until matches\", ");
        script_say_pattern(s, a->until->matches);
    } else {
        script_say(s, "\"until\", ");
        script_say_data(s, a->until->data, delimiter);
    }
}

static void say_expect(struct script *s, const struct step *step)
{
    const struct expect_args *a = step->args;
    if (a->stream.kind == STREAM_PROGRAM) {
        say_stream(s, step, &a->stream, "ended");
        say_end(s, a->exit, a->killed);
        script_say(s, ", ");
        say_within(s, a->within_ms);
        return;
    }
    if (a->silence || a->reset) {
        say_stream(s, step, &a->stream, a->silence ? "silence" : "reset");
        if (a->silence && a->silence->ms) {
            script_say(s, "%lld, ", (long long)script_number(s, a->silence->ms));
        } else if (a->silence) {
            script_say(s, "None, ");
        }
        say_within(s, a->within_ms);
        return;
    }
    say_stream(s, step, &a->stream, "expect");
    say_unit(s, a,
             a->stream.kind == STREAM_CONNECTION ? &s->scenario->connections[a->stream.index].delimiter
                                                 : &newline);
    script_say(s, ", {");
    if (a->matches) {
        script_say(s, "\"matches\": ");
        script_say_pattern(s, a->matches);
    }
    if (a->within_ms) {
        script_say(s, "%s\"within\": %.3f", a->matches ? ", " : "",
                   (double)script_number(s, a->within_ms) / 1000);
    }
    script_say(s, "}),\n");
}

/* --- connections
 * ------------------------------------------------------------------------------------------------------ */

static void say_connect(struct script *s, const struct step *step)
{
    const struct connect_args *a = step->args;
    begin(s, step, "connect", s->scenario->connections[a->connection].name);
    if (a->to.is_address) {
        script_say_words(s, a->to.address);
    } else {
        script_say(s, "(");
        script_say_text(s, s->scenario->programs[a->to.program].name);
        script_say(s, ", %zu)", a->to.port);
    }
    script_say(s, a->refused ? ", {\"refused\": True}),\n" : ", {}),\n");
}

static void say_close(struct script *s, const struct step *step, size_t at)
{
    static const char *const how[] = {"both", "both", "write", "reset"};
    const struct close_args *a = step->args;
    if (a->how == RUN_CLOSE_WRITE && script_close_write(s, at, a->connection)) {
        return;
    }
    begin(s, step, "close", s->scenario->connections[a->connection].name);
    script_say(s, "\"%s\", {}),\n", how[a->how]);
}

static void say_listen(struct script *s, const struct step *step)
{
    const struct text *address = *(const struct text *const *)argument(step, "address");
    const struct number *port = number_argument(step, "port");
    begin(s, step, "listen", s->scenario->listeners[index_argument(step, "listen")].name);
    if (address) {
        script_say_words(s, address);
    } else {
        script_say(s, "b\"127.0.0.1\"");
    }
    script_say(s, ", %lld, {}),\n", port ? (long long)script_number(s, port) : 0);
}

static void say_accept(struct script *s, const struct step *step)
{
    const struct accept_args *a = step->args;
    begin(s, step, "accept", s->scenario->connections[a->connection].name);
    script_say_text(s, s->scenario->listeners[a->from].name);
    script_say(s, ", {}),\n");
}

/* --- programs
 * ------------------------------------------------------------------------------------------------------ */

static void say_program_step(struct script *s, const struct step *step, const char *verb)
{
    begin(s, step, verb, s->scenario->programs[index_argument(step, verb)].name);
    if (step->verb == &step_stop) {
        say_end(s, number_argument(step, "exit"), *(const int *)argument(step, "killed"));
        script_say(s, ", {}),\n");
    } else if (step->verb == &step_signal) {
        say_signal(s, *(const int *)argument(step, "name"));
        script_say(s, ", {}),\n");
    } else if (step->verb == &step_settle) {
        say_within(s, number_argument(step, "within_ms"));
    } else {
        script_say(s, "{}),\n");
    }
}

static void say_type(struct script *s, const struct step *step)
{
    const struct data *line = data_argument(step, "line"), *lines = data_argument(step, "lines"),
                      *data = data_argument(step, "data");
    begin(s, step, "type", s->scenario->programs[index_argument(step, "type")].name);
    if (line || lines || data) {
        script_say_data(s, line ? line : lines ? lines : data, &newline);
    } else {
        script_say(s, "b\"\"");
    }
    script_say(s, *(const bool *)argument(step, "eof") ? ", {\"eof\": True}),\n" : ", {}),\n");
}

static void bind_entry(struct script *s, const struct script_entry *entry)
{
    const struct step_verb *verb = entry->step->verb;
    for (size_t i = 0; i < verb->arg_count; i++) {
        const void *value = (const char *)entry->step->args + verb->args[i].offset;
        if (verb->args[i].kind == ARG_NAME_NEW && *(const size_t *)value > 0) {
            if (values_set_number(&s->values, *(const size_t *)value - 1, entry->repeat_index) != 0) {
                script_refuse(s, "out of memory");
            }
        } else if (verb->args[i].kind == ARG_VARS) {
            const struct include_binding *binding = *(const struct include_binding *const *)value;
            script_bind(s, binding ? binding->vars : NULL, binding ? binding->count : 0);
        }
    }
}

void script_say_step(struct script *s, size_t at)
{
    const struct script_entry *entry = &s->scenario->script[at];
    const struct step *step = entry->step;
    const struct step_verb *verb = step->verb;
    s->place = &step->place;
    if (verb == &step_repeat || verb == &step_include) {
        bind_entry(s, entry);
    } else if (verb == &step_send) {
        script_send(s, at);
    } else if (verb == &step_expect) {
        say_expect(s, step);
    } else if (verb == &step_connect) {
        say_connect(s, step);
    } else if (verb == &step_close) {
        say_close(s, step, at);
    } else if (verb == &step_listen) {
        say_listen(s, step);
    } else if (verb == &step_accept) {
        say_accept(s, step);
    } else if (verb == &step_type) {
        say_type(s, step);
    } else if (verb == &step_pause) {
        script_begin_step(s, step, "pause");
        script_say(s, "%lld, {}),\n", (long long)script_number(s, number_argument(step, "pause")));
    } else if (verb == &step_start || verb == &step_stop || verb == &step_signal || verb == &step_settle) {
        say_program_step(s, step, verb->name);
    } else {
        script_refuse(s, "a step that no script knows");
    }
}
