/* mask_tell - how much the learnt masks cover, and in words. */
#include "harness/sweep/mask_inside.h"

#include <stdlib.h>

unsigned masks_share(const struct masks *masks, const struct record *record, size_t which)
{
    size_t all = 0, covered = 0;
    for (size_t s = 0; s < record->transcript.stream_count; s++) {
        const struct transcript_stream *stream = &record->transcript.streams[s];
        bool said = stream->kind == TRANSCRIPT_RECEIVED || stream->kind == TRANSCRIPT_OUTPUT;
        if (which == SIZE_MAX ? !said : s != which) {
            continue;
        }
        all += stream->bytes.length;
        bool counts = which != SIZE_MAX || stream->kind == TRANSCRIPT_RECEIVED;
        unsigned char *hidden =
            counts && mask_has_places(masks, s) ? calloc(stream->bytes.length + 1, 1) : NULL;
        if (!hidden) {
            continue;
        }
        struct masks learnt = *masks;
        learnt.scenario = NULL;
        mask_hide_places(&learnt, &record->transcript, s, hidden);
        for (size_t i = 0; i < stream->bytes.length; i++) {
            covered += hidden[i] != 0;
        }
        free(hidden);
    }
    return all ? (unsigned)(100 * covered / all) : 0;
}

/* The bytes of a place in this record. */
static bool find_place(const struct mask_place *place, const struct transcript_stream *stream, size_t *begin,
                       size_t *end)
{
    const char *data = bytes_text(&stream->bytes);
    size_t length = stream->bytes.length, at = 0;
    for (size_t line = 0; line < place->line && at < length; line++) {
        at = mask_line_end(stream, at);
    }
    size_t stop = mask_line_end(stream, at);
    for (size_t token = 0; place->token != SIZE_MAX && token < place->token && at < stop; token++) {
        at = mask_token_end(data, stop, at);
    }
    *begin = at;
    *end = place->token == SIZE_MAX    ? length
           : place->rest || at == stop ? stop
                                       : mask_token_end(data, stop, at);
    return at < length;
}

int masks_print(const struct masks *masks, const struct record *record, struct bytes *out)
{
    int failed = 0;
    for (size_t i = 0; i < masks->count && i < 8; i++) {
        const struct mask_place *p = &masks->places[i];
        const struct transcript_stream *stream = &record->transcript.streams[p->stream];
        const char *data = bytes_text(&stream->bytes);
        size_t begin, end;
        if (p->line == SIZE_MAX) {
            failed |= bytes_append_format(out, "%show %s ends", i ? ", " : "", stream->name) != BYTES_OK;
            continue;
        }
        failed |=
            bytes_append_format(out, "%s%s line %zu", i ? ", " : "", stream->name, p->line + 1) != BYTES_OK;
        if (find_place(p, stream, &begin, &end)) {
            failed |=
                bytes_append_text(out, p->token == SIZE_MAX ? " and what follows \"" : " \"") != BYTES_OK;
            failed |= bytes_append_visible(out, data + begin, end - begin < 24 ? end - begin : 24,
                                           BYTES_VISIBLE_QUOTED) != BYTES_OK;
            failed |= bytes_append_text(out, end - begin > 24 ? "...\"" : "\"") != BYTES_OK;
        }
    }
    if (masks->count > 8) {
        failed |= bytes_append_format(out, " and %zu more", masks->count - 8) != BYTES_OK;
    }
    return failed ? -1 : 0;
}
