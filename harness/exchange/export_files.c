/* export_files - see export_files.h. */
#include "harness/exchange/export_files.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/exchange/keep.h"

enum { NAME_BYTES_MAX = 200 /* of a file, which may have 255 */, NUMBERED_MAX = 10000 };

enum result_exit export_files_open(struct export_files *files, const struct export_request *request,
                                   const char *extension, struct seam_error *error)
{
    *files = (struct export_files){.request = request, .extension = extension};
    if (mkdir(request->folder, 0777) != 0 && errno != EEXIST) {
        seam_error_set(error, "the folder %s can't be made: %s", request->folder, strerror(errno));
        return RESULT_EXIT_ERROR;
    }
    return RESULT_EXIT_PASSED;
}

void export_files_close(struct export_files *files)
{
    tdestroy(files->paths, free);
    files->paths = NULL;
}

/* --- names
 * ------------------------------------------------------------------------------------------------------ */

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
static void name_file(const struct export_item *item, char out[NAME_BYTES_MAX])
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
static const char *free_path(struct export_files *files, const struct export_item *item)
{
    char name[NAME_BYTES_MAX], *path = NULL;
    name_file(item, name);
    for (unsigned number = 1; number <= NUMBERED_MAX; number++) {
        char tail[16] = "";
        if (number > 1) {
            snprintf(tail, sizeof tail, "-%u", number);
        }
        if (asprintf(&path, "%s/%s%s.%s", files->request->folder, name, tail, files->extension) < 0) {
            return NULL;
        }
        if (!tfind(path, &files->paths, compare_paths)) {
            if (tsearch(path, &files->paths, compare_paths)) {
                return path;
            }
            number = NUMBERED_MAX;
        }
        free(path);
    }
    return NULL;
}

/* --- files
 * ------------------------------------------------------------------------------------------------------ */

static void tell(const struct export_files *files, const struct export_item *item, enum export_fate fate,
                 const char *path, const char *text, size_t bytes)
{
    const struct export_news news = {.fate = fate, .item = item, .path = path, .text = text, .bytes = bytes};
    files->request->tell(files->request->context, &news);
}

void export_files_tell_none(const struct export_files *files, const struct export_item *item,
                            enum export_fate fate, const char *text)
{
    tell(files, item, fate, NULL, text, 0);
}

enum result_exit export_files_write(struct export_files *files, const struct export_item *item,
                                    const struct bytes *content, const char *text, struct seam_error *error)
{
    const char *path = free_path(files, item);
    if (!path) {
        seam_error_set(error, "out of memory");
        return RESULT_EXIT_ERROR;
    }
    switch (keep_file(path, bytes_text(content), content->length, error)) {
    case KEEP_WRITTEN:
        tell(files, item, EXPORT_WRITTEN, path, text, content->length);
        break;
    case KEEP_THERE:
        tell(files, item, EXPORT_THERE, path, text, content->length);
        break;
    case KEEP_OTHER:
        tell(files, item, EXPORT_REFUSED, path, error->text, content->length);
        break;
    case KEEP_FAILED:
        return RESULT_EXIT_ERROR;
    }
    return RESULT_EXIT_PASSED;
}
