/*
 * dialogue_learn - what differs from one time to the next in what the other side says, as holes of a
 * dialogue.
 *
 * What was recorded is laid beside what was said in each replay, line by line; where there are other lines,
 * byte by byte. Words that differ become holes when the lines have the same words otherwise, else all between
 * what is the same at both ends. The pattern of a hole is the narrowest of a few that matches every variant;
 * how long it may be is not learnt: few replays don't show it.
 */
#include "harness/exchange/dialogue_inside.h"

#include <stdlib.h>
#include <string.h>

struct span {
    const char *at;
    size_t length;
};

struct learning {
    struct dialogue *dialogue;
    struct seam_error *error;
    size_t connection;
    const char *begin;  /* of what was recorded */
    struct span *whole; /* the variants of all that was said: the recorded one first */
    struct span *lines; /* of one line */
    struct span *rest;  /* behind a word */
    size_t count;       /* of variants */
};

/* --- patterns
 * ---------------------------------------------------------------------------------------------------------
 */

static bool all_of(const struct span *variants, size_t count, const char *set)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < variants[i].length; j++) {
            if (!variants[i].at[j] || !strchr(set, variants[i].at[j])) {
                return false;
            }
        }
    }
    return true;
}

static bool no_of(const struct span *variants, size_t count, const char *set)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < variants[i].length; j++) {
            if (strchr(set, variants[i].at[j])) { /* NUL, too */
                return false;
            }
        }
    }
    return true;
}

#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"

/* Of variants that are not all empty. */
static const char *pattern_for(struct arena *arena, const struct span *variants, size_t count)
{
    bool some_empty = false;
    for (size_t i = 0; i < count; i++) {
        some_empty = some_empty || variants[i].length == 0;
    }
    const char *times = some_empty ? "*" : "+";
    if (all_of(variants, count, DIGITS)) {
        return arena_format(arena, "\\d%s", times);
    }
    if (all_of(variants, count, DIGITS "abcdef")) {
        return arena_format(arena, "[0-9a-f]%s", times);
    }
    if (all_of(variants, count, DIGITS LETTERS)) {
        return arena_format(arena, "\\w%s", times);
    }
    if (no_of(variants, count, " \t\r\n")) {
        return arena_format(arena, "\\S%s", times);
    }
    return no_of(variants, count, "\n") ? arena_format(arena, ".%s", times)
                                        : arena_format(arena, "(?s:.%s)", times);
}

/* The variants differ: the first one is where the hole is. */
static void add_hole(struct learning *l, const struct span *variants)
{
    const uint64_t begin = (uint64_t)(variants[0].at - l->begin);
    dialogue_add_hole(
        l->dialogue, &(struct dialogue_hole){.connection = l->connection,
                                             .begin = begin,
                                             .end = begin + variants[0].length,
                                             .pattern = pattern_for(l->dialogue->arena, variants, l->count)});
}

/* --- one line
 * ---------------------------------------------------------------------------------------------------------
 */

static bool is_word(char c)
{
    return (c && strchr(DIGITS LETTERS, c)) || (unsigned char)c >= 0x80;
}

/* The word, or the single byte that is none, at the begin of the rest. */
static size_t token(const struct span *rest)
{
    size_t length = rest->length > 0;
    if (length && is_word(rest->at[0])) {
        while (length < rest->length && is_word(rest->at[length])) {
            length++;
        }
    }
    return length;
}

static bool is_same(const struct span *a, const struct span *b)
{
    return a->length == b->length && (a->length == 0 || memcmp(a->at, b->at, a->length) == 0);
}

static bool all_same(const struct span *variants, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (!is_same(&variants[0], &variants[i])) {
            return false;
        }
    }
    return true;
}

/* Walks the words of all variants together. With `add` those that differ become holes. False: they don't have
 * the same words otherwise. */
static bool walk_words(struct learning *l, bool add)
{
    struct span *words = calloc(l->count, sizeof *words);
    bool same = words != NULL;
    if (words) {
        memcpy(l->rest, l->lines, l->count * sizeof *l->rest);
    }
    while (same && l->rest[0].length > 0) {
        for (size_t i = 0; i < l->count; i++) {
            words[i] = (struct span){l->rest[i].at, token(&l->rest[i])};
            l->rest[i].at += words[i].length;
            l->rest[i].length -= words[i].length;
        }
        if (!all_same(words, l->count)) {
            for (size_t i = 0; i < l->count; i++) {
                same = same && words[i].length > 0 && is_word(words[i].at[0]);
            }
            if (same && add) {
                add_hole(l, words);
            }
        }
    }
    for (size_t i = 0; same && i < l->count; i++) {
        same = l->rest[i].length == 0;
    }
    free(words);
    return same;
}

/* All between what is the same at both ends, in whole words. */
static void hole_between(struct learning *l)
{
    struct span *variants = l->lines;
    size_t shortest = variants[0].length, before = 0, behind = 0;
    for (size_t i = 1; i < l->count; i++) {
        size_t same = 0;
        shortest = variants[i].length < shortest ? variants[i].length : shortest;
        while (same < shortest && variants[i].at[same] == variants[0].at[same]) {
            same++;
        }
        before = i == 1 || same < before ? same : before;
    }
    while (before > 0 && before < variants[0].length && is_word(variants[0].at[before - 1])) {
        before--;
    }
    for (size_t i = 1; i < l->count; i++) {
        size_t same = 0;
        while (same < shortest - before && variants[i].at[variants[i].length - 1 - same] ==
                                               variants[0].at[variants[0].length - 1 - same]) {
            same++;
        }
        behind = i == 1 || same < behind ? same : behind;
    }
    while (behind > 0 && is_word(variants[0].at[variants[0].length - behind])) {
        behind--;
    }
    for (size_t i = 0; i < l->count; i++) {
        variants[i].at += before;
        variants[i].length -= before + behind;
    }
    add_hole(l, variants);
}

static void learn_line(struct learning *l)
{
    if (all_same(l->lines, l->count)) {
        return;
    }
    if (!walk_words(l, false)) {
        hole_between(l);
    } else {
        walk_words(l, true);
    }
}

/* --- all that was said
 * ------------------------------------------------------------------------------------------------- */

static size_t count_lines(const struct span *span)
{
    size_t count = 0;
    for (size_t i = 0; i < span->length; i++) {
        count += span->at[i] == '\n';
    }
    return count;
}

/* Takes the next line of each variant, without its newline, and then what is behind the last one. */
static bool next_lines(struct learning *l)
{
    if (l->whole[0].length == 0) {
        return false;
    }
    for (size_t i = 0; i < l->count; i++) {
        struct span *whole = &l->whole[i];
        const char *newline = whole->length ? memchr(whole->at, '\n', whole->length) : NULL;
        size_t length = newline ? (size_t)(newline - whole->at) : whole->length,
               step = length + (newline != NULL);
        l->lines[i] = (struct span){whole->at, length};
        whole->at += step;
        whole->length -= step;
    }
    return true;
}

/* Of the same length: runs of bytes that differ. */
static void learn_bytes(struct learning *l)
{
    const struct span *whole = l->whole;
    for (size_t at = 0, end; at < whole[0].length; at = end) {
        for (end = at; end < whole[0].length; end++) {
            bool same = true;
            for (size_t i = 1; same && i < l->count; i++) {
                same = whole[i].at[end] == whole[0].at[end];
            }
            if (same) {
                break;
            }
        }
        if (end > at) {
            const uint64_t begin = (uint64_t)(whole[0].at + at - l->begin);
            dialogue_add_hole(l->dialogue,
                              &(struct dialogue_hole){
                                  .connection = l->connection,
                                  .begin = begin,
                                  .end = begin + (end - at),
                                  .pattern = arena_format(l->dialogue->arena, "(?s:.{%zu})", end - at)});
        }
        end += end == at;
    }
}

static int learn_connection(struct learning *l)
{
    size_t lines = count_lines(&l->whole[0]);
    bool even = true, same_lines = true;
    for (size_t i = 1; i < l->count; i++) {
        even = even && l->whole[i].length == l->whole[0].length;
        same_lines = same_lines && count_lines(&l->whole[i]) == lines;
    }
    if (same_lines && lines > 0) {
        while (next_lines(l)) {
            learn_line(l);
        }
        return 0;
    }
    if (even) {
        learn_bytes(l);
        return 0;
    }
    return seam_error_set(
        l->error,
        "what comes on connection %zu has another length each time and is not in lines: no pattern can be "
        "learnt; --mask, or leave that connection out",
        l->connection + 1);
}

int dialogue_learn(struct dialogue *dialogue, enum dialogue_side side, const struct import_replay *replays,
                   size_t count, struct seam_error *error)
{
    struct bytes *said = count ? dialogue_said(dialogue, side) : NULL;
    struct learning l = {.dialogue = dialogue, .error = error, .count = count + 1};
    struct span *spans = calloc(3 * (count + 1), sizeof *spans);
    int result = spans ? 0 : seam_error_set(error, "out of memory");
    size_t number = 0;
    l.whole = spans;
    l.lines = spans ? spans + l.count : NULL;
    l.rest = spans ? spans + 2 * l.count : NULL;
    for (size_t i = 0; count && result == 0 && i < dialogue->event_count; i++) {
        if (dialogue->events[i].kind != DIALOGUE_OPENED) {
            continue;
        }
        l.connection = dialogue->events[i].connection;
        l.begin = bytes_text(&said[l.connection]);
        l.whole[0] = (struct span){l.begin, said[l.connection].length};
        for (size_t j = 0; j < count; j++) {
            bool known = number < replays[j].count;
            l.whole[j + 1] =
                known ? (struct span){bytes_text(&replays[j].said[number]), replays[j].said[number].length}
                      : l.whole[0];
        }
        number++;
        result = all_same(l.whole, l.count) ? 0 : learn_connection(&l);
    }
    free(spans);
    dialogue_said_free(dialogue, said);
    return result;
}
