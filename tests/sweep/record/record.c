/* record - see record.h. */
#include "tests/sweep/record/record.h"

#include <stdio.h>
#include <string.h>

static const char between[] = "\n--B\n", behind[] = "\n--B--\n";

static void answer_one(struct session *session, const char *record, size_t length)
{
    char parts[1024] = "";
    size_t count = 0, used = 0;
    const char *end = record + length, *part_end;
    do {
        part_end = memmem(record, (size_t)(end - record), between, strlen(between));
        size_t part = (size_t)((part_end ? part_end : end) - record);
        int n = snprintf(parts + used, sizeof parts - used, " [%.*s]", (int)part, record);
        used = used + (size_t)n < sizeof parts ? used + (size_t)n : sizeof parts - 1;
        record += part + strlen(between);
        count++;
    } while (part_end);
    for (char *at = parts; *at; at++) {
        if (*at == '\n') {
            *at = '|';
        }
    }
    session_say(session, "%zu%s\n", count, parts);
}

void record_answer_all(struct session *session)
{
    const char *end;
    while ((end = memmem(session->bytes, session->length, behind, strlen(behind))) != NULL) {
        size_t length = (size_t)(end - session->bytes);
        answer_one(session, session->bytes, length);
        session_drop(session, length + strlen(behind));
    }
}
