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
#include "harness/commands/verify.h"
#include "harness/exchange/redact.h"
#include "harness/record/relay.h"
#include "harness/scenario_print.h"
#include "src/net.h"

enum { HOST_BYTES_MAX = 256 };

struct recording {
    const struct options *options;
    struct place_out place;
    char *part; /* owned: FILE.part */
    struct journal journal;
    struct redact *redact; /* NULL: nothing is kept out */
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
    return recording->redact ? redact_append(recording->redact, &recording->journal, &kept, error)
                             : journal_append(&recording->journal, &kept, error);
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

static int signals_open(sigset_t *before)
{
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGHUP);
    sigprocmask(SIG_BLOCK, &ending, before);
    signal(SIGXFSZ, SIG_IGN); /* a file as large as may be is an error like any other */
    return signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void tell_counts(const struct recording *recording)
{
    const struct relay_counts *c = &recording->counts;
    if (!recording->options->quiet && c->connections > 0) {
        printf("recorded %zu connection%s: %llu bytes from the client side in %zu chunk%s, %llu from the "
               "server side in %zu; "
               "chunks are as the relay's reads saw them, not as they were written\n",
               c->connections, c->connections == 1 ? "" : "s", (unsigned long long)c->bytes[RELAY_CLIENT],
               c->chunks[RELAY_CLIENT], c->chunks[RELAY_CLIENT] == 1 ? "" : "s",
               (unsigned long long)c->bytes[RELAY_SERVER], c->chunks[RELAY_SERVER]);
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
    sigset_t before;
    const struct relay_config config = {
        .listener = recording->listener,
        .to_host = recording->to_host,
        .to_port = recording->to_port,
        .stop = signals_open(&before),
        .until_closed = recording->options->until_closed,
        .sink = keep,
        .context = recording,
    };
    net_format_address(recording->listener, address);
    printf("listening on %s\n", address);
    fflush(stdout);
    int result = relay_run(&config, &recording->counts, &error);
    if (result == 0 && recording->redact) {
        result = redact_end(recording->redact, &recording->journal, &error);
    }
    if (config.stop >= 0) {
        struct signalfd_siginfo taken;
        while (read(config.stop, &taken, sizeof taken) > 0) { /* that one was meant for the recording */
        }
        close(config.stop);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    tell_counts(recording);
    if (result != 0) {
        diagnose("the recording ended: %s", error.text);
    }
    return result == 0 ? RESULT_EXIT_PASSED : RESULT_EXIT_ERROR;
}

/* --- afterwards
 * ----------------------------------------------------------------------------------------------------------
 */

static int print_to(struct recording *recording, const struct place_out *place, const struct options *options,
                    struct import_request *request, struct imported *imported)
{
    struct seam_error error = {0};
    request->path = recording->part;
    request->folder = place->folder;
    request->beside = place->beside;
    imported_open(imported);
    int code = import_record(request, imported, &error);
    if (code == RESULT_EXIT_USAGE) {
        return command_usage_error("record", &error);
    }
    if (code != RESULT_EXIT_PASSED) {
        diagnose("no scenario can be made of it: %s", error.text);
        return code;
    }
    return place_write("record", place, options, imported);
}

/* The secrets as --define has them, beside those of the command line: they are in memory only. */
static void define_secrets(const struct recording *recording, struct arena *arena, struct options *options)
{
    size_t count = recording->redact ? redact_secret_count(recording->redact) : 0;
    struct scenario_define *defines =
        arena_alloc_array(arena, options->define_count + count + 1, sizeof *defines);
    for (size_t i = 0; i < options->define_count; i++) {
        defines[i] = options->defines[i];
    }
    for (size_t i = 0; i < count; i++) {
        defines[options->define_count++] =
            (struct scenario_define){.name = arena_format(arena, "secret%zu", i + 1),
                                     .value = bytes_text(redact_secret(recording->redact, i))};
    }
    options->defines = defines;
}

/* Plays what was written, as often; said: what was heard, or NULL. */
static int replay(const struct recording *recording, const struct place_out *place,
                  const struct options *given, const struct imported *imported, size_t times,
                  struct verify_heard *heard)
{
    struct options with_secrets = *given, *options = &with_secrets;
    define_secrets(recording, imported->arena, options);
    char *text = scenario_print_text(imported->scenario);
    int code = text ? RESULT_EXIT_PASSED : RESULT_EXIT_INTERNAL;
    for (size_t i = 0; code == RESULT_EXIT_PASSED && i < times; i++) {
        struct result result = {0};
        struct seam_error error = {0};
        if (verify_run(place->path, text, options, &result, heard ? &heard[i] : NULL, &error) != 0) {
            diagnose("it can't be played: %s", error.text);
            code = RESULT_EXIT_ERROR;
        } else if (result.status != RESULT_PASSED) {
            diagnose("played once more, it does not go as it was recorded: %s",
                     result.message ? result.message : "");
            code = RESULT_EXIT_FAILED;
        }
        result_close(&result);
    }
    free(text);
    return code;
}

static void remove_scratch(const struct place_out *scratch, const struct imported *imported,
                           const char *folder)
{
    for (size_t i = 0; i < imported->file_count; i++) {
        remove(arena_format(imported->arena, "%s/%s", folder, imported->files[i].name));
    }
    if (scratch->path) {
        remove(scratch->path);
    }
    rmdir(folder);
}

/* What the server says when the same is said to it again, as often as was asked for. */
static int listen_again(struct recording *recording, struct verify_heard *heard)
{
    const char *tmp = getenv("TMPDIR");
    char folder[PATH_MAX], path[PATH_MAX + 16];
    struct options quiet = *recording->options;
    struct place_out scratch = {0};
    struct imported imported = {0};
    struct import_request request = {.unchecked = true};
    snprintf(folder, sizeof folder, "%s/seam-record-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(folder)) {
        diagnose("no folder can be made for replays: %s", strerror(errno));
        return RESULT_EXIT_ERROR;
    }
    snprintf(path, sizeof path, "%s/replay.json", folder);
    quiet.quiet = true;
    place_options(&quiet, &request.options);
    request.options.to = NULL;
    request.options.mask_count = 0;
    int code = place_open("record", path, &scratch);
    if (code == RESULT_EXIT_PASSED) {
        code = print_to(recording, &scratch, &quiet, &request, &imported);
    }
    if (code == RESULT_EXIT_PASSED) {
        code = replay(recording, &scratch, &quiet, &imported, recording->options->verify, heard);
    }
    remove_scratch(&scratch, &imported, folder);
    imported_close(&imported);
    place_close(&scratch);
    return code;
}

static int print(struct recording *recording)
{
    const size_t times = recording->options->verify;
    struct verify_heard *heard = calloc(times + 1, sizeof *heard);
    struct import_replay *replays = calloc(times + 1, sizeof *replays);
    struct import_request request = {.replays = replays, .replay_count = times};
    struct imported imported = {0};
    int code = !heard || !replays ? RESULT_EXIT_INTERNAL
               : times            ? listen_again(recording, heard)
                                  : RESULT_EXIT_PASSED;
    for (size_t i = 0; code == RESULT_EXIT_PASSED && i < times; i++) {
        replays[i] = (struct import_replay){.said = heard[i].said, .count = heard[i].count};
    }
    place_options(recording->options, &request.options);
    request.options.to = NULL; /* the journal knows it */
    if (code == RESULT_EXIT_PASSED) {
        code = print_to(recording, &recording->place, recording->options, &request, &imported);
    }
    if (code == RESULT_EXIT_PASSED && times > 0) {
        code = replay(recording, &recording->place, recording->options, &imported, 1, NULL);
    }
    if (code == RESULT_EXIT_PASSED && times > 0 && !recording->options->quiet) {
        printf("    played %zu time%s to learn what differs, and once more: it passes\n", times,
               times == 1 ? "" : "s");
    }
    for (size_t i = 0; heard && i < times; i++) {
        verify_heard_close(&heard[i]);
    }
    imported_close(&imported);
    free(replays);
    free(heard);
    return code;
}

static int record(struct recording *recording)
{
    struct seam_error error = {0};
    if (journal_create(&recording->journal, recording->part, recording->options->format, &error) != 0) {
        diagnose("%s", error.text);
        return RESULT_EXIT_ERROR;
    }
    if (recording->options->redaction_count > 0 &&
        !(recording->redact =
              redact_new(recording->options->redactions, recording->options->redaction_count, &error))) {
        journal_close(&recording->journal);
        unlink(recording->part);
        return command_usage_error("record", &error);
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
    redact_free(recording.redact);
    place_close(&recording.place);
    free(recording.part);
    options_close(&options);
    return code;
}
