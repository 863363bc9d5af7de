/*
 * junit - JUnit XML, in what Jenkins, GitLab and GitHub's actions have in common: one suite, one failure or
 * error of a case, and everything there is to say in its body, since GitLab shows no message and no property.
 *
 * https://github.com/testmoapp/junitxml, https://llg.cubic.org/docs/junit/. The totals stand at the head, so
 * the cases are held until the end.
 */
#include <inttypes.h>
#include <string.h>

#include "harness/report.h"
#include "harness/xml.h"

static void put(const struct report *report, const char *text)
{
    if (xml_append(&report->state->held, text, strlen(text)) != BYTES_OK)
        report->state->lost = "out of memory";
}

static void put_raw(const struct report *report, const char *text)
{
    if (bytes_append_text(&report->state->held, text) != BYTES_OK)
        report->state->lost = "out of memory";
}

static void put_attribute(const struct report *report, const char *name, const char *text)
{
    put_raw(report, " ");
    put_raw(report, name);
    put_raw(report, "=\"");
    put(report, text);
    put_raw(report, "\"");
}

static void put_property(const struct report *report, const char *name, const char *value)
{
    if (!value)
        return;
    put_raw(report, "      <property");
    put_attribute(report, "name", name);
    put_attribute(report, "value", value);
    put_raw(report, "/>\n");
}

/* "scenarios.chat.x" of scenarios/chat/x.json: what stands before the last dot is a package to Jenkins. */
static void put_class(const struct report *report, const char *path)
{
    struct bytes *name = &report->state->scratch;
    size_t length = strlen(path);
    if (length > 5 && strcmp(path + length - 5, ".json") == 0)
        length -= 5;
    bytes_clear(name);
    while (length > 1 && (*path == '/' || (*path == '.' && path[1] == '/')))
        path++, length--;
    for (size_t i = 0; i < length; i++)
        bytes_append(name, path[i] == '/' ? "." : path[i] == '.' ? "_" : &path[i], 1);
    put_attribute(report, "classname", bytes_text(name));
}

static void put_lines(const struct report *report, const char *heading, const char *text)
{
    if (!text)
        return;
    put(report, heading);
    put(report, text);
    put_raw(report, text[0] && text[strlen(text) - 1] == '\n' ? "" : "\n");
}

/* Everything, since this is all that some viewers show. */
static void put_body(const struct report *report, const struct result *result)
{
    bytes_clear(&report->state->scratch);
    report_append_place(result, &report->state->scratch);
    bytes_append_text(&report->state->scratch, ": ");
    put_lines(report, bytes_text(&report->state->scratch), result->message ? result->message : "no message");
    put_lines(report, "why: ", result->why);
    put_lines(report, "shown: ", result->shown);
    put_lines(report, "", result->detail);
    put_lines(report, "cut: ", result->cut);
    put_lines(report, "kept: ", result->kept);
    put_lines(report, "rerun: ", result->rerun);
}

static void put_outcome(const struct report *report, const struct result *result)
{
    bool skipped = result->status == RESULT_SKIPPED || result->status == RESULT_XFAILED;
    if (result->status == RESULT_PASSED)
        return;
    if (skipped) {
        put_raw(report, "      <skipped");
        bytes_clear(&report->state->scratch);
        bytes_append_format(&report->state->scratch, "%s%s",
                            result->status == RESULT_XFAILED ? "failed, as expected: " : "",
                            result->reason ? result->reason : "no reason");
        put_attribute(report, "message", bytes_text(&report->state->scratch));
        put_raw(report, "/>\n");
        return;
    }
    const char *element = result->status == RESULT_FAILED ? "failure" : "error";
    put_raw(report, "      <");
    put_raw(report, element);
    put_attribute(report, "message", result->message ? result->message : "no message");
    put_attribute(report, "type", result->internal ? "internal" : result_status_words[result->status]);
    put_raw(report, ">");
    put_body(report, result);
    put_raw(report, "</");
    put_raw(report, element);
    put_raw(report, ">\n");
}

static void junit_begin(const struct report *report, size_t planned)
{
    (void)report;
    (void)planned;
}

static void junit_result(const struct report *report, size_t number, const struct result *result)
{
    const char *path = result->file ? result->file : result->path ? result->path : "(no file)";
    char text[32];
    (void)number;

    put_raw(report, "    <testcase");
    put_attribute(report, "name", result->name ? result->name : "(no name)");
    put_class(report, result->path ? result->path : "(no file)");
    snprintf(text, sizeof text, "%" PRIu64 ".%06" PRIu64, result->duration_ns / 1000000000,
             result->duration_ns / 1000 % 1000000);
    put_attribute(report, "time", text);
    put_attribute(report, "file", path);
    if (result->line > 0) {
        snprintf(text, sizeof text, "%d", result->line);
        put_attribute(report, "line", text);
    }
    put_raw(report, ">\n      <properties>\n");
    put_property(report, "status", result_status_words[result->status]);
    put_property(report, "cut", result->cut);
    put_property(report, "rerun", result->rerun);
    if (result->evidence != EVIDENCE_NONE) {
        put_property(report, "evidence", evidence_words[result->evidence]);
        snprintf(text, sizeof text, "%" PRIu64, result->cuts_proved);
        put_property(report, "cuts_proved", text);
    }
    put_raw(report, "      </properties>\n");
    put_outcome(report, result);
    if (result->notes || (report->options.verbose && result->wire)) {
        put_raw(report, "      <system-out>");
        put_lines(report, "", result->notes);
        put_lines(report, "", report->options.verbose ? result->wire : NULL);
        put_raw(report, "</system-out>\n");
    }
    put_raw(report, "    </testcase>\n");
}

static void print_totals(const struct report *report, const struct report_summary *summary)
{
    const size_t *by = summary->counts.by_status;
    fprintf(report->out,
            " name=\"seam\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%" PRIu64
            ".%06" PRIu64 "\"",
            summary->counts.total, by[RESULT_FAILED], by[RESULT_ERROR] + by[RESULT_INVALID],
            by[RESULT_SKIPPED] + by[RESULT_XFAILED], summary->duration_ns / 1000000000,
            summary->duration_ns / 1000 % 1000000);
}

static void junit_end(const struct report *report, const struct report_summary *summary)
{
    struct bytes cases = report->state->held; /* what follows is put into a buffer of its own */
    char time[REPORT_TIME_BYTES];
    FILE *out = report->out;

    report_time(time);
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites", out);
    print_totals(report, summary);
    fputs(">\n  <testsuite", out);
    print_totals(report, summary);
    fprintf(out, " timestamp=\"%s\">\n    <properties>\n", time);
    bytes_init(&report->state->held, cases.length_max);
    for (size_t i = 0; i < summary->flaky_count; i++) {
        const struct report_flaky *flaky = &summary->flaky[i];
        bytes_clear(&report->state->scratch);
        bytes_append_format(&report->state->scratch, "%s: %s: not passed in %zu of %zu rounds", flaky->path,
                            flaky->name, flaky->bad, flaky->rounds);
        put_property(report, "flaky", bytes_text(&report->state->scratch));
    }
    if (summary->planned > summary->counts.total) {
        bytes_clear(&report->state->scratch);
        bytes_append_format(&report->state->scratch, "%zu, stopped by %s",
                            summary->planned - summary->counts.total,
                            summary->stopped ? summary->stopped : "an error");
        put_property(report, "not run", bytes_text(&report->state->scratch));
    }
    fputs(bytes_text(&report->state->held), out);
    fputs("    </properties>\n", out);
    fwrite(bytes_text(&cases), 1, cases.length, out);
    fputs("  </testsuite>\n</testsuites>\n", out);
    bytes_free(&cases);
}

const struct report_format report_junit = {
    .name = "junit",
    .doc = "JUnit XML, as Jenkins, GitLab and GitHub read it",
    .begin = junit_begin,
    .result = junit_result,
    .end = junit_end,
};
