/*
 * export_python - each scenario as one self-contained script of Python: what is played, and what plays it.
 *
 * A file is named folder-file-row.py, as far as there are these; what is taken by another scenario of the
 * same export gets a number.
 */
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/exchange/exchange.h"
#include "harness/exchange/keep.h"
#include "harness/exchange/python_script.h"

enum { NAME_BYTES_MAX = 200 /* of a file, which may have 255 */, NUMBERED_MAX = 10000 };

struct naming {
    const struct export_request *request;
    void *paths; /* tsearch: those of this export */
};

static void tell(const struct export_request *request, const struct export_item *item, enum export_fate fate,
                 const char *path, const char *text, size_t bytes)
{
    const struct export_news news = {.fate = fate, .item = item, .path = path, .text = text, .bytes = bytes};
    request->tell(request->context, &news);
}

static size_t append_plain(char *out, size_t at, const char *text, size_t length)
{
    for (size_t i = 0; i < length && at < NAME_BYTES_MAX - 40; i++) {
        char c = text[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        if (plain || (at > 0 && out[at - 1] != '-')) {
            out[at++] = plain ? c : '-';
        }
    }
    return at;
}

/* "chat-limit-2" of scenarios/chat/limit.json, row 2. */
static void name_script(const struct export_item *item, char out[NAME_BYTES_MAX])
{
    const char *path = item->scenario->path, *slash = strrchr(path, '/');
    const char *file = slash ? slash + 1 : path, *end = path + strlen(path), *folder = slash ? slash : path;
    while (folder > path && folder[-1] != '/') {
        folder--;
    }
    if (end - file > 5 && strcmp(end - 5, ".json") == 0) {
        end -= 5;
    }
    size_t at = append_plain(out, 0, folder, (size_t)(file - folder));
    at = append_plain(out, at, file, (size_t)(end - file));
    out[at] = 0;
    if (item->row) {
        snprintf(out + at, NAME_BYTES_MAX - at, "-%zu", item->row);
    } else if (at == 0) {
        snprintf(out, NAME_BYTES_MAX, "scenario");
    }
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* A path that no file of this export has; it lives as long as the export. NULL: out of memory, or too many.
 */
static const char *free_path(struct naming *naming, const struct export_item *item)
{
    char name[NAME_BYTES_MAX], *path = NULL;
    name_script(item, name);
    for (unsigned number = 1; number <= NUMBERED_MAX; number++) {
        int length = number == 1 ? asprintf(&path, "%s/%s.py", naming->request->folder, name)
                                 : asprintf(&path, "%s/%s-%u.py", naming->request->folder, name, number);
        if (length < 0) {
            return NULL;
        }
        if (!tfind(path, &naming->paths, compare_paths)) {
            if (tsearch(path, &naming->paths, compare_paths)) {
                return path;
            }
            number = NUMBERED_MAX;
        }
        free(path);
    }
    return NULL;
}

static enum result_exit write_script(struct naming *naming, const struct export_item *item,
                                     const struct bytes *script, struct seam_error *error)
{
    const char *path = free_path(naming, item);
    if (!path) {
        seam_error_set(error, "out of memory");
        return RESULT_EXIT_ERROR;
    }
    switch (keep_file(path, bytes_text(script), script->length, error)) {
    case KEEP_WRITTEN:
        tell(naming->request, item, EXPORT_WRITTEN, path, "", script->length);
        break;
    case KEEP_THERE:
        tell(naming->request, item, EXPORT_THERE, path, "", script->length);
        break;
    case KEEP_OTHER:
        tell(naming->request, item, EXPORT_REFUSED, path, error->text, script->length);
        break;
    case KEEP_FAILED:
        return RESULT_EXIT_ERROR;
    }
    return RESULT_EXIT_PASSED;
}

enum result_exit export_python(const struct export_request *request, struct seam_error *error)
{
    struct naming naming = {.request = request};
    enum result_exit code = RESULT_EXIT_PASSED;
    if (request->options.target || request->options.parsers) {
        seam_error_set(error, "--target and --parsers are for --to corpus");
        return RESULT_EXIT_USAGE;
    }
    if (mkdir(request->folder, 0777) != 0 && errno != EEXIST) {
        seam_error_set(error, "the folder %s can't be made: %s", request->folder, strerror(errno));
        return RESULT_EXIT_ERROR;
    }
    for (size_t i = 0; code == RESULT_EXIT_PASSED && i < request->count; i++) {
        char why_not[300];
        struct bytes script;
        bytes_init(&script, PYTHON_SCRIPT_BYTES_MAX);
        if (python_script(request->items[i].scenario, &script, why_not)) {
            code = write_script(&naming, &request->items[i], &script, error);
        } else {
            tell(request, &request->items[i], EXPORT_SKIPPED, NULL, why_not, 0);
        }
        bytes_free(&script);
    }
    tdestroy(naming.paths, free);
    return code;
}
