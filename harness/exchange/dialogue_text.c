/*
 * dialogue_text - reads a conversation that was written down: what the client said behind ">", what the
 * server said behind "<", as text or as a hex dump.
 *
 *   # a comment; so is a line that begins with "* "
 *   > hello                  the client says a line
 *   >x 68 65 6c 6c 6f 0a     ... bytes
 *   < 00000000  4f 4b 0a  |OK.|     ... a hex dump: its offset is 0, or where the side's last dump ended
 *   2> hello                 another connection, 1 when absent
 *   >EOF  <EOF  >RST  <RST   that side ended, or reset the connection
 *
 * Adjacent lines of a side are one chunk; an empty line parts them. A dump without a sign, as Wireshark and
 * tshark follow a stream, is the client's, and the server's when it is indented.
 */
#include "harness/exchange/dialogue.h"

#include <string.h>

struct reader {
    struct dialogue *dialogue;
    const char *line_end;
    struct seam_error *error;
    const char *line; /* being read */
    size_t length, number;
    /* Said and not yet in the dialogue, of one side. */
    struct bytes chunk;
    size_t connection;
    enum dialogue_side side;
    size_t *dumped; /* by connection and side: the offset behind the last dump */
    size_t dumped_count, dumped_capacity;
};

static int fail(struct reader *r, size_t column, const char *text)
{
    seam_error_set(r->error, "%s", text);
    r->error->line = (int)r->number;
    r->error->column = (int)column + 1;
    return -1;
}

/* --- what is said
 * --------------------------------------------------------------------------------------------------- */

static int add(struct reader *r, enum dialogue_kind kind, const void *data, size_t length)
{
    const struct dialogue_event event = {.kind = kind,
                                         .side = r->side,
                                         .connection = r->connection,
                                         .data = data ? arena_copy(r->dialogue->arena, data, length) : NULL,
                                         .length = length,
                                         .time_ns = DIALOGUE_TIME_UNKNOWN};
    struct seam_error why = {0};
    return dialogue_add(r->dialogue, &event, &why) == 0 ? 0 : fail(r, 0, why.text);
}

static int end_chunk(struct reader *r)
{
    int result = r->chunk.length > 0 ? add(r, DIALOGUE_CHUNK, bytes_text(&r->chunk), r->chunk.length) : 0;
    bytes_clear(&r->chunk);
    return result;
}

static int turn_to(struct reader *r, size_t connection, enum dialogue_side side)
{
    if ((connection != r->connection || side != r->side) && end_chunk(r) != 0) {
        return -1;
    }
    r->connection = connection;
    r->side = side;
    return 0;
}

static int say(struct reader *r, const void *data, size_t length)
{
    return bytes_append(&r->chunk, data, length) == BYTES_OK ? 0 : fail(r, 0, "out of memory");
}

/* --- hex
 * ------------------------------------------------------------------------------------------------------------
 */

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Pairs of digits from *at on, with at most so many blanks between them; *at stops where they do. */
static size_t read_pairs(const struct reader *r, size_t *at, size_t blanks_max, unsigned char *out,
                         size_t max)
{
    size_t count = 0, from = *at;
    while (count < max) {
        size_t next = from;
        while (next < r->length && is_blank(r->line[next]) && next - from < blanks_max + 1) {
            next++;
        }
        if (next - from > blanks_max || next + 1 >= r->length || digit(r->line[next]) < 0 ||
            digit(r->line[next + 1]) < 0) {
            break;
        }
        out[count++] = (unsigned char)(digit(r->line[next]) * 16 + digit(r->line[next + 1]));
        from = *at = next + 2;
    }
    return count;
}

static size_t *dumped_of(struct reader *r, size_t connection, enum dialogue_side side)
{
    size_t index = 2 * connection + side;
    while (r->dumped_count <= index) {
        r->dumped = arena_grow(r->dialogue->arena, r->dumped, &r->dumped_count, &r->dumped_capacity,
                               sizeof *r->dumped);
    }
    return &r->dumped[index];
}

enum { DUMP_BYTES_MAX = 64 /* in a line */, DUMP_GROUP_BYTES = 16 };

/* A line of a hex dump from `at` on: an offset that fits, then bytes, then, two blanks or a bar behind them,
 * what they look like. How many bytes; 0: it is none. */
static size_t read_dump(struct reader *r, size_t at, size_t connection, enum dialogue_side side,
                        unsigned char *out)
{
    size_t begin = at, offset = 0, *dumped = dumped_of(r, connection, side);
    for (; at < r->length && at - begin < 16 && digit(r->line[at]) >= 0; at++) {
        offset = offset * 16 + (size_t)digit(r->line[at]);
    }
    if (at - begin < 4 || (offset != 0 && offset != *dumped) || at == r->length) {
        return 0;
    }
    at += r->line[at] == ':';
    size_t count = 0;
    if (at < r->length && is_blank(r->line[at])) { /* behind 16 bytes two blanks begin what they look like */
        count = read_pairs(r, &at, 2, out, DUMP_GROUP_BYTES);
        count += count == DUMP_GROUP_BYTES ? read_pairs(r, &at, 1, out + count, DUMP_BYTES_MAX - count) : 0;
    }
    size_t rest = at;
    while (rest < r->length && is_blank(r->line[rest])) {
        rest++;
    }
    if (rest < r->length && rest - at < 2 && r->line[rest] != '|') {
        return 0;
    }
    *dumped = count ? offset + count : *dumped;
    return count;
}

static int say_hex(struct reader *r, size_t at)
{
    unsigned char byte;
    while (at < r->length) {
        size_t from = at;
        if (read_pairs(r, &at, 1000, &byte, 1) == 0) {
            while (from < r->length && is_blank(r->line[from])) {
                from++;
            }
            return from == r->length ? 0 : fail(r, from, "expected two hexadecimal digits for each byte");
        }
        if (say(r, &byte, 1) != 0) {
            return -1;
        }
    }
    return 0;
}

/* --- lines
 * ----------------------------------------------------------------------------------------------------------
 */

static bool begins(const struct reader *r, size_t at, const char *text)
{
    size_t n = strlen(text);
    return r->length - at >= n && memcmp(r->line + at, text, n) == 0;
}

/* Behind the sign, at `at`: a word that is no text. */
static int read_word(struct reader *r, size_t at)
{
    static const struct {
        const char *word;
        enum dialogue_kind kind;
    } words[] = {{"EOF", DIALOGUE_END}, {"RST", DIALOGUE_RESET}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (begins(r, at, words[i].word) && r->length == at + strlen(words[i].word)) {
            return end_chunk(r) == 0 ? add(r, words[i].kind, NULL, 0) : -1;
        }
    }
    return fail(r, at, "expected a blank and what was said, x and hexadecimal bytes, EOF or RST");
}

static int read_said(struct reader *r, size_t at, size_t connection)
{
    unsigned char bytes[DUMP_BYTES_MAX];
    enum dialogue_side side = r->line[at++] == '>' ? DIALOGUE_CLIENT : DIALOGUE_SERVER;
    if (turn_to(r, connection, side) != 0) {
        return -1;
    }
    if (at < r->length && r->line[at] == 'x' && (at + 1 == r->length || is_blank(r->line[at + 1]))) {
        return say_hex(r, at + 1);
    }
    if (at < r->length && !is_blank(r->line[at])) {
        return read_word(r, at);
    }
    at += at < r->length;
    size_t count = read_dump(r, at, connection, side, bytes);
    if (count > 0) {
        return say(r, bytes, count);
    }
    return say(r, r->line + at, r->length - at) == 0 ? say(r, r->line_end, strlen(r->line_end)) : -1;
}

static bool is_comment(const struct reader *r)
{
    static const char *const begin[] = {"#", "* ", "===", "Follow: ", "Filter: ", "Node 0: ", "Node 1: "};
    for (size_t i = 0; i < sizeof begin / sizeof *begin; i++) {
        if (begins(r, 0, begin[i])) {
            return true;
        }
    }
    return false;
}

static int read_line(struct reader *r)
{
    size_t at = 0, connection = 0;
    while (at < r->length && at < 7 && r->line[at] >= '0' && r->line[at] <= '9') {
        connection = connection * 10 + (size_t)(r->line[at++] - '0');
    }
    if (at < r->length && (r->line[at] == '>' || r->line[at] == '<')) {
        if (at > 0 && (connection < 1 || connection > DIALOGUE_CONNECTIONS_MAX)) {
            return fail(r, 0, "the number of a connection is none of 1 to 100000");
        }
        return read_said(r, at, at > 0 ? connection - 1 : 0);
    }
    for (at = 0; at < r->length && is_blank(r->line[at]); at++) {
    }
    if (at == r->length) {
        return end_chunk(r);
    }
    unsigned char bytes[DUMP_BYTES_MAX];
    enum dialogue_side side = at > 0 ? DIALOGUE_SERVER : DIALOGUE_CLIENT;
    size_t count = read_dump(r, at, 0, side, bytes);
    if (count > 0) {
        return turn_to(r, 0, side) == 0 ? say(r, bytes, count) : -1;
    }
    return is_comment(r)
               ? 0
               : fail(r, at,
                      "expected '>' and what the client said, '<' and what the server said, a hex dump, or "
                      "'#' and a comment");
}

static int read_text(struct reader *r, const char *text, size_t size)
{
    for (const char *at = text, *end = text + size; at < end; at += r->length + 1) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        r->line = at;
        r->length = (size_t)((newline ? newline : end) - at);
        r->number++;
        size_t whole = r->length;
        r->length -= r->length > 0 && r->line[r->length - 1] == '\r'; /* a file of another system */
        if (read_line(r) != 0) {
            return -1;
        }
        r->length = whole;
    }
    return end_chunk(r);
}

int dialogue_read_text(struct dialogue *dialogue, const char *text, size_t size, const char *line_end,
                       struct seam_error *error)
{
    struct reader reader = {.dialogue = dialogue, .line_end = line_end, .error = error};
    bytes_init(&reader.chunk, SIZE_MAX / 4);
    int result = read_text(&reader, text, size);
    bytes_free(&reader.chunk);
    return result;
}
