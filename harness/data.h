/*
 * data - the bytes that a step sends or expects, as the scenario wrote them.
 *
 * One tree per argument, compiled at load, expanded against the values of a run. Forms: text, line, lines,
 * hex, base64, bytes, file, and a list of these, each with an optional count `times`.
 */
#ifndef SEAM_HARNESS_DATA_H
#define SEAM_HARNESS_DATA_H

#include "harness/text.h"

enum { DELIMITER_BYTES_MAX = 16 };
#define DATA_EXPANDED_BYTES_MAX ((size_t)1 << 30) /* all data of a scenario, counted with times and repeat   \
                                                   */

struct delimiter {
    unsigned char bytes[DELIMITER_BYTES_MAX];
    size_t length; /* 1..16 */
};

enum data_kind {
    DATA_TEXT,    /* text */
    DATA_LITERAL, /* literal, literal_length: decoded hex, base64 or bytes; also a file's content when read at
                     load */
    DATA_FILE,    /* text is the path; read when expanded, below the folder of the scenario */
    DATA_LINE,    /* items[0], then the delimiter */
    DATA_LINES,   /* each item, each followed by the delimiter */
    DATA_LIST,    /* the items, joined */
};

struct data {
    enum data_kind kind;
    const struct text *text;
    const unsigned char *literal;
    size_t literal_length; /* DATA_FILE: how long the file was at load, 0 when its name was not known */
    const struct data *const *items;
    size_t item_count;
    const struct number *times; /* NULL: once */
    const char *folder;         /* DATA_FILE: the path is relative to it; absolute */
    const char
        *limit; /* DATA_FILE: the folder of the scenario, which it may not leave; NULL: --allow-outside */
    struct place place;
};

/* Appends the expansion to out, whose own maximum bounds it. 0, or -1 with error filled. */
int data_expand(const struct data *data, const struct values *values, const struct delimiter *delimiter,
                struct bytes *out, struct seam_error *error);

/* Has every slot that the data uses a value? */
bool data_is_known(const struct data *data, const struct values *values);

#endif
