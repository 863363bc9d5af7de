/*
 * result - the words, the JSON line that crosses the border between processes, and the exit code of a set of
 * results.
 *
 * Knows no reports and prints nothing. Fields stand in one table, so that writing and reading can't disagree.
 */
#include "harness/result.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "src/bytes.h"

const char *const result_status_words[RESULT_STATUS_COUNT] = {
    [RESULT_PASSED] = "passed",   [RESULT_FAILED] = "failed",   [RESULT_ERROR] = "error",
    [RESULT_INVALID] = "invalid", [RESULT_SKIPPED] = "skipped", [RESULT_XFAILED] = "xfailed",
};
const char *const evidence_words[] = {[EVIDENCE_NONE] = "none",
                                      [EVIDENCE_SENT] = "sent",
                                      [EVIDENCE_PACED] = "paced",
                                      [EVIDENCE_DRAINED] = "drained"};

static const struct {
    const char *key;
    size_t offset;
    bool lines; /* may hold several lines */
} texts[] = {
    {"path", offsetof(struct result, path), false},     {"name", offsetof(struct result, name), false},
    {"file", offsetof(struct result, file), false},     {"message", offsetof(struct result, message), false},
    {"why", offsetof(struct result, why), true},        {"detail", offsetof(struct result, detail), true},
    {"reason", offsetof(struct result, reason), false}, {"cut", offsetof(struct result, cut), false},
    {"rerun", offsetof(struct result, rerun), false},   {"notes", offsetof(struct result, notes), true},
    {"wire", offsetof(struct result, wire), true},      {"kept", offsetof(struct result, kept), false},
    {"shown", offsetof(struct result, shown), false},   {"charts", offsetof(struct result, charts), false},
    {"map", offsetof(struct result, map), false},       {"updates", offsetof(struct result, updates), true},
};
enum { TEXT_COUNT = sizeof texts / sizeof *texts };

static char **text_at(struct result *result, size_t index)
{
    return (char **)((char *)result + texts[index].offset);
}

const char *result_text(const struct result *result, size_t index, const char **text, bool *lines)
{
    if (index >= TEXT_COUNT)
        return NULL;
    *text = *(char *const *)((const char *)result + texts[index].offset);
    *lines = texts[index].lines;
    return texts[index].key;
}

void result_close(struct result *result)
{
    for (size_t i = 0; i < TEXT_COUNT; i++)
        free(*text_at(result, i));
    *result = (struct result){0};
}

bool result_is_bad(const struct result *result)
{
    return result->status == RESULT_FAILED || result->status == RESULT_ERROR ||
           result->status == RESULT_INVALID;
}

static int append_lines(struct bytes *out, const char *text)
{
    for (;;) {
        size_t length = strcspn(text, "\n");
        if (bytes_append_visible(out, text, length, BYTES_VISIBLE_TEXT))
            return -1;
        if (text[length] == '\0')
            return 0;
        if (bytes_append_text(out, "\n"))
            return -1;
        text += length + 1;
    }
}

int result_make_visible(struct result *result)
{
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        char **text = text_at(result, i);
        struct bytes visible;
        if (!*text)
            continue;
        bytes_init(&visible, SIZE_MAX / 8);
        int failed = texts[i].lines
                         ? append_lines(&visible, *text)
                         : (int)bytes_append_visible(&visible, *text, strlen(*text), BYTES_VISIBLE_TEXT);
        char *copy = failed ? NULL : strdup(bytes_text(&visible));
        bytes_free(&visible);
        if (!copy)
            return -1;
        free(*text);
        *text = copy;
    }
    return 0;
}

int result_to_json(const struct result *result, char **line_out)
{
    json_t *json = json_pack("{s:i, s:b, s:i, s:i, s:i, s:I, s:I}", "status", (int)result->status, "internal",
                             (int)result->internal, "line", result->line, "column", result->column,
                             "evidence", (int)result->evidence, "cuts_proved",
                             (json_int_t)result->cuts_proved, "duration_ns", (json_int_t)result->duration_ns);

    for (size_t i = 0; json && i < TEXT_COUNT; i++) {
        const char *text = *(char *const *)((const char *)result + texts[i].offset);
        if (text && json_object_set_new(json, texts[i].key, json_string(text)) != 0) {
            json_decref(json);
            json = NULL;
        }
    }
    *line_out = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    return *line_out ? 0 : -1;
}

static int read_texts(const json_t *json, struct result *out)
{
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        const json_t *text = json_object_get(json, texts[i].key);
        if (!text)
            continue;
        char **to = text_at(out, i);
        if (!json_is_string(text) || !(*to = strdup(json_string_value(text))))
            return -1;
    }
    return 0;
}

int result_from_json(const char *line, struct result *out)
{
    int status = 0, internal = 0, evidence = 0;
    json_int_t cuts_proved = 0, duration_ns = 0;
    json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

    *out = (struct result){0};
    int bad = !json || json_unpack(json, "{s:i, s:b, s:i, s:i, s:i, s:I, s:I}", "status", &status, "internal",
                                   &internal, "line", &out->line, "column", &out->column, "evidence",
                                   &evidence, "cuts_proved", &cuts_proved, "duration_ns", &duration_ns) != 0;
    bad = bad || status < 0 || status >= RESULT_STATUS_COUNT || evidence < 0 || evidence > EVIDENCE_DRAINED ||
          cuts_proved < 0 || duration_ns < 0 || read_texts(json, out) != 0;
    json_decref(json);
    if (bad) {
        result_close(out);
        return -1;
    }
    out->status = (enum result_status)status;
    out->internal = internal;
    out->evidence = (enum evidence)evidence;
    out->cuts_proved = (uint64_t)cuts_proved;
    out->duration_ns = (uint64_t)duration_ns;
    return 0;
}

void result_counts_add(struct result_counts *counts, const struct result *result)
{
    counts->by_status[result->status]++;
    counts->total++;
    counts->internal += result->internal;
    counts->cuts_proved += result->cuts_proved;
    if (result->evidence != EVIDENCE_NONE &&
        (counts->evidence == EVIDENCE_NONE || result->evidence < counts->evidence))
        counts->evidence = result->evidence;
}

int result_counts_exit(const struct result_counts *counts)
{
    if (counts->internal > 0)
        return RESULT_EXIT_INTERNAL;
    if (counts->by_status[RESULT_INVALID] > 0)
        return RESULT_EXIT_INVALID;
    if (counts->by_status[RESULT_FAILED] > 0)
        return RESULT_EXIT_FAILED;
    if (counts->by_status[RESULT_ERROR] > 0)
        return RESULT_EXIT_ERROR;
    if (counts->total == 0)
        return RESULT_EXIT_NOTHING;
    return counts->by_status[RESULT_SKIPPED] == counts->total ? RESULT_EXIT_SKIPPED : RESULT_EXIT_PASSED;
}
