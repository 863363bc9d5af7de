/* data - see data.h. Recursion is bounded by the nesting of the file. */
#include "harness/data.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/inside.h"

static int fail_at(const struct place *place, struct seam_error *error)
{
    error->path = place->path;
    error->line = place->line;
    error->column = place->column;
    return -1;
}

static int fail_full(const struct data *data, const struct bytes *out, struct seam_error *error)
{
    seam_error_set(error, "expands to more than %zu bytes", out->length_max);
    return fail_at(&data->place, error);
}

/* Reads a whole file; length_max is what out still takes. */
static int append_fd(int fd, struct bytes *out)
{
    char chunk[64 * 1024];
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n == 0 ? 0 : -1;
        }
        if (bytes_append(out, chunk, (size_t)n) != BYTES_OK) {
            errno = EFBIG;
            return -1;
        }
    }
}

static int append_file(const struct data *data, const struct values *values, struct bytes *out,
                       struct seam_error *error)
{
    struct bytes path;
    bytes_init(&path, 4096);
    int result = text_expand(data->text, values, &path, error);
    if (result == 0) {
        int fd = inside_open(data->folder, data->limit, path.data, path.length, NULL, error);
        if (fd >= 0 && append_fd(fd, out) != 0) {
            result = seam_error_set(error, "can't read \"%s\": %s", bytes_text(&path), strerror(errno));
        }
        if (fd >= 0) {
            close(fd);
        } else {
            result = -1;
        }
        if (result != 0) {
            fail_at(&data->place, error);
        }
    }
    bytes_free(&path);
    return result;
}

static int append_once(const struct data *data, const struct values *values,
                       const struct delimiter *delimiter, struct bytes *out, struct seam_error *error)
{
    switch (data->kind) {
    case DATA_TEXT:
        return text_expand(data->text, values, out, error);
    case DATA_LITERAL:
        return bytes_append(out, data->literal, data->literal_length) == BYTES_OK
                   ? 0
                   : fail_full(data, out, error);
    case DATA_FILE:
        return append_file(data, values, out, error);
    case DATA_LINE:
    case DATA_LINES:
    case DATA_LIST:
        break;
    }
    for (size_t i = 0; i < data->item_count; i++) {
        if (data_expand(data->items[i], values, delimiter, out, error) != 0) {
            return -1;
        }
        if (data->kind != DATA_LIST && bytes_append(out, delimiter->bytes, delimiter->length) != BYTES_OK) {
            return fail_full(data, out, error);
        }
    }
    return 0;
}

enum { REPEAT_BLOCK_BYTES = 16384 };

/* Appends what has been appended since `start` so often that it stands there `times` times. */
static int repeat_tail(struct bytes *out, size_t start, int64_t times)
{
    size_t length = out->length - start;
    if (length == 0 || times == 1) {
        return 0;
    }
    if ((uint64_t)times > out->length_max / length) {
        return -1;
    }
    /* Many short copies go in blocks: a megabyte of one letter is an ordinary thing to send. */
    int64_t per_block = length < REPEAT_BLOCK_BYTES ? (int64_t)(REPEAT_BLOCK_BYTES / length) : 1;
    char *block = malloc((size_t)per_block * length);
    if (!block) {
        return -1;
    }
    for (int64_t i = 0; i < per_block; i++) {
        memcpy(block + (size_t)i * length, out->data + start, length);
    }
    int result = 0;
    for (int64_t left = times - 1, n; left > 0 && result == 0; left -= n) {
        n = left < per_block ? left : per_block;
        result = bytes_append(out, block, (size_t)n * length) == BYTES_OK ? 0 : -1;
    }
    free(block);
    return result;
}

int data_expand(const struct data *data, const struct values *values, const struct delimiter *delimiter,
                struct bytes *out, struct seam_error *error)
{
    int64_t times = 1;
    if (data->times && number_expand(data->times, values, &times, error) != 0) {
        return -1;
    }
    if (times < 0) {
        seam_error_set(error, "\"times\" can't be negative: %lld", (long long)times);
        return fail_at(&data->times->place, error);
    }
    if (times == 0) {
        return 0;
    }
    size_t start = out->length;
    if (append_once(data, values, delimiter, out, error) != 0) {
        return -1;
    }
    return repeat_tail(out, start, times) == 0 ? 0 : fail_full(data, out, error);
}

bool data_is_known(const struct data *data, const struct values *values)
{
    if ((data->text && !text_is_known(data->text, values)) ||
        (data->times && data->times->text && !text_is_known(data->times->text, values))) {
        return false;
    }
    for (size_t i = 0; i < data->item_count; i++) {
        if (!data_is_known(data->items[i], values)) {
            return false;
        }
    }
    return true;
}
