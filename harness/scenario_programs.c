/*
 * scenario_programs - what `programs` declares.
 *
 * In two passes: first the names and ports of all, so that every text may name any of them; then what is in
 * them.
 */
#include "harness/loader.h"

#include <string.h>

enum { PORTS_MAX = SCENARIO_PROGRAM_PORTS_MAX };

/* --- names and ports
 * ------------------------------------------------------------------------------------------------- */

static void add_port(struct builder *b, struct program_port *ports, struct program *program, const char *name)
{
    bool only = strcmp(name, "port") == 0;
    const char *variable = only ? arena_format(b->arena, "%s.port", program->name)
                                : arena_format(b->arena, "%s.%s.port", program->name, name);
    ports[program->port_count++] =
        (struct program_port){.name = name, .slot = slot_new(b, variable, VARIABLE_FIXED)};
}

static bool is_reserved_part(const char *name)
{
    static const char *const words[] = {"port", "dir", "stdout", "stderr"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(name, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool check_part_name(struct builder *b, const char *name, struct place place, const char *what)
{
    if (!name_is_valid(name, strlen(name)) || is_reserved_part(name)) {
        tell(b->l, place, "a %s is named [a-z][a-z0-9_]*, and not port, dir, stdout or stderr", what);
        return false;
    }
    return true;
}

static void build_listens(struct builder *b, struct node listens, struct program *program)
{
    struct program_port *ports = arena_alloc_array(b->arena, PORTS_MAX, sizeof *ports);
    program->ports = ports;
    program->listens = true;
    if (json_is_true(listens.json)) {
        add_port(b, ports, program, "port");
        return;
    }
    if (!json_is_array(listens.json) || node_count(listens) == 0 || node_count(listens) > PORTS_MAX) {
        tell_expected(b->l, listens,
                      arena_format(b->arena, "true, or a list of 1 to %d names of ports", PORTS_MAX));
        return;
    }
    for (struct node_iterator i = node_each(listens); node_next(&i);) {
        const char *name = build_plain_string(b->top, i.node, "the name of a port");
        if (!name || !check_part_name(b, name, node_place(i.node), "port")) {
            continue;
        }
        if (program_port_find(program, name, strlen(name)) != SIZE_MAX) {
            tell(b->l, node_place(i.node), "the port \"%s\" is listed twice", name);
            continue;
        }
        add_port(b, ports, program, name);
    }
}

static size_t declare(struct builder *b, struct node node)
{
    const char *name = node.at->key;
    struct place place = node_key_place(node);
    bool right = name_check_new(b->top, name, strlen(name), place, NAME_PROGRAM);
    if (!right && names_find(&b->shared_names, name, strlen(name))) {
        return SIZE_MAX;
    }
    size_t index = program_add(b, name, strlen(name), place);
    struct program *program = &b->programs[index];
    struct node listens = node_get(node, "listens");
    program->folder = node.source->folder;
    if (!node_is_absent(node_get(node, "address"))) {
        struct program_port *ports = arena_alloc_array(b->arena, 1, sizeof *ports);
        program->ports = ports;
        add_port(b, ports, program, "port");
    } else if (!node_is_absent(listens)) {
        build_listens(b, listens, program);
    }
    return index;
}

/* --- what is in them
 * ------------------------------------------------------------------------------------------------- */

static void build_command(struct builder *b, struct node node, struct program *program)
{
    if (!check_list(b->l, node, "a list: the program and its arguments")) {
        return;
    }
    const struct text **command = arena_alloc_array(b->arena, node_count(node), sizeof *command);
    for (struct node_iterator i = node_each(node); node_next(&i);) {
        command[i.index] = build_text(b->top, i.node);
    }
    program->command = command;
    program->command_count = node_count(node);
}

static void build_env(struct builder *b, struct node node, struct program *program)
{
    if (!check_object(b->l, node, "an object of environment variables")) {
        return;
    }
    struct program_env *env = arena_alloc_array(b->arena, node_count(node), sizeof *env);
    for (struct node_iterator i = node_members(node); node_next(&i);) {
        if (i.key[0] == '\0' || strchr(i.key, '=')) {
            tell(b->l, node_key_place(i.node), "this can't be the name of an environment variable");
        }
        env[i.index].name = i.key;
        if (!json_is_null(i.node.json)) {
            env[i.index].value = build_text(b->top, i.node);
        }
    }
    program->env = env;
    program->env_count = node_count(node);
}

static void build_files(struct builder *b, struct node node, struct program *program)
{
    if (!check_object(b->l, node, "an object: file names and what is in them")) {
        return;
    }
    struct program_file *files = arena_alloc_array(b->arena, node_count(node), sizeof *files);
    for (struct node_iterator i = node_members(node); node_next(&i);) {
        files[i.index].path = build_key_text(b->top, i.node);
        files[i.index].data = build_data(b->top, i.node);
        if (i.key[0] == '\0' || i.key[0] == '/' || strncmp(i.key, "../", 3) == 0 || strstr(i.key, "/../")) {
            tell(b->l, node_key_place(i.node),
                 "files are written into the program's own folder: name them relative to it");
        }
    }
    program->files = files;
    program->file_count = node_count(node);
}

static void build_logs(struct builder *b, struct node node, struct program *program)
{
    if (!check_object(b->l, node, "an object: names of streams and their files")) {
        return;
    }
    struct program_log *logs = arena_alloc_array(b->arena, node_count(node), sizeof *logs);
    for (struct node_iterator i = node_members(node); node_next(&i);) {
        if (!is_comment(i.key) && check_part_name(b, i.key, node_key_place(i.node), "log")) {
            logs[program->log_count++] =
                (struct program_log){.name = i.key, .path = build_text(b->top, i.node)};
        }
    }
    program->logs = logs;
}

static void build_texts(struct builder *b, struct node node, struct program *program)
{
    struct node value;
    if (!node_is_absent(value = node_get(node, "command"))) {
        build_command(b, value, program);
    }
    if (!node_is_absent(value = node_get(node, "env"))) {
        build_env(b, value, program);
    }
    if (!node_is_absent(value = node_get(node, "cwd"))) {
        program->cwd = build_text(b->top, value);
    }
    if (!node_is_absent(value = node_get(node, "files"))) {
        build_files(b, value, program);
    }
    if (!node_is_absent(value = node_get(node, "logs"))) {
        build_logs(b, value, program);
    }
    if (!node_is_absent(value = node_get(node, "core"))) {
        program->core = build_plain_string(b->top, value, "the name of a core");
    }
    if (!node_is_absent(value = node_get(node, "stdio"))) {
        build_bool(b->l, value, &program->stdio);
    }
    if (!node_is_absent(value = node_get(node, "terminal"))) {
        build_bool(b->l, value, &program->terminal);
    }
    if (!node_is_absent(value = node_get(node, "address"))) {
        program->address = build_text(b->top, value);
        if (program->address) {
            check_address(b, program->address, node_place(value));
        }
    }
}

static void check_combinations(struct builder *b, struct node node, const struct program *program)
{
    static const char *const not_with_address[] = {"listens", "stdio", "terminal", "env",
                                                   "cwd",     "files", "logs",     "core"};
    struct node address = node_get(node, "address"), stdio = node_get(node, "stdio");
    if (node_is_absent(address) == node_is_absent(node_get(node, "command"))) {
        tell(b->l, node_place(node), "a program has either \"command\" or \"address\"");
        return;
    }
    for (size_t i = 0; i < sizeof not_with_address / sizeof not_with_address[0]; i++) {
        struct node value = node_get(node, not_with_address[i]);
        if (!node_is_absent(address) && !node_is_absent(value)) {
            tell(b->l, node_key_place(value),
                 "a program with an \"address\" runs already: \"%s\" has no meaning", not_with_address[i]);
        }
    }
    if (program->stdio && program->listens) {
        tell(b->l, node_key_place(stdio),
             "\"stdio\" and \"listens\" exclude each other: where would a connection go?");
    }
    if (program->stdio && program->terminal) {
        tell(b->l, node_key_place(stdio),
             "\"stdio\" and \"terminal\" exclude each other: a protocol has pipes");
    }
}

static void build_program(struct builder *b, struct node node, size_t index)
{
    struct program *program = &b->programs[index];
    if (!check_object(b->l, node, "a program (an object)")) {
        return;
    }
    check_keys(b->l, node, format_program_keys, "a program");
    program->why = build_why(b->l, node);
    b->program_building = index + 1;
    build_texts(b, node, program);
    b->program_building = 0;
    check_combinations(b, node, program);
}

/* --- all
 * -------------------------------------------------------------------------------------------------------------
 */

void build_programs(struct builder *b)
{
    const struct frame *outer = b->l->frame;
    size_t *indexes = NULL, count = 0, capacity = 0;
    for (size_t m = 0; m < b->merged_count; m++) {
        struct node programs = node_get(b->merged[m].root, "programs");
        b->l->frame = b->merged[m].frame;
        if (!node_is_absent(programs) && check_object(b->l, programs, "an object of programs")) {
            for (struct node_iterator i = node_members(programs); node_next(&i);) {
                indexes = arena_grow(b->arena, indexes, &count, &capacity, sizeof *indexes);
                indexes[count - 1] = is_comment(i.key) ? SIZE_MAX : declare(b, i.node);
            }
        }
    }
    for (size_t m = 0; m < b->merged_count; m++) {
        listeners_foresee(b, node_get(b->merged[m].root, "steps"));
    }
    size_t *index = indexes;
    for (size_t m = 0; m < b->merged_count; m++) {
        b->l->frame = b->merged[m].frame;
        for (struct node_iterator i = node_members(node_get(b->merged[m].root, "programs")); node_next(&i);
             index++) {
            if (*index != SIZE_MAX) {
                build_program(b, i.node, *index);
            }
        }
    }
    b->l->frame = outer;
}

void check_programs_started(struct builder *b)
{
    for (size_t i = 0; i < b->program_count; i++) {
        const struct program *program = &b->programs[i];
        if (program->command && !program->listens && !program->stdio && !program->explicit_start) {
            tell(b->l, program->place,
                 "nothing starts \"%s\": it neither listens nor is it stdio, so a step must start it",
                 program->name);
        }
    }
}
