/* scenario_streams - what a step may name with dots and colons: streams of programs, and where to connect to.
 */
#include "harness/loader.h"

#include <string.h>

#include "harness/address.h"

static bool is_text(const char *text, size_t length, const char *word)
{
    return length == strlen(word) && memcmp(text, word, length) == 0;
}

static bool find_log(struct builder *b, const struct program *program, struct node node, const char *name,
                     size_t length, struct stream_ref *out)
{
    struct suggestion suggestion;
    suggest_begin(&suggestion, name, length);
    suggest_offer(&suggestion, "stdout");
    suggest_offer(&suggestion, "stderr");
    for (size_t i = 0; i < program->log_count; i++) {
        if (is_text(name, length, program->logs[i].name)) {
            out->kind = STREAM_LOG;
            out->log = i;
            return true;
        }
        suggest_offer(&suggestion, program->logs[i].name);
    }
    if (b->part_alone) {
        b->made_up++;
        out->kind = STREAM_STDOUT;
        return true;
    }
    tell(b->l, node_place(node), "\"%s\" has no stream \"%.*s\": there are stdout, stderr and its logs%s",
         program->name, (int)length, name, suggestion_text(b->arena, &suggestion));
    return false;
}

bool build_stream(struct scope *s, struct node node, struct stream_ref *out)
{
    struct builder *b = s->b;
    size_t length;
    const char *text = node_text(node, &length);
    *out = (struct stream_ref){.kind = STREAM_CONNECTION};
    if (!text) {
        tell_expected(b->l, node, "the name of a connection, a program or one of its streams");
        return false;
    }
    const char *dot = memchr(text, '.', length);
    size_t first = dot ? (size_t)(dot - text) : length;
    const struct name *found = names_find(&b->shared_names, text, first);
    if (!dot && !(found && found->kind == NAME_PROGRAM)) {
        found = shared_name_find(s, node, text, length, NAME_CONNECTION);
        out->index = found ? found->index : 0;
        return found != NULL;
    }
    found = shared_name_find(s, node, text, first, NAME_PROGRAM);
    if (!found) {
        return false;
    }
    const struct program *program = &b->programs[found->index];
    const char *stream = dot ? dot + 1 : "";
    size_t stream_length = dot ? length - first - 1 : 0;
    out->index = found->index;
    if (!dot) {
        out->kind = STREAM_PROGRAM;
        return true;
    }
    if (program->address) {
        tell(b->l, node_place(node),
             "\"%s\" was not started by Seam (it has an \"address\"): its output can't be seen",
             program->name);
        return false;
    }
    if (is_text(stream, stream_length, "stderr")) {
        out->kind = STREAM_STDERR;
        return true;
    }
    if (is_text(stream, stream_length, "stdout")) {
        out->kind = STREAM_STDOUT;
        if (program->stdio) {
            tell(b->l, node_place(node), "\"%s\" speaks its protocol on stdout: expect from its connection",
                 program->name);
        }
        return !program->stdio;
    }
    return find_log(b, program, node, stream, stream_length, out);
}

void check_address(struct builder *b, const struct text *address, struct place place)
{
    struct address parsed;
    if (!address->constant) {
        return;
    }
    const char *text = address->piece_count ? address->pieces[0].bytes : "";
    size_t length = address->piece_count ? address->pieces[0].length : 0;
    if (!address_parse(text, length, &parsed)) {
        tell(
            b->l, place,
            "expected \"host:port\" with a port of 1 to 65535, such as \"127.0.0.1:8080\" or \"[::1]:8080\"");
    } else if (!address_is_loopback(&parsed) && !b->l->options->allow_remote) {
        tell(b->l, place, "\"%.*s\" is not on this machine's loopback; --allow-remote permits that",
             (int)parsed.host_length, parsed.host);
    }
}

static bool target_port(struct builder *b, struct node node, const char *port, size_t length,
                        struct connect_target *out)
{
    const struct program *program = &b->programs[out->program];
    struct loader *l = b->l;
    if (b->part_alone && !program->command && !program->address) {
        return true; /* made up */
    }
    if (program->stdio && !port) {
        return true;
    }
    if (program->port_count == 0) {
        tell(l, node_place(node),
             "\"%s\" can't be connected to: it has neither \"listens\" nor \"stdio\" nor \"address\"",
             program->name);
        return false;
    }
    if (!port) {
        if (program->port_count > 1) {
            tell(l, node_place(node), "\"%s\" has several ports: name one, as in \"%s.%s\"", program->name,
                 program->name, program->ports[0].name);
        }
        return program->port_count == 1;
    }
    out->port = program_port_find(program, port, length);
    if (out->port == SIZE_MAX) {
        struct suggestion suggestion;
        suggest_begin(&suggestion, port, length);
        for (size_t i = 0; i < program->port_count; i++) {
            suggest_offer(&suggestion, program->ports[i].name);
        }
        tell(l, node_place(node), "\"%s\" has no port named \"%.*s\"%s", program->name, (int)length, port,
             suggestion_text(b->arena, &suggestion));
        return false;
    }
    return true;
}

bool build_target(struct scope *s, struct node node, struct connect_target *out)
{
    struct builder *b = s->b;
    size_t length;
    const char *text = node_text(node, &length);
    *out = (struct connect_target){.is_address = false};
    if (!text) {
        tell_expected(b->l, node, "a program, one of its ports (\"program.port\"), or \"host:port\"");
        return false;
    }
    if (length >= 5 && memcmp(text, "unix:", 5) == 0) {
        tell(b->l, node_place(node), "\"unix:...\" is reserved for a later version");
        return false;
    }
    if (memchr(text, ':', length) || memmem(text, length, "${", 2)) {
        out->is_address = true;
        out->address = build_text(s, node);
        if (out->address) {
            check_address(b, out->address, node_place(node));
        }
        return out->address != NULL;
    }
    const char *dot = memchr(text, '.', length);
    size_t first = dot ? (size_t)(dot - text) : length;
    const struct name *found = shared_name_find(s, node, text, first, NAME_PROGRAM);
    if (!found) {
        return false;
    }
    out->program = found->index;
    return target_port(b, node, dot ? dot + 1 : NULL, dot ? length - first - 1 : 0, out);
}
