/*
 * chat_turns_test - conversations under every cut of what the peer says and of what is typed.
 *
 * A case says what was typed, what the peer said, how it ended, and everything that has to come out. It is
 * played with the outputs taken whole and byte by byte, typed text first (so there is one right answer).
 */
#include "src/chat_turns.h"
#include "src/test_input.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

enum { LIMIT = 8, SAID_BYTES_MAX = 1 << 20 };

struct play {
    struct chat_turns turns;
    struct bytes said[CHAT_OUTPUTS];
    size_t take_bytes; /* at most so many at a time */
};

static void play_start(struct play *play, enum chat_role role, size_t take_bytes)
{
    chat_turns_init(&play->turns, role, LIMIT);
    play->take_bytes = take_bytes;
    for (int to = 0; to < CHAT_OUTPUTS; to++)
        bytes_init(&play->said[to], SAID_BYTES_MAX);
}

static void play_free(struct play *play)
{
    chat_turns_free(&play->turns);
    for (int to = 0; to < CHAT_OUTPUTS; to++)
        bytes_free(&play->said[to]);
}

/* Takes from one output until it has no more; true when there was something. */
static bool play_take(struct play *play, enum chat_output to)
{
    size_t n;
    bool any = false;
    for (const char *data; data = chat_turns_output(&play->turns, to, &n), n > 0; any = true) {
        n = n < play->take_bytes ? n : play->take_bytes;
        assert_int_equal(bytes_append(&play->said[to], data, n), BYTES_OK);
        chat_turns_take(&play->turns, to, n);
    }
    return any;
}

static void play_take_all(struct play *play)
{
    for (int to = 0; to < CHAT_OUTPUTS;)
        to = play_take(play, (enum chat_output)to) ? 0 : to + 1; /* taking one may fill another */
}

/* Gives bytes, as far as they are wanted; returns how many were. */
static size_t play_give_some(struct play *play, enum chat_input from, const char *data, size_t n)
{
    size_t given = 0, room;
    char *into;
    while (given < n && (into = chat_turns_reserve(&play->turns, from, n - given, &room)) != NULL) {
        room = room < n - given ? room : n - given;
        memcpy(into, data + given, room);
        chat_turns_commit(&play->turns, from, room);
        given += room;
    }
    return given;
}

static void play_give(struct play *play, enum chat_input from, const char *data, size_t n, size_t cut_index)
{
    struct test_input_cut cut = test_input_cut(n, cut_index);
    for (size_t offset = 0, length; offset < n; offset += length) {
        length = test_input_chunk(&cut, offset);
        play_take_all(play);
        length = play_give_some(play, from, data + offset, length);
        if (length == 0)
            break; /* the conversation is over */
    }
    play_take_all(play);
}

enum ending { GOES_ON, PEER_ENDS, CONNECTION_BREAKS };

struct conversation {
    const char *name;
    enum chat_role role;
    const char *typed;
    size_t typed_bytes;
    bool typed_ends;
    const char *peer;
    size_t peer_bytes;
    enum ending ending;
    const char *sent, *screen, *log;
    enum chat_state state;
};

#define TEXT(text) text, sizeof(text) - 1

static const struct conversation conversations[] = {
    {"alternate", CHAT_SERVER, TEXT("hello\nagain\nlast\n"), false, TEXT("one\ntwo\n"), GOES_ON,
     "hello\nagain\nlast\n",
     "SERVER SAYS: CLIENT SAYS: one\nSERVER SAYS: CLIENT SAYS: two\nSERVER SAYS: ", "", CHAT_TALKING},
    {"client listens first", CHAT_CLIENT, TEXT("a\nb\n"), false, TEXT("one\n"), GOES_ON, "a\n",
     "SERVER SAYS: one\nCLIENT SAYS: ", "", CHAT_TALKING},
    {"client hears nothing", CHAT_CLIENT, TEXT("a\n"), false, TEXT(""), GOES_ON, "", "", "", CHAT_TALKING},
    {"lines out of turn wait", CHAT_SERVER, TEXT("x\n"), false, TEXT("one\ntwo\nthr"), GOES_ON, "x\n",
     "SERVER SAYS: CLIENT SAYS: one\nSERVER SAYS: ", "", CHAT_TALKING},
    {"end tells what waits", CHAT_SERVER, TEXT("x\n"), false, TEXT("one\ntwo\nthree\n"), PEER_ENDS, "x\n",
     "SERVER SAYS: CLIENT SAYS: one\nSERVER SAYS: \nCLIENT SAYS: two\nCLIENT SAYS: three\n",
     "chat-server: the client left\n", CHAT_LEFT},
    {"end in mid-line", CHAT_CLIENT, TEXT(""), false, TEXT("one\ntw\x1b"), PEER_ENDS, "",
     "SERVER SAYS: one\nCLIENT SAYS: \n",
     "chat-client: the server ended in the middle of a line, after 3 bytes: \"tw\\x1b\"\n"
     "chat-client: the server left\n",
     CHAT_LEFT},
    {"end without a word", CHAT_SERVER, TEXT(""), false, TEXT(""), PEER_ENDS, "", "SERVER SAYS: \n",
     "chat-server: the client left\n", CHAT_LEFT},
    {"break tells what waits", CHAT_CLIENT, TEXT("a\n"), false, TEXT("one\ntwo\nthree\nfo"),
     CONNECTION_BREAKS, "a\n",
     "SERVER SAYS: one\nCLIENT SAYS: SERVER SAYS: two\nCLIENT SAYS: \nSERVER SAYS: three\n",
     "chat-client: lost the server: gone\n"
     "chat-client: the server ended in the middle of a line, after 2 bytes: \"fo\"\n",
     CHAT_BROKEN},
    {"stdin ends: answer is told", CHAT_SERVER, TEXT("a\nb\n"), true, TEXT("one\ntwo\n"), GOES_ON, "a\nb\n",
     "SERVER SAYS: CLIENT SAYS: one\nSERVER SAYS: CLIENT SAYS: two\nSERVER SAYS: \n", "", CHAT_FINISHED},
    {"stdin ends: answer awaited", CHAT_SERVER, TEXT("a\nb\n"), true, TEXT("one\n"), GOES_ON, "a\nb\n",
     "SERVER SAYS: CLIENT SAYS: one\nSERVER SAYS: ", "", CHAT_TALKING},
    {"stdin ends: last line without newline", CHAT_CLIENT, TEXT("a"), true, TEXT("one\ntwo\nthree\n"),
     GOES_ON, "a\n", "SERVER SAYS: one\nCLIENT SAYS: SERVER SAYS: two\nCLIENT SAYS: \n", "", CHAT_FINISHED},
    {"stdin ends: nothing typed", CHAT_SERVER, TEXT(""), true, TEXT("one\n"), GOES_ON, "", "SERVER SAYS: \n",
     "", CHAT_FINISHED},
    {"limit", CHAT_SERVER, TEXT("1234567\n12345678\r\n123456789\nx\n"), false,
     TEXT("1234567\n12345678\r\n123456789\r\nnext\n"), GOES_ON, "1234567\n12345678\nx\n",
     "SERVER SAYS: CLIENT SAYS: 1234567\nSERVER SAYS: CLIENT SAYS: 12345678\nSERVER SAYS: SERVER SAYS: "
     "SERVER SAYS: ",
     "chat-server: not sent: the line has 9 bytes, the limit is 8\n"
     "chat-server: dropped a line of 9 bytes from the client, the limit is 8\n",
     CHAT_TALKING},
    {"far over the limit", CHAT_CLIENT, TEXT("a\nb\n"), false, TEXT("0123456789012345678901234567890\nok\n"),
     GOES_ON, "a\nb\n", "CLIENT SAYS: SERVER SAYS: ok\nCLIENT SAYS: ",
     "chat-client: dropped a line of 31 bytes from the server, the limit is 8\n", CHAT_TALKING},
    {"over the limit without end", CHAT_CLIENT, TEXT("a\n"), false, TEXT("012345678901234567890123456789"),
     PEER_ENDS, "", "",
     "chat-client: dropped a line of 30 bytes from the server, the limit is 8\nchat-client: the server "
     "left\n",
     CHAT_LEFT},
    {"not UTF-8", CHAT_CLIENT, TEXT("\xff\nfine\n"), false, TEXT("caf\xc3\n"), GOES_ON, "fine\n",
     "SERVER SAYS: caf\\xc3\nCLIENT SAYS: CLIENT SAYS: ",
     "chat-client: the server's line is not UTF-8 at byte 3: shown escaped\n"
     "chat-client: not sent: the line is not UTF-8 at byte 0\n",
     CHAT_TALKING},
    {"letters, NUL, CR, escapes, empty lines", CHAT_CLIENT, TEXT("caf\xc3\xa9\n\na\0b\n\r\n"), false,
     TEXT("caf\xc3\xa9\r\n\n\0\r\\\n\x1b[2J\t\n\xe2\x80\xae\xc2\x9b\n"), GOES_ON, "caf\xc3\xa9\n\na",
     "SERVER SAYS: caf\xc3\xa9\nCLIENT SAYS: SERVER SAYS: \nCLIENT SAYS: SERVER SAYS: \\x00\\r\\\nCLIENT "
     "SAYS: "
     "SERVER SAYS: \\x1b[2J\\t\nCLIENT SAYS: SERVER SAYS: \\xe2\\x80\\xae\\xc2\\x9b\nCLIENT SAYS: ",
     "", CHAT_TALKING},
};

static void check_output(const struct conversation *c, const struct play *play, enum chat_output to,
                         const char *want)
{
    const char *got = bytes_text(&play->said[to]); /* up to the first NUL: enough to compare */
    if (strcmp(got, want) == 0)
        return;
    print_error("%s: output %d is\n\"%s\", not\n\"%s\"\n", c->name, to, got, want);
    fail();
}

static void play_conversation(const struct conversation *c, size_t typed_cut, size_t peer_cut,
                              size_t take_bytes)
{
    struct play play;
    play_start(&play, c->role, take_bytes);
    char *peer = test_input_guard(c->peer, c->peer_bytes);
    play_give(&play, CHAT_FROM_KEYBOARD, c->typed, c->typed_bytes, typed_cut);
    if (c->typed_ends)
        chat_turns_end(&play.turns, CHAT_FROM_KEYBOARD);
    chat_turns_begin(&play.turns);
    play_give(&play, CHAT_FROM_PEER, peer, c->peer_bytes, peer_cut);
    play_take_all(&play);
    if (c->ending == CONNECTION_BREAKS)
        chat_turns_break(&play.turns, "gone");
    if (c->ending != GOES_ON)
        chat_turns_end(&play.turns, CHAT_FROM_PEER);
    play_take_all(&play);
    check_output(c, &play, CHAT_TO_PEER, c->sent);
    check_output(c, &play, CHAT_TO_SCREEN, c->screen);
    check_output(c, &play, CHAT_TO_LOG, c->log);
    assert_int_equal(chat_turns_state(&play.turns), c->state);
    test_input_free(peer, c->peer_bytes);
    play_free(&play);
}

static void conversations_under_every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof conversations / sizeof conversations[0]; i++) {
        const struct conversation *c = &conversations[i];
        for (size_t typed_cut = 0; typed_cut < test_input_cut_count(c->typed_bytes); typed_cut++)
            for (size_t peer_cut = 0; peer_cut < test_input_cut_count(c->peer_bytes); peer_cut++) {
                play_conversation(c, typed_cut, peer_cut, SIZE_MAX);
                play_conversation(c, typed_cut, peer_cut, 1);
            }
    }
}

/* What one side has to send, given to the other in chunks of at most n. True when something moved. */
static bool carry(struct play *from, struct play *to, size_t n)
{
    size_t length;
    const char *data = chat_turns_output(&from->turns, CHAT_TO_PEER, &length);
    length = play_give_some(to, CHAT_FROM_PEER, data, length < n ? length : n);
    chat_turns_take(&from->turns, CHAT_TO_PEER, length);
    return length > 0;
}

static void both_roles_talk_to_each_other(void **state)
{
    (void)state;
    for (size_t n = 1; n < 12; n++) {
        struct play server, client;
        play_start(&server, CHAT_SERVER, n);
        play_start(&client, CHAT_CLIENT, n);
        play_give(&server, CHAT_FROM_KEYBOARD, "s1\ns2\ns3\n", 9, 0);
        play_give(&client, CHAT_FROM_KEYBOARD, "c1\nc2\nc3\n", 9, 0);
        chat_turns_end(&server.turns, CHAT_FROM_KEYBOARD);
        chat_turns_begin(&server.turns);
        chat_turns_begin(&client.turns);
        bool moved = true;
        while (moved) {
            moved = carry(&server, &client, n);
            moved = carry(&client, &server, n) || moved;
            moved = play_take(&server, CHAT_TO_SCREEN) || moved;
            moved = play_take(&client, CHAT_TO_SCREEN) || moved;
        }
        assert_int_equal(chat_turns_state(&server.turns), CHAT_FINISHED);
        assert_true(chat_turns_has_nothing_to_say(&server.turns));
        chat_turns_end(&client.turns, CHAT_FROM_PEER);
        play_take_all(&client);
        assert_int_equal(chat_turns_state(&client.turns), CHAT_LEFT);
        assert_false(chat_turns_has_nothing_to_say(&client.turns));
        assert_string_equal(
            bytes_text(&server.said[CHAT_TO_SCREEN]),
            "SERVER SAYS: CLIENT SAYS: c1\nSERVER SAYS: CLIENT SAYS: c2\nSERVER SAYS: CLIENT SAYS: c3\n"
            "SERVER SAYS: \n");
        assert_string_equal(
            bytes_text(&client.said[CHAT_TO_SCREEN]),
            "SERVER SAYS: s1\nCLIENT SAYS: SERVER SAYS: s2\nCLIENT SAYS: SERVER SAYS: s3\nCLIENT SAYS: ");
        play_free(&server);
        play_free(&client);
    }
}

/* The unused typed lines and nothing of the first peer are there for the second. */
static void next_conversation_starts_clean(void **state)
{
    (void)state;
    struct play play;
    play_start(&play, CHAT_SERVER, SIZE_MAX);
    play_give(&play, CHAT_FROM_KEYBOARD, "a\nb\nc\n", 6, 0);
    chat_turns_begin(&play.turns);
    play_give(&play, CHAT_FROM_PEER, "one\nhalf", 8, 0);
    chat_turns_end(&play.turns, CHAT_FROM_PEER);
    play_take_all(&play);
    assert_int_equal(chat_turns_state(&play.turns), CHAT_LEFT);
    assert_string_equal(bytes_text(&play.said[CHAT_TO_PEER]), "a\nb\n");
    assert_false(chat_turns_wants(&play.turns, CHAT_FROM_PEER));
    chat_turns_begin(&play.turns);
    play_take_all(&play);
    play_give(&play, CHAT_FROM_PEER, "two\n", 4, 0);
    assert_string_equal(bytes_text(&play.said[CHAT_TO_PEER]), "a\nb\nc\n");
    assert_non_null(strstr(bytes_text(&play.said[CHAT_TO_SCREEN]), "CLIENT SAYS: two\nSERVER SAYS: "));
    play_free(&play);
}

/* A peer that speaks but doesn't read: its lines are told, one of ours waits, the others stay typed. */
static void peer_that_does_not_read(void **state)
{
    (void)state;
    struct play play;
    size_t n;
    play_start(&play, CHAT_SERVER, SIZE_MAX);
    play_give_some(&play, CHAT_FROM_KEYBOARD, "aaaaaaaa\nb\nc\n", 13);
    chat_turns_begin(&play.turns);
    play_take(&play, CHAT_TO_SCREEN);
    assert_int_equal(play_give_some(&play, CHAT_FROM_PEER, "one\ntwo\n", 8), 8);
    play_take(&play, CHAT_TO_SCREEN);
    assert_string_equal(bytes_text(&play.said[CHAT_TO_SCREEN]),
                        "SERVER SAYS: CLIENT SAYS: one\nSERVER SAYS: ");
    chat_turns_output(&play.turns, CHAT_TO_PEER, &n);
    assert_int_equal(n, 9);
    assert_int_equal(chat_turns_state(&play.turns), CHAT_TALKING);
    chat_turns_end(&play.turns, CHAT_FROM_PEER); /* half-close: what was said has still to go out */
    play_take(&play, CHAT_TO_SCREEN);
    play_take(&play, CHAT_TO_LOG);
    assert_int_equal(chat_turns_state(&play.turns), CHAT_TALKING);
    play_take(&play, CHAT_TO_PEER);
    assert_int_equal(chat_turns_state(&play.turns), CHAT_LEFT);
    assert_string_equal(bytes_text(&play.said[CHAT_TO_PEER]), "aaaaaaaa\n");
    play_free(&play);
}

/* When the connection breaks, what could not be sent is given up: it must not keep the conversation alive. */
static void unsent_line_is_given_up_when_it_breaks(void **state)
{
    (void)state;
    struct play play;
    play_start(&play, CHAT_SERVER, SIZE_MAX);
    play_give_some(&play, CHAT_FROM_KEYBOARD, "a\n", 2);
    chat_turns_begin(&play.turns);
    play_take(&play, CHAT_TO_SCREEN);
    chat_turns_break(&play.turns, "gone");
    chat_turns_break(&play.turns, "reported once");
    chat_turns_end(&play.turns, CHAT_FROM_PEER);
    play_take_all(&play);
    assert_int_equal(chat_turns_state(&play.turns), CHAT_BROKEN);
    assert_string_equal(bytes_text(&play.said[CHAT_TO_PEER]), "");
    assert_string_equal(bytes_text(&play.said[CHAT_TO_LOG]), "chat-server: lost the client: gone\n");
    play_free(&play);
}

/* Both queues are bounded, and nothing of a full one is lost. */
static void queues_are_bounded(void **state)
{
    (void)state;
    for (int from = 0; from < CHAT_INPUTS; from++) {
        struct play play;
        play_start(&play, from == CHAT_FROM_PEER ? CHAT_SERVER : CHAT_CLIENT, SIZE_MAX);
        chat_turns_begin(&play.turns);
        play_take_all(&play);
        size_t given = 0;
        while (play_give_some(&play, (enum chat_input)from, "12345678\n", 9) == 9)
            given += 9;
        assert_true(given > CHAT_QUEUE_BYTES && given <= CHAT_QUEUE_BYTES + LIMIT);
        assert_false(chat_turns_wants(&play.turns, (enum chat_input)from));
        enum chat_input other = from == CHAT_FROM_PEER ? CHAT_FROM_KEYBOARD : CHAT_FROM_PEER;
        play_give(&play, other, "go\n", 3, 0);
        assert_true(chat_turns_wants(&play.turns, (enum chat_input)from));
        play_free(&play);
    }
}

/* Nothing is read from the peer before what it made us show was taken: so the order of output has one answer.
 */
static void screen_is_taken_before_the_next_read(void **state)
{
    (void)state;
    struct play play;
    play_start(&play, CHAT_CLIENT, SIZE_MAX);
    chat_turns_begin(&play.turns);
    assert_int_equal(play_give_some(&play, CHAT_FROM_PEER, "one\n", 4), 4);
    assert_false(chat_turns_wants(&play.turns, CHAT_FROM_PEER));
    play_take_all(&play);
    assert_true(chat_turns_wants(&play.turns, CHAT_FROM_PEER));
    play_free(&play);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conversations_under_every_cut),
        cmocka_unit_test(both_roles_talk_to_each_other),
        cmocka_unit_test(next_conversation_starts_clean),
        cmocka_unit_test(peer_that_does_not_read),
        cmocka_unit_test(unsent_line_is_given_up_when_it_breaks),
        cmocka_unit_test(queues_are_bounded),
        cmocka_unit_test(screen_is_taken_before_the_next_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
