/*
 * scenario_names - who is called what, and what a name in ${...} stands for.
 *
 * Programs, connections and listeners belong to the run: every file sees them once they are defined.
 * Variables belong to the file that defines them, from there to its end; a part gets those of its `vars`. All
 * share one namespace. A captured variable may be captured again, a counter be used by the next repeat.
 */
#include "harness/loader.h"

#include <stdlib.h>
#include <string.h>

static const char *const built_in[] = {"bin", "here", "tmp", "case"};
static const char *const reserved[] = {"bin", "here", "tmp", "case", "env", "len", "hex", "why", "row"};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool is_one_of(const char *const *words, size_t count, const char *text, size_t length)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(words[i]) == length && memcmp(words[i], text, length) == 0) {
            return true;
        }
    }
    return false;
}

size_t slot_new(struct builder *b, const char *name, enum variable_origin origin)
{
    b->slots = arena_grow(b->arena, b->slots, &b->slot_count, &b->slot_capacity, sizeof *b->slots);
    b->slots[b->slot_count - 1] = (struct slot){.name = name, .origin = origin};
    return b->slot_count - 1;
}

/* --- defining
 * -------------------------------------------------------------------------------------------------------- */

static bool tell_taken(struct scope *s, const struct name *before, struct place place)
{
    if (before->place.path) {
        tell(s->b->l, place, "\"%s\" is %s already, since %s:%d:%d", before->text,
             name_kind_word(before->kind), before->place.path, before->place.line, before->place.column);
    } else {
        tell(s->b->l, place, "\"%s\" is %s already", before->text, name_kind_word(before->kind));
    }
    return false;
}

static bool name_check(struct scope *s, const char *text, size_t length, struct place place)
{
    if (!name_is_valid(text, length)) {
        tell(s->b->l, place,
             "a name is lower-case letters, digits and _, and begins with a letter: [a-z][a-z0-9_]*");
        return false;
    }
    if (is_one_of(reserved, COUNT(reserved), text, length)) {
        tell(s->b->l, place, "\"%.*s\" is built in: choose another name", (int)length, text);
        return false;
    }
    return true;
}

bool name_check_new(struct scope *s, const char *text, size_t length, struct place place, enum name_kind kind)
{
    if (!name_check(s, text, length, place)) {
        return false;
    }
    const struct name *before = names_find(&s->b->shared_names, text, length);
    /* What belongs to the run must be clear in every file that is open; a variable only in its own. */
    for (const struct scope *open = s; !before && open;
         open = kind == NAME_VARIABLE ? NULL : open->includer) {
        before = names_find(&open->variables, text, length);
    }
    if (before && before->kind == NAME_CONNECTION && kind == NAME_CONNECTION) {
        tell(s->b->l, place,
             "the connection \"%s\" was made at %s:%d:%d: a connection name is used once per run",
             before->text, before->place.path, before->place.line, before->place.column);
        return false;
    }
    return before ? tell_taken(s, before, place) : true;
}

static struct name *add(struct names *names, const char *text, size_t length, struct place place,
                        enum name_kind kind, size_t index)
{
    struct name *name = names_add(names, text, length);
    name->kind = kind;
    name->index = index;
    name->place = place;
    return name;
}

size_t variable_define(struct scope *s, const char *text, size_t length, struct place place,
                       enum variable_origin origin)
{
    struct builder *b = s->b;
    struct name *before = names_find(&s->variables, text, length);
    if (before && origin == VARIABLE_COUNTER && b->slots[before->index].origin == VARIABLE_COUNTER &&
        !b->slots[before->index].active) {
        return before->index;
    }
    if (!name_check_new(s, text, length, place, NAME_VARIABLE)) {
        return SIZE_MAX;
    }
    struct name *name = add(&s->variables, text, length, place, NAME_VARIABLE, 0);
    name->index = slot_new(b, name->text, origin);
    return name->index;
}

size_t capture_define(struct scope *s, const char *text, struct place place)
{
    struct builder *b = s->b;
    size_t length = strlen(text);
    const struct name *before = names_find(&s->variables, text, length);
    if (before && b->slots[before->index].origin == VARIABLE_CAPTURE) {
        return before->index;
    }
    for (size_t i = 0; i < b->pending_count; i++) {
        if (strcmp(b->pending[i].name, text) == 0) {
            return b->pending[i].slot;
        }
    }
    if (!name_check_new(s, text, length, place, NAME_VARIABLE)) {
        return SIZE_MAX;
    }
    size_t slot = slot_new(b, text, VARIABLE_CAPTURE);
    b->pending =
        arena_grow(b->arena, b->pending, &b->pending_count, &b->pending_capacity, sizeof *b->pending);
    b->pending[b->pending_count - 1] = (struct pending_capture){.name = text, .slot = slot, .place = place};
    return slot;
}

void captures_commit(struct scope *s)
{
    for (size_t i = 0; i < s->b->pending_count; i++) {
        const struct pending_capture *capture = &s->b->pending[i];
        add(&s->variables, capture->name, strlen(capture->name), capture->place, NAME_VARIABLE,
            capture->slot);
    }
    s->b->pending_count = 0;
}

size_t program_add(struct builder *b, const char *text, size_t length, struct place place)
{
    b->programs =
        arena_grow(b->arena, b->programs, &b->program_count, &b->program_capacity, sizeof *b->programs);
    size_t index = b->program_count - 1;
    struct name *name = add(&b->shared_names, text, length, place, NAME_PROGRAM, index);
    b->programs[index] = (struct program){.name = name->text, .place = place};
    b->programs[index].slot_dir = slot_new(b, arena_format(b->arena, "%s.dir", name->text), VARIABLE_FIXED);
    b->scenario->programs = b->programs;
    b->scenario->program_count = b->program_count;
    return index;
}

size_t connection_add(struct builder *b, const char *text, size_t length, struct place place)
{
    b->connections = arena_grow(b->arena, b->connections, &b->connection_count, &b->connection_capacity,
                                sizeof *b->connections);
    size_t index = b->connection_count - 1;
    struct name *name = add(&b->shared_names, text, length, place, NAME_CONNECTION, index);
    b->connections[index] = (struct connection){.name = name->text, .place = place};
    b->scenario->connections = b->connections;
    b->scenario->connection_count = b->connection_count;
    return index;
}

size_t listener_add(struct builder *b, const char *text, size_t length, struct place place)
{
    b->listeners =
        arena_grow(b->arena, b->listeners, &b->listener_count, &b->listener_capacity, sizeof *b->listeners);
    size_t index = b->listener_count - 1;
    struct name *name = add(&b->shared_names, text, length, place, NAME_LISTENER, index);
    b->listeners[index] = (struct listener){.name = name->text, .place = place};
    b->listeners[index].slot_port =
        slot_new(b, arena_format(b->arena, "%s.port", name->text), VARIABLE_FIXED);
    b->scenario->listeners = b->listeners;
    b->scenario->listener_count = b->listener_count;
    return index;
}

/* A program's command may name the port of a listener that a step opens before the program's own start. */
void listeners_foresee(struct builder *b, struct node steps)
{
    for (struct node_iterator i = node_each(steps); node_next(&i);) {
        size_t length;
        struct node value = node_get(i.node, "listen"), nested = node_get(i.node, "steps");
        const char *text = node_text(value, &length);
        if (text && name_is_valid(text, length) && !names_find(&b->shared_names, text, length)) {
            listener_add(b, text, length, node_place(value));
            names_find(&b->shared_names, text, length)->foreseen = true;
        }
        if (!node_is_absent(nested)) {
            listeners_foresee(b, nested);
        }
    }
}

/* --- finding
 * ---------------------------------------------------------------------------------------------------------
 */

static struct name *make_up(struct builder *b, const char *text, size_t length, struct place place,
                            enum name_kind kind)
{
    b->made_up++;
    switch (kind) {
    case NAME_PROGRAM:
        program_add(b, text, length, place);
        break;
    case NAME_CONNECTION:
        connection_add(b, text, length, place);
        break;
    default:
        listener_add(b, text, length, place);
        break;
    }
    return names_find(&b->shared_names, text, length);
}

struct name *shared_name_find(struct scope *s, struct node node, const char *text, size_t length,
                              enum name_kind kind)
{
    struct builder *b = s->b;
    struct name *found = names_find(&b->shared_names, text, length);
    if (found && found->foreseen) {
        found = NULL;
    }
    if (found && found->kind == kind) {
        return found;
    }
    const struct name *other = found ? found : names_find(&s->variables, text, length);
    bool foreseen = names_find(&b->shared_names, text, length) != NULL; /* it is defined here, but later */
    if (!other && b->part_alone && !foreseen && name_is_valid(text, length)) {
        return make_up(b, text, length, node_place(node), kind);
    }
    if (other) {
        tell(b->l, node_place(node), "\"%s\" is %s, expected %s", other->text, name_kind_word(other->kind),
             name_kind_word(kind));
        return NULL;
    }
    struct suggestion suggestion;
    suggest_begin(&suggestion, text, length);
    for (size_t i = 0; i < b->shared_names.count; i++) {
        if (b->shared_names.items[i]->kind == kind) {
            suggest_offer(&suggestion, b->shared_names.items[i]->text);
        }
    }
    tell(b->l, node_place(node), "there is no %s \"%.*s\"%s%s", name_kind_word(kind) + 2,
         (int)(length < 100 ? length : 100), text,
         kind == NAME_PROGRAM || b->steps_over ? "" : " before this step",
         suggestion_text(b->arena, &suggestion));
    return NULL;
}

size_t program_port_find(const struct program *program, const char *name, size_t length)
{
    for (size_t i = 0; i < program->port_count; i++) {
        if (strlen(program->ports[i].name) == length && memcmp(program->ports[i].name, name, length) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

static int use_port(struct builder *b, size_t program, size_t port, struct text_name *out)
{
    out->slot = b->programs[program].ports[port].slot;
    if (b->program_building == program + 1) {
        ((struct program_port *)b->programs[program].ports)[port].chosen =
            true; /* ours until the load ends */
    }
    return 0;
}

/* ${program.dir}, ${program.port}, ${program.NAME.port} */
static int resolve_program(struct builder *b, size_t index, const char *part, size_t length,
                           struct text_name *out, struct seam_error *error)
{
    struct program *program = &b->programs[index];
    if (b->part_alone && program->port_count == 0) { /* its file is not here, perhaps */
        b->made_up++;
        out->slot = program->slot_dir;
        return 0;
    }
    if (b->vars_building) {
        return seam_error_set(error, "vars have their values before programs start: \"%s\" is not known yet",
                              program->name);
    }
    if (length == 3 && memcmp(part, "dir", 3) == 0) {
        out->slot = program->slot_dir;
        return 0;
    }
    bool ends_in_port = length >= 4 && memcmp(part + length - 4, "port", 4) == 0;
    if (ends_in_port && length == 4) {
        if (program->port_count == 1) {
            return use_port(b, index, 0, out);
        }
        return program->port_count > 1
                   ? seam_error_set(error, "\"%s\" has several ports: name one, as in ${%s.%s.port}",
                                    program->name, program->name, program->ports[0].name)
                   : seam_error_set(error, "\"%s\" has no port: it says neither \"listens\" nor \"address\"",
                                    program->name);
    }
    if (ends_in_port && length > 5 && part[length - 5] == '.') {
        size_t port = program_port_find(program, part, length - 5);
        if (port != SIZE_MAX) {
            return use_port(b, index, port, out);
        }
        return seam_error_set(error, "\"%s\" has no port named \"%.*s\"", program->name, (int)(length - 5),
                              part);
    }
    return seam_error_set(error, "a program has .port, .NAME.port and .dir, not \".%.*s\"", (int)length,
                          part);
}

static int resolve_env(struct builder *b, const char *part, size_t length, struct text_name *out,
                       struct seam_error *error)
{
    const char *value = getenv(arena_copy(b->arena, part, length));
    if (!value) {
        return seam_error_set(error, "the environment has no variable %.*s", (int)length, part);
    }
    *out = (struct text_name){.bytes = arena_copy_text(b->arena, value), .length = strlen(value)};
    return 0;
}

static int resolve_unknown(struct scope *s, const char *name, size_t length, struct text_name *out,
                           struct seam_error *error)
{
    struct builder *b = s->b;
    if (b->part_alone) {
        b->made_up++;
        out->slot = slot_new(b, arena_copy(b->arena, name, length), VARIABLE_CAPTURE);
        return 0;
    }
    if (b->vars_building && memchr(name, '.', length)) {
        return seam_error_set(error, "vars have their values before programs start: they can't use \"%.*s\"",
                              (int)(length < 100 ? length : 100), name);
    }
    struct suggestion suggestion;
    suggest_begin(&suggestion, name, length);
    for (size_t i = 0; i < COUNT(built_in); i++) {
        suggest_offer(&suggestion, built_in[i]);
    }
    for (size_t i = 0; i < s->variables.count; i++) {
        suggest_offer(&suggestion, s->variables.items[i]->text);
    }
    const char *hint = suggestion_text(b->arena, &suggestion);
    if (s->includer && names_find(&s->includer->variables, name, length)) {
        hint = "; a part sees what the include's \"vars\" gives it";
    }
    return seam_error_set(error, "there is no variable \"%.*s\" here%s", (int)(length < 100 ? length : 100),
                          name, hint);
}

static int resolve_built_in(struct builder *b, const char *name, size_t length, const char *folder,
                            struct text_name *out)
{
    if (length == 3 && memcmp(name, "bin", 3) == 0) {
        out->bytes = b->l->options->bin ? b->l->options->bin : "";
    } else if (length == 4 && memcmp(name, "here", 4) == 0) {
        out->bytes = folder;
    } else {
        out->slot = name[0] == 't' ? b->scenario->slot_tmp : b->scenario->slot_case;
        return 0;
    }
    out->length = strlen(out->bytes);
    return 0;
}

int name_resolve(struct scope *s, const char *name, size_t length, const char *folder, struct text_name *out,
                 struct seam_error *error)
{
    struct builder *b = s->b;
    if (is_one_of(built_in, COUNT(built_in), name, length)) {
        return resolve_built_in(b, name, length, folder, out);
    }
    const char *dot = memchr(name, '.', length);
    size_t first = dot ? (size_t)(dot - name) : length;
    const char *part = dot ? dot + 1 : "";
    size_t part_length = dot ? length - first - 1 : 0;
    if (dot && first == 3 && memcmp(name, "env", 3) == 0) {
        return resolve_env(b, part, part_length, out, error);
    }
    const struct name *found = names_find(&s->variables, name, first);
    if (!found) {
        found = names_find(&b->shared_names, name, first);
    }
    if (!found || (found->foreseen && !b->program_building)) {
        return resolve_unknown(s, name, length, out, error);
    }
    switch (found->kind) {
    case NAME_VARIABLE:
        out->slot = found->index;
        return dot ? seam_error_set(error, "the variable \"%s\" has no parts", found->text) : 0;
    case NAME_PROGRAM:
        return dot ? resolve_program(b, found->index, part, part_length, out, error)
                   : seam_error_set(error, "\"%s\" is a program: write ${%s.port} or ${%s.dir}", found->text,
                                    found->text, found->text);
    case NAME_LISTENER:
        out->slot = b->listeners[found->index].slot_port;
        return dot && part_length == 4 && memcmp(part, "port", 4) == 0
                   ? 0
                   : seam_error_set(error, "\"%s\" is a listener: write ${%s.port}", found->text,
                                    found->text);
    default:
        return seam_error_set(error, "\"%s\" is a connection, it has no value", found->text);
    }
}
