/*
 * chat_turns - see chat_turns.h.
 *
 * chat_turns_advance() repeats one step (send a typed line, tell a peer line, end) until a step has to wait.
 * Each step first asks that the outputs it fills were taken, which bounds them and makes the order of all
 * output a function of the input alone.
 */
#include "src/chat_turns.h"

#include "src/utf8.h"

#include <assert.h>
#include <string.h>

enum {
    CHAT_LOG_BYTES_MAX = 4096,
    CHAT_QUOTE_BYTES_MAX = 64,       /* of a line quoted in the log */
    CHAT_SCREEN_EXTRA_BYTES_MAX = 64 /* headings, prompt, newlines */
};

struct chat_words {
    const char *program, *heading, *peer, *peer_heading;
};

static const struct chat_words chat_words[] = {
    [CHAT_SERVER] = {"chat-server", "SERVER SAYS: ", "client", "CLIENT SAYS: "},
    [CHAT_CLIENT] = {"chat-client", "CLIENT SAYS: ", "server", "SERVER SAYS: "},
};

void chat_turns_init(struct chat_turns *turns, enum chat_role role, size_t line_bytes_max)
{
    assert(line_bytes_max >= 1 && line_bytes_max <= LINE_READER_BYTES_MAX / 8);
    *turns = (struct chat_turns){.role = role};
    struct line_reader_options options = {
        .cr_tolerant = true,
        .line_bytes_max = line_bytes_max,
        .buffer_bytes_max = line_bytes_max + CHAT_QUEUE_BYTES,
        .overlong = LINE_READER_OVERLONG_DISCARDS,
    };
    line_reader_init(&turns->input[CHAT_FROM_PEER], &options);
    line_reader_init(&turns->input[CHAT_FROM_KEYBOARD], &options);
    bytes_init(&turns->output[CHAT_TO_PEER], line_bytes_max + 1);
    bytes_init(&turns->output[CHAT_TO_SCREEN], 4 * line_bytes_max + CHAT_SCREEN_EXTRA_BYTES_MAX);
    bytes_init(&turns->output[CHAT_TO_LOG], CHAT_LOG_BYTES_MAX);
}

void chat_turns_free(struct chat_turns *turns)
{
    for (int i = 0; i < CHAT_INPUTS; i++)
        line_reader_free(&turns->input[i]);
    for (int i = 0; i < CHAT_OUTPUTS; i++)
        bytes_free(&turns->output[i]);
}

static bool chat_turns_is_taken(const struct chat_turns *turns, enum chat_output to)
{
    return turns->taken[to] == turns->output[to].length;
}

static void chat_turns_prompt(struct chat_turns *turns)
{
    bytes_append_text(&turns->output[CHAT_TO_SCREEN], chat_words[turns->role].heading);
    turns->prompt_open = true;
}

/* Nobody will answer the prompt: what follows starts on a new line. */
static void chat_turns_close_prompt(struct chat_turns *turns)
{
    if (turns->prompt_open)
        bytes_append_text(&turns->output[CHAT_TO_SCREEN], "\n");
    turns->prompt_open = false;
}

static void chat_turns_over(struct chat_turns *turns, enum chat_state state)
{
    chat_turns_close_prompt(turns);
    turns->state = state;
    if (state == CHAT_LEFT)
        bytes_append_format(&turns->output[CHAT_TO_LOG], "%s: the %s left\n", chat_words[turns->role].program,
                            chat_words[turns->role].peer);
}

static void chat_turns_out_of_memory(struct chat_turns *turns)
{
    bytes_append_format(&turns->output[CHAT_TO_LOG], "%s: out of memory\n", chat_words[turns->role].program);
    bytes_clear(&turns->output[CHAT_TO_PEER]);
    turns->taken[CHAT_TO_PEER] = 0;
    chat_turns_over(turns, CHAT_BROKEN);
}

static bool chat_turns_is_utf8(const struct line_reader_line *line, uint64_t *bad_offset)
{
    struct utf8 utf8 = {0};
    utf8_feed(&utf8, line->data, line->length);
    enum utf8_result result = utf8_end(&utf8);
    *bad_offset = utf8_bad_offset(&utf8);
    return result == UTF8_OK;
}

/* This side's turn: sends the next typed line. False: has to wait for one. */
static bool chat_turns_send_typed(struct chat_turns *turns)
{
    const struct chat_words *words = &chat_words[turns->role];
    struct bytes *log = &turns->output[CHAT_TO_LOG], *peer = &turns->output[CHAT_TO_PEER];
    struct line_reader *typed = &turns->input[CHAT_FROM_KEYBOARD];
    struct line_reader_line line;
    uint64_t bad_offset;
    switch (line_reader_next(typed, &line)) {
    case LINE_READER_MORE:
        return false;
    case LINE_READER_END:
        chat_turns_over(turns, CHAT_FINISHED);
        return true;
    case LINE_READER_NO_MEMORY:
        chat_turns_out_of_memory(turns);
        return true;
    case LINE_READER_OVERLONG:
        bytes_append_format(log, "%s: not sent: the line has %zu bytes, the limit is %zu\n", words->program,
                            line.length, typed->line_bytes_max);
        chat_turns_prompt(turns);
        return true;
    case LINE_READER_LINE:
    case LINE_READER_PARTIAL: /* the last thing typed, without Enter: it was meant to be said */
        if (!chat_turns_is_utf8(&line, &bad_offset)) {
            bytes_append_format(log, "%s: not sent: the line is not UTF-8 at byte %llu\n", words->program,
                                (unsigned long long)bad_offset);
            chat_turns_prompt(turns);
            return true;
        }
        if (bytes_append(peer, line.data, line.length) != BYTES_OK ||
            bytes_append(peer, "\n", 1) != BYTES_OK) {
            chat_turns_out_of_memory(turns);
            return true;
        }
        turns->my_turn = turns->prompt_open = false;
        return true;
    }
    return false;
}

static void chat_turns_tell(struct chat_turns *turns, const struct line_reader_line *line)
{
    const struct chat_words *words = &chat_words[turns->role];
    struct bytes *screen = &turns->output[CHAT_TO_SCREEN];
    uint64_t bad_offset;
    if (!chat_turns_is_utf8(line, &bad_offset))
        bytes_append_format(&turns->output[CHAT_TO_LOG],
                            "%s: the %s's line is not UTF-8 at byte %llu: shown escaped\n", words->program,
                            words->peer, (unsigned long long)bad_offset);
    if (bytes_append_text(screen, words->peer_heading) != BYTES_OK ||
        bytes_append_visible(screen, line->data, line->length, BYTES_VISIBLE_TEXT) != BYTES_OK ||
        bytes_append(screen, "\n", 1) != BYTES_OK)
        chat_turns_out_of_memory(turns);
}

static void chat_turns_report_partial(struct chat_turns *turns, const struct line_reader_line *line)
{
    const struct chat_words *words = &chat_words[turns->role];
    struct bytes *log = &turns->output[CHAT_TO_LOG];
    size_t quoted = line->length < CHAT_QUOTE_BYTES_MAX ? line->length : CHAT_QUOTE_BYTES_MAX;
    bytes_append_format(log, "%s: the %s ended in the middle of a line, after %zu bytes: \"", words->program,
                        words->peer, line->length);
    bytes_append_visible(log, line->data, quoted, BYTES_VISIBLE_QUOTED);
    bytes_append_text(log, quoted < line->length ? "...\"\n" : "\"\n");
}

/* The peer's turn, or its end: tells the next line. False: has to wait for one. */
static bool chat_turns_tell_peer(struct chat_turns *turns)
{
    const struct chat_words *words = &chat_words[turns->role];
    struct line_reader *peer = &turns->input[CHAT_FROM_PEER];
    struct line_reader_line line;
    switch (line_reader_next(peer, &line)) {
    case LINE_READER_MORE:
        return false;
    case LINE_READER_END:
        chat_turns_over(turns, turns->broken ? CHAT_BROKEN : CHAT_LEFT);
        return true;
    case LINE_READER_NO_MEMORY:
        chat_turns_out_of_memory(turns);
        return true;
    case LINE_READER_PARTIAL:
        chat_turns_report_partial(turns, &line);
        return true;
    case LINE_READER_OVERLONG:
        bytes_append_format(&turns->output[CHAT_TO_LOG],
                            "%s: dropped a line of %zu bytes from the %s, the limit is %zu\n", words->program,
                            line.length, words->peer, peer->line_bytes_max);
        break; /* the peer has spoken: were this no turn, both sides would wait for ever */
    case LINE_READER_LINE:
        chat_turns_tell(turns, &line);
        break;
    }
    if (turns->state == CHAT_TALKING && !turns->peer_ended && !turns->broken) {
        turns->my_turn = true;
        chat_turns_prompt(turns);
    }
    return true;
}

static void chat_turns_advance(struct chat_turns *turns)
{
    bool moved = true;
    while (moved && turns->state == CHAT_TALKING) {
        if (!chat_turns_is_taken(turns, CHAT_TO_SCREEN) || !chat_turns_is_taken(turns, CHAT_TO_LOG))
            moved = false;
        else if (turns->peer_ended || turns->broken || !turns->my_turn)
            moved = chat_turns_tell_peer(turns);
        else
            moved = chat_turns_is_taken(turns, CHAT_TO_PEER) && chat_turns_send_typed(turns);
    }
}

void chat_turns_begin(struct chat_turns *turns)
{
    assert(chat_turns_state(turns) != CHAT_TALKING);
    line_reader_reset(&turns->input[CHAT_FROM_PEER]);
    turns->state = CHAT_TALKING;
    turns->peer_ended = turns->broken = false;
    turns->my_turn = turns->role == CHAT_SERVER;
    if (turns->my_turn)
        chat_turns_prompt(turns);
    chat_turns_advance(turns);
}

bool chat_turns_wants(const struct chat_turns *turns, enum chat_input from)
{
    if (from == CHAT_FROM_PEER) {
        if (turns->state != CHAT_TALKING || turns->peer_ended)
            return false;
        if (!chat_turns_is_taken(turns, CHAT_TO_SCREEN) || !chat_turns_is_taken(turns, CHAT_TO_LOG))
            return false;
    }
    return line_reader_room(&turns->input[from]) > 0;
}

char *chat_turns_reserve(struct chat_turns *turns, enum chat_input from, size_t wanted, size_t *room)
{
    *room = 0;
    if (!chat_turns_wants(turns, from))
        return NULL;
    char *into = line_reader_reserve(&turns->input[from], wanted, room);
    if (!into)
        chat_turns_advance(turns); /* no memory: the reader says so where the lines before it are used up */
    return into;
}

void chat_turns_commit(struct chat_turns *turns, enum chat_input from, size_t n)
{
    line_reader_commit(&turns->input[from], n);
    chat_turns_advance(turns);
}

void chat_turns_end(struct chat_turns *turns, enum chat_input from)
{
    line_reader_end(&turns->input[from]);
    if (from == CHAT_FROM_PEER) {
        turns->peer_ended = true;
        chat_turns_close_prompt(turns);
    }
    chat_turns_advance(turns);
}

void chat_turns_break(struct chat_turns *turns, const char *why)
{
    const struct chat_words *words = &chat_words[turns->role];
    if (turns->state != CHAT_TALKING || turns->broken)
        return;
    turns->broken = true;
    bytes_append_format(&turns->output[CHAT_TO_LOG], "%s: lost the %s: %s\n", words->program, words->peer,
                        why);
    bytes_clear(&turns->output[CHAT_TO_PEER]);
    turns->taken[CHAT_TO_PEER] = 0;
    chat_turns_close_prompt(turns);
    chat_turns_advance(turns);
}

const char *chat_turns_output(const struct chat_turns *turns, enum chat_output to, size_t *n)
{
    *n = turns->output[to].length - turns->taken[to];
    return bytes_text(&turns->output[to]) + turns->taken[to];
}

void chat_turns_take(struct chat_turns *turns, enum chat_output to, size_t n)
{
    assert(n <= turns->output[to].length - turns->taken[to]);
    turns->taken[to] += n;
    if (chat_turns_is_taken(turns, to)) {
        bytes_clear(&turns->output[to]);
        turns->taken[to] = 0;
    }
    chat_turns_advance(turns);
}

enum chat_state chat_turns_state(const struct chat_turns *turns)
{
    for (int to = 0; to < CHAT_OUTPUTS; to++)
        if (turns->state != CHAT_IDLE && !chat_turns_is_taken(turns, (enum chat_output)to))
            return CHAT_TALKING;
    return turns->state;
}

bool chat_turns_has_nothing_to_say(const struct chat_turns *turns)
{
    const struct line_reader *typed = &turns->input[CHAT_FROM_KEYBOARD];
    return typed->ended && line_reader_buffered(typed) == 0 && typed->dropped_bytes == 0;
}

enum line_reader_result chat_turns_next_typed(struct chat_turns *turns, struct line_reader_line *line)
{
    assert(turns->state != CHAT_TALKING);
    return line_reader_next(&turns->input[CHAT_FROM_KEYBOARD], line);
}
