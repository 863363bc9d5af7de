/* naive_chat - see naive_chat.h. */
#include "fuzz/targets/naive_chat.h"

#include "fuzz/targets/naive_text.h"

#include <assert.h>
#include <string.h>

enum { QUOTE_BYTES_MAX = 64, ALL_BYTES_MAX = 1 << 24 };

enum unit { NOTHING, LINE, OVERLONG, PARTIAL };

static const char *const program_names[] = {"chat-server", "chat-client"}, *const role_names[] = {"server",
                                                                                                  "client"};
static const char *const headings[] = {"SERVER SAYS: ", "CLIENT SAYS: "};

static enum chat_role other(const struct naive_side *side)
{
    return side->role == CHAT_SERVER ? CHAT_CLIENT : CHAT_SERVER;
}

void naive_side_init(struct naive_side *side)
{
    for (int i = 0; i < CHAT_INPUTS; i++) {
        bytes_init(&side->input[i].all, ALL_BYTES_MAX);
    }
}

void naive_side_free(struct naive_side *side)
{
    for (int i = 0; i < CHAT_INPUTS; i++) {
        bytes_free(&side->input[i].all);
    }
}

/* --- saying --- */

static void say(struct naive_side *side, enum chat_output to, const char *text)
{
    side->out(side, to, text, strlen(text));
}

static void say_number(struct naive_side *side, const char *before, size_t number, const char *after)
{
    struct bytes text;
    bytes_init(&text, 1024);
    enum bytes_result result =
        bytes_append_format(&text, "%s: %s%zu%s", program_names[side->role], before, number, after);
    assert(result == BYTES_OK);
    say(side, CHAT_TO_LOG, bytes_text(&text));
    bytes_free(&text);
}

static void say_visible(struct naive_side *side, enum chat_output to, const char *data, size_t length,
                        enum bytes_visible_style style)
{
    struct bytes text;
    bytes_init(&text, ALL_BYTES_MAX);
    naive_visible(&text, data, length, style);
    side->out(side, to, bytes_text(&text), text.length);
    bytes_free(&text);
}

static void prompt(struct naive_side *side)
{
    say(side, CHAT_TO_SCREEN, headings[side->role]);
    side->prompt_open = true;
}

static void close_prompt(struct naive_side *side)
{
    if (side->prompt_open) {
        say(side, CHAT_TO_SCREEN, "\n");
    }
    side->prompt_open = false;
}

/* --- turns --- */

static enum unit next_unit(struct naive_input *input, size_t line_bytes_max, const char **line,
                           size_t *length)
{
    const char *from = bytes_text(&input->all) + input->used;
    size_t left = input->all.length - input->used;
    const char *newline = memchr(from, '\n', left);
    if (!newline && (left == 0 || !input->ended)) {
        return NOTHING;
    }
    *line = from;
    *length = newline ? (size_t)(newline - from) : left;
    input->used += *length + (newline ? 1 : 0);
    if (newline && *length > 0 && newline[-1] == '\r') {
        --*length;
    }
    return *length > line_bytes_max ? OVERLONG : newline ? LINE : PARTIAL;
}

static bool send_next(struct naive_side *side)
{
    struct naive_input *typed = &side->input[CHAT_FROM_KEYBOARD];
    const char *line;
    size_t length;
    enum unit unit = next_unit(typed, side->line_bytes_max, &line, &length);
    if (unit == NOTHING) {
        if (typed->ended) {
            close_prompt(side);
            side->state = CHAT_FINISHED;
        }
        return typed->ended;
    }
    size_t bad = unit == OVERLONG ? length : naive_utf8_bad((const unsigned char *)line, length, true);
    if (unit != OVERLONG && bad == length) {
        side->out(side, CHAT_TO_PEER, line, length);
        say(side, CHAT_TO_PEER, "\n");
        side->my_turn = side->prompt_open = false;
        return true;
    }
    if (unit == OVERLONG) {
        struct bytes limit;
        bytes_init(&limit, 64);
        bytes_append_format(&limit, " bytes, the limit is %zu\n", side->line_bytes_max);
        say_number(side, "not sent: the line has ", length, bytes_text(&limit));
        bytes_free(&limit);
    } else {
        say_number(side, "not sent: the line is not UTF-8 at byte ", bad, "\n");
    }
    prompt(side);
    return true;
}

static void tell_line(struct naive_side *side, const char *line, size_t length)
{
    size_t bad = naive_utf8_bad((const unsigned char *)line, length, true);
    struct bytes text;
    bytes_init(&text, 256);
    bytes_append_format(&text, "the %s's line is not UTF-8 at byte ", role_names[other(side)]);
    if (bad < length) {
        say_number(side, bytes_text(&text), bad, ": shown escaped\n");
    }
    bytes_free(&text);
    say(side, CHAT_TO_SCREEN, headings[other(side)]);
    say_visible(side, CHAT_TO_SCREEN, line, length, BYTES_VISIBLE_TEXT);
    say(side, CHAT_TO_SCREEN, "\n");
}

static void report_partial(struct naive_side *side, const char *line, size_t length)
{
    size_t quoted = length > QUOTE_BYTES_MAX ? QUOTE_BYTES_MAX : length;
    struct bytes text;
    bytes_init(&text, 256);
    bytes_append_format(&text, "the %s ended in the middle of a line, after ", role_names[other(side)]);
    say_number(side, bytes_text(&text), length, " bytes: \"");
    bytes_free(&text);
    say_visible(side, CHAT_TO_LOG, line, quoted, BYTES_VISIBLE_QUOTED);
    say(side, CHAT_TO_LOG, quoted < length ? "...\"\n" : "\"\n");
}

static void leave(struct naive_side *side)
{
    close_prompt(side);
    side->state = side->broken ? CHAT_BROKEN : CHAT_LEFT;
    if (!side->broken) {
        struct bytes text;
        bytes_init(&text, 256);
        bytes_append_format(&text, "%s: the %s left\n", program_names[side->role], role_names[other(side)]);
        say(side, CHAT_TO_LOG, bytes_text(&text));
        bytes_free(&text);
    }
}

static bool tell_next(struct naive_side *side)
{
    struct naive_input *heard = &side->input[CHAT_FROM_PEER];
    const char *line;
    size_t length;
    struct bytes text;
    enum unit unit = next_unit(heard, side->line_bytes_max, &line, &length);
    if (unit == NOTHING && heard->ended) {
        leave(side);
    }
    if (unit == NOTHING) {
        return heard->ended;
    }
    bytes_init(&text, 256);
    if (unit == PARTIAL) {
        report_partial(side, line, length);
    } else if (unit == OVERLONG) {
        bytes_append_format(&text, " bytes from the %s, the limit is %zu\n", role_names[other(side)],
                            side->line_bytes_max);
        say_number(side, "dropped a line of ", length, bytes_text(&text));
    } else {
        tell_line(side, line, length);
    }
    bytes_free(&text);
    if (!heard->ended && !side->broken) {
        side->my_turn = true;
        prompt(side);
    }
    return true;
}

static void go_on(struct naive_side *side)
{
    bool moved = true;
    while (moved && side->state == CHAT_TALKING) {
        bool alone = side->input[CHAT_FROM_PEER].ended || side->broken;
        moved = alone || !side->my_turn ? tell_next(side) : send_next(side);
    }
}

/* --- what happens to it --- */

void naive_side_begin(struct naive_side *side)
{
    struct naive_input *heard = &side->input[CHAT_FROM_PEER];
    bytes_clear(&heard->all);
    heard->used = 0;
    heard->ended = side->broken = false;
    side->state = CHAT_TALKING;
    side->my_turn = side->role == CHAT_SERVER;
    if (side->my_turn) {
        prompt(side);
    }
    go_on(side);
}

void naive_side_get(struct naive_side *side, enum chat_input from, const void *data, size_t length)
{
    enum bytes_result result = bytes_append(&side->input[from].all, data, length);
    assert(result == BYTES_OK);
    go_on(side);
}

void naive_side_end(struct naive_side *side, enum chat_input from)
{
    side->input[from].ended = true;
    if (from == CHAT_FROM_PEER) {
        close_prompt(side);
    }
    go_on(side);
}

void naive_side_break(struct naive_side *side, const char *why)
{
    struct bytes text;
    if (side->state != CHAT_TALKING || side->broken) {
        return;
    }
    bytes_init(&text, 256);
    bytes_append_format(&text, "%s: lost the %s: %s\n", program_names[side->role], role_names[other(side)],
                        why);
    say(side, CHAT_TO_LOG, bytes_text(&text));
    bytes_free(&text);
    side->broken = true;
    close_prompt(side);
    go_on(side);
}

bool naive_side_has_nothing_to_say(const struct naive_side *side)
{
    const struct naive_input *typed = &side->input[CHAT_FROM_KEYBOARD];
    return typed->ended && typed->used == typed->all.length;
}
