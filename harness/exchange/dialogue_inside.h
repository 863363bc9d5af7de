/* dialogue_inside - what the printer of a dialogue shares: dialogue_print.c (the walk), dialogue_send.c,
 * dialogue_expect.c. */
#ifndef SEAM_HARNESS_EXCHANGE_DIALOGUE_INSIDE_H
#define SEAM_HARNESS_EXCHANGE_DIALOGUE_INSIDE_H

#include "harness/exchange/dialogue.h"
#include "harness/segmentation.h"

enum { DIALOGUE_LINES_MAX = 1000 /* in one step: nobody reads that far */ };

struct peer { /* one connection of the scenario */
    const char *name;
    const char *delimiter;
    bool rest_unknown;           /* what the other side said is not known to its end */
    bool cut_by_id, has_secrets; /* among what is sent: there are no offsets behind one */
    bool ended;                  /* the other side did */
    uint64_t sent;               /* bytes that steps send */
    uint64_t taken;              /* bytes that steps expect */
    struct bytes pending;        /* what the other side said, and no step expects yet */
    uint64_t pending_ns;         /* when it began to */
    bool pending_end;            /* it ended behind that */
    bool is_dirty;               /* stands in dirty */
    size_t hole_next;            /* of the dialogue: the first one that is not behind us */
    uint64_t *cuts;              /* by id */
    size_t cut_count, cut_capacity;
};

struct printer {
    const struct dialogue *dialogue;
    const struct import_request *request;
    struct imported *out;
    struct seam_error *error;
    enum dialogue_side played;
    struct peer *peers;
    json_t *steps;
    size_t *dirty; /* connections that have something pending */
    size_t dirty_count;
    /* Chunks of one connection with no step in between. */
    size_t run_peer;
    struct bytes run;
    size_t *run_ends;
    unsigned *run_secrets; /* by chunk, 0: it is none; one more than its number */
    size_t run_count, run_capacity, secrets_count, secrets_capacity;
    unsigned secret_max;               /* of those that were sent; 0: none */
    bool secrets_sent, secret_unknown; /* unknown: one has no number */
    uint64_t run_ns;
    uint64_t now_ns; /* of the step before */
    bool failed;     /* error is filled, or there was no memory */
};

/* Takes the step over; NULL: it could not be made. */
void printer_step(struct printer *printer, json_t *step, uint64_t time_ns);
/* Bytes as data of a step, in a file beside where they are many. NULL after an error. */
json_t *printer_data(struct printer *printer, const void *data, size_t length);
/* Text lines at the begin of data, up to DIALOGUE_LINES_MAX and as long as a step stays short: how many;
 * *length: with their delimiters. hidden: bytes from there on belong to no line; SIZE_MAX: none. */
size_t printer_lines(const char *delimiter, const char *data, size_t *length);
/* "line" or "lines" of so many lines, added to the step. */
int printer_add_lines(json_t *step, const char *delimiter, const char *data, size_t length, size_t count);
bool printer_is_text(const void *data, size_t length);

/* Prints the chunks of the run, and forgets them. (dialogue_send.c) */
void printer_send(struct printer *printer);
/* Which connections are cut by id. Before the walk. */
void printer_plan_sends(struct printer *printer);

/* What that side said and was kept out becomes holes without bytes. Before holes are sorted.
 * (dialogue_secret.c) */
void dialogue_find_secrets(struct dialogue *dialogue, enum dialogue_side side);
/* "vars" with the secrets that were sent, and a note that says so; NULL: none was. After the walk. */
json_t *printer_secrets(struct printer *printer);

/* Prints what is pending of a connection: all, or only whole lines. (dialogue_expect.c) */
void printer_expect(struct printer *printer, size_t connection, bool all);

#endif
