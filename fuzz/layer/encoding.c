/* encoding - a stream and its cuts as one byte string: see seam/fuzz.h. */
#include "fuzz/include/seam/fuzz.h"

#include <string.h>

enum { EVERY = 0xf0, MANY = 0xf1, FEW_MASK = 7, TWO_BYTES = 0xfe, FOUR_BYTES = 0xff };
#define MANY_MAX ((size_t)0xffffff)

/* --- reading
 * ------------------------------------------------------------------------------------------------------- */

struct reader {
    const unsigned char *at, *end;
};

static bool read_number(struct reader *reader, size_t bytes, size_t *out)
{
    if ((size_t)(reader->end - reader->at) < bytes) {
        reader->at = reader->end;
        return false;
    }
    *out = 0;
    for (size_t i = 0; i < bytes; i++) {
        *out |= (size_t)reader->at[i] << 8 * i;
    }
    reader->at += bytes;
    return true;
}

static bool read_distance(struct reader *reader, size_t *out)
{
    if (!read_number(reader, 1, out)) {
        return false;
    }
    return *out == TWO_BYTES    ? read_number(reader, 2, out)
           : *out == FOUR_BYTES ? read_number(reader, 4, out)
                                : true;
}

/* How many distances follow. every: or, the size of all chunks. */
static size_t read_header(struct reader *reader, size_t *every)
{
    size_t first = 0, count = 0;
    *every = 0;
    if (!read_number(reader, 1, &first)) {
        return 0;
    }
    if (first == EVERY) {
        if (read_number(reader, 1, every) && *every == 0) {
            *every = 1;
        }
        return 0;
    }
    return first != MANY ? first & FEW_MASK : read_number(reader, 3, &count) ? count : 0;
}

void seam_fuzz_decode(const void *input, size_t size, size_t *cuts, size_t cuts_max,
                      struct seam_fuzz_stream *out)
{
    const unsigned char *data = input ? input : (const unsigned char *)"";
    struct reader reader = {data, data + size};
    size_t every, count = read_header(&reader, &every), at = 0, distance = 0, n = 0;
    for (; count > 0 && read_distance(&reader, &distance); count--) {
        at = distance > SIZE_MAX - at ? SIZE_MAX : at + distance;
        if (n < cuts_max) {
            cuts[n++] = at;
        }
    }
    size_t length = (size_t)(reader.end - reader.at);
    while (n > 0 && cuts[n - 1] > length) {
        n--;
    }
    for (at = every; every && at < length && n < cuts_max; at += every) {
        cuts[n++] = at;
    }
    *out = (struct seam_fuzz_stream){.data = reader.at, .length = length, .cuts = cuts, .cut_count = n};
}

/* --- writing
 * ------------------------------------------------------------------------------------------------------- */

struct writer {
    unsigned char *at, *end;
    bool full;
};

static void write_number(struct writer *writer, size_t number, size_t bytes)
{
    if ((size_t)(writer->end - writer->at) < bytes) {
        writer->full = true;
        return;
    }
    for (size_t i = 0; i < bytes; i++) {
        *writer->at++ = (unsigned char)(number >> 8 * i);
    }
}

static void write_distance(struct writer *writer, size_t distance)
{
    if (distance < TWO_BYTES) {
        write_number(writer, distance, 1);
    } else if (distance <= 0xffff) {
        write_number(writer, TWO_BYTES, 1);
        write_number(writer, distance, 2);
    } else if (distance <= UINT32_MAX) {
        write_number(writer, FOUR_BYTES, 1);
        write_number(writer, distance, 4);
    } else {
        writer->full = true;
    }
}

/* The size of all chunks but the last; 0: they differ, or the rule says nothing shorter. */
static size_t chunk_size(const struct seam_fuzz_stream *stream)
{
    size_t every = stream->cut_count ? stream->cuts[0] : 0;
    if (stream->cut_count < 2 || every == 0 || every > 0xff ||
        stream->cut_count != (stream->length - 1) / every) {
        return 0;
    }
    for (size_t i = 0; i < stream->cut_count; i++) {
        if (stream->cuts[i] != every * (i + 1)) {
            return 0;
        }
    }
    return every;
}

size_t seam_fuzz_encode(const struct seam_fuzz_stream *stream, void *out, size_t out_max)
{
    struct writer writer = {out, (unsigned char *)out + out_max, false};
    size_t every = chunk_size(stream), before = 0;
    if (every) {
        write_number(&writer, EVERY, 1);
        write_number(&writer, every, 1);
    } else if (stream->cut_count <= FEW_MASK) {
        write_number(&writer, stream->cut_count, 1);
    } else if (stream->cut_count <= MANY_MAX) {
        write_number(&writer, MANY, 1);
        write_number(&writer, stream->cut_count, 3);
    } else {
        return 0;
    }
    for (size_t i = 0; !every && i < stream->cut_count; i++) {
        write_distance(&writer, stream->cuts[i] - before);
        before = stream->cuts[i];
    }
    if (writer.full || (size_t)(writer.end - writer.at) < stream->length) {
        return 0;
    }
    if (stream->length) {
        memcpy(writer.at, stream->data, stream->length);
    }
    return (size_t)(writer.at - (unsigned char *)out) + stream->length;
}
