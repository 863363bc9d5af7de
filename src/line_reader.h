/*
 * line_reader - line reassembly: chunks in, lines out, whatever the cuts.
 *
 * Sans-IO: no fd, no clock, no global, no stdio. Bytes come in through reserve/commit (recv() writes straight
 * into the buffer) or feed (copies); line_reader_next() hands lines out as pointers into the buffer. What it
 * answers is a function of the bytes alone, never of the chunks: each delimiter in the stream yields exactly
 * one LINE or OVERLONG, the end of the stream at most one PARTIAL or OVERLONG, then END for ever.
 *
 *     while ((into = line_reader_reserve(&reader, 4096, &room)) != NULL && (n = recv(fd, into, room, 0)) > 0)
 * { line_reader_commit(&reader, n); while (line_reader_next(&reader, &line) == LINE_READER_LINE)
 *             use(line.data, line.length);
 *     }
 *
 * Cost: every byte is scanned once (line_scan) and moved less than twice on average, however it is fed.
 * Memory: nothing before the first reserve; then geometric growth to at most 2 * buffer_bytes_max bytes.
 */
#ifndef SEAM_LINE_READER_H
#define SEAM_LINE_READER_H

#include "src/line_scan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Largest line_bytes_max and buffer_bytes_max. */
#define LINE_READER_BYTES_MAX (SIZE_MAX / 8)

enum line_reader_result {
    LINE_READER_LINE = 0,  /* a whole line, without its delimiter */
    LINE_READER_MORE,      /* nothing whole is buffered: reserve or feed, or say that the stream ended */
    LINE_READER_OVERLONG,  /* a line longer than line_bytes_max, see enum line_reader_policy */
    LINE_READER_PARTIAL,   /* the stream ended in the middle of this line: told once, then END */
    LINE_READER_END,       /* the stream ended and all was handed out */
    LINE_READER_NO_MEMORY, /* reserve or feed found no memory (sticky); lines before that were handed out */
};

enum line_reader_policy {
    /*
     * OVERLONG is an error: told as soon as the line can't be within the limit any more, and sticky.
     * line.length is line_bytes_max + 1. Nothing more is taken in: reserve gives NULL, feed swallows.
     */
    LINE_READER_OVERLONG_FAILS = 0,
    /*
     * The line is dropped while it comes in. OVERLONG stands in its place, told once when its delimiter (or
     * the end of the stream) has come; line.length is its whole length. The next line is whole.
     */
    LINE_READER_OVERLONG_DISCARDS,
};

/* Zero is a sensible answer for all but line_bytes_max: delimiter LF, smallest buffer, overlong is an error.
 */
struct line_reader_options {
    const char *delimiter;  /* NULL: "\n". Copied */
    size_t delimiter_bytes; /* 1 to LINE_SCAN_DELIMITER_BYTES_MAX; not looked at when delimiter is NULL */
    bool cr_tolerant;       /* only with delimiter NULL: one CR before the LF belongs to the delimiter */
    size_t line_bytes_max;  /* content of the longest line, delimiter not counted; a line of exactly this is
                               accepted */
    size_t
        buffer_bytes_max; /* bytes held at once; raised to the least that works: longest line and delimiter */
    enum line_reader_policy overlong;
};

/*
 * One answer. `data` holds `length` bytes of content (NULs allowed, no final NUL) and, behind them, the
 * delimiter_bytes bytes of the delimiter, so the raw line is data[0 .. length + delimiter_bytes). It is
 * borrowed from the reader until the next reserve, feed, reset or free. `offset` is where the line starts in
 * the stream. delimiter_bytes is 0 for what the end of the stream cut off. OVERLONG has data NULL.
 */
struct line_reader_line {
    const char *data;
    size_t length;
    size_t delimiter_bytes;
    uint64_t offset;
};

/* Private, but for the counters that tests read: scan.scanned_bytes and moved_bytes. */
struct line_reader {
    struct line_scan scan;
    bool cr_tolerant;
    enum line_reader_policy policy;
    size_t line_bytes_max;
    size_t buffer_bytes_max;

    char *data;
    size_t capacity;
    size_t start;   /* first byte of the line at hand */
    size_t scanned; /* up to here no delimiter */
    size_t end;     /* behind the last byte */

    uint64_t line_offset;   /* of the line at hand, in the stream */
    uint64_t dropped_bytes; /* of the line at hand, which is overlong when this is not 0 */
    uint64_t moved_bytes;   /* ever moved inside the buffer or to a larger one */
    bool ended, failed, no_memory;
};

/* No allocation, can't fail; limits out of range are programmer errors. */
void line_reader_init(struct line_reader *reader, const struct line_reader_options *options);

/* Gives the memory back. The reader may only be initialised again. */
void line_reader_free(struct line_reader *reader);

/* A new stream with the same options; keeps the memory. */
void line_reader_reset(struct line_reader *reader);

/*
 * A place to write to: *room bytes, at least the smaller of wanted (>= 1) and line_reader_room(). NULL and
 * *room 0 when the buffer is full (take lines first), after an OVERLONG that is an error, or without memory.
 * After line_reader_next() answered MORE it is never full. Ends the life of lines handed out.
 */
char *line_reader_reserve(struct line_reader *reader, size_t wanted, size_t *room);

/* n bytes were written to the start of the reserved place; n is at most *room, 0 allowed. */
void line_reader_commit(struct line_reader *reader, size_t n);

/*
 * Copies as much of data as fits and returns how many bytes that were. When it is less than n: take lines
 * until MORE, then feed the rest. After an OVERLONG that is an error it returns n and drops the bytes.
 * Without memory it returns 0 and line_reader_next() will say so.
 */
size_t line_reader_feed(struct line_reader *reader, const void *data, size_t n);

/* The stream has ended; nothing may be reserved or fed any more. Saying it twice is allowed. */
void line_reader_end(struct line_reader *reader);

/* The next answer; *line is filled for LINE, PARTIAL and OVERLONG and zero otherwise. */
enum line_reader_result line_reader_next(struct line_reader *reader, struct line_reader_line *line);

/* Bytes that came in and were not handed out yet (lines and an unfinished tail). */
size_t line_reader_buffered(const struct line_reader *reader);

/* Bytes that may still come in before the buffer is full. */
size_t line_reader_room(const struct line_reader *reader);

#endif
