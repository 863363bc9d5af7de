/*
 * scenario_print_paths - paths while a scenario is printed: from where they were written to where the file
 * will stand.
 *
 * Folders are canonical, so "/.." behind one is its parent; behind anything else a link might stand.
 */
#include "harness/scenario_print_values.h"

#include <ctype.h>
#include <string.h>

static bool is_path_byte(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 || (c && strchr("/._-~+@%", c));
}

const char *print_relative(struct arena *arena, const char *from, const char *to)
{
    size_t common = 0, i = 0;
    const char *up = "";
    from = strcmp(from, "/") == 0 ? "" : from;
    to = strcmp(to, "/") == 0 ? "" : to;
    for (; from[i] && from[i] == to[i]; i++) {
        common = from[i] == '/' ? i : common;
    }
    if ((from[i] == '\0' || from[i] == '/') && (to[i] == '\0' || to[i] == '/')) {
        common = i;
    }
    for (const char *slash = strchr(from + common, '/'); slash; slash = strchr(slash + 1, '/')) {
        up = arena_format(arena, "%s%s..", up, *up ? "/" : "");
    }
    const char *down = to + common + (to[common] == '/');
    return arena_format(arena, "%s%s%s", up, *up && *down ? "/" : "", down);
}

/* The folder above; "" of the root. */
static const char *parent(struct arena *arena, const char *folder)
{
    const char *slash = strrchr(folder, '/');
    return slash ? arena_copy(arena, folder, (size_t)(slash - folder)) : "";
}

/* --- folders inside of texts --- */

struct known_path {
    size_t at;
    size_t end;
    const char *folder; /* NULL: it is ${bin} */
};

static void find_folder(const char *folder, bool is_bin, const char *bytes, size_t length, bool glued,
                        struct known_path *best)
{
    size_t folder_length = strlen(folder);
    if (folder_length < 2) {
        return;
    }
    for (size_t at = 0; at + folder_length <= length;) {
        const char *hit = memmem(bytes + at, length - at, folder, folder_length);
        if (!hit) {
            return;
        }
        at = (size_t)(hit - bytes);
        size_t end = at + folder_length;
        bool begins = at == 0 ? !glued : !is_path_byte(bytes[at - 1]);
        bool ends = end == length || bytes[end] == '/' || !is_path_byte(bytes[end]);
        if (begins && ends) {
            if (at < best->at || (at == best->at && end > best->end)) {
                *best = (struct known_path){.at = at, .end = end, .folder = is_bin ? NULL : folder};
            }
            return;
        }
        at++;
    }
}

/* Is the path this folder, or below it? */
static bool is_below(const char *folder, const char *path)
{
    size_t length = strcmp(folder, "/") == 0 ? 0 : strlen(folder);
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* The first folder in these bytes that the printed file can name. Outside of programs bytes must stay what
 * they are, so there a folder has a name only when no ".." is needed for it. */
static bool find_path(const struct printer *p, const char *bytes, size_t length, bool glued,
                      struct known_path *out)
{
    *out = (struct known_path){.at = SIZE_MAX};
    find_folder(p->bin, true, bytes, length, glued, out);
    if (p->program) {
        find_folder(p->program->folder, false, bytes, length, glued, out);
    }
    if (p->program || is_below(p->folder, p->scenario->folder)) {
        find_folder(p->scenario->folder, false, bytes, length, glued, out);
    }
    return out->at != SIZE_MAX;
}

bool print_has_path(const struct printer *p, const char *bytes, size_t length)
{
    struct known_path found;
    return find_path(p, bytes, length, false, &found);
}

static void append_escaped(struct bytes *out, const char *bytes, size_t length)
{
    for (const char *hit; length > 0 && (hit = memmem(bytes, length, "${", 2)) != NULL;) {
        size_t before = (size_t)(hit - bytes);
        print_must(bytes_append(out, bytes, before));
        print_must(bytes_append_text(out, "${$}{"));
        bytes += before + 2;
        length -= before + 2;
    }
    print_must(bytes_append(out, bytes, length));
}

/* Takes parts off the start of a path ("/.." and the like), as long as it is certain what they mean: `folder`
 * is then where the rest begins. open_end: an unknown value follows, so the last part may go on. */
static void follow(const struct printer *p, const char **folder, const char **rest, size_t *length,
                   bool open_end)
{
    for (;;) {
        size_t n = 1;
        while (n < *length && (*rest)[n] != '/' && is_path_byte((*rest)[n])) {
            n++;
        }
        if (*length < 2 || **rest != '/' || (n == *length && open_end)) {
            return;
        }
        const char *below =
            arena_format(p->arena, "%s%.*s", strcmp(*folder, "/") == 0 ? "" : *folder, (int)n, *rest);
        size_t below_length = strlen(below);
        bool up = n == 3 && memcmp(*rest, "/..", 3) == 0, same = n == 2 && (*rest)[1] == '.';
        bool leads = strncmp(p->folder, below, below_length) == 0 &&
                     (p->folder[below_length] == '/' || p->folder[below_length] == '\0');
        if (n == 1 || (!up && !same && !leads)) {
            return;
        }
        *folder = up ? parent(p->arena, *folder) : same ? *folder : below;
        *rest += n;
        *length -= n;
    }
}

void print_literal(const struct printer *p, struct bytes *out, const char *bytes, size_t length, bool glued,
                   bool open_end)
{
    struct known_path found;
    while (find_path(p, bytes, length, glued, &found)) {
        append_escaped(out, bytes, found.at);
        const char *rest = bytes + found.end, *folder = found.folder;
        length -= found.end;
        if (folder) {
            if (p->program) { /* elsewhere the bytes must stay what they are */
                follow(p, &folder, &rest, &length, open_end);
            }
            const char *way = print_relative(p->arena, p->folder, folder);
            print_must(bytes_append_text(out, *way ? "${here}/" : "${here}"));
            append_escaped(out, way, strlen(way));
        } else {
            print_must(bytes_append_text(out, "${bin}"));
        }
        bytes = rest;
        glued = true;
    }
    append_escaped(out, bytes, length);
}

/* --- paths that are texts --- */

static bool has_slash(const struct print_flat *flat)
{
    for (size_t i = 0; i < flat->count; i++) {
        if (flat->items[i].kind != PRINT_UNKNOWN &&
            memchr(flat->items[i].bytes, '/', flat->items[i].length)) {
            return true;
        }
    }
    return false;
}

static bool is_absolute(const struct printer *p, const struct print_piece *first)
{
    if (first->kind != PRINT_UNKNOWN) {
        return first->bytes[0] == '/';
    }
    if (first->name_slot == SIZE_MAX) {
        return false;
    }
    const struct print_slot *slot = &p->slots[first->name_slot];
    return first->name_slot == p->scenario->slot_tmp ||
           (slot->kind == PRINT_SLOT_PROGRAM &&
            first->name_slot == p->scenario->programs[slot->index].slot_dir);
}

void print_rebase(const struct printer *p, struct print_flat *flat, const char *base, bool command)
{
    struct print_piece empty = {.kind = PRINT_VALUE, .bytes = "", .name_slot = SIZE_MAX},
                       *first = flat->items;
    if (flat->count == 0 || is_absolute(p, first) || (command && !has_slash(flat)) ||
        strcmp(base, p->folder) == 0 || memchr(first->bytes, '\0', first->length)) {
        return;
    }
    if (first->kind == PRINT_UNKNOWN) {
        struct print_flat longer = {.items = NULL};
        for (size_t i = 0; i <= flat->count; i++) {
            longer.items = arena_grow(p->arena, longer.items, &longer.count, &longer.capacity, sizeof empty);
            longer.items[i] = i == 0 ? empty : flat->items[i - 1];
        }
        *flat = longer;
        first = flat->items;
    }
    const char *rest = arena_format(p->arena, "/%.*s", (int)first->length, first->bytes);
    size_t length = first->length + 1;
    bool alone = flat->count == 1;
    follow(p, &base, &rest, &length, !alone);
    const char *way = print_relative(p->arena, p->folder, base);
    if (!*way && length > 0) { /* the slash that was put before it */
        rest++;
        length--;
    }
    const char *before = *way || !alone ? way : length == 0 ? "." : "";
    if (command && !*way && !memchr(rest, '/', length)) {
        before = "./"; /* without a slash it would be looked up */
    }
    first->bytes = arena_format(p->arena, "%s%.*s", before, (int)length, rest);
    first->length = strlen(first->bytes);
}
