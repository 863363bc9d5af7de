/* source - see source.h. */
#include "harness/source.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/scenario.h"
#include "src/bytes.h"

enum { SHOWN_BYTES_MAX = 60 };

int source_read(struct arena *arena, int fd, const char **text, size_t *length, struct seam_error *error)
{
    struct bytes bytes;
    char chunk[64 * 1024];
    int result = 0;
    bytes_init(&bytes, SCENARIO_FILE_BYTES_MAX);
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            result = seam_error_set(error, "can't read this file: %s", strerror(errno));
        } else if (bytes_append(&bytes, chunk, (size_t)n) != BYTES_OK) {
            result = seam_error_set(error, "this file is larger than %zu MiB", SCENARIO_FILE_BYTES_MAX >> 20);
        }
        if (n <= 0 || result != 0) {
            break;
        }
    }
    close(fd);
    *length = bytes.length;
    *text = result == 0 ? arena_copy(arena, bytes.data, bytes.length) : NULL;
    bytes_free(&bytes);
    return result;
}

static void find_lines(struct source *source, struct arena *arena)
{
    size_t count = 1;
    for (size_t i = 0; i < source->length; i++) {
        count += source->text[i] == '\n';
    }
    source->line_starts = arena_alloc_array(arena, count, sizeof *source->line_starts);
    source->line_count = 1;
    for (size_t i = 0; i < source->length; i++) {
        if (source->text[i] == '\n') {
            source->line_starts[source->line_count++] = (uint32_t)i + 1;
        }
    }
}

static void free_json(void *json)
{
    json_decref(json);
}

struct parsing {
    struct source *source;
    struct arena *arena;
    void (*complain)(void *context, struct place place, const char *message);
    void *context;
};

static void complain_of_duplicate(void *context, const struct json_place *first,
                                  const struct json_place *second)
{
    struct parsing *p = context;
    struct place before = source_place(p->source, first->key_start, first->key_end);
    p->complain(p->context, source_place(p->source, second->key_start, second->key_end),
                arena_format(p->arena, "duplicate key \"%.100s\": it stands at %d:%d already", second->key,
                             before.line, before.column));
}

bool source_parse(struct source *source, struct arena *arena,
                  void (*complain)(void *context, struct place place, const char *message), void *context)
{
    struct parsing parsing = {.source = source, .arena = arena, .complain = complain, .context = context};
    struct json_place_error error;
    find_lines(source, arena);
    enum json_place_result result =
        json_place_locate(arena, source->text, source->length, SCENARIO_NESTING_MAX, complain_of_duplicate,
                          &parsing, &source->root, &error);
    if (result == JSON_PLACE_TOO_DEEP) {
        complain(context, source_place(source, error.start, error.end),
                 arena_format(arena, "nested deeper than %d", SCENARIO_NESTING_MAX));
        return false;
    }
    if (result == JSON_PLACE_SYNTAX) {
        complain(context, source_place(source, error.start, error.end), error.text);
        return false;
    }
    /* A duplicate was told already: the rest of the file is looked at all the same. */
    size_t flags = JSON_ALLOW_NUL | (result == JSON_PLACE_DUPLICATES ? 0 : JSON_REJECT_DUPLICATES);
    json_error_t refused;
    source->json = json_loadb(source->text, source->length, flags, &refused);
    if (!source->json) {
        size_t at = refused.position > 0 ? (size_t)refused.position - 1 : 0;
        complain(context, source_place(source, at, at), refused.text);
        return false;
    }
    arena_on_free(arena, free_json, source->json);
    return true;
}

struct place source_place(const struct source *source, size_t start, size_t end)
{
    size_t low = 0, high = source->line_count; /* the line is in [low, high) */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (source->line_starts[middle] <= start) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return (struct place){.path = source->path,
                          .line = (int)low + 1,
                          .column = (int)(start - source->line_starts[low]) + 1,
                          .start = start,
                          .end = end};
}

struct node source_root(const struct source *source)
{
    return (struct node){.source = source, .json = source->json, .at = source->root};
}

bool node_is_absent(struct node node)
{
    return node.json == NULL;
}

struct node node_get(struct node object, const char *key)
{
    struct node found = {.source = object.source};
    if (json_is_object(object.json)) {
        for (const struct json_place *at = object.at->child; at; at = at->next) {
            if (strcmp(at->key, key) == 0) {
                found.json = json_object_get(object.json, key);
                found.at = at;
                break;
            }
        }
    }
    return found;
}

struct place node_place(struct node node)
{
    return source_place(node.source, node.at->start, node.at->end);
}

struct place node_key_place(struct node node)
{
    return node.at->key ? source_place(node.source, node.at->key_start, node.at->key_end) : node_place(node);
}

size_t node_count(struct node node)
{
    return json_is_array(node.json) ? json_array_size(node.json) : json_object_size(node.json);
}

const char *node_text(struct node node, size_t *length)
{
    if (!json_is_string(node.json)) {
        return NULL;
    }
    if (length) {
        *length = json_string_length(node.json);
    }
    return json_string_value(node.json);
}

bool node_is(struct node node, const char *text)
{
    size_t length;
    const char *value = node_text(node, &length);
    return value && length == strlen(text) && memcmp(value, text, length) == 0;
}

struct place node_place_in_string(struct node string, size_t start, size_t end)
{
    assert(json_is_string(string.json));
    struct json_place_cursor cursor = {.text = string.source->text, .start = string.at->start};
    size_t from = json_place_in_string(&cursor, start), to = json_place_in_string(&cursor, end);
    return source_place(string.source, from, to);
}

const char *node_shown(struct arena *arena, struct node node)
{
    size_t length = node.at->end - node.at->start;
    bool cut = length > SHOWN_BYTES_MAX;
    struct bytes shown;
    bytes_init(&shown, 8 * SHOWN_BYTES_MAX);
    length = cut ? SHOWN_BYTES_MAX : length;
    while (cut && length > 0 && (node.source->text[node.at->start + length] & 0xc0) == 0x80) {
        length--; /* not inside a character */
    }
    bytes_append_visible(&shown, node.source->text + node.at->start, length, BYTES_VISIBLE_TEXT);
    const char *text = arena_format(arena, "%s%s", bytes_text(&shown), cut ? "..." : "");
    bytes_free(&shown);
    return text;
}

struct node_iterator node_each(struct node parent)
{
    bool has_children = json_is_array(parent.json) || json_is_object(parent.json);
    return (struct node_iterator){.parent = parent, .next = has_children ? parent.at->child : NULL};
}

struct node_iterator node_members(struct node parent)
{
    struct node_iterator none = {.parent = parent};
    return json_is_object(parent.json) ? node_each(parent) : none;
}

bool node_next(struct node_iterator *i)
{
    if (!i->next) {
        return false;
    }
    i->index = i->count++;
    i->key = i->next->key;
    i->node = (struct node){.source = i->parent.source, .at = i->next};
    i->node.json =
        i->key ? json_object_get(i->parent.json, i->key) : json_array_get(i->parent.json, i->index);
    i->next = i->next->next;
    assert(i->node.json);
    return true;
}
