/* utf8 - see utf8.h. A lead byte says how many bytes follow and which range the first of them may have. */
#include "src/utf8.h"

/* What a lead byte demands; false when no sequence starts with it. */
static bool utf8_lead(unsigned char byte, unsigned char *missing, unsigned char *low, unsigned char *high)
{
    *low = 0x80;
    *high = 0xbf;
    if (byte < 0x80) {
        *missing = 0;
        return true;
    }
    if (byte >= 0xc2 && byte <= 0xdf) {
        *missing = 1;
        return true;
    }
    if (byte >= 0xe0 && byte <= 0xef) {
        *missing = 2;
        if (byte == 0xe0)
            *low = 0xa0; /* below: overlong */
        else if (byte == 0xed)
            *high = 0x9f; /* above: surrogates */
        return true;
    }
    if (byte >= 0xf0 && byte <= 0xf4) {
        *missing = 3;
        if (byte == 0xf0)
            *low = 0x90; /* below: overlong */
        else if (byte == 0xf4)
            *high = 0x8f; /* above: past U+10FFFF */
        return true;
    }
    return false;
}

enum utf8_result utf8_feed(struct utf8 *utf8, const void *data, size_t n)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < n && !utf8->bad; i++) {
        if (utf8->missing == 0) {
            utf8->sequence_start = utf8->offset;
            utf8->bad = !utf8_lead(bytes[i], &utf8->missing, &utf8->low, &utf8->high);
        } else {
            utf8->bad = bytes[i] < utf8->low || bytes[i] > utf8->high;
            utf8->missing--;
            utf8->low = 0x80;
            utf8->high = 0xbf;
        }
        utf8->offset++;
    }
    return utf8->bad ? UTF8_BAD : UTF8_OK;
}

enum utf8_result utf8_end(struct utf8 *utf8)
{
    if (utf8->missing > 0)
        utf8->bad = true;
    return utf8->bad ? UTF8_BAD : UTF8_OK;
}

uint64_t utf8_bad_offset(const struct utf8 *utf8)
{
    return utf8->sequence_start;
}

size_t utf8_decode(const void *data, size_t n, uint32_t *codepoint)
{
    static const unsigned char lead_mask[] = {0x7f, 0x1f, 0x0f, 0x07};
    const unsigned char *bytes = data;
    unsigned char missing, low, high;
    if (n == 0 || !utf8_lead(bytes[0], &missing, &low, &high) || n <= missing)
        return 0;
    uint32_t value = bytes[0] & lead_mask[missing];
    for (size_t i = 1; i <= missing; i++) {
        if (bytes[i] < low || bytes[i] > high)
            return 0;
        value = value << 6 | (bytes[i] & 0x3f);
        low = 0x80;
        high = 0xbf;
    }
    *codepoint = value;
    return (size_t)missing + 1;
}

bool utf8_may_show(uint32_t codepoint)
{
    static const struct {
        uint32_t first, last;
    } hidden[] = {
        {0x0000, 0x001f}, {0x007f, 0x009f},   {0x00ad, 0x00ad},   {0x034f, 0x034f},   {0x061c, 0x061c},
        {0x115f, 0x1160}, {0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e},
        {0x2060, 0x206f}, {0x3164, 0x3164},   {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
        {0xfff0, 0xfffb}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
    };
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
        if (codepoint >= hidden[i].first && codepoint <= hidden[i].last)
            return false;
    return true;
}
