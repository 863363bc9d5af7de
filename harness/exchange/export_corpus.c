/*
 * export_corpus - what scenarios send, as inputs of a fuzz target: one file for each connection, and, where a
 * target has several parsers, for each of them.
 *
 * A file is named folder-file-row-connection-parser, as far as there are these; what is taken already by
 * another content of the same export gets a number. The same content is written once.
 */
#include "harness/exchange/exchange.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz/include/seam/fuzz.h"
#include "harness/exchange/keep.h"
#include "harness/exchange/sent.h"
#include "harness/exchange/target.h"

enum { NAME_BYTES_MAX = 200 /* of a file, which may have 255 */, NUMBERED_MAX = 10000, BUCKETS = 4096 };

struct made { /* one file of this export */
    struct made *next;
    uint64_t hash;
    size_t size;
    char *path;
};

struct export
{
    const struct export_request *request;
    struct target target;
    struct made *made[BUCKETS];
    void *paths;             /* tsearch: those of made */
    struct seam_error error; /* no file can be written: it is over */
};

struct input { /* what is being written */
    const struct export_item *item;
    const char *connection;
    size_t parser;
    const unsigned char *data;
    size_t size;
};

static void tell(const struct export *export, const struct input *input, enum export_fate fate,
                 const char *path, const char *text)
{
    const struct export_news news = {.fate = fate,
                                     .item = input->item,
                                     .connection = input->connection,
                                     .path = path,
                                     .text = text,
                                     .bytes = input->size};
    export->request->tell(export->request->context, &news);
}

/* --- names
 * ------------------------------------------------------------------------------------------------------ */

static size_t append_plain(char *out, size_t at, size_t room, const char *text, size_t length)
{
    for (size_t i = 0; i < length && at + 1 < room; i++) {
        char c = text[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        if (plain || (at > 0 && out[at - 1] != '-')) {
            out[at++] = plain ? c : '-';
        }
    }
    out[at] = '\0';
    return at;
}

/* "chat-limit-2-alice" of scenarios/chat/limit.json, row 2; parser "-7" of several. */
static void name_input(const struct export *export, const struct input *input, char out[NAME_BYTES_MAX])
{
    const char *path = input->item->scenario->path;
    const char *file = strrchr(path, '/'), *end = path + strlen(path), *folder;
    char number[32] = "";
    size_t at = 0, room = NAME_BYTES_MAX - 80;
    file = file ? file + 1 : path;
    folder = file > path ? file - 1 : file;
    while (folder > path && folder[-1] != '/') {
        folder--;
    }
    if (end - file > 5 && strcmp(end - 5, ".json") == 0) {
        end -= 5;
    }
    at = append_plain(out, at, room, folder, (size_t)(file - folder));
    at = append_plain(out, at, room, file, (size_t)(end - file));
    if (input->item->row) {
        snprintf(number, sizeof number, "-%zu", input->item->row);
        at = append_plain(out, at, NAME_BYTES_MAX, number, strlen(number));
    }
    at = append_plain(out, at, NAME_BYTES_MAX, "-", 1);
    at = append_plain(out, at, NAME_BYTES_MAX - 24, input->connection, strlen(input->connection));
    if (export->target.parsers > 1) {
        snprintf(number, sizeof number, "-%zu", input->parser);
        append_plain(out, at, NAME_BYTES_MAX, number, strlen(number));
    }
}

/* --- files
 * ------------------------------------------------------------------------------------------------------ */

static uint64_t hash_of(const unsigned char *data, size_t size) /* FNV-1a, 64 bits */
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ data[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static const struct made *find_double(const struct export *export, const struct input *input, uint64_t hash)
{
    for (const struct made *m = export->made[hash % BUCKETS]; m; m = m->next) {
        if (m->hash == hash && m->size == input->size && keep_is_same(m->path, input->data, input->size)) {
            return m;
        }
    }
    return NULL;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void keep_path(void *path)
{
    (void)path; /* what was made owns it */
}

static bool remember(struct export *export, uint64_t hash, size_t size, char *path)
{
    struct made *m = malloc(sizeof *m);
    if (!m || !tsearch(path, &export->paths, compare_paths)) {
        free(m);
        return false;
    }
    *m = (struct made){.next = export->made[hash % BUCKETS], .hash = hash, .size = size, .path = path};
    export->made[hash % BUCKETS] = m;
    return true;
}

/* A path that no file of this export has; caller frees. NULL: out of memory, or there are too many. */
static char *free_path(const struct export *export, const struct input *input)
{
    char name[NAME_BYTES_MAX], *path = NULL;
    name_input(export, input, name);
    for (unsigned number = 1; number <= NUMBERED_MAX; number++) {
        int length = number == 1 ? asprintf(&path, "%s/%s", export->request->folder, name)
                                 : asprintf(&path, "%s/%s-%u", export->request->folder, name, number);
        if (length < 0) {
            return NULL;
        }
        if (!tfind(path, &export->paths, compare_paths)) {
            return path;
        }
        free(path);
    }
    return NULL;
}

static void write_input(struct export *export, const struct input *input)
{
    uint64_t hash = hash_of(input->data, input->size);
    const struct made *same = find_double(export, input, hash);
    struct seam_error error = {0};
    if (same) {
        tell(export, input, EXPORT_DOUBLE, same->path, "");
        return;
    }
    char *path = free_path(export, input);
    if (!path || !remember(export, hash, input->size, path)) {
        seam_error_set(&export->error, "out of memory");
        free(path);
        return;
    }
    switch (keep_file(path, input->data, input->size, &error)) {
    case KEEP_WRITTEN:
        tell(export, input, EXPORT_WRITTEN, path, "");
        break;
    case KEEP_THERE:
        tell(export, input, EXPORT_THERE, path, "");
        break;
    case KEEP_OTHER:
        tell(export, input, EXPORT_REFUSED, path, error.text);
        break;
    case KEEP_FAILED:
        export->error = error;
        break;
    }
}

/* --- inputs
 * ----------------------------------------------------------------------------------------------------- */

static void export_connection(struct export *export, struct input *input, const struct sent *sent)
{
    const struct seam_fuzz_stream stream = {.data = (const unsigned char *)bytes_text(&sent->bytes),
                                            .length = sent->bytes.length,
                                            .cuts = sent->cuts,
                                            .cut_count = sent->cut_count};
    size_t room = 1 + 4 + 5 * sent->cut_count + stream.length;
    unsigned char *place = malloc(room);
    size_t size = place ? seam_fuzz_encode(&stream, place + 1, room - 1) : 0;
    if (size == 0) {
        tell(export, input, EXPORT_SKIPPED, NULL, place ? "it has too many cuts" : "out of memory");
        free(place);
        return;
    }
    bool chosen = export->target.parsers > 1; /* by a first byte */
    for (size_t i = 0; i < export->target.parsers && !export->error.text[0]; i++) {
        place[0] = (unsigned char)i;
        input->parser = i;
        input->data = chosen ? place : place + 1;
        input->size = chosen ? size + 1 : size;
        write_input(export, input);
    }
    free(place);
}

static void export_scenario(struct export *export, const struct export_item *item)
{
    const struct scenario *scenario = item->scenario;
    struct input input = {.item = item};
    struct sent *sent = sent_collect(scenario);
    size_t speaking = 0;
    for (size_t i = 0; sent && i < scenario->connection_count && !export->error.text[0]; i++) {
        input = (struct input){.item = item, .connection = scenario->connections[i].name};
        speaking += sent[i].sends;
        if (sent[i].sends && sent[i].why_not[0]) {
            tell(export, &input, EXPORT_SKIPPED, NULL, sent[i].why_not);
        } else if (sent[i].sends) {
            export_connection(export, &input, &sent[i]);
        }
    }
    if (!sent || speaking == 0) {
        input.connection = NULL;
        tell(export, &input, EXPORT_SKIPPED, NULL, sent ? "it sends nothing" : "out of memory");
    }
    sent_free(sent, scenario);
}

static enum result_exit check(const struct export_request *request, struct target *target,
                              struct seam_error *error)
{
    if (target_choose(&request->options, target, error) != 0) {
        return RESULT_EXIT_USAGE;
    }
    if (target->name && !target->known && !request->options.parsers) {
        target_refuse(target, "say how many parsers it has: --parsers N", error);
        return RESULT_EXIT_USAGE;
    }
    if (mkdir(request->folder, 0777) != 0 && errno != EEXIST) {
        seam_error_set(error, "the folder %s can't be made: %s", request->folder, strerror(errno));
        return RESULT_EXIT_ERROR;
    }
    return RESULT_EXIT_PASSED;
}

enum result_exit export_corpus(const struct export_request *request, struct seam_error *error)
{
    struct export *export = calloc(1, sizeof *export);
    if (!export) {
        seam_error_set(error, "out of memory");
        return RESULT_EXIT_ERROR;
    }
    export->request = request;
    enum result_exit code = check(request, &export->target, error);
    for (size_t i = 0; code == RESULT_EXIT_PASSED && i < request->count; i++) {
        export_scenario(export, &request->items[i]);
        if (export->error.text[0]) {
            *error = export->error;
            code = RESULT_EXIT_ERROR;
        }
    }
    tdestroy(export->paths, keep_path);
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct made *m = export->made[i], *next; m; m = next) {
            next = m->next;
            free(m->path);
            free(m);
        }
    }
    free(export);
    return code;
}
