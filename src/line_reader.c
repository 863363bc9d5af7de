/*
 * line_reader - see line_reader.h.
 *
 * data[start .. end) are the live bytes, data[start .. scanned) those already searched. Room is made by
 * moving the live bytes to the front only when at least as many bytes were used up before them, otherwise by
 * doubling: so each move is paid for by bytes that left, and the memory stays within twice the bound on live
 * bytes.
 */
#include "src/line_reader.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_READER_CAPACITY_MIN = 256 };

/* The longest run of bytes that can be a delimiter, or the CR LF that stands for one. */
static size_t line_reader_delimiter_bytes_max(const struct line_reader *reader)
{
    return reader->scan.delimiter_bytes + (reader->cr_tolerant ? 1u : 0u);
}

void line_reader_init(struct line_reader *reader, const struct line_reader_options *options)
{
    assert(options->line_bytes_max <= LINE_READER_BYTES_MAX);
    assert(options->buffer_bytes_max <= LINE_READER_BYTES_MAX);
    assert(!options->cr_tolerant || !options->delimiter);
    *reader = (struct line_reader){
        .cr_tolerant = options->cr_tolerant,
        .policy = options->overlong,
        .line_bytes_max = options->line_bytes_max,
    };
    line_scan_init(&reader->scan, options->delimiter ? options->delimiter : "\n",
                   options->delimiter ? options->delimiter_bytes : 1);
    size_t least = options->line_bytes_max + line_reader_delimiter_bytes_max(reader);
    reader->buffer_bytes_max = options->buffer_bytes_max > least ? options->buffer_bytes_max : least;
}

void line_reader_free(struct line_reader *reader)
{
    free(reader->data);
    *reader = (struct line_reader){0};
}

void line_reader_reset(struct line_reader *reader)
{
    reader->start = reader->scanned = reader->end = 0;
    reader->scan.matched = 0;
    reader->line_offset = reader->dropped_bytes = 0;
    reader->ended = reader->failed = reader->no_memory = false;
}

size_t line_reader_buffered(const struct line_reader *reader)
{
    return reader->end - reader->start;
}

size_t line_reader_room(const struct line_reader *reader)
{
    if (reader->failed || reader->no_memory || reader->ended)
        return 0;
    return reader->buffer_bytes_max - line_reader_buffered(reader);
}

static void line_reader_set_start(struct line_reader *reader, char *data)
{
    size_t live = reader->end - reader->start;
    if (live > 0)
        memmove(data, reader->data + reader->start, live);
    reader->moved_bytes += live;
    reader->scanned -= reader->start;
    reader->start = 0;
    reader->end = live;
}

/* Makes at least `wanted` bytes of space behind the live ones; false without memory. */
static bool line_reader_make_space(struct line_reader *reader, size_t wanted)
{
    size_t live = reader->end - reader->start;
    if (reader->start >= live && reader->data)
        line_reader_set_start(reader, reader->data);
    if (reader->capacity - reader->end >= wanted)
        return true;
    size_t capacity =
        reader->capacity * 2 > LINE_READER_CAPACITY_MIN ? reader->capacity * 2 : LINE_READER_CAPACITY_MIN;
    if (capacity < live + wanted)
        capacity = live + wanted;
    if (capacity > reader->buffer_bytes_max * 2)
        capacity = reader->buffer_bytes_max * 2;
    char *data = malloc(capacity);
    if (!data)
        return false;
    line_reader_set_start(reader, data);
    free(reader->data);
    reader->data = data;
    reader->capacity = capacity;
    return true;
}

char *line_reader_reserve(struct line_reader *reader, size_t wanted, size_t *room)
{
    assert(wanted >= 1);
    assert(!reader->ended);
    size_t room_max = line_reader_room(reader);
    *room = 0;
    if (room_max == 0)
        return NULL;
    if (wanted > room_max)
        wanted = room_max;
    if (reader->start == reader->end)
        reader->start = reader->scanned = reader->end = 0; /* back to the part that is in the cache */
    if (reader->capacity - reader->end < wanted && !line_reader_make_space(reader, wanted)) {
        reader->no_memory = true;
        return NULL;
    }
    size_t space = reader->capacity - reader->end;
    *room = space < room_max ? space : room_max;
    return reader->data + reader->end;
}

void line_reader_commit(struct line_reader *reader, size_t n)
{
    assert(n == 0 || (n <= line_reader_room(reader) && n <= reader->capacity - reader->end));
    reader->end += n;
}

size_t line_reader_feed(struct line_reader *reader, const void *data, size_t n)
{
    if (n == 0 || reader->failed)
        return n;
    size_t room;
    char *into = line_reader_reserve(reader, n, &room);
    if (!into)
        return 0;
    if (n > room)
        n = room;
    memcpy(into, data, n);
    line_reader_commit(reader, n);
    return n;
}

void line_reader_end(struct line_reader *reader)
{
    reader->ended = true;
}

/* Drops what is known of an overlong line, but for the bytes in which its delimiter may begin. */
static void line_reader_drop(struct line_reader *reader)
{
    size_t kept_max = line_reader_delimiter_bytes_max(reader) - 1;
    size_t live = reader->end - reader->start;
    size_t dropped = live > kept_max ? live - kept_max : 0;
    reader->dropped_bytes += dropped;
    reader->start += dropped;
}

/* Hands out data[start .. scanned), whose last delimiter_bytes bytes are no content. */
static enum line_reader_result line_reader_take(struct line_reader *reader, size_t delimiter_bytes,
                                                struct line_reader_line *line)
{
    size_t live = reader->scanned - reader->start;
    uint64_t length = reader->dropped_bytes + live - delimiter_bytes;
    *line = (struct line_reader_line){
        .data = reader->data + reader->start,
        .length = (size_t)length,
        .delimiter_bytes = delimiter_bytes,
        .offset = reader->line_offset,
    };
    reader->line_offset += reader->dropped_bytes + live;
    reader->dropped_bytes = 0;
    reader->start = reader->scanned;
    if (length > reader->line_bytes_max) {
        line->data = NULL;
        return LINE_READER_OVERLONG;
    }
    return delimiter_bytes > 0 ? LINE_READER_LINE : LINE_READER_PARTIAL;
}

static enum line_reader_result line_reader_fail(struct line_reader *reader, struct line_reader_line *line)
{
    reader->failed = true;
    *line = (struct line_reader_line){.length = reader->line_bytes_max + 1, .offset = reader->line_offset};
    return LINE_READER_OVERLONG;
}

/* Bytes at the end of data[start .. scanned) that may turn out to be the begin of a delimiter. */
static size_t line_reader_undecided(const struct line_reader *reader)
{
    if (!reader->cr_tolerant)
        return reader->scan.matched;
    return reader->scanned > reader->start && reader->data[reader->scanned - 1] == '\r' ? 1 : 0;
}

enum line_reader_result line_reader_next(struct line_reader *reader, struct line_reader_line *line)
{
    bool fails = reader->policy == LINE_READER_OVERLONG_FAILS;
    *line = (struct line_reader_line){0};
    if (reader->failed)
        return line_reader_fail(reader, line);
    size_t fresh = reader->end - reader->scanned; /* 0 as long as there is no buffer */
    size_t found = fresh > 0 ? line_scan_find(&reader->scan, reader->data + reader->scanned, fresh) : 0;
    reader->scanned = found > 0 ? reader->scanned + found : reader->end;
    size_t live = reader->scanned - reader->start;
    if (found > 0) {
        size_t delimiter_bytes = reader->scan.delimiter_bytes;
        if (reader->cr_tolerant && live >= 2 && reader->data[reader->scanned - 2] == '\r')
            delimiter_bytes++;
        if (fails && live - delimiter_bytes > reader->line_bytes_max)
            return line_reader_fail(reader, line);
        return line_reader_take(reader, delimiter_bytes, line);
    }
    size_t undecided = reader->ended ? 0 : line_reader_undecided(reader);
    if (live - undecided > reader->line_bytes_max) {
        if (fails)
            return line_reader_fail(reader, line);
        line_reader_drop(reader);
    } else if (reader->dropped_bytes > 0) {
        line_reader_drop(reader);
    }
    if (!reader->ended)
        return reader->no_memory ? LINE_READER_NO_MEMORY : LINE_READER_MORE;
    if (reader->scanned == reader->start && reader->dropped_bytes == 0)
        return LINE_READER_END;
    return line_reader_take(reader, 0, line);
}
