/*
 * segmentation - the id of a segmentation, read and written.
 *
 * One strict pass from left to right; every refusal names the column. A number has one spelling (no sign, no
 * leading zero), so two ids that differ differ in meaning, but for the place of `#S`, which is printed last.
 */
#include "harness/segmentation.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    const char *id;
    const char *at;
    struct segmentation *out;
    size_t cuts_left; /* of SEGMENTATION_CUTS_MAX */
    struct seam_error *error;
};

static int refuse_at(struct reader *reader, const char *place, const char *text)
{
    reader->error->line = 0;
    reader->error->column = (int)(place - reader->id) + 1;
    return seam_error_set(reader->error, "%s", text);
}

static int refuse(struct reader *reader, const char *text)
{
    return refuse_at(reader, reader->at, text);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int read_number(struct reader *reader, uint64_t *out)
{
    const char *start = reader->at;
    uint64_t value = 0;

    if (!is_digit(*start))
        return refuse(reader, "a number is missing");
    if (start[0] == '0' && is_digit(start[1]))
        return refuse(reader, "a number with a leading zero");
    for (; is_digit(*reader->at); reader->at++) {
        if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*reader->at - '0'), &value))
            return refuse_at(reader, start, "a number that does not fit in 64 bits");
    }
    *out = value;
    return 0;
}

/* n1,n2,...: ascending offsets */
static int read_cuts(struct reader *reader, struct segmentation_item *item)
{
    size_t capacity = 0;
    uint64_t before = 0;

    item->rule = CUTS_LISTED;
    for (;; reader->at++) {
        const char *start = reader->at;
        uint64_t cut;

        if (read_number(reader, &cut) != 0)
            return -1;
        if (cut == 0)
            return refuse_at(reader, start, "no cut can be at offset 0: nothing stands before it");
        if (cut == before)
            return refuse_at(reader, start, "the same cut twice");
        if (cut < before)
            return refuse_at(reader, start, "cuts must ascend");
        if (reader->cuts_left-- == 0)
            return refuse_at(reader, start, "more than 1000000 cuts");
        if (item->cut_count == capacity) {
            capacity = capacity ? capacity * 2 : 8;
            uint64_t *cuts = reallocarray(item->cuts, capacity, sizeof *cuts);
            if (!cuts)
                return refuse_at(reader, start, "out of memory");
            item->cuts = cuts;
        }
        item->cuts[item->cut_count++] = cut;
        before = cut;
        if (*reader->at != ',')
            return 0;
    }
}

static int read_rule(struct reader *reader, struct segmentation_item *item)
{
    switch (*reader->at) {
    case '\0':
    case ';':
        item->rule = CUTS_LISTED;
        return 0;
    case '*':
        item->rule = CUTS_EVERY_BYTE;
        reader->at++;
        return 0;
    case '=':
        item->rule = CUTS_AS_WRITTEN;
        reader->at++;
        return 0;
    case '%': {
        const char *start = ++reader->at;
        item->rule = CUTS_CHUNKS;
        if (read_number(reader, &item->chunk_bytes) != 0)
            return -1;
        return item->chunk_bytes > 0 ? 0 : refuse_at(reader, start, "chunks of 0 bytes");
    }
    default:
        if (!is_digit(*reader->at))
            return refuse(reader, "after '@' come offsets such as 17,18, or '*', '=', or '%' and a number");
        return read_cuts(reader, item);
    }
}

static int read_connection(struct reader *reader)
{
    const char *start = reader->at;

    if (!(*start >= 'a' && *start <= 'z'))
        return refuse(reader, "a connection is missing: NAME@CUTS, or #SEED");
    while ((*reader->at >= 'a' && *reader->at <= 'z') || is_digit(*reader->at) || *reader->at == '_')
        reader->at++;
    if (*reader->at != '@')
        return refuse(reader, "'@' must follow the name of a connection ([a-z][a-z0-9_]*)");

    struct segmentation *out = reader->out;
    size_t length = (size_t)(reader->at - start);
    for (size_t i = 0; i < out->item_count; i++) {
        if (strlen(out->items[i].connection) == length &&
            memcmp(out->items[i].connection, start, length) == 0)
            return refuse_at(reader, start, "the same connection twice");
    }
    if (out->item_count == SEGMENTATION_CONNECTIONS_MAX)
        return refuse_at(reader, start, "more than 4096 connections");

    struct segmentation_item *items = reallocarray(out->items, out->item_count + 1, sizeof *items);
    char *name = strndup(start, length);
    if (items)
        out->items = items;
    if (!items || !name) {
        free(name);
        return refuse_at(reader, start, "out of memory");
    }
    struct segmentation_item *item = &out->items[out->item_count++];
    *item = (struct segmentation_item){.connection = name};
    reader->at++;
    return read_rule(reader, item);
}

static int read_seed(struct reader *reader)
{
    if (reader->out->interleaved)
        return refuse(reader, "a second '#SEED'");
    reader->out->interleaved = true;
    reader->at++;
    return read_number(reader, &reader->out->interleave_seed);
}

static int read_id(struct reader *reader)
{
    for (;; reader->at++) {
        if ((*reader->at == '#' ? read_seed(reader) : read_connection(reader)) != 0)
            return -1;
        if (*reader->at == '\0')
            return 0;
        if (*reader->at != ';')
            return refuse(reader, "';' or the end must come here");
    }
}

int segmentation_parse(const char *id, struct segmentation *out, struct seam_error *error)
{
    struct reader reader = {
        .id = id, .at = id, .out = out, .cuts_left = SEGMENTATION_CUTS_MAX, .error = error};

    *out = (struct segmentation){0};
    if (read_id(&reader) != 0) {
        segmentation_close(out);
        return -1;
    }
    return 0;
}

void segmentation_close(struct segmentation *segmentation)
{
    for (size_t i = 0; i < segmentation->item_count; i++) {
        free(segmentation->items[i].connection);
        free(segmentation->items[i].cuts);
    }
    free(segmentation->items);
    *segmentation = (struct segmentation){0};
}

static int print_item(const struct segmentation_item *item, struct bytes *out)
{
    if (bytes_append_text(out, item->connection) || bytes_append_text(out, "@"))
        return -1;
    switch (item->rule) {
    case CUTS_AS_WRITTEN:
        return bytes_append_text(out, "=") ? -1 : 0;
    case CUTS_EVERY_BYTE:
        return bytes_append_text(out, "*") ? -1 : 0;
    case CUTS_CHUNKS:
        return bytes_append_format(out, "%%%" PRIu64, item->chunk_bytes) ? -1 : 0;
    case CUTS_LISTED:
        for (size_t i = 0; i < item->cut_count; i++) {
            if (bytes_append_format(out, "%s%" PRIu64, i ? "," : "", item->cuts[i]))
                return -1;
        }
        return 0;
    }
    assert(!"a cut rule");
    return -1;
}

int segmentation_print(const struct segmentation *segmentation, struct bytes *out)
{
    for (size_t i = 0; i < segmentation->item_count; i++) {
        if ((i > 0 && bytes_append_text(out, ";")) || print_item(&segmentation->items[i], out) != 0)
            return -1;
    }
    if (!segmentation->interleaved)
        return 0;
    return bytes_append_format(out, "%s#%" PRIu64, segmentation->item_count ? ";" : "",
                               segmentation->interleave_seed)
               ? -1
               : 0;
}

const struct segmentation_item *segmentation_find(const struct segmentation *segmentation,
                                                  const char *connection)
{
    for (size_t i = 0; i < segmentation->item_count; i++) {
        if (strcmp(segmentation->items[i].connection, connection) == 0)
            return &segmentation->items[i];
    }
    return NULL;
}

static bool is_listed(const struct segmentation_item *item, uint64_t offset)
{
    size_t low = 0, high = item->cut_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (item->cuts[middle] < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low < item->cut_count && item->cuts[low] == offset;
}

bool segmentation_cuts_at(const struct segmentation_item *item, uint64_t burst_start, uint64_t offset,
                          bool as_written)
{
    if (!item || item->rule == CUTS_AS_WRITTEN)
        return as_written;
    if (offset <= burst_start)
        return false;
    switch (item->rule) {
    case CUTS_EVERY_BYTE:
        return true;
    case CUTS_CHUNKS:
        return (offset - burst_start) % item->chunk_bytes == 0;
    default:
        return is_listed(item, offset);
    }
}
