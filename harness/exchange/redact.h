/*
 * redact - keeps what patterns match out of a recording, before it is written anywhere.
 *
 * A match may lie across chunks. What could still become one is held: the journal gets a place for it at
 * once, and later what it turned out to be. If the recording dies before that, the place counts as a secret.
 * In memory are only what is held, at most REDACT_HELD_BYTES_MAX of each side of a connection, and the
 * secrets themselves, to tell whether two are the same.
 */
#ifndef SEAM_HARNESS_EXCHANGE_REDACT_H
#define SEAM_HARNESS_EXCHANGE_REDACT_H

#include "harness/exchange/journal.h"

enum { REDACT_HELD_BYTES_MAX = 8192, REDACT_SECRETS_MAX = 1000 /* the later ones are taken for the last */ };

struct redact;

/* Patterns: PCRE2, matched anywhere in what a side says; borrowed. NULL with error. */
struct redact *redact_new(const char *const *patterns, size_t count, struct seam_error *error);
void redact_free(struct redact *redact); /* NULL is allowed */

/* Appends an event to a journal without secrets. 0, or -1 with error. */
int redact_append(struct redact *redact, struct journal *journal, const struct dialogue_event *event,
                  struct seam_error *error);
/* Nothing more comes: what is held is decided. */
int redact_end(struct redact *redact, struct journal *journal, struct seam_error *error);

/* The secrets, for playing what was recorded: secret1 is number 0. Borrowed. */
size_t redact_secret_count(const struct redact *redact);
const struct bytes *redact_secret(const struct redact *redact, size_t number);

#endif
