/*
 * chat_pair - a server and a client of src/chat_turns.c talk to each other over two small pipes.
 *
 * Files: src/chat_turns.c src/bytes.c src/line_reader.c
 *
 * The stream is what both type: 0xfe switches to the other keyboard, 0xff ends the one at hand. The cuts say
 * how it is typed, and how many bytes are moved at a time. When it ends both keyboards end; then all comes to
 * rest. Asserted: both are over, one by itself and one because the other left, and nothing is left on the way
 * (no deadlock, nothing lost). What both sent, showed and logged is held against two naive sides: each line
 * once, in order, and no others.
 *
 * Parsers: at_rest, where all comes to rest after each chunk and is told at once, so that a line that waits
 * is seen; in_flight, where a chunk moves a few bytes here and there, and all is told at the end.
 */
#include "fuzz/include/seam/fuzz.h"
#include "fuzz/targets/naive_chat.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SWITCH = 0xfe, END = 0xff };
enum {
    LINE_BYTES_MAX = 80,
    PIPE_BYTES = 32,
    SIDES = 2,
    KINDS = SIDES * CHAT_OUTPUTS,
    SAID_BYTES_MAX = 1 << 24
};

/* Kinds of events: side * CHAT_OUTPUTS + enum chat_output. All of them are streams. */
static const char *const names[] = {"server sends",
                                    "server's screen",
                                    "server's log",
                                    "client sends",
                                    "client's screen",
                                    "client's log",
                                    NULL};
#define MERGED ((1u << KINDS) - 1)

/* What was said, told at once or kept until the end. */
struct telling {
    struct seam_fuzz_events *events;
    bool at_once;
    struct bytes kept[KINDS];
};

static void telling_init(struct telling *telling, struct seam_fuzz_events *events, bool at_once)
{
    telling->events = events;
    telling->at_once = at_once;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        bytes_init(&telling->kept[kind], SAID_BYTES_MAX);
    }
}

static void said(struct telling *telling, enum chat_role who, enum chat_output to, const char *data,
                 size_t length)
{
    unsigned kind = (unsigned)who * CHAT_OUTPUTS + (unsigned)to;
    if (telling->at_once) {
        seam_fuzz_event(telling->events, kind, data, length);
    } else {
        enum bytes_result result = bytes_append(&telling->kept[kind], data, length);
        assert(result == BYTES_OK);
    }
}

static void telling_end(struct telling *telling)
{
    for (unsigned kind = 0; kind < KINDS; kind++) {
        const struct bytes *kept = &telling->kept[kind];
        if (kept->length) {
            seam_fuzz_event(telling->events, kind, kept->data, kept->length);
        }
    }
}

static void telling_free(struct telling *telling)
{
    for (unsigned kind = 0; kind < KINDS; kind++) {
        bytes_free(&telling->kept[kind]);
    }
}

static enum chat_role other(enum chat_role who)
{
    return who == CHAT_SERVER ? CHAT_CLIENT : CHAT_SERVER;
}

/* --- the pair --- */

struct pair {
    struct chat_turns side[SIDES];
    struct {
        char data[PIPE_BYTES];
        size_t length;
    } pipe[SIDES];     /* from that side to the other */
    bool ended[SIDES]; /* keyboards */
    bool saw_the_end[SIDES];
    enum chat_role at; /* whose keyboard is typed on */
    struct telling telling;
    uint32_t rhythm; /* made of the cuts */
};

static bool is_over(const struct pair *p, enum chat_role who)
{
    return chat_turns_state(&p->side[who]) != CHAT_TALKING;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Each moves up to n bytes of one side; true: something moved. */

static bool send_some(struct pair *p, enum chat_role who, size_t n)
{
    size_t there;
    const char *data = chat_turns_output(&p->side[who], CHAT_TO_PEER, &there);
    n = least(least(n, there), PIPE_BYTES - p->pipe[who].length);
    if (n == 0) {
        return false;
    }
    memcpy(p->pipe[who].data + p->pipe[who].length, data, n);
    p->pipe[who].length += n;
    said(&p->telling, who, CHAT_TO_PEER, data, n);
    chat_turns_take(&p->side[who], CHAT_TO_PEER, n);
    return true;
}

static bool show_some(struct pair *p, enum chat_role who, enum chat_output to, size_t n)
{
    size_t there;
    const char *data = chat_turns_output(&p->side[who], to, &there);
    n = least(n, there);
    if (n == 0) {
        return false;
    }
    said(&p->telling, who, to, data, n);
    chat_turns_take(&p->side[who], to, n);
    return true;
}

static bool receive_some(struct pair *p, enum chat_role who, size_t n)
{
    size_t room, *length = &p->pipe[other(who)].length;
    char *data = p->pipe[other(who)].data;
    n = least(n, *length);
    char *into = n ? chat_turns_reserve(&p->side[who], CHAT_FROM_PEER, n, &room) : NULL;
    if (!into) {
        return false;
    }
    n = least(n, room);
    memcpy(into, data, n);
    *length -= n;
    memmove(data, data + n, *length);
    chat_turns_commit(&p->side[who], CHAT_FROM_PEER, n);
    return true;
}

/* The end of the other's stream is behind its bytes. */
static bool see_the_end(struct pair *p, enum chat_role who)
{
    if (!is_over(p, other(who)) || p->pipe[other(who)].length || is_over(p, who) || p->saw_the_end[who]) {
        return false;
    }
    p->saw_the_end[who] = true;
    chat_turns_end(&p->side[who], CHAT_FROM_PEER);
    return true;
}

enum { MOVES = 10 };
/* In an order in which what is told comes in its own order: causes before what they cause. */
static bool move(struct pair *p, unsigned which, size_t n)
{
    enum chat_role who = which % SIDES ? CHAT_CLIENT : CHAT_SERVER;
    switch (which / SIDES) {
    case 0:
        return send_some(p, who, n);
    case 1:
        return show_some(p, who, CHAT_TO_LOG, n);
    case 2:
        return show_some(p, who, CHAT_TO_SCREEN, n);
    case 3:
        return receive_some(p, who, n);
    default:
        return see_the_end(p, who);
    }
}

static uint32_t next_rhythm(struct pair *p)
{
    p->rhythm = p->rhythm * 1664525u + 1013904223u;
    return p->rhythm >> 16;
}

static void come_to_rest(struct pair *p)
{
    for (unsigned which = 0; which < MOVES; which++) {
        if (move(p, which, 1 + next_rhythm(p) % 60)) {
            which = (unsigned)-1; /* from the start */
        }
    }
}

static void type(struct pair *p, const char *data, size_t n)
{
    for (size_t at = 0, room; at < n && !p->ended[p->at]; at += room) {
        char *into = chat_turns_reserve(&p->side[p->at], CHAT_FROM_KEYBOARD, n - at, &room);
        assert(into);
        room = least(room, n - at);
        memcpy(into, data + at, room);
        chat_turns_commit(&p->side[p->at], CHAT_FROM_KEYBOARD, room);
    }
}

/* How many bytes from here are typed on one keyboard. */
static size_t run_bytes(const unsigned char *bytes, size_t length)
{
    size_t run = 0;
    while (run < length && bytes[run] != SWITCH && bytes[run] != END) {
        run++;
    }
    return run;
}

static void end_keyboard(struct pair *p, enum chat_role who)
{
    if (!p->ended[who]) {
        chat_turns_end(&p->side[who], CHAT_FROM_KEYBOARD);
    }
    p->ended[who] = true;
}

static void *open_pair(struct seam_fuzz_events *events, bool at_once)
{
    struct pair *p = calloc(1, sizeof *p);
    if (p) {
        telling_init(&p->telling, events, at_once);
        for (int who = 0; who < SIDES; who++) {
            chat_turns_init(&p->side[who], (enum chat_role)who, LINE_BYTES_MAX);
            chat_turns_begin(&p->side[who]);
        }
        if (at_once) {
            come_to_rest(p);
        }
    }
    return p;
}

static enum seam_fuzz_status feed_pair(void *parser, const void *data, size_t length)
{
    struct pair *p = parser;
    const unsigned char *bytes = data;
    p->rhythm += (uint32_t)length;
    for (size_t at = 0, run; at < length; at += run) {
        run = run_bytes(bytes + at, length - at);
        type(p, (const char *)bytes + at, run);
        if (at + run < length) {
            if (bytes[at + run++] == END) {
                end_keyboard(p, p->at);
            } else {
                p->at = other(p->at);
            }
        }
        for (uint32_t moves = p->telling.at_once ? 0 : next_rhythm(p) % 16; moves > 0; moves--) {
            move(p, next_rhythm(p) % MOVES, 1 + next_rhythm(p) % 20);
        }
    }
    if (p->telling.at_once) {
        come_to_rest(p);
    }
    return SEAM_FUZZ_MORE;
}

static enum seam_fuzz_status finish_pair(void *parser)
{
    struct pair *p = parser;
    end_keyboard(p, CHAT_SERVER);
    end_keyboard(p, CHAT_CLIENT);
    come_to_rest(p);
    enum chat_state server = chat_turns_state(&p->side[CHAT_SERVER]),
                    client = chat_turns_state(&p->side[CHAT_CLIENT]);
    assert((server == CHAT_FINISHED && client == CHAT_LEFT) ||
           (server == CHAT_LEFT && client == CHAT_FINISHED));
    assert(p->pipe[CHAT_SERVER].length == 0 && p->pipe[CHAT_CLIENT].length == 0);
    telling_end(&p->telling);
    return SEAM_FUZZ_DONE;
}

static void close_pair(void *parser)
{
    struct pair *p = parser;
    chat_turns_free(&p->side[CHAT_SERVER]);
    chat_turns_free(&p->side[CHAT_CLIENT]);
    telling_free(&p->telling);
    free(p);
}

static uint64_t work_of_pair(const void *parser)
{
    const struct pair *p = parser;
    uint64_t work = 0;
    for (int who = 0; who < SIDES; who++) {
        for (int from = 0; from < CHAT_INPUTS; from++) {
            work += p->side[who].input[from].scan.scanned_bytes + p->side[who].input[from].moved_bytes;
        }
    }
    return work;
}

/* --- the reference --- */

struct naive {
    struct naive_side side[SIDES];
    struct bytes way[SIDES]; /* what that side said to the other */
    struct telling telling;
};

static void say(struct naive_side *side, enum chat_output to, const char *data, size_t length)
{
    struct naive *n = side->context;
    said(&n->telling, side->role, to, data, length);
    if (to == CHAT_TO_PEER) {
        enum bytes_result result = bytes_append(&n->way[side->role], data, length);
        assert(result == BYTES_OK);
    }
}

static void carry_all(struct naive *n)
{
    for (int who = 0; who < SIDES; who++) {
        struct naive_side *hears = &n->side[1 - who];
        struct bytes line = n->way[who];
        bytes_init(&n->way[who], SAID_BYTES_MAX);
        if (line.length) {
            naive_side_get(hears, CHAT_FROM_PEER, line.data, line.length);
            who = -1; /* it may have answered */
        } else if (n->side[who].state != CHAT_TALKING && hears->state == CHAT_TALKING) {
            naive_side_end(hears, CHAT_FROM_PEER);
        }
        bytes_free(&line);
    }
}

static void *open_naive(struct seam_fuzz_events *events, bool at_once)
{
    struct naive *n = calloc(1, sizeof *n);
    if (n) {
        telling_init(&n->telling, events, at_once);
        for (int who = 0; who < SIDES; who++) {
            bytes_init(&n->way[who], SAID_BYTES_MAX);
            n->side[who] = (struct naive_side){
                .role = (enum chat_role)who, .line_bytes_max = LINE_BYTES_MAX, .out = say, .context = n};
            naive_side_init(&n->side[who]);
            naive_side_begin(&n->side[who]);
        }
    }
    return n;
}

static enum seam_fuzz_status feed_naive(void *parser, const void *data, size_t length)
{
    struct naive *n = parser;
    const unsigned char *bytes = data;
    int at = CHAT_SERVER;
    for (size_t i = 0, run; i < length; i += run) {
        run = 1;
        if (bytes[i] == SWITCH) {
            at = 1 - at;
        } else if (bytes[i] == END) {
            naive_side_end(&n->side[at], CHAT_FROM_KEYBOARD);
        } else {
            run = run_bytes(bytes + i, length - i);
            if (!n->side[at].input[CHAT_FROM_KEYBOARD].ended) {
                naive_side_get(&n->side[at], CHAT_FROM_KEYBOARD, bytes + i, run);
            }
        }
        carry_all(n);
    }
    return SEAM_FUZZ_MORE;
}

static enum seam_fuzz_status finish_naive(void *parser)
{
    struct naive *n = parser;
    for (int who = 0; who < SIDES; who++) {
        naive_side_end(&n->side[who], CHAT_FROM_KEYBOARD);
        carry_all(n);
    }
    telling_end(&n->telling);
    return SEAM_FUZZ_DONE;
}

static void close_naive(void *parser)
{
    struct naive *n = parser;
    for (int who = 0; who < SIDES; who++) {
        naive_side_free(&n->side[who]);
        bytes_free(&n->way[who]);
    }
    telling_free(&n->telling);
    free(n);
}

/* --- variants --- */

static const struct seam_fuzz_bytes delimiters[] = {
    SEAM_FUZZ_BYTES("\n"), SEAM_FUZZ_BYTES("\n\xfe"), SEAM_FUZZ_BYTES("\r\n"), {NULL, 0}};
static const size_t limits[] = {LINE_BYTES_MAX, 0};
static const struct seam_fuzz_bytes words[] = {SEAM_FUZZ_BYTES("\xfe"),         SEAM_FUZZ_BYTES("\xff"),
                                               SEAM_FUZZ_BYTES("hi\n\xfeho\n"), SEAM_FUZZ_BYTES("\xc3\xa9"),
                                               SEAM_FUZZ_BYTES("\r\r\n"),       {NULL, 0}};

#define VARIANT(variant, at_once, holds)                                                                     \
    static void *open_##variant(struct seam_fuzz_events *e)                                                  \
    {                                                                                                        \
        return open_pair(e, at_once);                                                                        \
    }                                                                                                        \
    static void *open_naive_##variant(struct seam_fuzz_events *e)                                            \
    {                                                                                                        \
        return open_naive(e, at_once);                                                                       \
    }                                                                                                        \
    static const struct seam_fuzz_parser naive_##variant = {.name = "naive",                                 \
                                                            .open = open_naive_##variant,                    \
                                                            .feed = feed_naive,                              \
                                                            .finish = finish_naive,                          \
                                                            .close = close_naive,                            \
                                                            .merged_kinds = MERGED};                         \
    static const struct seam_fuzz_parser variant = {.name = "chat_pair " #variant,                           \
                                                    .open = open_##variant,                                  \
                                                    .feed = feed_pair,                                       \
                                                    .finish = finish_pair,                                   \
                                                    .close = close_pair,                                     \
                                                    .flags = holds,                                          \
                                                    .merged_kinds = MERGED,                                  \
                                                    .kind_names = names,                                     \
                                                    .delimiters = delimiters,                                \
                                                    .limits = limits,                                        \
                                                    .words = words,                                          \
                                                    .work_done = work_of_pair,                               \
                                                    .work_per_byte_max = 6,                                  \
                                                    .work_per_feed_max = 4,                                  \
                                                    .reference = &naive_##variant}

VARIANT(at_rest, true, 0);
VARIANT(in_flight, false, SEAM_FUZZ_MAY_HOLD_BACK); /* its chunks don't move all that can move */

SEAM_FUZZ_TARGET(&at_rest, &in_flight);
