/*
 * seam/fuzz.h - hammer an incremental parser with every way to cut its stream.
 *
 * A parser that is fed by read() gets its stream in chunks, and must not care where those end. Describe yours
 * in one struct, make a fuzz target of it with one line, and link it with libseam_fuzz.a and an engine:
 *
 *     static const struct seam_fuzz_parser mine = {.name = "mine", .open = ..., .feed = ..., .finish = ...,
 * .close = ...}; SEAM_FUZZ_TARGET(&mine)
 *
 *     clang -fsanitize=fuzzer,address,undefined mine_fuzz.c mine.c -lseam_fuzz -o mine_fuzz && ./mine_fuzz
 * corpus/
 *
 * An input is a stream and its cuts (seam_fuzz_decode: every byte string is one). The target feeds the stream
 * whole and cut, and aborts with a report on stderr when what the parser told differs, or when it breaks one
 * of the promises below. A custom mutator knows cuts, and the delimiters and limits that you declare.
 *
 * For C11 and C++11. No JSON, no stdio but for reports, and no allocation: all memory is the workspace that
 * the macro makes (static) or that you pass. One thread at a time per workspace.
 */
#ifndef SEAM_FUZZ_H
#define SEAM_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- a parser
 * ------------------------------------------------------------------------------------------------------ */

/* Where a parser's adapter tells what the parser told. Kind is 0..63; data may hold anything, is copied, and
 * may be NULL when length is 0. */
struct seam_fuzz_events;
void seam_fuzz_event(struct seam_fuzz_events *events, unsigned kind, const void *data, size_t length);
/* The same with a number, shown in decimal: an offset, a length, a status. */
void seam_fuzz_number(struct seam_fuzz_events *events, unsigned kind, uint64_t number);

enum seam_fuzz_status {
    SEAM_FUZZ_MORE = 0, /* took all that was fed, and would take more */
    SEAM_FUZZ_DONE,     /* the conversation is over: what may follow is not the parser's */
    SEAM_FUZZ_FAILED,   /* the stream is in error */
};

/* What a parser does not promise; 0 is the strictest. */
enum {
    /* Feeding 0 bytes means the end of the stream (as in http_parser_execute): it is then not done. Else it
     * must tell nothing and change nothing. */
    SEAM_FUZZ_EMPTY_ENDS = 1,
    /* What could be told may be held back until more comes, or the end. Else, when the stream stops for a
     * while, as much must have been told as if it had come in one piece. */
    SEAM_FUZZ_MAY_HOLD_BACK = 2,
    /* Must not be fed again once it failed or was done. Else it is, must answer the same and tell nothing
       more. */
    SEAM_FUZZ_ENDS_AT_ONCE = 4,
    /* On a failure, what came in the same chunk before it may be lost: the shorter story must begin the
       longer. */
    SEAM_FUZZ_FAILURE_DROPS = 8,
};

struct seam_fuzz_bytes {
    const char *data;
    size_t length;
};
/* Of a string literal, which may hold NULs. */
#define SEAM_FUZZ_BYTES(literal)                                                                             \
    {                                                                                                        \
        literal, sizeof(literal) - 1                                                                         \
    }

/*
 * All pointers are borrowed for as long as the parser is used. The calls come in the order open, feed...,
 * finish, close; finish is left out after DONE or FAILED. Several parsers may be open at once, fed by turns.
 */
struct seam_fuzz_parser {
    const char *name;

    /* A parser at the start of a stream, which will tell `events` until it is closed. NULL: no memory; the
     * input is then not judged. */
    void *(*open)(struct seam_fuzz_events *events);
    /* The next chunk. Its bytes are gone after the call (poisoned under AddressSanitizer, overwritten
     * otherwise), so a parser that keeps pointers into them is seen. */
    enum seam_fuzz_status (*feed)(void *parser, const void *data, size_t length);
    /* The stream has ended. NULL: the parser has no notion of it. */
    enum seam_fuzz_status (*finish)(void *parser);
    /* Gives all memory back; tells nothing. */
    void (*close)(void *parser);

    unsigned flags;
    /* Kinds (1 << kind) of which two in a row are one, such as the pieces of a body. */
    uint64_t merged_kinds;
    const char *const *kind_names; /* for reports: by kind, NULL at the end; may be NULL */

    /* What the mutator should know. Each list has a last entry of zeros, and may be NULL. */
    const struct seam_fuzz_bytes *delimiters; /* what ends a unit */
    const size_t *limits;                     /* the longest units that are accepted, in bytes */
    const struct seam_fuzz_bytes *words;      /* other words of the language: commands, markers */

    /* Bytes of memory that it holds now, and the most that it may hold after any feed. */
    size_t (*memory_used)(const void *parser);
    size_t memory_bytes_max;
    /* A counter of what it does: bytes looked at, compared or moved. After a stream it may be at most
     * work_per_byte_max * bytes + work_per_feed_max * feeds: what rescans from the start at each feed is not.
     */
    uint64_t (*work_done)(const void *parser);
    uint64_t work_per_byte_max, work_per_feed_max;

    /* A simpler implementation that tells the same events when it is fed the stream whole; NULL: none. */
    const struct seam_fuzz_parser *reference;
};

/* --- a stream and its cuts
 * ---------------------------------------------------------------------------------------- */

/*
 * Cuts are ascending offsets 0..length: one chunk ends there and the next begins. Two equal ones, one at 0 or
 * one at length make an empty chunk.
 *
 * The encoding: a header, then the stream. The header's first byte b says how cuts are listed:
 *   0xf0           one byte k: a cut after every k bytes (0 counts as 1)
 *   0xf1           three bytes, least first: how many distances follow
 *   any other      b & 7 distances follow
 * A distance is that of a cut from the one before, or from the start: one byte up to 0xfd; 0xfe and two
 * bytes; 0xff and four bytes, least first. A header that is cut off ends there; a cut past the stream is
 * none.
 */

/* Every byte string is valid. The stream is borrowed from the input. Cuts past cuts_max are left out. */
struct seam_fuzz_stream {
    const unsigned char *data;
    size_t length;
    const size_t *cuts;
    size_t cut_count;
};
void seam_fuzz_decode(const void *input, size_t size, size_t *cuts, size_t cuts_max,
                      struct seam_fuzz_stream *out);
/* The shortest encoding, so that what is decoded is the same again. Returns its size; 0: more than out_max
 * bytes. */
size_t seam_fuzz_encode(const struct seam_fuzz_stream *stream, void *out, size_t out_max);

/* --- checking
 * ------------------------------------------------------------------------------------------------------ */

/* Memory that a check works in; at least SEAM_FUZZ_WORKSPACE_BYTES_MIN, aligned as malloc does. A stream of
 * up to an eighth of it is judged whole; of a longer one the start. */
struct seam_fuzz_workspace {
    void *memory;
    size_t bytes;
};
enum { SEAM_FUZZ_WORKSPACE_BYTES_MIN = 64 * 1024 };
#ifndef SEAM_FUZZ_WORKSPACE_BYTES
#define SEAM_FUZZ_WORKSPACE_BYTES (8 * 1024 * 1024) /* what the macros make; streams up to 1 MiB */
#endif

/* What a parser did wrong, by the promise that it broke. */
enum seam_fuzz_verdict {
    SEAM_FUZZ_CLEAN = 0,
    SEAM_FUZZ_INVARIANCE,   /* cut, it tells something else than whole */
    SEAM_FUZZ_DIFFERENTIAL, /* whole, it tells something else than the reference */
    SEAM_FUZZ_PROGRESS,   /* it tells the same, but not at the same time: it held something back, or was early
                           */
    SEAM_FUZZ_EMPTY_FEED, /* it told or became something by being fed nothing */
    SEAM_FUZZ_STICKY,     /* fed again after it failed or was done, it answered otherwise */
    SEAM_FUZZ_AFTER_END,  /* it told something after it failed, was done, or was finished */
    SEAM_FUZZ_MEMORY,     /* it held more memory than its bound */
    SEAM_FUZZ_WORK,       /* it worked more than its bound */
};
const char *seam_fuzz_verdict_name(enum seam_fuzz_verdict verdict); /* "invariance" */

/* Judges one stream with its cuts. A report of at most report_bytes with its final NUL is written to report
 * (NULL: none). */
enum seam_fuzz_verdict seam_fuzz_check(const struct seam_fuzz_parser *parser,
                                       const struct seam_fuzz_stream *stream,
                                       const struct seam_fuzz_workspace *workspace, char *report,
                                       size_t report_bytes);

/*
 * Judges a stream in every segmentation of 1 to cuts_max (at most 3) cuts, whole, and byte by byte; and, but
 * with SEAM_FUZZ_MAY_HOLD_BACK, each of its beginnings, whole and byte by byte. The first that fails is
 * reported. For unit tests, under any compiler: 200 bytes have 200 segmentations of one cut, 20,000 of
 * two, 1.3 million of three.
 */
enum seam_fuzz_verdict seam_fuzz_exhaust(const struct seam_fuzz_parser *parser, const void *data,
                                         size_t length, unsigned cuts_max,
                                         const struct seam_fuzz_workspace *workspace, char *report,
                                         size_t report_bytes);

/* --- a target
 * -------------------------------------------------------------------------------------------------------- */

/* One or several parsers; with several, the first byte of an input says which (modulo their number). */
struct seam_fuzz_target {
    const struct seam_fuzz_parser *const *parsers;
    size_t parser_count;
    struct seam_fuzz_workspace workspace;
};

/* Judges an input; on a failure prints the report to stderr and aborts. Returns 0. */
int seam_fuzz_one_input(const struct seam_fuzz_target *target, const uint8_t *data, size_t size);
/* As LLVMFuzzerCustomMutator and LLVMFuzzerCustomCrossOver. Deterministic for a seed. Bytes are changed by
 * the engine's LLVMFuzzerMutate where there is one. */
size_t seam_fuzz_mutate(const struct seam_fuzz_target *target, uint8_t *data, size_t size, size_t max_size,
                        unsigned seed);
size_t seam_fuzz_cross_over(const struct seam_fuzz_target *target, const uint8_t *data1, size_t size1,
                            const uint8_t *data2, size_t size2, uint8_t *out, size_t max_out, unsigned seed);

/* Set by SEAM_FUZZ_TARGET: for drivers and shims that are linked with it. */
extern const struct seam_fuzz_target *const seam_fuzz_target_here;

/* Makes this file a fuzz target for libFuzzer's interface. Arguments: pointers to the parsers. */
#ifdef __cplusplus
#define SEAM_FUZZ_EXTERN_ extern "C"
#else
#define SEAM_FUZZ_EXTERN_ extern
#endif
#define SEAM_FUZZ_TARGET(...)                                                                                \
    SEAM_FUZZ_EXTERN_ int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);                          \
    SEAM_FUZZ_EXTERN_ size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,            \
                                                     unsigned seed);                                         \
    SEAM_FUZZ_EXTERN_ size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1,                   \
                                                       const uint8_t *data2, size_t size2, uint8_t *out,     \
                                                       size_t max_out, unsigned seed);                       \
    static const struct seam_fuzz_parser *const seam_fuzz_parsers_[] = {__VA_ARGS__};                        \
    static uint64_t seam_fuzz_memory_[SEAM_FUZZ_WORKSPACE_BYTES / 8];                                        \
    static const struct seam_fuzz_target seam_fuzz_target_ = {                                               \
        seam_fuzz_parsers_,                                                                                  \
        sizeof seam_fuzz_parsers_ / sizeof *seam_fuzz_parsers_,                                              \
        {seam_fuzz_memory_, sizeof seam_fuzz_memory_}};                                                      \
    const struct seam_fuzz_target *const seam_fuzz_target_here = &seam_fuzz_target_;                         \
    int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)                                             \
    {                                                                                                        \
        return seam_fuzz_one_input(&seam_fuzz_target_, data, size);                                          \
    }                                                                                                        \
    size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)               \
    {                                                                                                        \
        return seam_fuzz_mutate(&seam_fuzz_target_, data, size, max_size, seed);                             \
    }                                                                                                        \
    size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2, size_t size2, \
                                     uint8_t *out, size_t max_out, unsigned seed)                            \
    {                                                                                                        \
        return seam_fuzz_cross_over(&seam_fuzz_target_, data1, size1, data2, size2, out, max_out, seed);     \
    }                                                                                                        \
    SEAM_FUZZ_EXTERN_ const struct seam_fuzz_target *const seam_fuzz_target_here /* takes the semicolon */

#ifdef __cplusplus
}
#endif

#endif
