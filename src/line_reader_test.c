/*
 * line_reader_test - the reader against a naive reference, under every way to cut.
 *
 * What a run said is written down as text, one line per answer. The reference has the whole stream and
 * searches it byte by byte; a reader fed in any chunks, drained at once or late, has to say the same. Inputs
 * end at a guard page.
 */
#include "src/bytes.h"
#include "src/line_reader.h"
#include "src/test_input.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define DELIMITER(text) .delimiter = text, .delimiter_bytes = sizeof(text) - 1
#define STREAM(text)    text, sizeof(text) - 1

enum { SAID_BYTES_MAX = 1 << 20 };

/* malloc in the reader goes through here (linked with --wrap=malloc); above the limit there is no memory. */
void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);
static size_t malloc_limit = SIZE_MAX;

void *__wrap_malloc(size_t n)
{
    return n > malloc_limit ? NULL : __real_malloc(n);
}

static void say(struct bytes *said, enum line_reader_result result, const struct line_reader_line *line)
{
    static const char names[] = "L_OPE!";
    assert_int_equal(bytes_append_format(said, "%c", names[result]), BYTES_OK);
    if (result == LINE_READER_LINE || result == LINE_READER_PARTIAL || result == LINE_READER_OVERLONG)
        bytes_append_format(said, " at %llu, %zu and %zu bytes ", (unsigned long long)line->offset,
                            line->length, line->delimiter_bytes);
    if (line->data) /* with the delimiter: the raw line has to be there */
        bytes_append_visible(said, line->data, line->length + line->delimiter_bytes, BYTES_VISIBLE_QUOTED);
    assert_int_equal(bytes_append(said, "\n", 1), BYTES_OK);
}

/* What the contract says about a whole stream, found the slow way. */
static void say_reference(struct bytes *said, const struct line_reader_options *options, const char *data,
                          size_t n)
{
    const char *delimiter = options->delimiter ? options->delimiter : "\n";
    size_t delimiter_bytes = options->delimiter ? options->delimiter_bytes : 1;
    for (size_t start = 0; start < n;) {
        size_t end = start;
        while (end + delimiter_bytes <= n && memcmp(data + end, delimiter, delimiter_bytes) != 0)
            end++;
        bool whole = end + delimiter_bytes <= n;
        size_t raw_end = whole ? end + delimiter_bytes : n;
        size_t content_end = whole ? end : n;
        if (whole && options->cr_tolerant && content_end > start && data[content_end - 1] == '\r')
            content_end--;
        struct line_reader_line line = {.data = data + start,
                                        .length = content_end - start,
                                        .delimiter_bytes = raw_end - content_end,
                                        .offset = start};
        enum line_reader_result result = whole ? LINE_READER_LINE : LINE_READER_PARTIAL;
        if (line.length > options->line_bytes_max) {
            result = LINE_READER_OVERLONG;
            line.data = NULL;
        }
        if (result == LINE_READER_OVERLONG && options->overlong == LINE_READER_OVERLONG_FAILS) {
            line.length = options->line_bytes_max + 1;
            line.delimiter_bytes = 0;
            say(said, result, &line);
            say(said, result, &line); /* sticky */
            return;
        }
        say(said, result, &line);
        start = raw_end;
    }
    say(said, LINE_READER_END, &(struct line_reader_line){0});
    say(said, LINE_READER_END, &(struct line_reader_line){0});
}

static void check_memory(const struct line_reader *reader)
{
    assert_true(reader->capacity <= 2 * reader->buffer_bytes_max);
    assert_true(line_reader_buffered(reader) <= reader->buffer_bytes_max);
}

/* Says all answers but MORE; true when the reader failed for good. */
static bool drain(struct line_reader *reader, struct bytes *said)
{
    struct line_reader_line line;
    enum line_reader_result result;
    while ((result = line_reader_next(reader, &line)) != LINE_READER_MORE) {
        check_memory(reader);
        say(said, result, &line);
        if (result == LINE_READER_END || reader->failed) {
            result = line_reader_next(reader, &line);
            say(said, result, &line);
            return true;
        }
    }
    return false;
}

/* Takes one chunk in, by feed or by reserve/commit, draining when asked or when nothing fits any more. */
static bool take_chunk(struct line_reader *reader, struct bytes *said, const char *data, size_t n,
                       bool by_reserve, bool lazy)
{
    while (n > 0) {
        size_t taken = 0;
        if (by_reserve) {
            char *into = line_reader_reserve(reader, n, &taken);
            taken = taken < n ? taken : n;
            if (into) {
                memcpy(into, data, taken);
                line_reader_commit(reader, taken);
            }
        } else {
            taken = line_reader_feed(reader, data, n);
        }
        check_memory(reader);
        data += taken;
        n -= taken;
        if ((!lazy || n > 0) && drain(reader, said))
            return true;
    }
    return false;
}

static void say_reader(struct bytes *said, const struct line_reader_options *options, const char *data,
                       const struct test_input_cut *cut, bool by_reserve, bool lazy)
{
    struct line_reader reader;
    line_reader_init(&reader, options);
    bool over = false;
    for (size_t offset = 0; offset < cut->n && !over;) {
        size_t n = test_input_chunk(cut, offset);
        over = take_chunk(&reader, said, data + offset, n, by_reserve, lazy);
        offset += n;
    }
    line_reader_end(&reader);
    if (!over)
        drain(&reader, said);
    line_reader_free(&reader);
}

/* Every cut of one stream, four ways to feed each. */
static void check_stream(const struct line_reader_options *options, const char *stream, size_t n)
{
    char *data = test_input_guard(stream, n);
    struct bytes want, got;
    bytes_init(&want, SAID_BYTES_MAX);
    bytes_init(&got, SAID_BYTES_MAX);
    say_reference(&want, options, data, n);
    for (size_t i = 0; i < test_input_cut_count(n); i++) {
        struct test_input_cut cut = test_input_cut(n, i);
        for (int way = 0; way < 4; way++) {
            bytes_clear(&got);
            say_reader(&got, options, data, &cut, way & 1, way & 2);
            if (strcmp(bytes_text(&want), bytes_text(&got)) == 0)
                continue;
            bytes_clear(&want);
            bytes_append_visible(&want, data, n, BYTES_VISIBLE_QUOTED);
            print_error(
                "way %d, chunks of %zu, cut at %zu, limit %zu, delimiter of %zu bytes, stream \"%s\":\n%s",
                way, cut.chunk_bytes, cut.at, options->line_bytes_max, options->delimiter_bytes,
                bytes_text(&want), bytes_text(&got));
            fail();
        }
    }
    bytes_free(&want);
    bytes_free(&got);
    test_input_free(data, n);
}

static const struct line_reader_options kinds[] = {
    {.delimiter = NULL},
    {.cr_tolerant = true},
    {DELIMITER("\r\n")},
    {DELIMITER("aab")},
    {DELIMITER("abab")},
    {DELIMITER("\0\0")},
    {DELIMITER("x")},
    {DELIMITER("\xff\x80\xff\xff")},
    {DELIMITER("aaaaaaaaaaaaaaab")},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* A kind with limits: 0, 1, 3, 8, 40; smallest or roomy buffer; either policy. 20 variants. */
static struct line_reader_options variant(size_t kind, size_t index)
{
    static const size_t limits[] = {0, 1, 3, 8, 40};
    struct line_reader_options options = kinds[kind];
    options.line_bytes_max = limits[index % 5];
    options.buffer_bytes_max = index / 5 % 2 ? 64 : 0;
    options.overlong = index / 10 % 2 ? LINE_READER_OVERLONG_DISCARDS : LINE_READER_OVERLONG_FAILS;
    return options;
}
enum { VARIANTS = 20 };

static void fixed_streams_under_every_cut(void **state)
{
    (void)state;
    static const struct {
        const char *data;
        size_t n;
    } streams[] = {
        {STREAM("")},
        {STREAM("\n")},
        {STREAM("one\ntwo\nthree")},
        {STREAM("one\r\ntwo\r\r\n\r\nthree\r")},
        {STREAM("\r\r\n\r\n\n\r")},
        {STREAM("aaab aab aabaab aaaab aa")},
        {STREAM("abababab ababaabab aba")},
        {STREAM("nul\0in\nthe\0\0middle\0\0\0\n")},
        {STREAM("xx0x01x0123x01234567x012345678x tail")},
        {STREAM("\xff\x80\xff\x80\xff\xff\xff\x80\xff\xff\xff")},
        {STREAM("aaaaaaaaaaaaaaaab.aaaaaaaaaaaaaaab aaaaaaaaaaaaaaa")},
        {STREAM("01234567\n0123456\n012345678\nnext\n")},
        {STREAM("01234567\r\n0123456\r\n012345678\r\nnext\r\n01234567\r")},
        {STREAM("far over the limit of all the small ones: 012345678901234567890123456789\nnext\n")},
    };
    for (size_t s = 0; s < sizeof streams / sizeof streams[0]; s++)
        for (size_t kind = 0; kind < KINDS; kind++)
            for (size_t v = 0; v < VARIANTS; v++) {
                struct line_reader_options options = variant(kind, v);
                check_stream(&options, streams[s].data, streams[s].n);
            }
}

static void random_streams_under_every_cut(void **state)
{
    (void)state;
    uint64_t seed = 20240607;
    for (int round = 0; round < 3000; round++) {
        struct line_reader_options options =
            variant((size_t)round % KINDS, test_input_random(&seed) % VARIANTS);
        char data[48];
        size_t n = test_input_random(&seed) % sizeof data;
        const char *delimiter = options.delimiter ? options.delimiter : options.cr_tolerant ? "\r\n" : "\n";
        size_t delimiter_bytes = options.delimiter ? options.delimiter_bytes : strlen(delimiter);
        for (size_t i = 0; i < n; i++) { /* mostly bytes of the delimiter, so that half matches are common */
            uint64_t r = test_input_random(&seed) >> 16;
            data[i] = r % 8 == 0 ? 'z' : delimiter[(r >> 8) % delimiter_bytes];
        }
        check_stream(&options, data, n);
    }
}

/* The limit in full size, with the cut before, in and behind the delimiter and the largest chunks. */
static void limit_is_exact_at_65536(void **state)
{
    (void)state;
    enum { LIMIT = 65536 };
    static const struct {
        size_t length;
        enum line_reader_result result;
    } cases[] = {{LIMIT - 1, LINE_READER_LINE}, {LIMIT, LINE_READER_LINE}, {LIMIT + 1, LINE_READER_OVERLONG}};
    char *data = malloc(LIMIT + 8);
    for (size_t c = 0; c < 3; c++)
        for (int crlf = 0; crlf < 2; crlf++)
            for (size_t back = 0; back < 4; back++) {
                size_t n = cases[c].length;
                memset(data, 'x', n);
                memcpy(data + n, crlf ? "\r\n" : "\n", crlf ? 2 : 1);
                n += crlf ? 2 : 1;
                struct line_reader reader;
                struct line_reader_line line;
                struct line_reader_options options = {.line_bytes_max = LIMIT, .cr_tolerant = crlf};
                line_reader_init(&reader, &options);
                size_t taken = line_reader_feed(&reader, data, n - back);
                if (line_reader_next(&reader, &line) == LINE_READER_MORE) {
                    taken += line_reader_feed(&reader, data + taken, n - taken);
                    assert_int_equal(line_reader_next(&reader, &line), cases[c].result);
                } else { /* it was certain before the delimiter came */
                    assert_true(back == 0 || cases[c].result == LINE_READER_OVERLONG);
                }
                assert_int_equal(line.length, cases[c].length);
                line_reader_free(&reader);
            }
    free(data);
}

/* Long lines byte by byte: every byte is looked at once, and moved about once. Short lines cost the same. */
static void cost_is_linear(void **state)
{
    (void)state;
    static const size_t line_lengths[] = {1, 8, 1000, 65535};
    for (size_t kind = 0; kind < KINDS; kind++)
        for (size_t l = 0; l < 4; l++) {
            struct line_reader reader;
            struct line_reader_line line;
            struct line_reader_options options = kinds[kind];
            options.line_bytes_max = 65536;
            line_reader_init(&reader, &options);
            const char *delimiter = options.delimiter ? options.delimiter : "\n";
            size_t delimiter_bytes = options.delimiter ? options.delimiter_bytes : 1;
            size_t fed = 0, lines = 0;
            while (fed < 400000) {
                for (size_t i = 0; i < line_lengths[l] + delimiter_bytes; i++) {
                    /* the first byte of the delimiter again and again: the worst for a search that starts
                     * over */
                    char byte = delimiter_bytes > 1 ? delimiter[0] : 'y';
                    if (i >= line_lengths[l])
                        byte = delimiter[i - line_lengths[l]];
                    fed += line_reader_feed(&reader, &byte, 1);
                    while (line_reader_next(&reader, &line) == LINE_READER_LINE)
                        lines++;
                }
            }
            assert_true(lines > 0);
            assert_int_equal(reader.scan.scanned_bytes, fed);
            assert_true(reader.moved_bytes < fed);
            line_reader_free(&reader);
        }
}

/* A full queue of short lines, one taken and one byte put in at a time: no moving of the whole queue each
 * time. */
static void full_queue_costs_no_more(void **state)
{
    (void)state;
    struct line_reader reader;
    struct line_reader_line line;
    struct line_reader_options options = {.line_bytes_max = 16, .buffer_bytes_max = 50000};
    line_reader_init(&reader, &options);
    size_t fed = 0;
    while (line_reader_room(&reader) > 0)
        fed += line_reader_feed(&reader, "a\nb\nc\nd\n",
                                line_reader_room(&reader) < 8 ? line_reader_room(&reader) : 8);
    size_t room;
    assert_null(line_reader_reserve(&reader, 1, &room));
    assert_int_equal(room, 0);
    assert_int_equal(line_reader_feed(&reader, "x", 1), 0);
    for (int round = 0; round < 500000; round++) {
        assert_int_equal(line_reader_next(&reader, &line), LINE_READER_LINE);
        fed += line_reader_feed(&reader, "a", 1);
        fed += line_reader_feed(&reader, "\n", 1);
        check_memory(&reader);
    }
    assert_int_equal(line_reader_room(&reader), 0);
    assert_true(reader.moved_bytes < 2 * fed);
    line_reader_free(&reader);
}

/* A limit is a promise about the largest line, not an allocation; and endless garbage takes no memory. */
static void memory_grows_with_need(void **state)
{
    (void)state;
    struct line_reader reader;
    struct line_reader_line line;
    struct line_reader_options options = {.line_bytes_max = 64u << 20};
    line_reader_init(&reader, &options);
    assert_null(reader.data);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(line_reader_feed(&reader, "hello\n", 6), 6);
    assert_true(reader.capacity < 16384);
    line_reader_free(&reader);

    options = (struct line_reader_options){.line_bytes_max = 100, .overlong = LINE_READER_OVERLONG_DISCARDS};
    line_reader_init(&reader, &options);
    char garbage[64];
    memset(garbage, 'g', sizeof garbage);
    for (size_t fed = 0; fed < 6400000;) {
        size_t taken = line_reader_feed(&reader, garbage, sizeof garbage);
        assert_true(taken > 0);
        fed += taken;
        if (taken < sizeof garbage) {
            assert_int_equal(line_reader_next(&reader, &line), LINE_READER_MORE);
            fed += line_reader_feed(&reader, garbage, sizeof garbage - taken);
        }
        assert_int_equal(line_reader_next(&reader, &line), LINE_READER_MORE);
        check_memory(&reader);
    }
    assert_int_equal(line_reader_feed(&reader, "\nok\n", 4), 4);
    assert_int_equal(line_reader_next(&reader, &line), LINE_READER_OVERLONG);
    assert_int_equal(line.length, 6400000);
    assert_int_equal(line_reader_next(&reader, &line), LINE_READER_LINE);
    assert_memory_equal(line.data, "ok", 2);
    assert_int_equal(line.offset, 6400001);
    line_reader_free(&reader);
}

/* The lent line is the place recv() wrote to: nothing was copied. */
static void lines_are_borrowed_in_place(void **state)
{
    (void)state;
    struct line_reader reader;
    struct line_reader_line first, second;
    struct line_reader_options options = {.line_bytes_max = 100};
    line_reader_init(&reader, &options);
    size_t room;
    char *into = line_reader_reserve(&reader, 8, &room);
    assert_true(room >= 8);
    memcpy(into, "one\ntwo\n", 8);
    line_reader_commit(&reader, 8);
    assert_int_equal(line_reader_next(&reader, &first), LINE_READER_LINE);
    assert_int_equal(line_reader_next(&reader, &second), LINE_READER_LINE);
    assert_ptr_equal(first.data, into);
    assert_ptr_equal(second.data, into + 4);
    line_reader_reset(&reader);
    assert_int_equal(line_reader_next(&reader, &first), LINE_READER_MORE);
    line_reader_free(&reader);
}

static void no_memory_is_said_after_the_lines(void **state)
{
    (void)state;
    struct line_reader reader;
    struct line_reader_line line;
    struct line_reader_options options = {.line_bytes_max = 1 << 20};
    line_reader_init(&reader, &options);
    char zeros[1000] = {0};
    assert_int_equal(line_reader_feed(&reader, "one\n", 4), 4);
    malloc_limit = 500;
    assert_int_equal(line_reader_feed(&reader, zeros, sizeof zeros), 0);
    malloc_limit = SIZE_MAX;
    assert_int_equal(line_reader_next(&reader, &line), LINE_READER_LINE);
    assert_int_equal(line.length, 3);
    assert_int_equal(line_reader_next(&reader, &line), LINE_READER_NO_MEMORY);
    assert_int_equal(line_reader_next(&reader, &line), LINE_READER_NO_MEMORY);
    line_reader_free(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_streams_under_every_cut), cmocka_unit_test(random_streams_under_every_cut),
        cmocka_unit_test(limit_is_exact_at_65536),       cmocka_unit_test(cost_is_linear),
        cmocka_unit_test(full_queue_costs_no_more),      cmocka_unit_test(memory_grows_with_need),
        cmocka_unit_test(lines_are_borrowed_in_place),   cmocka_unit_test(no_memory_is_said_after_the_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
