/*
 * record - `seam record --listen A --to B -o FILE`: relays connections, and makes a scenario of what was
 * said.
 *
 * While it runs there is FILE.part, a journal; what a peer got through the relay stands in it. It goes away
 * when FILE is written, and stays whenever that fails: `seam import record` reads it.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/address.h"
#include "harness/commands/command.h"
#include "harness/commands/diagnose.h"
#include "harness/commands/place.h"
#include "harness/exchange/journal.h"
#include "harness/record/relay.h"
#include "src/net.h"

enum { HOST_BYTES_MAX = 256 };

struct recording {
    const struct options *options;
    struct place_out place;
    char *part; /* owned: FILE.part */
    struct journal journal;
    int listener;
    char to_host[HOST_BYTES_MAX], to_port[8];
    struct relay_counts counts;
};

static int usage(const char *text)
{
    struct seam_error error;
    seam_error_set(&error, "%s", text);
    return command_usage_error("record", &error);
}

/* --- addresses
 * -------------------------------------------------------------------------------------------------------- */

/* "host:port" apart. False, having told what is wrong with the option. */
static bool split_address(const struct options *options, const char *name, const char *text,
                          bool zero_allowed, char host[HOST_BYTES_MAX], char port[8])
{
    const char *colon = strrchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : 0;
    struct seam_error error;
    if (!colon || length == 0 || length >= HOST_BYTES_MAX || strlen(colon + 1) >= 8 ||
        !net_is_port(colon + 1, zero_allowed)) {
        seam_error_set(&error, "--%s: '%s' is not HOST:PORT with a port %s 65535", name, text,
                       zero_allowed ? "from 0 (a free one) to" : "from 1 to");
        command_usage_error("record", &error);
        return false;
    }
    bool bracketed = text[0] == '[' && text[length - 1] == ']';
    const struct address address = {
        .host = text + bracketed, .host_length = length - 2 * bracketed, .port = 1};
    if (!options->allow_remote && !address_is_loopback(&address)) {
        seam_error_set(&error,
                       "--%s: '%s' is not on this machine's loopback: --allow-remote, if that is meant", name,
                       text);
        command_usage_error("record", &error);
        return false;
    }
    snprintf(host, HOST_BYTES_MAX, "%.*s", (int)length, text);
    snprintf(port, 8, "%s", colon + 1);
    return true;
}

static bool open_listener(struct recording *recording, const char *host, const char *port)
{
    struct seam_error error = {0};
    if (net_listen(host, port, &recording->listener, &error) != NET_OK) {
        diagnose("can't listen on %s: %s", recording->options->listen, error.text);
        return false;
    }
    listen(recording->listener, SOMAXCONN); /* many clients may come at once */
    return true;
}

/* --- while it runs
 * -------------------------------------------------------------------------------------------------------- */

static int keep(void *context, const struct relay_event *event, struct seam_error *error)
{
    static const enum dialogue_kind kinds[] = {[RELAY_OPENED] = DIALOGUE_OPENED,
                                               [RELAY_CHUNK] = DIALOGUE_CHUNK,
                                               [RELAY_ENDED] = DIALOGUE_END,
                                               [RELAY_RESET] = DIALOGUE_RESET};
    struct recording *recording = context;
    const struct dialogue_event kept = {.kind = kinds[event->kind],
                                        .side =
                                            event->side == RELAY_CLIENT ? DIALOGUE_CLIENT : DIALOGUE_SERVER,
                                        .connection = event->connection,
                                        .data = event->data,
                                        .length = event->length,
                                        .time_ns = event->time_ns};
    return journal_append(&recording->journal, &kept, error);
}

/* Two descriptors for each connection: as many as may be. */
static void raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int signals_open(void)
{
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGHUP);
    sigprocmask(SIG_BLOCK, &ending, NULL);
    signal(SIGXFSZ, SIG_IGN); /* a file as large as may be is an error like any other */
    return signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void tell_counts(const struct recording *recording)
{
    const struct relay_counts *c = &recording->counts;
    if (!recording->options->quiet && c->connections > 0) {
        printf("recorded %zu connection%s: %llu bytes from the client side in %zu chunks, %llu from the "
               "server side in %zu; chunks "
               "are as the relay's reads saw them, not as they were written\n",
               c->connections, c->connections == 1 ? "" : "s", (unsigned long long)c->bytes[RELAY_CLIENT],
               c->chunks[RELAY_CLIENT], (unsigned long long)c->bytes[RELAY_SERVER], c->chunks[RELAY_SERVER]);
    }
    if (c->open > 0) {
        diagnose("note: %zu connection%s still open; what would have come is not known", c->open,
                 c->open == 1 ? " was" : "s were");
    }
    if (c->refused > 0) {
        diagnose("note: %zu connection%s could not be passed on, and %s reset: %s", c->refused,
                 c->refused == 1 ? "" : "s", c->refused == 1 ? "was" : "were", c->why_refused);
    }
    if (c->waited) {
        diagnose("note: connections had to wait for one another: there were no more descriptors (ulimit -n)");
    }
    fflush(stdout);
}

static int relay(struct recording *recording)
{
    struct seam_error error = {0};
    char address[NET_ADDRESS_TEXT_BYTES];
    const struct relay_config config = {
        .listener = recording->listener,
        .to_host = recording->to_host,
        .to_port = recording->to_port,
        .stop = signals_open(),
        .until_closed = recording->options->until_closed,
        .sink = keep,
        .context = recording,
    };
    net_format_address(recording->listener, address);
    printf("listening on %s\n", address);
    fflush(stdout);
    int result = relay_run(&config, &recording->counts, &error);
    if (config.stop >= 0) {
        close(config.stop);
    }
    tell_counts(recording);
    if (result != 0) {
        diagnose("the recording ended: %s", error.text);
    }
    return result == 0 ? RESULT_EXIT_PASSED : RESULT_EXIT_ERROR;
}

/* --- afterwards
 * ----------------------------------------------------------------------------------------------------------
 */

static int print(struct recording *recording)
{
    struct import_request request = {
        .path = recording->part, .folder = recording->place.folder, .beside = recording->place.beside};
    struct imported imported;
    struct seam_error error = {0};
    place_options(recording->options, &request.options);
    request.options.to = NULL; /* the journal knows it */
    imported_open(&imported);
    int code = import_record(&request, &imported, &error);
    if (code == RESULT_EXIT_USAGE) {
        code = command_usage_error("record", &error);
    } else if (code != RESULT_EXIT_PASSED) {
        diagnose("no scenario can be made of it: %s", error.text);
    } else {
        code = place_write("record", &recording->place, recording->options, &imported);
    }
    imported_close(&imported);
    return code;
}

static int record(struct recording *recording)
{
    struct seam_error error = {0};
    if (journal_create(&recording->journal, recording->part, recording->options->format, &error) != 0) {
        diagnose("%s", error.text);
        return RESULT_EXIT_ERROR;
    }
    int code = relay(recording);
    journal_close(&recording->journal);
    if (code == RESULT_EXIT_PASSED && recording->counts.connections == 0) {
        diagnose("nothing was recorded: nobody connected");
        unlink(recording->part);
        return RESULT_EXIT_NOTHING;
    }
    if (code == RESULT_EXIT_PASSED) {
        code = print(recording);
    }
    if (code == RESULT_EXIT_PASSED) {
        unlink(recording->part);
    } else {
        diagnose("all that was recorded is in %s: seam import record", recording->part);
    }
    return code;
}

static int prepare(struct recording *recording)
{
    const struct options *options = recording->options;
    char host[HOST_BYTES_MAX], port[8];
    if (options->operand_count > 0) {
        return usage("it takes no operands");
    }
    if (!options->listen || !options->format || !options->output) {
        return usage(!options->listen
                         ? "--listen HOST:PORT is missing: where clients connect, 127.0.0.1:0 for a free port"
                     : !options->format ? "--to HOST:PORT is missing: the server"
                                        : "--output FILE is missing: where the scenario is written");
    }
    if (!split_address(options, "listen", options->listen, true, host, port) ||
        !split_address(options, "to", options->format, false, recording->to_host, recording->to_port)) {
        return RESULT_EXIT_USAGE;
    }
    int code = place_open("record", options->output, &recording->place);
    if (code != RESULT_EXIT_PASSED) {
        return code;
    }
    if (access(options->output, F_OK) == 0) {
        diagnose("%s is there already, and was left as it is", options->output);
        return RESULT_EXIT_ERROR;
    }
    if (asprintf(&recording->part, "%s.part", options->output) < 0) {
        recording->part = NULL;
        return RESULT_EXIT_INTERNAL;
    }
    raise_limit();
    return open_listener(recording, host, port) ? RESULT_EXIT_PASSED : RESULT_EXIT_ERROR;
}

int command_record(int argc, char **argv)
{
    struct options options;
    struct recording recording = {.options = &options, .listener = -1};
    struct seam_error error = {0};
    int code = RESULT_EXIT_PASSED;
    if (options_parse(&options, "record", argc, argv, &error) != 0) {
        code = command_usage_error("record", &error);
    } else if (options.help) {
        command_print_help(stdout, "record");
    } else if (options.version) {
        code = command_version(1, argv);
    } else {
        code = prepare(&recording);
        code = code == RESULT_EXIT_PASSED ? record(&recording) : code;
    }
    if (recording.listener >= 0) {
        close(recording.listener);
    }
    place_close(&recording.place);
    free(recording.part);
    options_close(&options);
    return code;
}
