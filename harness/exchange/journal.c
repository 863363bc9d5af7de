/* journal - see journal.h. */
#include "harness/exchange/journal.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static uint32_t fnv(uint32_t hash, const unsigned char *data, size_t length) /* FNV-1a, 32 bits */
{
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ data[i]) * UINT32_C(0x01000193);
    }
    return hash;
}

static uint32_t check_of(const unsigned char head[JOURNAL_RECORD_BYTES], const void *data, size_t length)
{
    return fnv(fnv(UINT32_C(0x811c9dc5), head + 8, JOURNAL_RECORD_BYTES - 8), data, length);
}

/* --- writing
 * -------------------------------------------------------------------------------------------------------- */

/* Writes all, or takes away what was written of it. */
static int append(struct journal *journal, struct iovec *parts, int count, struct seam_error *error)
{
    size_t total = 0;
    for (int i = 0; i < count; i++) {
        total += parts[i].iov_len;
    }
    for (size_t left = total; left > 0;) {
        ssize_t n = writev(journal->fd, parts, count);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            int why = errno;
            if (ftruncate(journal->fd, (off_t)journal->length) != 0) {
                /* what is torn is told by its sum */
            }
            return seam_error_set(error, "can't write %s: %s", journal->path, strerror(why));
        }
        left -= (size_t)n;
        for (; count > 0 && (size_t)n >= parts->iov_len; parts++, count--) {
            n -= (ssize_t)parts->iov_len;
        }
        if (count > 0) {
            parts->iov_base = (char *)parts->iov_base + n;
            parts->iov_len -= (size_t)n;
        }
    }
    journal->length += total;
    return 0;
}

int journal_create(struct journal *journal, const char *path, const char *server, struct seam_error *error)
{
    *journal = (struct journal){.path = path};
    journal->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    if (journal->fd < 0 && errno == EEXIST) {
        return seam_error_set(error,
                              "%s is there already: the journal of a recording that was not finished. seam "
                              "import record makes a "
                              "scenario of it; then remove it",
                              path);
    }
    if (journal->fd < 0) {
        return seam_error_set(error, "can't write %s: %s", path, strerror(errno));
    }
    char head[] = JOURNAL_HEAD, newline[] = "\n";
    char *text = strdup(server);
    struct iovec parts[] = {{head, strlen(head)}, {text, text ? strlen(text) : 0}, {newline, 1}};
    int result = text ? append(journal, parts, 3, error) : seam_error_set(error, "out of memory");
    free(text);
    if (result != 0) {
        journal_close(journal);
        unlink(path);
    }
    return result;
}

int journal_append_kind(struct journal *journal, const struct dialogue_event *event, enum journal_kind kind,
                        bool joins, struct seam_error *error)
{
    unsigned char head[JOURNAL_RECORD_BYTES] = {0};
    size_t length = event->length;
    uint32_t size = htole32((uint32_t)length), connection = htole32((uint32_t)event->connection);
    uint64_t time_ns = htole64(event->time_ns);
    if (length > JOURNAL_CHUNK_BYTES_MAX) {
        return seam_error_set(error, "a chunk of %zu bytes is too long for %s", length, journal->path);
    }
    head[8] = (unsigned char)kind;
    head[9] = event->side == DIALOGUE_SERVER;
    head[10] = joins;
    memcpy(head, &size, 4);
    memcpy(head + 12, &connection, 4);
    memcpy(head + 16, &time_ns, 8);
    uint32_t check = htole32(check_of(head, event->data, length));
    memcpy(head + 4, &check, 4);
    struct iovec parts[] = {{head, sizeof head}, {(void *)event->data, length}};
    return append(journal, parts, length ? 2 : 1, error);
}

int journal_append(struct journal *journal, const struct dialogue_event *event, struct seam_error *error)
{
    static const enum journal_kind kinds[] = {[DIALOGUE_OPENED] = JOURNAL_OPENED,
                                              [DIALOGUE_CHUNK] = JOURNAL_CHUNK,
                                              [DIALOGUE_END] = JOURNAL_END,
                                              [DIALOGUE_RESET] = JOURNAL_RESET};
    struct dialogue_event plain = *event;
    plain.length = event->kind == DIALOGUE_CHUNK ? event->length : 0;
    return journal_append_kind(journal, &plain, kinds[event->kind], false, error);
}

void journal_close(struct journal *journal)
{
    if (journal->fd >= 0) {
        close(journal->fd);
    }
    journal->fd = -1;
}

/* --- reading
 * -------------------------------------------------------------------------------------------------------- */

static uint32_t read_u32(const unsigned char *at)
{
    uint32_t value;
    memcpy(&value, at, 4);
    return le32toh(value);
}

struct item { /* a record */
    struct dialogue_event event;
    enum journal_kind kind;
    bool joins;
    struct item *first, *last; /* of a place: what belongs there */
    struct item *next;
};

struct stream {         /* what one side of a connection says, by 2 * connection + side */
    struct item *place; /* the last one */
    size_t chunk;       /* the event that its last bytes are in, plus 1; 0: none */
};

struct reading {
    struct dialogue *dialogue;
    struct stream *streams;
    size_t stream_count, stream_capacity;
};

/* A record at data[0..size). The bytes of all of it; 0: none is whole there. */
static size_t read_record(const unsigned char *data, size_t size, struct item *item)
{
    uint64_t time_ns;
    if (size < JOURNAL_RECORD_BYTES) {
        return 0;
    }
    size_t length = read_u32(data);
    if (length > JOURNAL_CHUNK_BYTES_MAX || length > size - JOURNAL_RECORD_BYTES ||
        check_of(data, data + JOURNAL_RECORD_BYTES, length) != read_u32(data + 4) ||
        data[8] >= JOURNAL_KIND_COUNT || data[9] > 1 || data[10] > 1) {
        return 0;
    }
    memcpy(&time_ns, data + 16, 8);
    *item = (struct item){.kind = data[8], .joins = data[10]};
    item->event = (struct dialogue_event){.side = data[9] ? DIALOGUE_SERVER : DIALOGUE_CLIENT,
                                          .connection = read_u32(data + 12),
                                          .data = data + JOURNAL_RECORD_BYTES,
                                          .length = length,
                                          .time_ns = le64toh(time_ns)};
    return JOURNAL_RECORD_BYTES + length;
}

static struct stream *stream_of(struct reading *r, const struct dialogue_event *event)
{
    size_t index = 2 * event->connection + (event->side == DIALOGUE_SERVER);
    while (r->stream_count <= index) {
        r->streams = arena_grow(r->dialogue->arena, r->streams, &r->stream_count, &r->stream_capacity,
                                sizeof *r->streams);
    }
    return &r->streams[index];
}

/* Bytes that go on with the chunk before. */
static bool join(struct reading *r, const struct stream *stream, const struct dialogue_event *event)
{
    struct dialogue_event *before = stream->chunk ? &r->dialogue->events[stream->chunk - 1] : NULL;
    if (!before) {
        return false;
    }
    unsigned char *whole = arena_alloc(r->dialogue->arena, before->length + event->length);
    memcpy(whole, before->data, before->length);
    memcpy(whole + before->length, event->data, event->length);
    before->data = whole;
    before->length += event->length;
    return true;
}

static int emit(struct reading *r, const struct item *item, struct seam_error *error)
{
    static const enum dialogue_kind kinds[] = {
        [JOURNAL_OPENED] = DIALOGUE_OPENED,  [JOURNAL_CHUNK] = DIALOGUE_CHUNK,
        [JOURNAL_END] = DIALOGUE_END,        [JOURNAL_RESET] = DIALOGUE_RESET,
        [JOURNAL_SECRET] = DIALOGUE_SECRET,  [JOURNAL_HELD] = DIALOGUE_SECRET,
        [JOURNAL_REVEALED] = DIALOGUE_CHUNK, [JOURNAL_HELD_SECRET] = DIALOGUE_SECRET};
    struct dialogue_event event = item->event;
    event.kind = kinds[item->kind];
    struct stream *stream = stream_of(r, &event);
    if (event.kind == DIALOGUE_CHUNK && item->joins && join(r, stream, &event)) {
        return 0;
    }
    for (size_t i = 0; event.kind == DIALOGUE_SECRET && i < event.length && i < 6; i++) {
        event.secret = event.secret * 10 + (event.data[i] - '0') % 10;
    }
    if (dialogue_add(r->dialogue, &event, error) != 0) {
        return -1;
    }
    stream = stream_of(r, &event);
    stream->chunk = event.kind == DIALOGUE_CHUNK && event.length > 0 ? r->dialogue->event_count : 0;
    return 0;
}

static int emit_all(struct reading *r, struct item *const *items, size_t count, struct seam_error *error)
{
    for (size_t i = 0; i < count; i++) {
        struct seam_error why = {0};
        int result = 0;
        if (items[i]->kind != JOURNAL_HELD || !items[i]->first) {
            result = emit(r, items[i], &why);
        }
        for (const struct item *item = items[i]->first; result == 0 && item; item = item->next) {
            result = emit(r, item, &why);
        }
        if (result != 0) {
            return seam_error_set(error, "record %zu: %.300s", i + 1, why.text);
        }
    }
    return 0;
}

static const char *read_head(const unsigned char *data, size_t *size, struct arena *arena)
{
    size_t n = strlen(JOURNAL_HEAD);
    const unsigned char *newline = *size > n ? memchr(data, '\n', *size < 1024 ? *size : 1024) : NULL;
    if (!newline || memcmp(data, JOURNAL_HEAD, n) != 0) {
        return NULL;
    }
    *size = (size_t)(newline - data) + 1;
    return arena_copy(arena, data + n, (size_t)(newline - data) - n);
}

int journal_read(const void *data, size_t size, size_t stream, struct dialogue *dialogue,
                 struct journal_contents *contents, struct seam_error *error)
{
    const unsigned char *bytes = data;
    struct reading r = {.dialogue = dialogue};
    struct item **items = NULL, item;
    size_t at = size, count = 0, capacity = 0;
    *contents = (struct journal_contents){0};
    contents->server = read_head(bytes, &at, dialogue->arena);
    if (!contents->server) {
        return seam_error_set(error,
                              "it is no journal of seam record: it does not begin with '" JOURNAL_HEAD "'");
    }
    for (size_t n; at < size && (n = read_record(bytes + at, size - at, &item)) > 0; at += n) {
        contents->records++;
        if (item.event.connection >= DIALOGUE_CONNECTIONS_MAX) {
            return seam_error_set(error, "record %zu: it has more than %d connections", contents->records,
                                  DIALOGUE_CONNECTIONS_MAX);
        }
        if (stream != 0 && item.event.connection != stream - 1) {
            continue;
        }
        struct item *kept = arena_copy(dialogue->arena, &item, sizeof item);
        struct stream *whose = stream_of(&r, &item.event);
        bool placed = (item.kind == JOURNAL_REVEALED || item.kind == JOURNAL_HELD_SECRET) && whose->place;
        if (placed) {
            *(whose->place->last ? &whose->place->last->next : &whose->place->first) = kept;
            whose->place->last = kept;
            continue;
        }
        whose->place = item.kind == JOURNAL_HELD ? kept : whose->place;
        items = arena_grow(dialogue->arena, items, &count, &capacity, sizeof(struct item *));
        items[count - 1] = kept;
    }
    contents->torn_bytes = size - at;
    return emit_all(&r, items, count, error);
}
