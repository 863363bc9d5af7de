/*
 * journal - what `seam record` keeps while it records: a file that only grows, and that is whole up to its
 * last record whenever the writer dies.
 *
 * It begins with JOURNAL_HEAD, the address of the server and a newline. Each record is a header of
 * JOURNAL_RECORD_BYTES and the bytes of a chunk; numbers are little-endian:
 *
 *   0  u32  length of what follows the header
 *   4  u32  FNV-1a of the rest of the header and of what follows
 *   8  u8   kind, enum journal_kind       9  u8  side, 0 client, 1 server
 *  10  u16  1: the bytes go on with the chunk before
 *  12  u32  connection, from 0           16  u64  nanoseconds since the begin
 *
 * Written by one write(2): it survives the death of the process, not that of the machine.
 */
#ifndef SEAM_HARNESS_EXCHANGE_JOURNAL_H
#define SEAM_HARNESS_EXCHANGE_JOURNAL_H

#include "harness/exchange/dialogue.h"

#define JOURNAL_HEAD "seam journal 1 "
enum { JOURNAL_RECORD_BYTES = 24, JOURNAL_CHUNK_BYTES_MAX = 1 << 20 };

enum journal_kind {
    JOURNAL_OPENED,
    JOURNAL_CHUNK,
    JOURNAL_END,
    JOURNAL_RESET,
    JOURNAL_SECRET,      /* something that was kept out; its bytes are its number */
    JOURNAL_HELD,        /* a place for what is not decided yet: */
    JOURNAL_REVEALED,    /* bytes that belong to the last place of that side, */
    JOURNAL_HELD_SECRET, /* or a secret that does. A place without any is a secret. */
    JOURNAL_KIND_COUNT
};

struct journal {
    int fd;
    const char *path; /* borrowed */
    uint64_t length;  /* of the file: whole records */
};

/* Makes the file, which must not exist; server: "host:port". 0, or -1 with error. */
int journal_create(struct journal *journal, const char *path, const char *server, struct seam_error *error);
/* Appends a record. 0; or -1 with error: then the file ends with the record before. */
int journal_append(struct journal *journal, const struct dialogue_event *event, struct seam_error *error);
/* The same, as a record of another kind; joins: its bytes go on with the chunk before. */
int journal_append_kind(struct journal *journal, const struct dialogue_event *event, enum journal_kind kind,
                        bool joins, struct seam_error *error);
void journal_close(struct journal *journal);

struct journal_contents {
    const char *server; /* as journal_create had it; in the arena */
    size_t records;
    size_t torn_bytes; /* behind the last whole record: the writer died, or something else wrote there */
};

/*
 * Adds the records of a journal in memory to a dialogue, which borrows the data: only those of a connection,
 * from 1; 0: all. Reads up to the first record that is not whole. 0, or -1 with error: it is no journal, or
 * nothing that a relay could have seen.
 */
int journal_read(const void *data, size_t size, size_t stream, struct dialogue *dialogue,
                 struct journal_contents *contents, struct seam_error *error);

#endif
