/* imported - what importers share: memory, files beside, reading what is imported. See exchange.h. */
#include "harness/exchange/exchange.h"

#include <string.h>

#include "harness/inside.h"
#include "harness/scenario_print.h"
#include "harness/source.h"

void imported_open(struct imported *imported)
{
    *imported = (struct imported){.arena = arena_new()};
}

void imported_close(struct imported *imported)
{
    json_decref(imported->scenario);
    arena_free(imported->arena);
    *imported = (struct imported){0};
}

json_t *imported_put_beside(struct imported *imported, const struct import_request *request, const void *data,
                            size_t length, struct seam_error *error)
{
    if (!request->beside) {
        seam_error_set(error, "%zu bytes of it belong into a file beside the scenario: -o FILE makes both",
                       length);
        return NULL;
    }
    if (imported->file_count == IMPORTED_FILES_MAX) {
        seam_error_set(error, "more than %d pieces of it belong into files of their own", IMPORTED_FILES_MAX);
        return NULL;
    }
    size_t number = imported->file_count + 1;
    const char *name = number == 1 ? arena_format(imported->arena, "%s.bin", request->beside)
                                   : arena_format(imported->arena, "%s.%zu.bin", request->beside, number);
    json_t *text = scenario_print_bytes(name, strlen(name));
    if (!json_is_string(text)) { /* one that can't be seen is none to write into a file */
        json_decref(text);
        seam_error_set(error, "--output: the name of a file for the data can't be written into a scenario");
        return NULL;
    }
    imported->files = arena_grow(imported->arena, imported->files, &imported->file_count,
                                 &imported->file_capacity, sizeof *imported->files);
    imported->files[imported->file_count - 1] =
        (struct imported_file){.name = name, .data = data, .length = length};
    json_t *file = json_pack("{s:o}", "file", text);
    if (!file) {
        seam_error_set(error, "out of memory");
    }
    return file;
}

const char *import_read(struct arena *arena, const char *path, size_t *size, struct seam_error *error)
{
    const char *text = NULL;
    int fd = inside_open_any(path, NULL, error);
    if (fd < 0 || source_read(arena, fd, &text, size, error) != 0) {
        struct seam_error why = *error;
        seam_error_set(error, "%.200s: %.300s", path, why.text);
        return NULL;
    }
    return text;
}

const char *import_visible_name(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct bytes visible;
    bytes_init(&visible, 4096);
    bytes_append_visible(&visible, slash ? slash + 1 : path, strlen(slash ? slash + 1 : path),
                         BYTES_VISIBLE_TEXT);
    const char *copy = arena_copy_text(arena, bytes_text(&visible));
    bytes_free(&visible);
    return copy;
}
