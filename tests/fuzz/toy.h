/* toy - a parser that splits lines and has a bug that can be chosen, and what checks it. */
#ifndef SEAM_TESTS_FUZZ_TOY_H
#define SEAM_TESTS_FUZZ_TOY_H

#include "fuzz/include/seam/fuzz.h"

enum { LINE, BODY };
enum { LINE_MAX_BYTES = 8, WORK_EACH = 2 };

/* What the toy does wrong. */
enum bug {
    RIGHT,
    FORGETS_TAIL,     /* of a chunk in which no line ends */
    HOLDS_BACK,       /* a line, until the next chunk */
    EMPTY_IS_END,     /* fed nothing, it believes that all has come */
    TELLS_OF_NOTHING, /* fed nothing, it tells an event */
    FORGIVES,         /* after an overlong line it goes on */
    TELLS_AFTER_FAIL, /* and does not stop telling */
    TELLS_ON_CLOSE,
    GROWS,       /* holds what it has told */
    RESCANS,     /* from the start of the line, each time */
    READS_AHEAD, /* one byte past the chunk: under AddressSanitizer alone */
    KEEPS_POINTER,
    ANSWERS_ALL, /* the same wrong thing, however it is cut */
};

enum { REPORT_BYTES = 4096 };
extern enum bug bug;
extern const struct seam_fuzz_parser toy;
extern const struct seam_fuzz_workspace workspace;
extern char report[REPORT_BYTES];

/* Judges the text with these cuts, and leaves the report in `report`. */
enum seam_fuzz_verdict check(enum bug which, const struct seam_fuzz_parser *parser, const char *text,
                             size_t cut_count, const size_t *cuts);
#define CUTS(...)                                                                                            \
    sizeof((size_t[]){__VA_ARGS__}) / sizeof(size_t), (const size_t[])                                       \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }

/* Tells what it is fed as pieces of a body; a '!' fails, and loses the chunk where dropping is set. */
extern bool dropping;
void *open_pipe(struct seam_fuzz_events *events);
enum seam_fuzz_status feed_pipe(void *parser, const void *data, size_t length);
void close_pipe(void *parser);

#endif
