/*
 * scenario_print_data - bytes and data while a scenario is printed.
 *
 * Data becomes a list of items. Known bytes that follow each other are collected and written together, so the
 * pieces of the scenario leave no trace; lines, long repetitions and what only a run knows are items of their
 * own.
 */
#include "harness/scenario_print_values.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "src/utf8.h"

enum { BYTES_RUN_MIN = SCENARIO_PRINT_RUN_BYTES_MIN, LIST_TIMES_MAX = 1000 };

/* --- bytes --- */

/* Text that can be seen, as a person would put it into a string. */
static bool is_text(const char *bytes, size_t length)
{
    uint32_t codepoint = 0;
    for (size_t i = 0, n; i < length; i += n) {
        n = utf8_decode(bytes + i, length - i, &codepoint);
        if (n == 0 || !(utf8_may_show(codepoint) ||
                        (codepoint && codepoint < 0x80 && strchr("\n\r\t", (int)codepoint)))) {
            return false;
        }
    }
    return true;
}

/* How many bytes from here are the same. */
static size_t run_bytes(const char *bytes, size_t length)
{
    size_t n = length > 0;
    while (n < length && bytes[n] == bytes[0]) {
        n++;
    }
    return n;
}

static json_t *string_of(const char *bytes, size_t length)
{
    struct bytes out;
    bytes_init(&out, PRINT_BYTES_MAX);
    for (size_t i = 0; i < length; i++) {
        bool opens = bytes[i] == '{' && i > 0 && bytes[i - 1] == '$';
        if (opens) { /* "$" stands there already */
            print_must(bytes_append_text(&out, "{$}"));
        }
        print_must(bytes_append(&out, bytes + i, 1));
    }
    json_t *json = json_stringn(bytes_text(&out), out.length);
    bytes_free(&out);
    return json;
}

/* The inside of a Python bytes literal. */
static json_t *escapes_of(const char *bytes, size_t length)
{
    struct bytes out;
    bytes_init(&out, PRINT_BYTES_MAX);
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)bytes[i];
        const char *escape = c == '\n'   ? "\\n"
                             : c == '\r' ? "\\r"
                             : c == '\t' ? "\\t"
                             : c == '\\' ? "\\\\"
                                         : NULL;
        if (escape) {
            print_must(bytes_append_text(&out, escape));
        } else if (c < 0x20 || c >= 0x7f) {
            print_must(bytes_append_format(&out, "\\x%02x", c));
        } else {
            print_must(bytes_append(&out, &c, 1));
        }
    }
    json_t *json = json_stringn(bytes_text(&out), out.length);
    bytes_free(&out);
    return json;
}

static json_t *one_member(const char *key, json_t *value)
{
    json_t *object = json_object();
    if (!object || json_object_set_new(object, key, value) != 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

/* An object, whatever the bytes; or the plain string where that will do. */
static json_t *form_of(const char *bytes, size_t length, bool object)
{
    if (!is_text(bytes, length)) {
        return one_member("bytes", escapes_of(bytes, length));
    }
    json_t *string = string_of(bytes, length);
    return object ? one_member("text", string) : string;
}

/* Gives an object of data its "times"; both are taken over. */
static json_t *with_times(json_t *object, json_t *times)
{
    if (!object || json_object_set_new(object, "times", times) != 0) {
        if (!object) {
            json_decref(times);
        }
        json_decref(object);
        return NULL;
    }
    return object;
}

static int append_bytes(json_t *list, const char *bytes, size_t length)
{
    int result = 0;
    for (size_t at = 0, end; at < length && result == 0; at = end) {
        size_t run = run_bytes(bytes + at, length - at);
        if (run >= BYTES_RUN_MIN && run <= INT32_MAX) {
            end = at + run;
            result = json_array_append_new(
                list, with_times(form_of(bytes + at, 1, true), json_integer((json_int_t)run)));
            continue;
        }
        for (end = at + run; end < length; end += run) {
            run = run_bytes(bytes + end, length - end);
            if (run >= BYTES_RUN_MIN) {
                break;
            }
        }
        result = json_array_append_new(list, form_of(bytes + at, end - at, false));
    }
    return result;
}

/* A list of items as data: nothing, the only one, or all. Takes the list over. */
static json_t *data_of(json_t *list)
{
    json_t *json = json_array_size(list) == 0   ? json_string("")
                   : json_array_size(list) == 1 ? json_incref(json_array_get(list, 0))
                                                : json_incref(list);
    json_decref(list);
    return json;
}

json_t *scenario_print_bytes(const void *data, size_t length)
{
    json_t *list = json_array();
    if (!list || append_bytes(list, data, length) != 0) {
        json_decref(list);
        return NULL;
    }
    return data_of(list);
}

/* --- items --- */

struct items {
    json_t *list;
    struct bytes pending; /* known bytes that are not in the list yet */
};

static void add_data(struct printer *p, struct items *items, const struct data *data);

static void flush(struct printer *p, struct items *items)
{
    if (append_bytes(items->list, items->pending.data, items->pending.length) != 0) {
        print_fail(p, "out of memory");
    }
    bytes_clear(&items->pending);
}

static void add_item(struct printer *p, struct items *items, json_t *json)
{
    flush(p, items);
    if (!json || json_array_append_new(items->list, json) != 0) {
        print_fail(p, "out of memory");
    }
}

static json_t *print_once(struct printer *p, const struct data *data)
{
    struct data once = *data;
    once.times = NULL;
    return print_data(p, &once);
}

/* The same text with literals that follow each other as one. */
static struct print_flat merge(struct printer *p, const struct print_flat *flat)
{
    struct print_flat out = {.items = NULL};
    for (size_t i = 0; i < flat->count; i++) {
        struct print_piece piece = flat->items[i], *last = out.count ? &out.items[out.count - 1] : NULL;
        if (last && last->kind != PRINT_UNKNOWN && piece.kind != PRINT_UNKNOWN) {
            char *both = arena_alloc(p->arena, last->length + piece.length + 1);
            memcpy(both, last->bytes, last->length);
            memcpy(both + last->length, piece.bytes, piece.length);
            last->bytes = both;
            last->length += piece.length;
        } else {
            out.items = arena_grow(p->arena, out.items, &out.count, &out.capacity, sizeof piece);
            out.items[out.count - 1] = piece;
        }
    }
    return out;
}

/* Is each literal of it one plain string? Then all of it is. */
static bool is_plain(const struct print_flat *flat)
{
    for (size_t i = 0; i < flat->count; i++) {
        const struct print_piece *piece = &flat->items[i];
        for (size_t at = 0, run; piece->kind != PRINT_UNKNOWN && at < piece->length; at += run) {
            run = run_bytes(piece->bytes + at, piece->length - at);
            if (run >= BYTES_RUN_MIN) {
                return false;
            }
        }
        if (piece->kind != PRINT_UNKNOWN && !is_text(piece->bytes, piece->length)) {
            return false;
        }
    }
    return true;
}

/* Bytes and nothing else, neither a ${...} nor a folder that has a name. */
static bool is_literal(const struct printer *p, const struct print_flat *merged)
{
    return merged->count == 0 || (merged->count == 1 && merged->items[0].kind != PRINT_UNKNOWN &&
                                  !print_has_path(p, merged->items[0].bytes, merged->items[0].length));
}

static void add_flat(struct printer *p, struct items *items, const struct print_flat *flat)
{
    struct print_flat merged = merge(p, flat);
    if (!is_literal(p, &merged) && is_plain(&merged)) {
        add_item(p, items, print_flat_text(p, &merged));
        return;
    }
    for (size_t i = 0; i < merged.count; i++) {
        const struct print_piece *piece = &merged.items[i];
        if (piece->kind == PRINT_UNKNOWN) {
            add_item(p, items, json_stringn(piece->bytes, piece->length));
        } else {
            print_must(bytes_append(&items->pending, piece->bytes, piece->length));
        }
    }
}

static void append_content(struct printer *p, struct items *items, const struct data *data)
{
    struct seam_error error = {0};
    struct data once = *data;
    once.times = NULL;
    if (data_expand(&once, &p->values, &p->scenario->delimiter, &items->pending, &error) != 0) {
        print_fail(p, "%s", error.text);
    }
}

/* NULL: its content is written instead (or there was a mistake). */
static json_t *file_name(struct printer *p, const struct data *data)
{
    struct print_flat flat = {.items = NULL};
    struct bytes path;
    struct stat st;
    if (print_flatten(p, data->text, &flat) != 0) {
        return NULL;
    }
    if (!text_is_known(data->text, &p->values)) {
        print_rebase(p, &flat, data->folder, false);
        bool outside = flat.items[0].length >= 2 && memcmp(flat.items[0].bytes, "..", 2) == 0;
        return outside && data->limit
                   ? print_fail(p, "the file would be outside of the printed file's folder")
                   : print_flat_text(p, &flat);
    }
    bytes_init(&path, PATH_MAX);
    for (size_t i = 0; i < flat.count; i++) {
        print_must(bytes_append(&path, flat.items[i].bytes, flat.items[i].length));
    }
    const char *whole = *bytes_text(&path) == '/'
                            ? bytes_text(&path)
                            : arena_format(p->arena, "%s/%s", data->folder, bytes_text(&path));
    char *real = realpath(whole, NULL);
    json_t *json = NULL;
    if (strlen(bytes_text(&path)) != path.length || !real || stat(real, &st) != 0) {
        print_fail(p, "can't read \"%.300s\"", whole);
    } else if ((size_t)st.st_size > SCENARIO_PRINT_FILE_BYTES_MAX) {
        const char *way = print_relative(p->arena, p->folder, real);
        bool outside = strncmp(way, "../", 3) == 0;
        struct print_piece piece = {
            .kind = PRINT_VALUE, .bytes = way, .length = strlen(way), .name_slot = SIZE_MAX};
        json = outside && data->limit ? NULL
                                      : print_flat_text(p, &(struct print_flat){.items = &piece, .count = 1});
    }
    free(real);
    bytes_free(&path);
    return json;
}

/* Bytes that come so often; times is taken over, and repeats says it when it is known. */
static void add_repeated_bytes(struct printer *p, struct items *items, const struct bytes *once,
                               json_t *times, int64_t repeats)
{
    bool known = repeats >= 0;
    size_t run = run_bytes(bytes_text(once), once->length);
    if (once->length == 0 || (known && once->length <= BYTES_RUN_MIN / (uint64_t)repeats)) {
        for (int64_t i = 0; once->length > 0 && i < repeats; i++) {
            print_must(bytes_append(&items->pending, once->data, once->length));
        }
        json_decref(times);
    } else if (known && run == once->length && (uint64_t)repeats <= INT32_MAX / run) {
        json_decref(times);
        add_item(p, items, with_times(form_of(once->data, 1, true), json_integer(repeats * (int64_t)run)));
    } else {
        add_item(p, items, with_times(form_of(once->data, once->length, true), times));
    }
}

static void add_repeated_text(struct printer *p, struct items *items, const struct data *data, json_t *times,
                              int64_t repeats)
{
    struct print_flat flat = {.items = NULL};
    json_t *name = data->kind == DATA_FILE ? file_name(p, data) : NULL;
    struct items once = {.list = NULL};
    bytes_init(&once.pending, PRINT_BYTES_MAX);
    if (name) {
        add_item(p, items, with_times(one_member("file", name), times));
        return;
    }
    if (data->kind == DATA_TEXT && print_flatten(p, data->text, &flat) == 0) {
        flat = merge(p, &flat);
    }
    if (!is_literal(p, &flat)) {
        add_item(p, items, with_times(one_member("text", print_flat_text(p, &flat)), times));
        return;
    }
    if (!p->failed) {
        append_content(p, &once, data);
    }
    if (p->failed) {
        json_decref(times);
    } else {
        add_repeated_bytes(p, items, &once.pending, times, repeats);
    }
    bytes_free(&once.pending);
}

static void add_repeated(struct printer *p, struct items *items, const struct data *data)
{
    struct seam_error error = {0};
    int64_t repeats = -1;
    bool known = data->times->constant || text_is_known(data->times->text, &p->values);
    if (known && number_expand(data->times, &p->values, &repeats, &error) != 0) {
        print_fail(p, "%s", error.text);
    } else if (known && repeats < 0) {
        print_fail(p, "\"times\" can't be negative: %lld", (long long)repeats);
    } else if (repeats == 0) {
        return;
    } else if (repeats == 1 || (data->kind == DATA_LIST && known && repeats <= LIST_TIMES_MAX)) {
        struct data once = *data;
        once.times = NULL;
        for (int64_t i = 0; i < repeats && !p->failed; i++) {
            add_data(p, items, &once);
        }
    } else if (data->kind == DATA_LIST) {
        print_fail(p, "a list has no \"times\"");
    } else if (data->kind == DATA_LINE || data->kind == DATA_LINES) {
        add_item(p, items, with_times(print_once(p, data), print_number(p, data->times)));
    } else {
        add_repeated_text(p, items, data, print_number(p, data->times), repeats);
    }
}

static void add_data(struct printer *p, struct items *items, const struct data *data)
{
    struct print_flat flat = {.items = NULL};
    json_t *name;
    if (data->times) {
        add_repeated(p, items, data);
        return;
    }
    switch (data->kind) {
    case DATA_LITERAL:
        print_must(bytes_append(&items->pending, data->literal, data->literal_length));
        break;
    case DATA_TEXT:
        if (print_flatten(p, data->text, &flat) == 0) {
            add_flat(p, items, &flat);
        }
        break;
    case DATA_FILE:
        name = file_name(p, data);
        if (name) {
            add_item(p, items, one_member("file", name));
        } else if (!p->failed) {
            append_content(p, items, data);
        }
        break;
    case DATA_LINE:
        add_item(p, items, one_member("line", print_data(p, data->items[0])));
        break;
    case DATA_LINES:
        add_item(p, items, one_member("lines", print_data_items(p, data->items, data->item_count)));
        break;
    case DATA_LIST:
        for (size_t i = 0; i < data->item_count && !p->failed; i++) {
            add_data(p, items, data->items[i]);
        }
        break;
    }
}

json_t *print_data(struct printer *p, const struct data *data)
{
    struct items items = {.list = json_array()};
    bytes_init(&items.pending, PRINT_BYTES_MAX);
    add_data(p, &items, data);
    flush(p, &items);
    bytes_free(&items.pending);
    json_t *json = data_of(items.list);
    if (p->failed) {
        json_decref(json);
        return NULL;
    }
    return json;
}

json_t *print_data_items(struct printer *p, const struct data *const *items, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count && !p->failed; i++) {
        if (json_array_append_new(list, print_data(p, items[i])) != 0) {
            print_fail(p, "out of memory");
        }
    }
    if (count == 0) {
        print_fail(p, "an empty list of data can't be written");
    }
    if (p->failed) {
        json_decref(list);
        return NULL;
    }
    return list;
}
