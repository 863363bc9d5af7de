/* fragments - see fragments.h. A map of bytes says which ones came. */
#include "harness/exchange/fragments.h"

#include <stdlib.h>
#include <string.h>

struct datagram {
    bool used;
    struct packet_address from, to;
    uint32_t number;
    uint64_t born;
    size_t end;   /* behind the last fragment; 0: it has not come */
    size_t count; /* of bytes that came */
    unsigned char data[FRAGMENTS_BYTES_MAX];
    unsigned char came[FRAGMENTS_BYTES_MAX / 8 + 1];
};

struct fragments {
    struct datagram *datagrams[FRAGMENTS_DATAGRAMS_MAX];
    uint64_t clock;
    size_t lost;
};

struct fragments *fragments_new(void)
{
    return calloc(1, sizeof(struct fragments));
}

void fragments_free(void *object)
{
    struct fragments *fragments = object;
    for (size_t i = 0; fragments && i < FRAGMENTS_DATAGRAMS_MAX; i++) {
        free(fragments->datagrams[i]);
    }
    free(fragments);
}

static bool is_of(const struct datagram *datagram, const struct packet *fragment)
{
    return datagram->used && datagram->number == fragment->datagram &&
           datagram->from.family == fragment->from.family &&
           memcmp(datagram->from.bytes, fragment->from.bytes, 16) == 0 &&
           memcmp(datagram->to.bytes, fragment->to.bytes, 16) == 0;
}

/* The fragment's datagram, a new one in the place of the oldest where there is none. NULL: out of memory. */
static struct datagram *find(struct fragments *fragments, const struct packet *fragment)
{
    size_t place = 0;
    for (size_t i = 0; i < FRAGMENTS_DATAGRAMS_MAX; i++) {
        struct datagram *datagram = fragments->datagrams[i];
        if (datagram && is_of(datagram, fragment)) {
            return datagram;
        }
        const struct datagram *best = fragments->datagrams[place];
        uint64_t born = datagram && datagram->used ? datagram->born : 0,
                 oldest = best && best->used ? best->born : 0;
        place = born < oldest ? i : place;
    }
    struct datagram *datagram = fragments->datagrams[place];
    if (!datagram) {
        datagram = fragments->datagrams[place] = malloc(sizeof *datagram);
    } else if (datagram->used) {
        fragments->lost++;
    }
    if (datagram) {
        datagram->used = true;
        datagram->from = fragment->from;
        datagram->to = fragment->to;
        datagram->number = fragment->datagram;
        datagram->born = ++fragments->clock;
        datagram->end = datagram->count = 0;
        memset(datagram->came, 0, sizeof datagram->came);
    }
    return datagram;
}

const unsigned char *fragments_add(struct fragments *fragments, const struct packet *fragment, size_t *length)
{
    size_t end = fragment->offset + fragment->length;
    struct datagram *datagram = end <= FRAGMENTS_BYTES_MAX ? find(fragments, fragment) : NULL;
    if (!datagram) {
        return NULL;
    }
    for (size_t i = fragment->offset; i < end; i++) {
        unsigned bit = 1U << (i % 8);
        if (!(datagram->came[i / 8] & bit)) {
            datagram->came[i / 8] |= (unsigned char)bit;
            datagram->data[i] = fragment->payload[i - fragment->offset];
            datagram->count++;
        }
    }
    if (!fragment->more && fragment->cut == 0 && datagram->end == 0) {
        datagram->end = end;
    }
    if (datagram->end == 0 || datagram->count < datagram->end) {
        return NULL;
    }
    datagram->used = false;
    *length = datagram->end;
    return datagram->data;
}

size_t fragments_lost(const struct fragments *fragments)
{
    size_t lost = fragments->lost;
    for (size_t i = 0; i < FRAGMENTS_DATAGRAMS_MAX; i++) {
        lost += fragments->datagrams[i] && fragments->datagrams[i]->used;
    }
    return lost;
}
