/*
 * ndjson - one JSON object per line, as things happen: a begin, each result, an end.
 *
 * ndjson.schema.json says what is in them. Keys may be added within a version; "seam_report" counts up when
 * one changes its meaning or goes.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "harness/report.h"

enum { NDJSON_VERSION = 1 };

/* Takes the object. */
static void print(const struct report *report, json_t *event)
{
    char *line = event ? json_dumps(event, JSON_COMPACT) : NULL;
    json_decref(event);
    if (!line) {
        report->state->lost = "out of memory";
        return;
    }
    fputs(line, report->out);
    fputc('\n', report->out);
    free(line);
}

static void ndjson_begin(const struct report *report, size_t planned)
{
    char time[REPORT_TIME_BYTES];
    report_time(time);
    print(report, json_pack("{s:s, s:i, s:s, s:I}", "event", "begin", "seam_report", NDJSON_VERSION, "time",
                            time, "planned", (json_int_t)planned));
}

/* Charts and maps are for those who look at them. */
static bool is_picture(const char *key)
{
    return strcmp(key, "charts") == 0 || strcmp(key, "map") == 0 || strcmp(key, "updates") == 0;
}

static void ndjson_result(const struct report *report, size_t number, const struct result *result)
{
    json_t *event = json_pack(
        "{s:s, s:I, s:s, s:s, s:I, s:I}", "event", "result", "number", (json_int_t)number, "status",
        result_status_words[result->status], "evidence", evidence_words[result->evidence], "cuts_proved",
        (json_int_t)result->cuts_proved, "duration_ns", (json_int_t)result->duration_ns);
    const char *key, *text;
    bool lines;

    if (event && result->internal)
        json_object_set_new(event, "internal", json_true());
    if (event && result->line > 0) {
        json_object_set_new(event, "line", json_integer(result->line));
        json_object_set_new(event, "column", json_integer(result->column));
    }
    for (size_t i = 0; event && (key = result_text(result, i, &text, &lines)); i++) {
        if (text && !is_picture(key) && json_object_set_new(event, key, json_string(text)) != 0) {
            json_decref(event);
            event = NULL;
        }
    }
    print(report, event);
}

static json_t *counts_json(const struct result_counts *counts)
{
    json_t *json = json_object();
    for (int status = 0; status < RESULT_STATUS_COUNT; status++)
        json_object_set_new(json, result_status_words[status],
                            json_integer((json_int_t)counts->by_status[status]));
    return json;
}

static void ndjson_end(const struct report *report, const struct report_summary *summary)
{
    json_t *flaky = json_array(), *event;

    for (size_t i = 0; i < summary->flaky_count; i++)
        json_array_append_new(flaky,
                              json_pack("{s:s, s:s, s:I, s:I}", "path", summary->flaky[i].path, "name",
                                        summary->flaky[i].name, "bad", (json_int_t)summary->flaky[i].bad,
                                        "rounds", (json_int_t)summary->flaky[i].rounds));
    event = json_pack("{s:s, s:o, s:I, s:I, s:i, s:s, s:I, s:I, s:o}", "event", "end", "counts",
                      counts_json(&summary->counts), "total", (json_int_t)summary->counts.total, "planned",
                      (json_int_t)summary->planned, "exit", result_counts_exit(&summary->counts), "evidence",
                      evidence_words[summary->counts.evidence], "cuts_proved",
                      (json_int_t)summary->counts.cuts_proved, "duration_ns",
                      (json_int_t)summary->duration_ns, "flaky", flaky);
    if (event && summary->stopped)
        json_object_set_new(event, "stopped", json_string(summary->stopped));
    print(report, event);
}

const struct report_format report_ndjson = {
    .name = "ndjson",
    .doc = "one JSON object per line, as things happen",
    .begin = ndjson_begin,
    .result = ndjson_result,
    .end = ndjson_end,
};
