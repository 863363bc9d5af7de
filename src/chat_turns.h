/*
 * chat_turns - a conversation in turns, for both roles, as a state machine.
 *
 * Sans-IO: no fd, no clock, no global, no stdio. Bytes come in from two sides (the peer's stream and what is
 * typed), bytes go out to three (the peer, the screen, the log). After every call it has gone as far as it
 * can; it says by chat_turns_state() when the conversation is over.
 *
 * The rules. The server speaks first; then the sides alternate, one line per turn. What arrives out of turn
 * waits in its reader: peer lines are told one per turn, typed lines are sent one per turn. A turn that
 * begins here shows a prompt. The peer's end of stream ends the conversation at once: its queued lines are
 * told without waiting for turns, an unfinished one is reported. The end of what is typed ends the
 * conversation at this side's next turn, so the answer to the last typed line is still told. docs/chat.md has
 * the answer for every situation.
 *
 * Bounds: each side's reader holds the longest line and CHAT_QUEUE_BYTES more; each output holds what one
 * line makes (a line is only told when screen and log were taken, only sent when the one before was taken).
 */
#ifndef SEAM_CHAT_TURNS_H
#define SEAM_CHAT_TURNS_H

#include "src/bytes.h"
#include "src/line_reader.h"

#include <stdbool.h>
#include <stddef.h>

enum { CHAT_QUEUE_BYTES = 1024 * 1024 };

enum chat_role { CHAT_SERVER, CHAT_CLIENT };

enum chat_input { CHAT_FROM_PEER, CHAT_FROM_KEYBOARD, CHAT_INPUTS };

enum chat_output { CHAT_TO_PEER, CHAT_TO_SCREEN, CHAT_TO_LOG, CHAT_OUTPUTS };

enum chat_state {
    CHAT_IDLE,     /* no conversation yet */
    CHAT_TALKING,  /* or over, but with output that was not taken yet */
    CHAT_LEFT,     /* over: the peer ended its stream */
    CHAT_BROKEN,   /* over: the connection broke, or there was no memory */
    CHAT_FINISHED, /* over: this side's turn came and nothing can be typed any more */
};

/* Private. */
struct chat_turns {
    enum chat_role role;
    enum chat_state state; /* what it will be once the outputs were taken */
    bool my_turn, prompt_open;
    bool peer_ended, broken;
    struct line_reader input[CHAT_INPUTS];
    struct bytes output[CHAT_OUTPUTS];
    size_t taken[CHAT_OUTPUTS];
};

/* No allocation, can't fail. line_bytes_max: longest line that is sent or told, 1 to LINE_READER_BYTES_MAX
 * / 8. */
void chat_turns_init(struct chat_turns *turns, enum chat_role role, size_t line_bytes_max);

void chat_turns_free(struct chat_turns *turns);

/* A peer is there: a new conversation. Lines that were typed and not used belong to it. Not while one is
 * going on. */
void chat_turns_begin(struct chat_turns *turns);

/*
 * A place to put bytes that came in, at least one and up to `wanted` or more: see line_reader_reserve. NULL
 * when none may come now: the queue is full, that side has ended, the conversation is over, or (peer) screen
 * and log have to be taken first. The caller then doesn't read: that is how a fast peer is slowed down.
 */
char *chat_turns_reserve(struct chat_turns *turns, enum chat_input from, size_t wanted, size_t *room);

/* n bytes were put there; 0 changes nothing. */
void chat_turns_commit(struct chat_turns *turns, enum chat_input from, size_t n);

/* Would chat_turns_reserve() give a place? Says whether it makes sense to wait for input. */
bool chat_turns_wants(const struct chat_turns *turns, enum chat_input from);

/* That side has ended: the peer's stream, or stdin. */
void chat_turns_end(struct chat_turns *turns, enum chat_input from);

/*
 * The connection broke (reset, write error): `why` goes to the log once, what was not yet sent is given up,
 * and no turn of this side is waited for any more. What the peer said before is still told: go on reading
 * until nothing comes, then say chat_turns_end().
 */
void chat_turns_break(struct chat_turns *turns, const char *why);

/* What is to be written to that side: borrowed until the next call that isn't const; *n is 0 when there is
 * nothing. */
const char *chat_turns_output(const struct chat_turns *turns, enum chat_output to, size_t *n);

/* The first n bytes of it were written. */
void chat_turns_take(struct chat_turns *turns, enum chat_output to, size_t n);

enum chat_state chat_turns_state(const struct chat_turns *turns);

/* Has stdin ended with every typed line used? Then no further conversation has anything to say. */
bool chat_turns_has_nothing_to_say(const struct chat_turns *turns);

/* Between conversations: the next typed line, for questions asked before the chat. Results as
 * line_reader_next. */
enum line_reader_result chat_turns_next_typed(struct chat_turns *turns, struct line_reader_line *line);

#endif
