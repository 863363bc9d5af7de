/*
 * html - one file to look at: a summary, a filter, and all there is to say of each scenario, with pictures.
 *
 * The file needs nothing else and no network, and is readable without scripts. Its policy
 * (Content-Security-Policy) allows one script, by its hash, so that a text which got past the escaping would
 * still not run. Results stand in the order of the plan, those that are bad first; charts of good ones beyond
 * a bound are left out, and it says so.
 */
#include <inttypes.h>
#include <string.h>

#include "harness/report.h"
#include "harness/reports/html_parts.h"
#include "harness/xml.h"

/* Of html/page.js, between <script> and </script>; report_html_test.py says what it must be. */
#define SCRIPT_HASH "sha256-DhKIimrun5tuiOAIrXcyYi2V99fW7HQYSTrWR+9z7d8="

enum { OPEN_AT_FIRST = 5 };
#define CHARTS_GOOD_BYTES_MAX ((size_t)24 << 20)
#define CHARTS_BAD_BYTES_MAX  ((size_t)96 << 20)

extern const char html_page_css[], html_page_js[]; /* made by the build */

static const char *status_word(const struct result *result)
{
    return result->internal ? "internal error" : result_status_words[result->status];
}

static void append_escaped(struct bytes *out, const char *text)
{
    xml_append(out, text, strlen(text));
}

static void append_duration(struct bytes *out, uint64_t ns)
{
    uint64_t ms = ns / 1000000;
    if (ms < 10000)
        bytes_append_format(out, "%" PRIu64 " ms", ms);
    else
        bytes_append_format(out, "%" PRIu64 ".%" PRIu64 " s", ms / 1000, ms % 1000 / 100);
}

/* --- one result
 * ------------------------------------------------------------------------------------------------ */

static void append_summary(struct bytes *out, const struct result *result, struct bytes *scratch)
{
    bytes_append_format(out, "<summary><span class=\"badge\">%s</span><span class=\"name\">",
                        status_word(result));
    append_escaped(out, result->name ? result->name : "(no name)");
    bytes_append_text(out, "</span><span class=\"place\">");
    bytes_clear(scratch);
    report_append_place(result, scratch);
    append_escaped(out, bytes_text(scratch));
    bytes_append_text(out, "</span><span class=\"time\">");
    append_duration(out, result->duration_ns);
    bytes_append_text(out, "</span>");
    if (result_is_bad(result) || result->reason) {
        bytes_append_text(out, "<span class=\"msg\">");
        append_escaped(out, result_is_bad(result) ? (result->message ? result->message : "no message")
                                                  : result->reason);
        bytes_append_text(out, "</span>");
    }
    bytes_append_text(out, "</summary>");
}

static void append_fact(struct bytes *out, const char *what, const char *text)
{
    if (!text || !*text)
        return;
    bytes_append_format(out, "<dt>%s</dt><dd>", what);
    append_escaped(out, text);
    bytes_append_text(out, "</dd>");
}

static void append_facts(struct bytes *out, const struct result *result)
{
    bytes_append_text(out, "<dl>");
    append_fact(out, "why", result->why);
    append_fact(out, "shown", result->shown);
    append_fact(out, "cut", result->cut);
    if (result->evidence != EVIDENCE_NONE)
        bytes_append_format(out, "<dt>evidence</dt><dd>%" PRIu64 " cuts drained, weakest %s</dd>",
                            result->cuts_proved, evidence_words[result->evidence]);
    append_fact(out, "kept", result->kept);
    if (result->rerun) {
        bytes_append_text(out, "<dt>again</dt><dd><code>");
        append_escaped(out, result->rerun);
        bytes_append_text(out, "</code> <button class=\"copy\" hidden>copy</button></dd>");
    }
    bytes_append_text(out, "</dl>");
}

static void append_lines(struct bytes *out, const char *heading, const char *text)
{
    if (!text || !*text)
        return;
    bytes_append_format(out, "<h3>%s</h3><pre>\n", heading);
    append_escaped(out, text);
    bytes_append_text(out, "</pre>");
}

static void append_pictures(const struct report *report, struct bytes *out, const struct result *result)
{
    size_t room = result_is_bad(result) ? CHARTS_BAD_BYTES_MAX : CHARTS_GOOD_BYTES_MAX;
    if (result->map)
        html_append_map(out, result->map);
    if (!result->charts)
        return;
    if (out->length + strlen(result->charts) > room) {
        bytes_append_text(out, "<p>Its chart is left out: the page would be too large.</p>");
        return;
    }
    bytes_append_text(out, "<h3>Who said what</h3>");
    html_append_charts(out, result->charts, &report->state->styled);
}

static void html_result(const struct report *report, size_t number, const struct result *result)
{
    struct report_state *state = report->state;
    struct bytes *out = result_is_bad(result) ? &state->held : &state->rows;
    bool open = result_is_bad(result) && state->told++ < OPEN_AT_FIRST;

    bytes_append_format(out, "<details class=\"r %s\" id=\"r%zu\" data-status=\"%s\"%s>",
                        result_status_words[result->status], number, result_status_words[result->status],
                        open ? " open" : "");
    append_summary(out, result, &state->scratch);
    bytes_append_text(out, "<div class=\"body\">");
    append_facts(out, result);
    html_append_source(out, result);
    append_lines(out, "What happened", result->detail);
    append_pictures(report, out, result);
    append_lines(out, "Notes", result->notes);
    append_lines(out, "The wire", report->options.verbose ? result->wire : NULL);
    if (bytes_append_text(out, "</div></details>\n") != BYTES_OK)
        state->lost = "out of memory";
}

/* --- the page around them
 * ------------------------------------------------------------------------------------ */

static void html_begin(const struct report *report, size_t planned)
{
    (void)report;
    (void)planned;
}

/* "3 failed, 40 passed" */
static void append_verdict(struct bytes *out, const struct result_counts *counts)
{
    static const enum result_status order[] = {RESULT_FAILED,  RESULT_ERROR,   RESULT_INVALID,
                                               RESULT_XFAILED, RESULT_SKIPPED, RESULT_PASSED};
    const char *separator = "";
    for (int i = 0; i < RESULT_STATUS_COUNT; i++) {
        if (counts->by_status[order[i]] == 0)
            continue;
        bytes_append_format(out, "%s%zu %s", separator, counts->by_status[order[i]],
                            result_status_words[order[i]]);
        separator = ", ";
    }
    if (counts->total == 0)
        bytes_append_text(out, "nothing was run");
}

static void append_bar(struct bytes *out, const struct result_counts *counts)
{
    bytes_append_text(out, "<div class=\"bar\" role=\"img\" aria-label=\"");
    append_verdict(out, counts);
    bytes_append_text(out, "\">");
    for (int i = 0; i < RESULT_STATUS_COUNT; i++) {
        if (counts->by_status[i])
            bytes_append_format(out, "<span class=\"%s\" style=\"flex:%zu\" title=\"%zu %s\"></span>",
                                result_status_words[i], counts->by_status[i], counts->by_status[i],
                                result_status_words[i]);
    }
    bytes_append_text(out, "</div>\n");
}

static void append_filter(struct bytes *out, const struct result_counts *counts)
{
    bytes_append_text(out,
                      "<nav hidden aria-label=\"Filter\"><input type=\"search\" placeholder=\"name, file or "
                      "message; / comes here\" aria-label=\"Filter by name, file or message\">");
    for (int i = 0; i < RESULT_STATUS_COUNT; i++) {
        if (counts->by_status[i])
            bytes_append_format(
                out,
                "<label><input type=\"checkbox\" value=\"%s\" checked> <span class=\"badge %s\">%s "
                "%zu</span></label>",
                result_status_words[i], result_status_words[i], result_status_words[i], counts->by_status[i]);
    }
    bytes_append_text(
        out, "<button data-do=\"next\" title=\"or n; p goes back\">next failure</button>"
             "<button data-do=\"close\">close all</button><output aria-live=\"polite\"></output></nav>\n");
}

static void append_head(struct bytes *out, const struct report_summary *summary)
{
    char time[REPORT_TIME_BYTES];
    report_time(time);
    bytes_append_text(out,
                      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                      "'unsafe-inline'; base-uri 'none'; form-action 'none'; script-src '" SCRIPT_HASH
                      "'\">\n<title>Seam: ");
    append_verdict(out, &summary->counts);
    bytes_append_text(out, "</title>\n<style>");
    bytes_append_text(out, html_page_css);
    bytes_append_text(out, "</style></head>\n<body><header><h1>Seam: ");
    append_verdict(out, &summary->counts);
    bytes_append_format(out, "</h1>\n<p class=\"facts\">%s, ", time);
    append_duration(out, summary->duration_ns);
    if (summary->counts.evidence != EVIDENCE_NONE)
        bytes_append_format(out, "; %" PRIu64 " cuts drained, weakest evidence %s",
                            summary->counts.cuts_proved, evidence_words[summary->counts.evidence]);
    bytes_append_format(out, "; exit code %d</p>\n", result_counts_exit(&summary->counts));
    if (summary->planned > summary->counts.total)
        bytes_append_format(
            out, "<p class=\"failed\"><span class=\"badge\">%zu not run</span> stopped by %s</p>\n",
            summary->planned - summary->counts.total, summary->stopped ? summary->stopped : "an error");
    for (size_t i = 0; i < summary->flaky_count; i++) {
        bytes_append_text(out, "<p class=\"flaky\"><span class=\"badge\">flaky</span> ");
        append_escaped(out, summary->flaky[i].path);
        bytes_append_text(out, ": ");
        append_escaped(out, summary->flaky[i].name);
        bytes_append_format(out, ": not passed in %zu of %zu rounds</p>\n", summary->flaky[i].bad,
                            summary->flaky[i].rounds);
    }
    append_bar(out, &summary->counts);
    bytes_append_text(out, "</header>\n");
    append_filter(out, &summary->counts);
}

static void html_end(const struct report *report, const struct report_summary *summary)
{
    struct report_state *state = report->state;
    struct bytes *head = &state->scratch;
    FILE *out = report->out;

    bytes_clear(head);
    append_head(head, summary);
    fwrite(bytes_text(head), 1, head->length, out);
    fputs("<main>\n", out);
    fwrite(bytes_text(&state->held), 1, state->held.length, out);
    fwrite(bytes_text(&state->rows), 1, state->rows.length, out);
    fputs("</main>\n<script>", out);
    fputs(html_page_js, out);
    fputs("</script>\n</body></html>\n", out);
}

const struct report_format report_html = {
    .name = "html",
    .doc = "one page to look at, with a chart of each conversation and a map of each sweep",
    .pictures = true,
    .begin = html_begin,
    .result = html_result,
    .end = html_end,
};
