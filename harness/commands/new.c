/*
 * new - `seam new FILE`: a first scenario for somebody's server, which passes when it is written.
 *
 * What is not on the command line is asked, on stderr, and read from stdin: how the server is started, how it
 * is spoken to, what is said first. Then that is said to it, line by line, and what it answers becomes what
 * is expected: the same way as that of a recording (dialogue.h). It is played twice more, so that what
 * differs from run to run becomes a pattern, and once as it will stand; what does not pass is not written.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/commands/command.h"
#include "harness/commands/diagnose.h"
#include "harness/commands/place.h"
#include "harness/commands/verify.h"
#include "harness/exchange/dialogue.h"
#include "harness/scenario_print.h"

enum { REPLAYS = 2, ANSWER_BYTES_MAX = 65536 };

struct fresh {
    struct options options;
    struct place_out place;
    struct arena *arena; /* of the lines and the answers */
    const char **lines;
    size_t line_count;
    struct bytes *said; /* by the server: before the first line, and behind each */
};

static int usage(const char *text)
{
    struct seam_error error;
    seam_error_set(&error, "%s", text);
    return command_usage_error("new", &error);
}

/* --- questions
 * -------------------------------------------------------------------------------------------------- */

/* NULL: there is no answer, which has been told. */
static const char *ask(struct fresh *new, const char *question)
{
    char *line = NULL;
    size_t capacity = 0;
    fprintf(stderr, "%s\n> ", question);
    fflush(stderr);
    ssize_t length = getline(&line, &capacity, stdin);
    if (length > 0 && line[length - 1] == '\n') {
        length--;
    }
    if (length < 0 || length > ANSWER_BYTES_MAX) {
        fputc('\n', stderr);
        diagnose(length < 0 ? "there is no answer; 'seam help new' has the flags that answer"
                            : "this answer is too long");
        free(line);
        return NULL;
    }
    const char *copy = arena_copy(new->arena, line, (size_t)length);
    free(line);
    return copy;
}

/* "127.0.0.1:7000", ":7000", "7000" */
static const char *address_in(struct fresh *new, const char *text)
{
    const char *colon = strrchr(text, ':');
    const char *port = colon ? colon + 1 : text;
    size_t digits = strspn(port, "0123456789");
    if (digits == 0 || port[digits] || strpbrk(text, " \t/")) {
        return NULL;
    }
    return colon && colon > text ? text : arena_format(new->arena, "127.0.0.1:%s", port);
}

/* False: an exit code is due for a missing answer. */
static bool ask_for_server(struct fresh *new)
{
    struct options *options = &new->options;
    if (options->program || options->format) {
        return true;
    }
    const char *answer =
        ask(new, "How is your server started? A command, or HOST:PORT of one that runs already.");
    if (!answer) {
        return false;
    }
    options->format = address_in(new, answer);
    options->program = options->format ? NULL : answer;
    if (options->format) {
        return true;
    }
    answer = ask(
        new, "How is it spoken to: over a port that it listens on, or its stdin and stdout? [port] / stdio");
    options->stdio = answer && strncmp(answer, "s", 1) == 0;
    return answer != NULL;
}

static bool ask_for_lines(struct fresh *new)
{
    if (new->options.send_count > 0) {
        new->lines = new->options.sends;
        new->line_count = new->options.send_count;
        return true;
    }
    const char *answer =
        ask(new, "What does a client say first? One line; nothing, if the server speaks first.");
    if (!answer) {
        return false;
    }
    new->lines = arena_alloc_array(new->arena, 1, sizeof *new->lines);
    new->lines[0] = answer;
    new->line_count = *answer != '\0';
    return true;
}

/* --- the conversation
 * ------------------------------------------------------------------------------------------- */

static int add(struct dialogue *dialogue, enum dialogue_side side, const void *data, size_t length)
{
    struct seam_error error = {0};
    const struct dialogue_event event = {.kind = data ? DIALOGUE_CHUNK : DIALOGUE_OPENED,
                                         .side = side,
                                         .data = data,
                                         .length = length,
                                         .time_ns = DIALOGUE_TIME_UNKNOWN};
    if (data && length == 0) {
        return 0;
    }
    if (dialogue_add(dialogue, &event, &error) != 0) {
        diagnose("%s", error.text);
        return -1;
    }
    return 0;
}

/* A recording may stop anywhere; here all is known, and what is said beyond it is a failure. */
static void make_strict(json_t *scenario, bool stdio)
{
    json_t *steps = json_object_get(scenario, "steps");
    json_t *first = json_array_get(steps, 0), *last = json_array_get(steps, json_array_size(steps) - 1);
    json_object_del(first, "rest");
    if (!stdio && !json_object_get(last, "close")) { /* a program may end when its stdin does */
        json_array_append_new(steps, json_pack("{s:O}", "close", json_object_get(first, "connect")));
    }
}

/* What was heard so far, and the first so many lines. An exit code; out is to be closed in any case. */
static int print(struct fresh *new, size_t lines, struct import_request *request, struct imported *out)
{
    struct dialogue dialogue;
    struct seam_error error = {0};
    const char *end = new->options.line_end ? new->options.line_end : "\n";
    imported_open(out);
    dialogue_open(&dialogue, out->arena);
    dialogue.name = "a first conversation";
    dialogue.why = "what the server answers now, it shall answer always; made by seam new";
    int failed = add(&dialogue, DIALOGUE_CLIENT, NULL, 0);
    failed |= add(&dialogue, DIALOGUE_SERVER, bytes_text(&new->said[0]), new->said[0].length);
    for (size_t i = 0; !failed && i < lines; i++) {
        const char *line = arena_format(out->arena, "%s%s", new->lines[i], end);
        const struct bytes *answer = &new->said[i + 1];
        failed |= add(&dialogue, DIALOGUE_CLIENT, line, strlen(line));
        failed |= add(&dialogue, DIALOGUE_SERVER, bytes_text(answer), answer->length);
    }
    if (failed) {
        return RESULT_EXIT_ERROR;
    }
    place_options(&new->options, &request->options);
    request->folder = new->place.folder;
    request->beside = new->place.beside;
    int code = dialogue_print(&dialogue, request, out, &error);
    if (code == RESULT_EXIT_USAGE) {
        return command_usage_error("new", &error);
    }
    if (code != RESULT_EXIT_PASSED) {
        diagnose("%s", error.text);
    } else if (!request->unchecked) {
        make_strict(out->scenario, new->options.stdio);
    }
    return code;
}

/* Plays a scenario; what the server said goes to heard. passed: must it pass? */
static int play(struct fresh *new, const struct imported *imported, bool passes, struct verify_heard *heard)
{
    struct result result = {0};
    struct seam_error error = {0};
    char *text = scenario_print_text(imported->scenario);
    int code = text ? RESULT_EXIT_PASSED : RESULT_EXIT_INTERNAL;
    if (text && verify_run(new->place.path, text, &new->options, &result, heard, &error) != 0) {
        diagnose("the server can't be spoken to: %s", error.text);
        code = RESULT_EXIT_ERROR;
    } else if (result.status == RESULT_ERROR || (passes && result.status != RESULT_PASSED)) {
        diagnose(passes ? "played once more, it goes otherwise, so that nothing was written: %s"
                        : "the server can't be spoken to: %s",
                 result.message ? result.message : "");
        if (result.detail && result_make_visible(&result) == 0) {
            fputs(result.detail, stderr);
        }
        code = result.status == RESULT_ERROR ? RESULT_EXIT_ERROR : RESULT_EXIT_FAILED;
    }
    result_close(&result);
    free(text);
    return code;
}

/* Says the first so many lines, and keeps what comes beyond what was known. */
static int listen_to(struct fresh *new, size_t lines)
{
    struct import_request request = {.unchecked = true};
    struct imported imported = {0};
    struct verify_heard heard = {0};
    size_t known = 0;
    int code = print(new, lines, &request, &imported);
    if (code == RESULT_EXIT_PASSED) {
        code = play(new, &imported, false, &heard);
    }
    for (size_t i = 0; i < lines; i++) {
        known += new->said[i].length;
    }
    if (code == RESULT_EXIT_PASSED && heard.count > 0 && heard.said[0].length > known) {
        bytes_append(&new->said[lines], bytes_text(&heard.said[0]) + known, heard.said[0].length - known);
    }
    verify_heard_close(&heard);
    imported_close(&imported);
    return code;
}

/* Plays it twice, so that what differs is known, and once as it will stand; then it is written. */
static int finish(struct fresh *new)
{
    struct verify_heard heard[REPLAYS] = {{0}};
    struct import_replay replays[REPLAYS];
    struct import_request unchecked = {.unchecked = true},
                          request = {.replays = replays, .replay_count = REPLAYS};
    struct imported imported = {0};
    int code = print(new, new->line_count, &unchecked, &imported);
    for (size_t i = 0; i < REPLAYS; i++) {
        code = code == RESULT_EXIT_PASSED ? play(new, &imported, false, &heard[i]) : code;
        replays[i] = (struct import_replay){.said = heard[i].said, .count = heard[i].count};
    }
    imported_close(&imported);
    if (code == RESULT_EXIT_PASSED) {
        code = print(new, new->line_count, &request, &imported);
        code = code == RESULT_EXIT_PASSED ? play(new, &imported, true, NULL) : code;
        code = code == RESULT_EXIT_PASSED ? place_write("new", &new->place, &new->options, &imported) : code;
        imported_close(&imported);
    }
    for (size_t i = 0; i < REPLAYS; i++) {
        verify_heard_close(&heard[i]);
    }
    return code;
}

static int make(struct fresh *new)
{
    struct options *options = &new->options;
    if (options->operand_count != 1) {
        return usage(options->operand_count == 0 ? "FILE is missing: where the scenario is written"
                                                 : "it takes one FILE");
    }
    int code = place_open("new", options->operands[0], &new->place);
    if (code != RESULT_EXIT_PASSED) {
        return code;
    }
    if (access(options->operands[0], F_OK) == 0) {
        diagnose("%s is there already, and was left as it is", options->operands[0]);
        return RESULT_EXIT_ERROR;
    }
    if (!ask_for_server(new) || !ask_for_lines(new)) {
        return RESULT_EXIT_USAGE;
    }
    new->said = arena_alloc_array(new->arena, new->line_count + 1, sizeof *new->said);
    for (size_t i = 0; i <= new->line_count; i++) {
        bytes_init(&new->said[i], (size_t)64 << 20);
    }
    for (size_t i = 0; code == RESULT_EXIT_PASSED && i <= new->line_count; i++) {
        code = listen_to(new, i);
    }
    code = code == RESULT_EXIT_PASSED ? finish(new) : code;
    for (size_t i = 0; i <= new->line_count; i++) {
        bytes_free(&new->said[i]);
    }
    return code;
}

int command_new(int argc, char **argv)
{
    struct fresh new = {.arena = arena_new()};
    struct seam_error error = {0};
    int code = RESULT_EXIT_PASSED;
    if (options_parse(&new.options, "new", argc, argv, &error) != 0) {
        code = command_usage_error("new", &error);
    } else if (new.options.help) {
        command_print_help(stdout, "new");
    } else if (new.options.version) {
        code = command_version(1, argv);
    } else {
        code = make(&new);
    }
    place_close(&new.place);
    arena_free(new.arena);
    options_close(&new.options);
    return code;
}
