/* run_connection - opening, accepting, reading and closing the connection ends that Seam plays. */
#include "harness/address.h"
#include "harness/run.h"
#include "harness/world/backoff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int run_parse_address(struct run *run, const struct text *text, char host[64], uint16_t *port)
{
    struct seam_error error = {0};
    struct bytes expanded;
    bytes_init(&expanded, 256);
    if (text_expand(text, &run->values, &expanded, &error) < 0) {
        bytes_free(&expanded);
        run_fail_error(run, RESULT_FAILED, &error);
        return -1;
    }
    struct address address;
    bool good = address_parse(bytes_text(&expanded), expanded.length, &address) && address.host_length < 64;
    if (!good) {
        run_fail(run, RESULT_ERROR, &text->place,
                 "\"%s\" is no address: expected \"host:port\", such as \"127.0.0.1:8080\"",
                 bytes_text(&expanded));
    } else if (!run->options.allow_remote && !address_is_loopback(&address)) {
        run_fail(run, RESULT_ERROR, &text->place,
                 "%s is not on the loopback interface: that needs --allow-remote", bytes_text(&expanded));
        good = false;
    } else {
        snprintf(host, 64, "%.*s", (int)address.host_length, address.host);
        *port = (uint16_t)address.port;
    }
    bytes_free(&expanded);
    return good ? 0 : -1;
}

static int64_t receive_buffer(struct run *run, const struct run_connection *c)
{
    int64_t bytes = 0;
    struct seam_error error = {0};
    if (c->spec->receive_buffer && number_expand(c->spec->receive_buffer, &run->values, &bytes, &error) < 0) {
        run_fail_error(run, RESULT_FAILED, &error);
        return -1;
    }
    return bytes;
}

static void note_fate(struct run *run, const struct run_connection *c, enum event_kind kind)
{
    size_t event = transcript_event(&run->transcript, kind, c->sent, run->at, 0, run_now_ns(run));
    if (event != SIZE_MAX) {
        run->transcript.events[event].port = c->port;
    }
}

static void opened(struct run *run, struct run_connection *c)
{
    c->state = RUN_CONNECTION_OPEN;
    note_fate(run, c, EVENT_OPENED);
    run_acted(run);
}

static enum step_result find_target(struct run *run, const struct connect_target *to, char host[64],
                                    uint16_t *port)
{
    if (to->is_address) {
        return run_parse_address(run, to->address, host, port) < 0 ? STEP_FAIL : STEP_DONE;
    }
    const struct run_program *p = &run->programs[to->program];
    if (!p->has_ports) {
        return run_fail(run, RESULT_FAILED, NULL, "\"%s\" does not listen", p->spec->name);
    }
    snprintf(host, 64, "%s", p->ports[to->port].host);
    *port = p->ports[to->port].port;
    return STEP_DONE;
}

static enum step_result begin_connect(struct run *run, struct run_connection *c,
                                      const struct connect_target *to)
{
    struct seam_error error = {0};
    char host[64];
    uint16_t port = 0;
    int64_t buffer = receive_buffer(run, c);
    if (buffer < 0) {
        return STEP_FAIL;
    }
    if (!to->is_address) {
        c->peer_program = to->program;
        if (run->programs[to->program].spec->stdio) {
            c->world = run->world->ops->connect_stdio(run->programs[to->program].world);
            c->state = RUN_CONNECTION_OPENING;
            return STEP_DONE;
        }
    }
    if (find_target(run, to, host, &port) != STEP_DONE) {
        return STEP_FAIL;
    }
    c->port = port;
    c->world = run->world->ops->connect(run->stage, host, port, buffer, &error);
    if (!c->world) {
        return run_fail(run, RESULT_ERROR, NULL, "can't connect to %s port %u: %s", host, port, error.text);
    }
    c->state = RUN_CONNECTION_OPENING;
    return STEP_DONE;
}

static enum step_result fail_refused(struct run *run, const struct connect_target *to)
{
    char host[64];
    uint16_t port = 0;
    if (find_target(run, to, host, &port) != STEP_DONE) {
        return STEP_FAIL;
    }
    return run_fail(run, RESULT_ERROR, NULL, "the connection was refused: nobody listens on %s port %u", host,
                    port);
}

enum step_result run_connect_to(struct run *run, size_t connection, const struct connect_target *to,
                                bool refused)
{
    struct run_connection *c = &run->connections[connection];
    if (run_step_begins(run) && begin_connect(run, c, to) != STEP_DONE) {
        return STEP_FAIL;
    }
    int error_number = 0;
    switch (run->world->ops->connection_state(c->world, &error_number)) {
    case WORLD_CONNECTING:
        if (run_out_of_time(run)) {
            return run_fail(run, RESULT_ERROR, NULL, "the connection did not come about within %llu ms",
                            (unsigned long long)(run->step_limit_ns / 1000000));
        }
        return STEP_WAIT;
    case WORLD_OPEN:
        opened(run, c);
        return refused ? run_fail(run, RESULT_FAILED, NULL,
                                  "the connection was accepted, but it should be refused")
                       : STEP_DONE;
    case WORLD_REFUSED:
        note_fate(run, c, EVENT_REFUSED);
        run_connection_drop(run, c);
        return refused ? STEP_DONE : fail_refused(run, to);
    case WORLD_FAILED:
        break;
    }
    run_connection_drop(run, c);
    return run_fail(run, RESULT_ERROR, NULL, "can't connect: %s", strerror(error_number));
}

enum step_result run_listen_on(struct run *run, size_t listener, const struct text *address,
                               const struct number *port)
{
    struct run_listener *l = &run->listeners[listener];
    struct seam_error error = {0};
    struct bytes host;
    int64_t number = 0;
    run_step_begins(run);
    bytes_init(&host, 64);
    if ((address && text_expand(address, &run->values, &host, &error) < 0) ||
        (port && number_expand(port, &run->values, &number, &error) < 0)) {
        bytes_free(&host);
        return run_fail_error(run, RESULT_FAILED, &error);
    }
    const char *name = address ? bytes_text(&host) : "127.0.0.1";
    struct address where = {.host = name, .host_length = strlen(name)};
    if (!run->options.allow_remote && !address_is_loopback(&where)) {
        run_fail(run, RESULT_ERROR, &address->place,
                 "%s is not on the loopback interface: that needs --allow-remote", name);
    } else if (!(l->world = run->world->ops->listen(run->stage, name, (uint16_t)number, &error))) {
        run_fail(run, RESULT_ERROR, NULL, "can't listen on %s port %lld: %s", name, (long long)number,
                 error.text);
    }
    bytes_free(&host);
    if (!l->world) {
        return STEP_FAIL;
    }
    return run_bind_number(run, l->spec->slot_port, run->world->ops->listener_port(l->world));
}

enum step_result run_accept_from(struct run *run, size_t connection, size_t listener)
{
    struct run_connection *c = &run->connections[connection];
    run_step_begins(run);
    int64_t buffer = receive_buffer(run, c);
    if (buffer < 0) {
        return STEP_FAIL;
    }
    c->port = run->world->ops->listener_port(run->listeners[listener].world);
    c->world = run->world->ops->accept(run->listeners[listener].world, buffer);
    if (c->world) {
        if (run->scenario->program_count == 1) {
            c->peer_program = 0;
        }
        opened(run, c);
        return STEP_DONE;
    }
    bool quiet = run_quiet_look(run, false) == RUN_QUIET_YES;
    if (quiet && (c->world = run->world->ops->accept(run->listeners[listener].world, buffer)) != NULL) {
        opened(run, c);
        return STEP_DONE;
    }
    return quiet || run_out_of_time(run)
               ? run_fail_waiting(run, NULL,
                                  quiet ? "no program connects, and none will: all have settled"
                                        : "no program has connected: time ran out")
               : STEP_WAIT;
}

/* Lines that `ignore` takes out never reach the stream. What is not a whole line yet waits. */
static void append_received(struct run *run, struct run_connection *c, const char *data, size_t length,
                            uint64_t now_ns)
{
    if (transcript_chunk(&run->transcript, c->received, run->at, data, length, now_ns) == SIZE_MAX) {
        run_fail(run, RESULT_ERROR, NULL, "\"%s\" has sent more than the %zu MiB that are kept",
                 c->spec->name, SCENARIO_RECEIVED_BYTES_MAX >> 20);
    }
}

static bool is_ignored(struct run *run, struct run_connection *c, const struct line_reader_line *line)
{
    struct seam_error error = {0};
    for (size_t i = 0; i < c->spec->ignore_count; i++) {
        switch (pattern_match(c->spec->ignore[i], &run->values, line->data, line->length, NULL, &error)) {
        case PATTERN_MATCH:
            c->ignored_lines++;
            return true;
        case PATTERN_ERROR:
            run_fail_error(run, RESULT_ERROR, &error);
            return false;
        case PATTERN_NO_MATCH:
            break;
        }
    }
    return false;
}

static void filter_received(struct run *run, struct run_connection *c, const char *data, size_t length,
                            bool ended)
{
    if (!c->ignore_open) {
        line_reader_init(&c->ignore_reader,
                         &(struct line_reader_options){.delimiter = (const char *)c->spec->delimiter.bytes,
                                                       .delimiter_bytes = c->spec->delimiter.length,
                                                       .line_bytes_max = SCENARIO_RECEIVED_BYTES_MAX});
        c->ignore_open = true;
    }
    for (size_t taken = 0;;) {
        taken += line_reader_feed(&c->ignore_reader, data + taken, length - taken);
        if (taken == length && ended) {
            line_reader_end(&c->ignore_reader);
        }
        struct line_reader_line line;
        enum line_reader_result result;
        while ((result = line_reader_next(&c->ignore_reader, &line)) == LINE_READER_LINE ||
               result == LINE_READER_PARTIAL) {
            if (!is_ignored(run, c, &line)) {
                append_received(run, c, line.data, line.length + line.delimiter_bytes, run_now_ns(run));
            }
        }
        if (taken == length || result != LINE_READER_MORE) {
            return;
        }
    }
}

static void received_end(struct run *run, struct run_connection *c, bool reset)
{
    if (c->ignore_open) {
        filter_received(run, c, "", 0, true);
    }
    transcript_event(&run->transcript, reset ? EVENT_RESET : EVENT_END, c->received, run->at, 0,
                     run_now_ns(run));
    run->moved = true;
}

static void intake_connection(struct run *run, struct run_connection *c)
{
    struct transcript_stream *stream = &run->transcript.streams[c->received];
    if (c->state != RUN_CONNECTION_OPEN || (c->spec->reads_on_expect && !c->reading)) {
        return;
    }
    while (!stream->ended && !stream->reset && !run->failed && run_may_read(run)) {
        ssize_t n = run->world->ops->connection_read(c->world, run->scratch, sizeof run->scratch);
        if (n == -EAGAIN) {
            return;
        }
        if (n <= 0) {
            received_end(run, c, n < 0);
            return;
        }
        run->moved = true;
        run->reads_left--;
        if (c->spec->ignore_count) {
            filter_received(run, c, run->scratch, (size_t)n, false);
        } else {
            append_received(run, c, run->scratch, (size_t)n, run_now_ns(run));
        }
    }
}

bool run_may_read(struct run *run)
{
    if (run->reads_left == 0) {
        run_look_again(run, 0);
        return false;
    }
    return true;
}

void run_intake_all(struct run *run)
{
    run->reads_left = SIZE_MAX;
    run_intake(run);
}

void run_intake(struct run *run)
{
    for (size_t i = 0; i < run->scenario->connection_count; i++) {
        intake_connection(run, &run->connections[i]);
    }
    for (size_t i = 0; i < run->scenario->program_count; i++) {
        run_intake_program(run, &run->programs[i]);
    }
}

/* Bytes that came and that no step took: a failure, unless rest is "ignore". Returns how many (0: none, or
 * ignored). */
size_t run_unread(struct run *run, struct run_connection *c)
{
    const struct transcript_stream *stream = &run->transcript.streams[c->received];
    if (c->spec->reads_on_expect && !c->spec->rest_ignored) {
        c->reading = true; /* what waits in our socket came, too */
        intake_connection(run, c);
    }
    size_t tail = c->ignore_open ? line_reader_buffered(&c->ignore_reader) : 0;
    size_t unread = stream->bytes.length - c->cursor + tail;
    if (unread == 0 || c->spec->rest_ignored) {
        return 0;
    }
    if (tail == 0 && run_update_unread(run, c)) {
        return 0;
    }
    struct bytes shown;
    bytes_init(&shown, 4096);
    size_t show = stream->bytes.length - c->cursor;
    bytes_append_visible(&shown, bytes_text(&stream->bytes) + c->cursor, show < 60 ? show : 60,
                         BYTES_VISIBLE_QUOTED);
    run_fail(run, RESULT_FAILED, run_script_entry(run) ? NULL : &c->spec->place,
             "\"%s\" received %zu byte%s that no step took: \"%s\"%s", c->spec->name, unread,
             unread == 1 ? "" : "s", bytes_text(&shown), show > 60 ? " …" : "");
    bytes_free(&shown);
    return unread;
}

void run_connection_drop(struct run *run, struct run_connection *c)
{
    if (c->world) {
        run->world->ops->connection_close(c->world);
        c->world = NULL;
        run_acted(run);
    }
    c->state = RUN_CONNECTION_CLOSED;
}

/* Everything is proved and read: now the end may be sent. */
static enum step_result close_now(struct run *run, struct run_connection *c, enum run_close how)
{
    if (run_unread(run, c)) {
        return STEP_FAIL;
    }
    if (how == RUN_CLOSE_RESET || !c->fin_written) {
        transcript_event(&run->transcript, how == RUN_CLOSE_RESET ? EVENT_RESET : EVENT_END, c->sent, run->at,
                         0, run_now_ns(run));
    }
    if (how == RUN_CLOSE_RESET) {
        run->world->ops->connection_reset(c->world);
    }
    run_connection_drop(run, c);
    return STEP_DONE;
}

/* What is done next on another connection must not overtake the end of this one. */
static enum step_result wait_for_arrival(struct run *run)
{
    if (run->world->ops->ends_arrived(run->stage) || run_out_of_time(run)) {
        return STEP_DONE;
    }
    run_look_again(run, run_now_ns(run) + BACKOFF_SHORT_NS);
    return STEP_WAIT;
}

enum step_result run_close_connection(struct run *run, size_t connection, enum run_close how)
{
    struct run_connection *c = &run->connections[connection];
    bool first = run_step_begins(run);
    if (!first && c->state == RUN_CONNECTION_CLOSED) {
        return wait_for_arrival(run);
    }
    if (c->state != RUN_CONNECTION_OPEN) {
        return run_fail(run, RESULT_FAILED, NULL, "\"%s\" is not connected", c->spec->name);
    }
    if (how == RUN_CLOSE_WRITE) {
        if (first) {
            run_trace_fin(run, connection, run_queued_end(c));
            run_queue_fin(c);
        }
        enum step_result pumped = run_pump_out(run, connection);
        return pumped == STEP_DONE ? wait_for_arrival(run) : pumped;
    }
    bool nothing_leaves = how == RUN_CLOSE_BOTH && c->fin_written; /* the FIN has gone: no proof is due */
    enum step_result proved = nothing_leaves ? STEP_DONE : run_prove(run, c);
    if (proved != STEP_DONE) {
        return proved;
    }
    if (run_quiet_look(run, true) == RUN_QUIET_NOT_YET && !run_out_of_time(run)) {
        return STEP_WAIT;
    }
    return close_now(run, c, how) == STEP_DONE ? wait_for_arrival(run) : STEP_FAIL;
}
