/* rewrite - see rewrite.h. */
#include "harness/commands/rewrite.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/arena.h"
#include "harness/commands/diagnose.h"
#include "harness/commands/rewrite_value.h"
#include "harness/scenario.h"
#include "harness/source.h"

/* --- what is to be done
 * ------------------------------------------------------------------------------------- */

static void free_edit(struct rewrite_edit *edit)
{
    free(edit->path);
    free(edit->delimiter);
    free(edit->bytes);
}

/* The bytes of `length` hexadecimal digits. NULL: no memory, or no digits. */
static unsigned char *unhex(const char *digits, size_t length, size_t *out_length)
{
    unsigned char *out = length % 2 == 0 ? malloc(length / 2 + 1) : NULL;
    unsigned byte;
    for (size_t i = 0; out && i < length; i += 2) {
        char two[3] = {digits[i], digits[i + 1], '\0'};
        if (sscanf(two, "%2x", &byte) != 1) {
            free(out);
            return NULL;
        }
        out[i / 2] = (unsigned char)byte;
    }
    *out_length = length / 2;
    return out;
}

static int read_edit(const char *line, size_t length, struct rewrite_edit *edit)
{
    int at = 0;
    char state;
    *edit = (struct rewrite_edit){0};
    if (sscanf(line, "%c %zu %zu %7s %n", &state, &edit->start, &edit->end, edit->form, &at) != 4 || !at) {
        return -1;
    }
    const char *delimiter = line + at, *bytes = strchr(delimiter, ' ');
    const char *path = bytes ? strchr(bytes + 1, ' ') : NULL;
    if (!path || path > line + length) {
        return -1;
    }
    edit->changed = state != '=';
    edit->delimiter = unhex(delimiter, (size_t)(bytes - delimiter), &edit->delimiter_length);
    edit->bytes = unhex(bytes + 1, (size_t)(path - bytes - 1), &edit->length);
    char *name = strndup(path + 1, (size_t)(line + length - path - 1));
    edit->path = name ? realpath(name, NULL) : NULL;
    free(name);
    if (edit->path && edit->delimiter && edit->bytes) {
        return 0;
    }
    free_edit(edit);
    return -1;
}

static int add_edit(struct rewrite *rewrite, struct rewrite_edit edit)
{
    if (rewrite->count == rewrite->capacity) {
        size_t capacity = 2 * rewrite->capacity + 16;
        struct rewrite_edit *grown = realloc(rewrite->edits, capacity * sizeof *grown);
        if (!grown) {
            free_edit(&edit);
            return -1;
        }
        rewrite->edits = grown;
        rewrite->capacity = capacity;
    }
    rewrite->edits[rewrite->count++] = edit;
    return 0;
}

/* Takes out what the same run, whose edits begin at `first`, said last of the same value. */
static void make_void(struct rewrite *rewrite, size_t first, const struct rewrite_edit *edit)
{
    for (size_t i = rewrite->count; i-- > first;) {
        struct rewrite_edit *before = &rewrite->edits[i];
        if (before->start == edit->start && strcmp(before->path, edit->path) == 0) {
            free_edit(before);
            memmove(before, before + 1, (--rewrite->count - i) * sizeof *before);
            return;
        }
    }
}

int rewrite_add(struct rewrite *rewrite, const char *updates)
{
    size_t first = rewrite->count, length;
    for (const char *line = updates; *line; line += length + (line[length] == '\n')) {
        struct rewrite_edit edit;
        length = strcspn(line, "\n");
        if (*line == '#') {
            diagnose("%.*s", (int)length - 2, line + 2);
            continue;
        }
        if (read_edit(line, length, &edit) < 0) {
            return -1;
        }
        if (*line == '+') {
            make_void(rewrite, first, &edit);
        }
        if (add_edit(rewrite, edit) < 0) {
            return -1;
        }
    }
    return 0;
}

void rewrite_close(struct rewrite *rewrite)
{
    for (size_t i = 0; i < rewrite->count; i++) {
        free_edit(&rewrite->edits[i]);
    }
    free(rewrite->edits);
    *rewrite = (struct rewrite){0};
}

/* --- doing it
 * ----------------------------------------------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
    const struct rewrite_edit *x = a, *y = b;
    int order = strcmp(x->path, y->path);
    return order                  ? order
           : x->start != y->start ? (x->start < y->start ? -1 : 1)
                                  : (x->order < y->order ? -1 : 1);
}

static bool same_bytes(const struct rewrite_edit *a, const struct rewrite_edit *b)
{
    return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

struct file {
    struct arena *arena;
    struct source source;
    const char *trouble; /* NULL: none */
};

static void note_trouble(void *context, struct place place, const char *message)
{
    (void)place;
    (void)message;
    ((struct file *)context)->trouble = "it changed while its scenarios ran";
}

static void file_open(struct file *file, const char *path)
{
    struct seam_error error = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    *file = (struct file){.arena = arena_new(), .source = {.path = path, .folder = "/"}};
    if (fd < 0 || source_read(file->arena, fd, &file->source.text, &file->source.length, &error) < 0) {
        file->trouble = "it can't be read";
        return;
    }
    source_parse(&file->source, file->arena, note_trouble, file);
}

/* The value of the key `form` that stands there or holds what stands there, as {"hex": ...} does; or NULL. */
static const struct json_place *find_value(const struct json_place *root, size_t start, size_t end,
                                           const char *form)
{
    const struct json_place *found = NULL;
    for (const struct json_place *at = root, *next; at; at = next) {
        bool holds = at->start <= start && end <= at->end;
        found = holds && at->key && strcmp(at->key, form) == 0 ? at : found;
        if (at->start == start && at->end == end) {
            return found;
        }
        next = holds ? at->child : at->next;
    }
    return NULL;
}

/* Appends the file's text from *done on up to the value, and the value anew. NULL, or what is wrong. */
static const char *append_edit(const struct file *file, const struct rewrite_edit *edit, size_t *done,
                               struct bytes *out)
{
    const char *text = file->source.text, *key;
    const struct json_place *at = find_value(file->source.root, edit->start, edit->end, edit->form);
    if (!at) {
        return "it changed while its scenarios ran";
    }
    const struct rewrite_value value = {.text = text,
                                        .at = at,
                                        .form = edit->form,
                                        .delimiter = edit->delimiter,
                                        .delimiter_length = edit->delimiter_length,
                                        .bytes = edit->bytes,
                                        .length = edit->length};
    struct bytes made;
    bytes_init(&made, SCENARIO_FILE_BYTES_MAX);
    bool good = rewrite_value(&value, &made, &key) == 0;
    if (good && key && at->key) {
        good = !bytes_append(out, text + *done, at->key_start - *done) &&
               !bytes_append_format(out, "\"%s\"", key);
        *done = at->key_end;
    }
    good = good && !bytes_append(out, text + *done, at->start - *done) &&
           !bytes_append(out, made.data, made.length);
    *done = at->end;
    bytes_free(&made);
    return good ? NULL : "it would be too large";
}

/* Beside the file, then in its place: a reader sees the old text or the new one. NULL, or what is wrong. */
static const char *write_file(const char *path, const struct bytes *content)
{
    struct stat old;
    char *name = NULL;
    if (asprintf(&name, "%s.XXXXXX", path) < 0) {
        return "out of memory";
    }
    int fd = stat(path, &old) == 0 && access(path, W_OK) == 0 ? mkostemp(name, O_CLOEXEC) : -1;
    bool good = fd >= 0 && fchmod(fd, old.st_mode & 07777) == 0;
    for (size_t at = 0; good && at < content->length;) {
        ssize_t n = write(fd, content->data + at, content->length - at);
        good = n > 0;
        at += good ? (size_t)n : 0;
    }
    good = fd >= 0 && fsync(fd) == 0 && good;
    good = fd >= 0 && close(fd) == 0 && good && rename(name, path) == 0;
    if (!good && fd >= 0) {
        unlink(name);
    }
    free(name);
    return good ? NULL : "it can't be written";
}

static void tell_conflict(const struct file *file, const struct rewrite_edit *a, const struct rewrite_edit *b)
{
    struct place place = source_place(&file->source, a->start, a->end);
    struct bytes text;
    bytes_init(&text, 4096);
    bytes_append_format(&text, "%s:%d:%d: not rewritten: one run needs \"", a->path, place.line,
                        place.column);
    bytes_append_visible(&text, a->bytes, a->length < 80 ? a->length : 80, BYTES_VISIBLE_QUOTED);
    bytes_append_text(&text, "\" there, another \"");
    bytes_append_visible(&text, b->bytes, b->length < 80 ? b->length : 80, BYTES_VISIBLE_QUOTED);
    diagnose("%s\": a variable or \"matches\" would fit both", bytes_text(&text));
    bytes_free(&text);
}

/* The edits of one value, count of them: the one to make, or NULL. */
static const struct rewrite_edit *agree(const struct file *file, const struct rewrite_edit *edits,
                                        size_t count)
{
    const struct rewrite_edit *wanted = NULL;
    for (size_t i = 0; i < count; i++) {
        wanted = edits[i].changed && !wanted ? &edits[i] : wanted;
    }
    for (size_t i = 0; wanted && i < count; i++) {
        if (!same_bytes(wanted, &edits[i])) {
            tell_conflict(file, wanted, &edits[i]);
            return NULL;
        }
    }
    return wanted;
}

/* The edits of one file. */
static int apply_to_file(struct rewrite *rewrite, const struct rewrite_edit *edits, size_t count)
{
    struct file file;
    struct bytes out;
    size_t done = 0, written = 0;
    file_open(&file, edits->path);
    bytes_init(&out, SCENARIO_FILE_BYTES_MAX);
    for (size_t i = 0, same; !file.trouble && i < count; i += same) {
        for (same = 1; i + same < count && edits[i + same].start == edits[i].start; same++) {
        }
        const struct rewrite_edit *edit = agree(&file, edits + i, same);
        if (edit) {
            file.trouble = append_edit(&file, edit, &done, &out);
            written++;
        }
    }
    if (!file.trouble && written) {
        file.trouble = bytes_append(&out, file.source.text + done, file.source.length - done)
                           ? "it would be too large"
                           : write_file(edits->path, &out);
    }
    if (file.trouble) {
        diagnose("%s: not rewritten: %s", edits->path, file.trouble);
    } else if (written) {
        diagnose("%s: %zu expectation%s rewritten", edits->path, written, written == 1 ? "" : "s");
        rewrite->written += written;
    }
    bytes_free(&out);
    arena_free(file.arena);
    return file.trouble ? -1 : 0;
}

int rewrite_apply(struct rewrite *rewrite)
{
    int failed = 0;
    for (size_t i = 0; i < rewrite->count; i++) {
        rewrite->edits[i].order = i;
    }
    if (rewrite->count) {
        qsort(rewrite->edits, rewrite->count, sizeof *rewrite->edits, by_place);
    }
    for (size_t i = 0, same; i < rewrite->count; i += same) {
        bool changed = false;
        for (same = 0;
             i + same < rewrite->count && strcmp(rewrite->edits[i + same].path, rewrite->edits[i].path) == 0;
             same++) {
            changed = changed || rewrite->edits[i + same].changed;
        }
        failed |= changed ? apply_to_file(rewrite, rewrite->edits + i, same) : 0;
    }
    return failed ? -1 : 0;
}
