/*
 * source - one scenario file in memory: its text, its JSON values, and where each of them stands.
 *
 * Reads regular files only, up to SCENARIO_FILE_BYTES_MAX, without ever blocking. Knows JSON, nothing of
 * scenarios.
 */
#ifndef SEAM_HARNESS_SOURCE_H
#define SEAM_HARNESS_SOURCE_H

#include <jansson.h>

#include "harness/arena.h"
#include "harness/json_place.h"
#include "harness/text.h"

struct source {
    const char *path;      /* for messages: as the user or the including file named it */
    const char *real_path; /* canonical: what tells files apart */
    const char *folder;    /* absolute */
    const char *text;
    size_t length;
    json_t *json; /* owned by the arena */
    struct json_place *root;
    uint32_t *line_starts;
    size_t line_count;
    size_t order; /* 0: the file that is loaded; the files it includes follow */
};

/* A value of a file. json NULL: there is none. */
struct node {
    const struct source *source;
    json_t *json;
    const struct json_place *at;
};

/* Reads all of fd (closed in any case) into the arena. 0, or -1 with error->text. */
int source_read(struct arena *arena, int fd, const char **text, size_t *length, struct seam_error *error);

/*
 * Parses source->text (path, text, length and folder are set by the caller). Mistakes are told to complain;
 * false: there is no tree to look at.
 */
bool source_parse(struct source *source, struct arena *arena,
                  void (*complain)(void *context, struct place place, const char *message), void *context);

struct place source_place(const struct source *source, size_t start, size_t end);

struct node source_root(const struct source *source);
struct node node_get(struct node object, const char *key); /* json NULL: no such key, or no object */
bool node_is_absent(struct node node);
struct place node_place(struct node node);
struct place node_key_place(struct node node); /* of the key; of the value when it has none */
size_t node_count(struct node node);           /* values in an array or object */
const char *node_text(struct node node,
                      size_t *length);            /* of a string; NULL: it is none. Borrowed from the file */
bool node_is(struct node node, const char *text); /* is it this string? */
/* Where bytes start..end of a string's value stand. */
struct place node_place_in_string(struct node string, size_t start, size_t end);
/* The value as it is written, on one line, cut after `bytes_max` bytes. Owned by the arena. */
const char *node_shown(struct arena *arena, struct node node);

/*
 * The values of an array or object: for (struct node_iterator i = node_each(parent); node_next(&i);) { ...
 * i.node ... } node_members has those of an object only, each with its key; of anything else none.
 */
struct node_iterator {
    struct node parent;
    const struct json_place *next;
    size_t index; /* of node, from 0 */
    size_t count;
    struct node node;
    const char *key; /* NULL in an array */
};
struct node_iterator node_each(struct node parent);
struct node_iterator node_members(struct node parent);
bool node_next(struct node_iterator *iterator);

#endif
