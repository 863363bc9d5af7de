/* draft - see draft.h. */
#include "fuzz/layer/draft.h"

#include <string.h>

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

void draft_take(struct draft *draft, const struct seam_fuzz_stream *stream)
{
    draft->length = smaller(stream->length, draft->room);
    if (draft->length) {
        memcpy(draft->data, stream->data, draft->length);
    }
    draft->cut_count = 0;
    for (size_t i = 0; i < stream->cut_count && i < draft->cuts_max && stream->cuts[i] <= draft->length;
         i++) {
        draft->cuts[draft->cut_count++] = stream->cuts[i];
    }
}

/* Opens a gap; returns its length. */
static size_t open_gap(struct draft *draft, size_t at, size_t length)
{
    length = smaller(length, draft->room - draft->length);
    memmove(draft->data + at + length, draft->data + at, draft->length - at);
    draft->length += length;
    for (size_t i = draft->cut_count; i > 0 && draft->cuts[i - 1] > at; i--) {
        draft->cuts[i - 1] += length;
    }
    return length;
}

size_t draft_insert(struct draft *draft, size_t at, const void *data, size_t length)
{
    length = open_gap(draft, at, length);
    if (length) {
        memcpy(draft->data + at, data, length);
    }
    return length;
}

size_t draft_fill(struct draft *draft, size_t at, unsigned char byte, size_t length)
{
    length = open_gap(draft, at, length);
    memset(draft->data + at, byte, length);
    return length;
}

void draft_erase(struct draft *draft, size_t at, size_t length)
{
    size_t kept = 0;
    bool inside = false;
    length = smaller(length, draft->length - at);
    memmove(draft->data + at, draft->data + at + length, draft->length - at - length);
    draft->length -= length;
    for (size_t i = 0; i < draft->cut_count; i++) {
        size_t cut = draft->cuts[i];
        if (cut <= at || cut >= at + length) {
            draft->cuts[kept++] = cut <= at ? cut : cut - length;
        } else if (!inside) {
            draft->cuts[kept++] = at;
            inside = true;
        }
    }
    draft->cut_count = kept;
}

void draft_resize(struct draft *draft, size_t length)
{
    draft->length = smaller(length, draft->room);
    while (draft->cut_count > 0 && draft->cuts[draft->cut_count - 1] > draft->length) {
        draft->cut_count--;
    }
}

void draft_cut(struct draft *draft, size_t at)
{
    size_t i = draft->cut_count;
    if (at > draft->length || draft->cut_count == draft->cuts_max) {
        return;
    }
    for (; i > 0 && draft->cuts[i - 1] > at; i--) {
        draft->cuts[i] = draft->cuts[i - 1];
    }
    draft->cuts[i] = at;
    draft->cut_count++;
}

void draft_uncut(struct draft *draft, size_t index)
{
    draft->cut_count--;
    memmove(draft->cuts + index, draft->cuts + index + 1, (draft->cut_count - index) * sizeof *draft->cuts);
}
