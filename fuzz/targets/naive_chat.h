/*
 * naive_chat - one side of a chat by the rules of docs/chat.md, with all that was typed and heard in whole
 * strings: the reference of the targets chat_turns and chat_pair.
 *
 * No limits on queues, no waiting for outputs to be taken. What it says it says at once, by `out`.
 */
#ifndef SEAM_FUZZ_TARGETS_NAIVE_CHAT_H
#define SEAM_FUZZ_TARGETS_NAIVE_CHAT_H

#include "src/chat_turns.h"

struct naive_side {
    enum chat_role role;
    size_t line_bytes_max;
    void (*out)(struct naive_side *side, enum chat_output to, const char *data, size_t length);
    void *context;
    enum chat_state state;

    struct naive_input {
        struct bytes all;
        size_t used;
        bool ended;
    } input[CHAT_INPUTS];
    bool my_turn, prompt_open, broken;
};

/* role, line_bytes_max, out and context are set by the caller, the rest is zero. */
void naive_side_init(struct naive_side *side);
void naive_side_free(struct naive_side *side);

void naive_side_begin(struct naive_side *side);
void naive_side_get(struct naive_side *side, enum chat_input from, const void *data, size_t length);
void naive_side_end(struct naive_side *side, enum chat_input from);
void naive_side_break(struct naive_side *side, const char *why);
/* As chat_turns_has_nothing_to_say(). */
bool naive_side_has_nothing_to_say(const struct naive_side *side);

#endif
