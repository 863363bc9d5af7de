/*
 * chat_turns - src/chat_turns.c in both roles: the peer's stream is cut, what is typed is a fixed script.
 *
 * Files: src/chat_turns.c src/bytes.c
 *
 * Reaches: all of chat_turns.c but running out of memory, and what it uses of bytes.c. Beside it goes
 * naive_chat.c: the rules of docs/chat.md on whole strings. Outputs are taken in pieces whose size depends on
 * the cuts. When the stream has ended a second peer comes, for as long as there is something to say.
 */
#include "fuzz/include/seam/fuzz.h"
#include "fuzz/targets/naive_chat.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES_MAX = 80, SECOND_HALF_AT = 8 /* offset in the peer's stream when the rest is typed */ };

/* Kinds of events: enum chat_output, and these. */
enum { STATE = CHAT_OUTPUTS };
static const char *const names[] = {"to peer", "screen", "log", "state", NULL};
#define MERGED (1u << CHAT_TO_PEER | 1u << CHAT_TO_SCREEN | 1u << CHAT_TO_LOG)

struct setting {
    enum chat_role role;
    bool typed_ends; /* all is typed before the peer comes, and stdin ends; else half of it, and stdin stays
                        open */
    bool breaks;     /* the connection breaks where the stream ends */
};

#define TEN    "0123456789"
#define EIGHTY TEN TEN TEN TEN TEN TEN TEN TEN
static const char script[] =
    "hello\ncaf\xc3\xa9\r\n\n" EIGHTY "1\n" EIGHTY "\n\xff\xfe\nx\xe2\x80\n\r\n"
    "esc \x1b[2J \0 cr \r.\n" EIGHTY EIGHTY "\r\n" EIGHTY "\r\nlast, without newline\xc3\xa9";
static const char second_peer[] = "second\nhalf";
enum { SCRIPT_BYTES = sizeof script - 1, FIRST_HALF_BYTES = 10, ANSWER_BYTES = 6 /* the first line */ };

/* --- the chat --- */

struct talk {
    struct chat_turns turns;
    const struct setting *setting;
    struct seam_fuzz_events *events;
    uint64_t at; /* in the peer's stream */
    size_t piece;
    bool over; /* and told */
    uint64_t work;
};

/* True when something was taken. */
static bool take(struct talk *t, enum chat_output from)
{
    size_t n;
    const char *data = chat_turns_output(&t->turns, from, &n);
    if (n == 0) {
        return false;
    }
    n = n < t->piece ? n : t->piece;
    seam_fuzz_event(t->events, from, data, n);
    chat_turns_take(&t->turns, from, n);
    return true;
}

/* What goes to the peer first: screen and log may come from later steps, the other way round it can't be. */
static void take_all(struct talk *t)
{
    while (take(t, CHAT_TO_PEER) || take(t, CHAT_TO_LOG) || take(t, CHAT_TO_SCREEN)) {
    }
}

static void give(struct talk *t, enum chat_input from, const char *data, size_t n)
{
    for (size_t at = 0, room; at < n; at += room) {
        char *into = chat_turns_reserve(&t->turns, from, n - at, &room);
        if (!into) {
            assert(from == CHAT_FROM_PEER && chat_turns_state(&t->turns) != CHAT_TALKING);
            return;
        }
        room = room < n - at ? room : n - at;
        memcpy(into, data + at, room);
        chat_turns_commit(&t->turns, from, room);
        take_all(t);
    }
}

/* As the client program does before the chat: the first line that was typed is no line of the chat. */
static void answer_a_question(struct talk *t)
{
    struct line_reader_line line;
    if (t->setting->role == CHAT_CLIENT) {
        enum line_reader_result result = chat_turns_next_typed(&t->turns, &line);
        assert(result == LINE_READER_LINE && line.length == ANSWER_BYTES - 1);
        assert(memcmp(line.data, script, ANSWER_BYTES) == 0);
    }
}

static void *open_talk(struct seam_fuzz_events *events, const struct setting *setting)
{
    struct talk *t = calloc(1, sizeof *t);
    if (t) {
        t->setting = setting;
        t->events = events;
        t->piece = 1000;
        chat_turns_init(&t->turns, setting->role, LINE_BYTES_MAX);
        give(t, CHAT_FROM_KEYBOARD, script,
             setting->typed_ends ? (size_t)SCRIPT_BYTES : (size_t)FIRST_HALF_BYTES);
        if (setting->typed_ends) {
            chat_turns_end(&t->turns, CHAT_FROM_KEYBOARD);
        }
        answer_a_question(t);
        chat_turns_begin(&t->turns);
        take_all(t);
    }
    return t;
}

static enum seam_fuzz_status status_of(struct talk *t)
{
    enum chat_state state = chat_turns_state(&t->turns);
    if (state != CHAT_TALKING && !t->over) {
        t->over = true;
        seam_fuzz_number(t->events, STATE, state);
    }
    return state == CHAT_TALKING ? SEAM_FUZZ_MORE : SEAM_FUZZ_DONE;
}

static enum seam_fuzz_status feed_talk(void *parser, const void *data, size_t length)
{
    struct talk *t = parser;
    static const size_t pieces[] = {1000, 1000, 1, 9, 1000};
    const char *bytes = data;
    size_t before = 0, room;
    t->piece = pieces[(t->piece + length) % (sizeof pieces / sizeof *pieces)];
    if (length == 0 && chat_turns_reserve(&t->turns, CHAT_FROM_PEER, 1, &room)) {
        chat_turns_commit(&t->turns, CHAT_FROM_PEER, 0);
    }
    if (!t->setting->typed_ends && t->at < SECOND_HALF_AT && t->at + length >= SECOND_HALF_AT) {
        before = (size_t)(SECOND_HALF_AT - t->at);
        give(t, CHAT_FROM_PEER, bytes, before);
        give(t, CHAT_FROM_KEYBOARD, script + FIRST_HALF_BYTES, SCRIPT_BYTES - FIRST_HALF_BYTES);
    }
    give(t, CHAT_FROM_PEER, bytes + before, length - before);
    t->at += length;
    t->work = t->turns.input[CHAT_FROM_PEER].scan.scanned_bytes + t->turns.input[CHAT_FROM_PEER].moved_bytes;
    return status_of(t);
}

static enum seam_fuzz_status finish_talk(void *parser)
{
    struct talk *t = parser;
    if (t->setting->breaks) {
        chat_turns_break(&t->turns, "gone");
        chat_turns_break(&t->turns, "told once");
    }
    take_all(t);
    chat_turns_end(&t->turns, CHAT_FROM_PEER);
    take_all(t);
    enum seam_fuzz_status status = status_of(t);
    assert(status == SEAM_FUZZ_DONE);
    if (!chat_turns_has_nothing_to_say(&t->turns)) {
        t->over = false;
        chat_turns_begin(&t->turns);
        take_all(t);
        give(t, CHAT_FROM_PEER, second_peer, sizeof second_peer - 1);
        chat_turns_end(&t->turns, CHAT_FROM_PEER);
        take_all(t);
        status = status_of(t);
    }
    return status;
}

static void close_talk(void *parser)
{
    struct talk *t = parser;
    chat_turns_free(&t->turns);
    free(t);
}

static size_t memory_of_talk(const void *parser)
{
    const struct talk *t = parser;
    size_t bytes = 0;
    for (int i = 0; i < CHAT_INPUTS; i++) {
        bytes += t->turns.input[i].capacity;
    }
    for (int i = 0; i < CHAT_OUTPUTS; i++) {
        bytes += t->turns.output[i].capacity;
    }
    return bytes;
}

static uint64_t work_of_talk(const void *parser)
{
    return ((const struct talk *)parser)->work;
}

/* --- the reference --- */

struct naive {
    struct naive_side side;
    const struct setting *setting;
    struct seam_fuzz_events *events;
};

static void say(struct naive_side *side, enum chat_output to, const char *data, size_t length)
{
    seam_fuzz_event(side->context, to, data, length);
}

static void *open_naive(struct seam_fuzz_events *events, const struct setting *setting)
{
    struct naive *n = calloc(1, sizeof *n);
    if (n) {
        n->setting = setting;
        n->events = events;
        n->side = (struct naive_side){
            .role = setting->role, .line_bytes_max = LINE_BYTES_MAX, .out = say, .context = events};
        naive_side_init(&n->side);
        naive_side_get(&n->side, CHAT_FROM_KEYBOARD, script,
                       setting->typed_ends ? (size_t)SCRIPT_BYTES : (size_t)FIRST_HALF_BYTES);
        if (setting->typed_ends) {
            naive_side_end(&n->side, CHAT_FROM_KEYBOARD);
        }
        n->side.input[CHAT_FROM_KEYBOARD].used = setting->role == CHAT_CLIENT ? (size_t)ANSWER_BYTES : 0;
        naive_side_begin(&n->side);
    }
    return n;
}

static enum seam_fuzz_status state_of(struct naive *n)
{
    if (n->side.state == CHAT_TALKING) {
        return SEAM_FUZZ_MORE;
    }
    seam_fuzz_number(n->events, STATE, n->side.state);
    return SEAM_FUZZ_DONE;
}

static enum seam_fuzz_status feed_naive(void *parser, const void *data, size_t length)
{
    struct naive *n = parser;
    size_t before = length < SECOND_HALF_AT ? length : (size_t)SECOND_HALF_AT;
    naive_side_get(&n->side, CHAT_FROM_PEER, data, before);
    if (!n->setting->typed_ends && before == SECOND_HALF_AT) {
        naive_side_get(&n->side, CHAT_FROM_KEYBOARD, script + FIRST_HALF_BYTES,
                       SCRIPT_BYTES - FIRST_HALF_BYTES);
    }
    naive_side_get(&n->side, CHAT_FROM_PEER, (const char *)data + before, length - before);
    return state_of(n);
}

static enum seam_fuzz_status finish_naive(void *parser)
{
    struct naive *n = parser;
    if (n->setting->breaks) {
        naive_side_break(&n->side, "gone");
    }
    naive_side_end(&n->side, CHAT_FROM_PEER);
    enum seam_fuzz_status status = state_of(n);
    if (!naive_side_has_nothing_to_say(&n->side)) {
        naive_side_begin(&n->side);
        naive_side_get(&n->side, CHAT_FROM_PEER, second_peer, sizeof second_peer - 1);
        naive_side_end(&n->side, CHAT_FROM_PEER);
        status = state_of(n);
    }
    return status;
}

static void close_naive(void *parser)
{
    struct naive *n = parser;
    naive_side_free(&n->side);
    free(n);
}

/* --- variants --- */

static const struct seam_fuzz_bytes delimiters[] = {
    SEAM_FUZZ_BYTES("\n"), SEAM_FUZZ_BYTES("\r\n"), {NULL, 0}};
static const size_t limits[] = {LINE_BYTES_MAX, 64, 0}; /* 64: so much of an unfinished line is quoted */
static const struct seam_fuzz_bytes words[] = {
    SEAM_FUZZ_BYTES("\xc3\xa9"),     SEAM_FUZZ_BYTES("\xe2\x80\xae"), SEAM_FUZZ_BYTES("\xf0\x9f\x98\x80"),
    SEAM_FUZZ_BYTES("\xed\xa0\x80"), SEAM_FUZZ_BYTES("\x1b[2J"),      SEAM_FUZZ_BYTES("\\\"\t"),
    SEAM_FUZZ_BYTES("\r\r\n"),       SEAM_FUZZ_BYTES("\n\n"),         {NULL, 0}};

#define VARIANT(variant, who, ends, lost)                                                                    \
    static const struct setting setting_##variant = {.role = who, .typed_ends = ends, .breaks = lost};       \
    static void *open_##variant(struct seam_fuzz_events *e)                                                  \
    {                                                                                                        \
        return open_talk(e, &setting_##variant);                                                             \
    }                                                                                                        \
    static void *open_naive_##variant(struct seam_fuzz_events *e)                                            \
    {                                                                                                        \
        return open_naive(e, &setting_##variant);                                                            \
    }                                                                                                        \
    static const struct seam_fuzz_parser naive_##variant = {.name = "naive",                                 \
                                                            .open = open_naive_##variant,                    \
                                                            .feed = feed_naive,                              \
                                                            .finish = finish_naive,                          \
                                                            .close = close_naive,                            \
                                                            .merged_kinds = MERGED};                         \
    static const struct seam_fuzz_parser variant = {                                                         \
        .name = "chat_turns " #variant,                                                                      \
        .open = open_##variant,                                                                              \
        .feed = feed_talk,                                                                                   \
        .finish = finish_talk,                                                                               \
        .close = close_talk,                                                                                 \
        .merged_kinds = MERGED,                                                                              \
        .kind_names = names,                                                                                 \
        .delimiters = delimiters,                                                                            \
        .limits = limits,                                                                                    \
        .words = words,                                                                                      \
        .memory_used = memory_of_talk,                                                                       \
        .memory_bytes_max = 4 * (LINE_BYTES_MAX + 2 + CHAT_QUEUE_BYTES) + 5 * LINE_BYTES_MAX + 5000,         \
        .work_done = work_of_talk,                                                                           \
        .work_per_byte_max = 3,                                                                              \
        .work_per_feed_max = 1,                                                                              \
        .reference = &naive_##variant}

VARIANT(server, CHAT_SERVER, true, false);
VARIANT(client, CHAT_CLIENT, true, false);
VARIANT(server_open, CHAT_SERVER, false, false);
VARIANT(client_open, CHAT_CLIENT, false, false);
VARIANT(server_breaks, CHAT_SERVER, false, true);
VARIANT(client_breaks, CHAT_CLIENT, true, true);

SEAM_FUZZ_TARGET(&server, &client, &server_open, &client_open, &server_breaks, &client_breaks);
