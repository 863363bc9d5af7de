/* import_record - the journal of `seam record` becomes a scenario, also of a recording that was killed. */
#include "harness/exchange/journal.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/inside.h"

struct mapping {
    void *data;
    size_t size;
};

static void unmap(void *object)
{
    struct mapping *mapping = object;
    munmap(mapping->data, mapping->size);
}

/* The file in memory, as long as the arena lives. A recording may be larger than what other importers read.
 */
static const struct mapping *map(struct arena *arena, const char *path, struct seam_error *error)
{
    struct seam_error why = {0};
    struct stat status;
    struct mapping *mapping = arena_alloc(arena, sizeof *mapping);
    int fd = inside_open_any(path, NULL, &why);
    if (fd < 0) {
        seam_error_set(error, "%.200s: %.300s", path, why.text);
        return NULL;
    }
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
        mapping->size = (size_t)status.st_size;
        mapping->data = mmap(NULL, mapping->size, PROT_READ, MAP_PRIVATE, fd, 0);
    } else {
        mapping->data = MAP_FAILED;
        errno = S_ISREG(status.st_mode) ? 0 : EINVAL;
    }
    int number = errno;
    close(fd);
    if (mapping->data == MAP_FAILED) {
        seam_error_set(error, "%.200s: %s", path, number ? strerror(number) : "it is empty");
        return NULL;
    }
    arena_on_free(arena, unmap, mapping);
    return mapping;
}

static void describe(struct dialogue *dialogue, const struct import_request *request, const char *server)
{
    const char *name = import_visible_name(dialogue->arena, request->path);
    size_t length = strlen(name), part = length > 5 && strcmp(name + length - 5, ".part") == 0 ? 5 : 0;
    dialogue->name = arena_format(dialogue->arena, "recorded: %.*s", (int)(length - part), name);
    dialogue->why =
        arena_format(dialogue->arena, "what was said to %s, in chunks as the relay's reads saw them",
                     import_visible_name(dialogue->arena, server));
}

enum result_exit import_record(const struct import_request *request, struct imported *out,
                               struct seam_error *error)
{
    struct dialogue dialogue;
    struct journal_contents contents;
    struct import_request whole = *request;
    const struct mapping *mapping = map(out->arena, request->path, error);
    dialogue_open(&dialogue, out->arena);
    if (!mapping || journal_read(mapping->data, mapping->size, request->options.stream, &dialogue, &contents,
                                 error) != 0) {
        return RESULT_EXIT_ERROR;
    }
    describe(&dialogue, request, contents.server);
    if (!whole.options.to && !whole.options.program) {
        whole.options.to = contents.server;
    }
    if (contents.torn_bytes > 0) {
        out->note = arena_format(
            out->arena,
            "the last %zu bytes are no whole record: the recording was killed, or the disk was full; all "
            "before them is there",
            contents.torn_bytes);
    }
    return dialogue_print(&dialogue, &whole, out, error);
}
