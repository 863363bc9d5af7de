/*
 * scenario_errors - the list of mistakes of a load.
 *
 * A mistake that shows in each row of a table is told once. The list keeps SCENARIO_ERRORS_KEPT_MAX of them
 * and counts the rest, so a file that is wrong a million times costs no more than one that is wrong a
 * thousand times.
 */
#include "harness/loader.h"

#include <stdlib.h>
#include <string.h>

void error_list_close(struct error_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].path);
    }
    free(list->items);
    *list = (struct error_list){.count = 0};
}

static bool was_told(const struct error_list *list, size_t from, const struct error_list_item *item)
{
    for (size_t i = from; i < list->count; i++) {
        const struct error_list_item *other = &list->items[i];
        if (other->error.line == item->error.line && other->error.column == item->error.column &&
            other->file == item->file && strcmp(other->error.text, item->error.text) == 0) {
            return true;
        }
    }
    return false;
}

void error_list_vadd(struct error_list *list, size_t from, bool warning, size_t file, struct place place,
                     const char *chain, const char *format, va_list args)
{
    struct error_list_item item = {.warning = warning, .file = file};
    item.error = (struct seam_error){.line = place.line, .column = place.column};
    if (list->count - from >= SCENARIO_ERRORS_KEPT_MAX) {
        list->error_count += !warning;
        list->left_out += !warning;
        return;
    }
    int length = vsnprintf(item.error.text, sizeof item.error.text, format, args);
    if (length >= 0 && (size_t)length < sizeof item.error.text) {
        snprintf(item.error.text + length, sizeof item.error.text - (size_t)length, "%s", chain);
    }
    if (was_told(list, from, &item)) {
        return;
    }
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 16;
        struct error_list_item *items = realloc(list->items, capacity * sizeof *items);
        if (!items) {
            abort();
        }
        list->items = items;
        list->capacity = capacity;
    }
    item.path = strdup(place.path);
    if (!item.path) {
        abort();
    }
    item.error.path = item.path;
    list->items[list->count++] = item;
    list->error_count += !warning;
}

static int compare_items(const void *a, const void *b)
{
    const struct error_list_item *x = a, *y = b;
    if (x->file != y->file) {
        return x->file < y->file ? -1 : 1;
    }
    if (x->error.line != y->error.line) {
        return x->error.line < y->error.line ? -1 : 1;
    }
    if (x->error.column != y->error.column) {
        return x->error.column < y->error.column ? -1 : 1;
    }
    return strcmp(x->error.text, y->error.text);
}

void error_list_sort(struct error_list *list, size_t from)
{
    if (list->count > from) {
        qsort(list->items + from, list->count - from, sizeof *list->items, compare_items);
    }
}

static size_t file_of(const struct loader *l, const char *path)
{
    for (size_t i = 0; i < l->source_count; i++) {
        if (l->sources[i]->path == path) {
            return i;
        }
    }
    return 0;
}

/* "; included at a.json:3:5, included at b.json:1:2" */
static const char *chain_text(struct loader *l, const char *path)
{
    const char *text = "";
    for (const struct frame *f = l->frame; f && f->includer && f->source->path == path; f = f->includer) {
        text = arena_format(l->arena, "%s%s included at %s:%d:%d", text, *text ? "," : ";", f->from.path,
                            f->from.line, f->from.column);
        path = f->from.path;
    }
    return text;
}

static void vtell(struct loader *l, struct place place, bool warning, const char *format, va_list args)
{
    const char *chain =
        l->errors->count - l->errors_before < SCENARIO_ERRORS_KEPT_MAX ? chain_text(l, place.path) : "";
    error_list_vadd(l->errors, l->errors_before, warning, file_of(l, place.path), place, chain, format, args);
}

void tell(struct loader *l, struct place place, const char *format, ...)
{
    va_list args;
    l->mistakes++;
    va_start(args, format);
    vtell(l, place, false, format, args);
    va_end(args);
}

void tell_warning(struct loader *l, struct place place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vtell(l, place, true, format, args);
    va_end(args);
}

void tell_expected(struct loader *l, struct node node, const char *expected)
{
    static const char *const kinds[] = {
        "the object ", "the list ", "the string ", "", "the real number ", "", "", ""};
    tell(l, node_place(node), "expected %s, got %s%s", expected, kinds[json_typeof(node.json)],
         node_shown(l->arena, node));
}

const char *suggestion_text(struct arena *arena, const struct suggestion *suggestion)
{
    return suggestion->best ? arena_format(arena, "; did you mean \"%s\"?", suggestion->best) : "";
}
