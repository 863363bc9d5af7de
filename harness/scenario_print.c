/*
 * scenario_print - see scenario_print.h.
 *
 * Steps are printed first, because they say which programs are needed and which listeners exist; then the
 * programs, again and again as long as one of them names another.
 */
#include "harness/scenario_print.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "harness/scenario_print_values.h"

/* --- programs --- */

static json_t *print_texts(struct printer *p, const struct program *program)
{
    json_t *list = json_array();
    for (size_t i = 0; i < program->command_count && !p->failed; i++) {
        const struct text *text = program->command[i];
        json_t *json = i == 0 ? print_path(p, text, program->folder, true) : print_text(p, text);
        if (json_array_append_new(list, json) != 0) {
            print_fail(p, "out of memory");
        }
    }
    return list;
}

static json_t *print_env(struct printer *p, const struct program *program)
{
    json_t *json = json_object();
    for (size_t i = 0; i < program->env_count && !p->failed; i++) {
        const struct program_env *env = &program->env[i];
        print_put(p, json, env->name, env->value ? print_text(p, env->value) : json_null());
    }
    return json;
}

static json_t *print_files(struct printer *p, const struct program *program)
{
    json_t *json = json_object();
    for (size_t i = 0; i < program->file_count && !p->failed; i++) {
        json_t *path = print_text(p, program->files[i].path);
        print_put(p, json, path ? json_string_value(path) : "", print_data(p, program->files[i].data));
        json_decref(path);
    }
    return json;
}

static json_t *print_logs(struct printer *p, const struct program *program)
{
    json_t *json = json_object();
    for (size_t i = 0; i < program->log_count && !p->failed; i++) {
        print_put(p, json, program->logs[i].name, print_text(p, program->logs[i].path));
    }
    return json;
}

static json_t *print_ports(struct printer *p, const struct program *program)
{
    if (program->port_count == 1 && strcmp(program->ports[0].name, "port") == 0) {
        return json_true();
    }
    json_t *list = json_array();
    for (size_t i = 0; i < program->port_count; i++) {
        if (json_array_append_new(list, json_string(program->ports[i].name)) != 0) {
            print_fail(p, "out of memory");
        }
    }
    return list;
}

static json_t *print_program(struct printer *p, const struct program *program)
{
    json_t *json = json_object();
    p->program = program;
    if (program->command) {
        print_put(p, json, "command", print_texts(p, program));
    }
    if (program->env_count) {
        print_put(p, json, "env", print_env(p, program));
    }
    if (program->cwd) {
        print_put(p, json, "cwd", print_path(p, program->cwd, program->folder, false));
    }
    if (program->listens) {
        print_put(p, json, "listens", print_ports(p, program));
    }
    if (program->stdio) {
        print_put(p, json, "stdio", json_true());
    }
    if (program->address) {
        print_put(p, json, "address", print_text(p, program->address));
    }
    if (program->terminal) {
        print_put(p, json, "terminal", json_true());
    }
    if (program->file_count) {
        print_put(p, json, "files", print_files(p, program));
    }
    if (program->log_count) {
        print_put(p, json, "logs", print_logs(p, program));
    }
    if (program->core) {
        print_put(p, json, "core", print_plain(p, program->core));
    }
    if (program->why) {
        print_put(p, json, "why", print_plain(p, program->why));
    }
    p->program = NULL;
    return json;
}

/* Those that are needed, in the order of their declaration. NULL: none. */
static json_t *print_programs(struct printer *p)
{
    const struct scenario *s = p->scenario;
    json_t **printed = arena_alloc_array(p->arena, s->program_count, sizeof *printed), *json = NULL;
    for (bool more = true; more && !p->failed;) {
        more = false;
        for (size_t i = 0; i < s->program_count && !p->failed; i++) {
            if (p->programs_used[i] && !printed[i]) {
                printed[i] = print_program(p, &s->programs[i]);
                more = true;
            }
        }
    }
    for (size_t i = 0; i < s->program_count; i++) {
        if (printed[i]) {
            json = json ? json : json_object();
            print_put(p, json, s->programs[i].name, printed[i]);
        }
    }
    return json;
}

/* --- all --- */

static json_t *print_requires(struct printer *p)
{
    const struct scenario *s = p->scenario;
    json_t *list = json_array();
    for (size_t i = 0; i < s->requires_count; i++) {
        bool again = false; /* several parts may need the same */
        for (size_t k = 0; k < i; k++) {
            again = again || strcmp(s->requires[i], s -> requires[k]) == 0;
        }
        if (!again && json_array_append_new(list, print_plain(p, s->requires[i])) != 0) {
            print_fail(p, "out of memory");
        }
    }
    return list;
}

static json_t *print_top(struct printer *p)
{
    const struct scenario *s = p->scenario;
    json_t *json = json_object(), *steps, *programs;
    print_bind_vars(p, s->vars, s->var_count);
    print_put(p, json, "seam", json_integer(1));
    print_put(p, json, "name", print_plain(p, s->name));
    if (s->why) {
        print_put(p, json, "why", print_plain(p, s->why));
    }
    if (s->timeout_ms != SCENARIO_TIMEOUT_MS_DEFAULT) {
        print_put(p, json, "timeout_ms", json_integer(s->timeout_ms));
    }
    if (s->delimiter.length != 1 || s->delimiter.bytes[0] != '\n') {
        print_put(p, json, "delimiter", scenario_print_bytes(s->delimiter.bytes, s->delimiter.length));
    }
    if (s->requires_count) {
        print_put(p, json, "requires", print_requires(p));
    }
    steps = print_steps(p);
    programs = print_programs(p);
    if (programs) {
        print_put(p, json, "programs", programs);
    }
    print_put(p, json, "steps", steps);
    return json;
}

static void know_slot(struct printer *p, size_t slot, enum print_slot_kind kind, size_t index)
{
    p->slots[slot].kind = kind;
    p->slots[slot].index = index;
}

static void know_names(struct printer *p)
{
    const struct scenario *s = p->scenario;
    know_slot(p, s->slot_tmp, PRINT_SLOT_RUN, 0);
    know_slot(p, s->slot_case, PRINT_SLOT_RUN, 0);
    for (size_t i = 0; i < s->program_count; i++) {
        know_slot(p, s->programs[i].slot_dir, PRINT_SLOT_PROGRAM, i);
        for (size_t k = 0; k < s->programs[i].port_count; k++) {
            know_slot(p, s->programs[i].ports[k].slot, PRINT_SLOT_PROGRAM, i);
        }
        print_put(p, p->taken, s->programs[i].name, json_true());
    }
    for (size_t i = 0; i < s->connection_count; i++) {
        print_put(p, p->taken, s->connections[i].name, json_true());
    }
    for (size_t i = 0; i < s->listener_count; i++) {
        know_slot(p, s->listeners[i].slot_port, PRINT_SLOT_LISTENER, i);
        print_put(p, p->taken, s->listeners[i].name, json_true());
    }
}

/* The folder of the program that runs: what ${bin} is to it. */
static const char *own_folder(struct arena *arena)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path);
    const char *slash = length > 0 ? memrchr(path, '/', (size_t)length) : NULL;
    return slash ? arena_copy(arena, path, (size_t)(slash - path)) : "";
}

static const char *canonical(struct arena *arena, const char *folder)
{
    char *real = realpath(folder, NULL);
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/') {
        length--;
    }
    const char *copy = real ? arena_copy_text(arena, real) : arena_copy(arena, folder, length);
    free(real);
    return copy;
}

json_t *scenario_print(const struct scenario *scenario, const char *folder, struct seam_error *error)
{
    struct printer p = {.scenario = scenario, .arena = arena_new(), .error = error};
    json_t *json = NULL;
    error->path = scenario->path;
    error->line = error->column = 0;
    p.folder = canonical(p.arena, folder);
    p.bin = own_folder(p.arena);
    p.slots = arena_alloc_array(p.arena, scenario->slot_count, sizeof *p.slots);
    p.programs_used = arena_alloc_array(p.arena, scenario->program_count, sizeof *p.programs_used);
    p.connections_made = arena_alloc_array(p.arena, scenario->connection_count, sizeof *p.connections_made);
    p.listeners_made = arena_alloc_array(p.arena, scenario->listener_count, sizeof *p.listeners_made);
    p.owners = json_object();
    p.taken = json_object();
    if (values_open(&p.values, scenario->slot_count, scenario->slot_names) != 0) {
        print_fail(&p, "out of memory");
    } else {
        know_names(&p);
        json = print_top(&p);
        values_close(&p.values);
    }
    json_decref(p.owners);
    json_decref(p.taken);
    arena_free(p.arena);
    if (p.failed) {
        json_decref(json);
        return NULL;
    }
    return json;
}

/* --- layout --- */

enum { OUTER_INDENT = 2, PROGRAM_BYTES_MAX = 110 /* of it, or a part of it, on one line */ };

/* One value on one line; wide: an object has spaces inside its braces. */
static int append_json(struct bytes *out, const json_t *json, bool wide)
{
    char *text = json_dumps(json, JSON_ENCODE_ANY);
    size_t length = text ? strlen(text) : 0;
    int result = text ? 0 : -1;
    if (wide && json_is_object(json) && json_object_size(json) > 0) {
        text[length - 1] = '\0';
        result = bytes_append_format(out, "{ %s }", text + 1) == BYTES_OK ? 0 : -1;
    } else if (text) {
        result = bytes_append(out, text, length) == BYTES_OK ? 0 : -1;
    }
    free(text);
    return result;
}

static int append_key(struct bytes *out, const char *key)
{
    json_t *string = json_string(key);
    int result = string ? append_json(out, string, false) : -1;
    json_decref(string);
    return result == 0 && bytes_append_text(out, ": ") == BYTES_OK ? 0 : -1;
}

static int append_indent(struct bytes *out, const char *before, int indent)
{
    return bytes_append_format(out, "%s\n%*s", before, indent, "") == BYTES_OK ? 0 : -1;
}

/* An object or array with one member a line; those of members that are longer than this break as well. */
static int append_lines(struct bytes *out, json_t *json, int indent, size_t member_bytes_max)
{
    bool object = json_is_object(json), outer = indent == OUTER_INDENT;
    void *iterator = object ? json_object_iter(json) : NULL;
    int result = append_indent(out, object ? "{" : "[", indent + 2);
    for (size_t i = 0; result == 0 && (object ? iterator != NULL : i < json_array_size(json)); i++) {
        json_t *value = object ? json_object_iter_value(iterator) : json_array_get(json, i);
        result = i > 0 ? append_indent(out, ",", indent + 2) : 0;
        if (result == 0 && object) {
            result = append_key(out, json_object_iter_key(iterator));
        }
        if (result == 0 && json_dumpb(value, NULL, 0, 0) > member_bytes_max) {
            result = append_lines(out, value, indent + 2, member_bytes_max);
        } else if (result == 0) {
            result = append_json(out, value, outer);
        }
        iterator = object ? json_object_iter_next(json, iterator) : NULL;
    }
    result = result == 0 ? append_indent(out, "", indent) : -1;
    return result == 0 && bytes_append_text(out, object ? "}" : "]") == BYTES_OK ? 0 : -1;
}

static bool has_lines(const char *key, const json_t *value)
{
    return (strcmp(key, "programs") == 0 && json_object_size(value) > 0) ||
           ((strcmp(key, "steps") == 0 || strcmp(key, "each") == 0) && json_array_size(value) > 0);
}

char *scenario_print_text(const json_t *json)
{
    static const char *const last[] = {"programs", "steps"};
    struct bytes out;
    const char *between = "{\n  ";
    int result = 0;
    bytes_init(&out, SIZE_MAX / 4);
    for (size_t pass = 0; pass < 3 && result == 0; pass++) {
        const char *key;
        json_t *value;
        json_object_foreach((json_t *)json, key, value)
        {
            size_t when = strcmp(key, last[0]) == 0 ? 1 : strcmp(key, last[1]) == 0 ? 2 : 0;
            if (when != pass || result != 0) {
                continue;
            }
            result = bytes_append_text(&out, between) == BYTES_OK ? append_key(&out, key) : -1;
            result = result != 0 ? -1
                     : has_lines(key, value)
                         ? append_lines(&out, value, OUTER_INDENT, when == 1 ? PROGRAM_BYTES_MAX : SIZE_MAX)
                         : append_json(&out, value, true);
            between = ",\n  ";
        }
    }
    if (result != 0 || bytes_append_text(&out, "\n}\n") != BYTES_OK) {
        bytes_free(&out);
        return NULL;
    }
    return out.data; /* the buffer's memory is from malloc: it is the caller's now */
}
