/*
 * text - the report for people: one line per result, failures in full, one line at the end.
 *
 *   ok   scenarios/chat/x.json: name (12 ms, 3 cuts drained)
 *   FAILED scenarios/chat/y.json:12:5: expected "b", came "c"
 *
 * Every text of a result can be seen and drives no terminal (result.h), so colour is the only escape written
 * here.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "harness/report.h"

enum color { PLAIN, GREEN, RED, YELLOW, DIM };

static void paint(const struct report *report, enum color color, const char *text)
{
    static const char *const codes[] = {"", "32", "1;31", "33", "2"};

    if (report->options.color && color != PLAIN)
        fprintf(report->out, "\033[%sm%s\033[0m", codes[color], text);
    else
        fputs(text, report->out);
}

static void print_duration(FILE *out, uint64_t duration_ns)
{
    uint64_t duration_ms = duration_ns / 1000000;

    if (duration_ms < 10000)
        fprintf(out, "%" PRIu64 " ms", duration_ms);
    else
        fprintf(out, "%" PRIu64 ".%" PRIu64 " s", duration_ms / 1000, duration_ms % 1000 / 100);
}

/* "3 cuts drained", or, as the count is of those that were proved: "3 cuts drained, weakest evidence sent".
 */
static void print_cuts(FILE *out, uint64_t cuts_proved, enum evidence weakest)
{
    fprintf(out, "%" PRIu64 " cut%s %s", cuts_proved, cuts_proved == 1 ? "" : "s",
            evidence_words[EVIDENCE_DRAINED]);
    if (weakest != EVIDENCE_DRAINED)
        fprintf(out, ", weakest evidence %s", evidence_words[weakest]);
}

/* (12 ms, 3 cuts drained) */
static void print_facts(const struct report *report, const struct result *result)
{
    FILE *out = report->out;

    fputs(" (", out);
    print_duration(out, result->duration_ns);
    if (result->evidence != EVIDENCE_NONE) {
        fputs(", ", out);
        print_cuts(out, result->cuts_proved, result->evidence);
    }
    fputs(")", out);
}

static const char *name_of(const struct result *result)
{
    return result->name ? result->name : "(no name)";
}

static const char *path_of(const struct result *result)
{
    return result->path ? result->path : "(no file)";
}

/* Each line of a text behind a heading, the following ones below it. */
static void print_indented(FILE *out, const char *heading, const char *text)
{
    int width = (int)strlen(heading);

    while (*text) {
        int length = (int)strcspn(text, "\n");
        fprintf(out, "%-*s%.*s\n", length ? width : 0, length ? heading : "", length, text);
        text += length + (text[length] == '\n');
        heading = "";
    }
}

static void print_lines(FILE *out, const char *heading, const char *text)
{
    if (text)
        print_indented(out, heading, text);
}

/* The line of a result that needs no more. */
static void print_short(const struct report *report, enum color color, const char *word,
                        const struct result *result)
{
    FILE *out = report->out;

    paint(report, color, word);
    fprintf(out, " %s: %s", path_of(result), name_of(result));
    if (result->status == RESULT_PASSED || result->status == RESULT_XFAILED)
        print_facts(report, result);
    if (result->shown && !result->reason)
        fprintf(out, ": %s", result->shown);
    if (result->reason)
        fprintf(out, ": %s", result->reason);
    fputc('\n', out);
}

/* Word, file:line:col, message; then everything that is known. */
static void print_full(const struct report *report, const char *word, const struct result *result)
{
    FILE *out = report->out;

    paint(report, RED, word);
    fprintf(out, " %s", result->file ? result->file : path_of(result));
    if (result->line > 0)
        fprintf(out, ":%d:%d", result->line, result->column);
    fprintf(out, ": %s\n", result->message ? result->message : "no message");
    if (result->status == RESULT_INVALID)
        return; /* its mistakes, all of them, stand on stderr */
    fprintf(out, "    scenario: ");
    if (result->file)
        fprintf(out, "%s: ", path_of(result));
    fputs(name_of(result), out);
    print_facts(report, result);
    fputc('\n', out);
    print_lines(out, "    why: ", result->why);
    print_lines(out, "    shown: ", result->shown);
    print_lines(out, "    ", result->detail);
    print_lines(out, "    cut: ", result->cut);
    print_lines(out, "    kept: ", result->kept);
    print_lines(out, "    rerun: ", result->rerun);
}

/* In a log of GitHub's, a line of what a program said must be no command: what is between two of these lines
 * is text, whatever it says.
 * https://docs.github.com/en/actions/writing-workflows/choosing-what-your-workflow-does/workflow-commands-for-github-actions
 */
static bool stops_commands(const struct report *report)
{
    const char *github = getenv("GITHUB_ACTIONS");
    return report->out == stdout && github && strcmp(github, "true") == 0;
}

static void text_begin(const struct report *report, size_t planned)
{
    unsigned char token[16];
    (void)planned;

    if (!stops_commands(report) || getrandom(token, sizeof token, 0) != sizeof token)
        return;
    bytes_append_text(&report->state->held, "seam-");
    for (size_t i = 0; i < sizeof token; i++)
        bytes_append_format(&report->state->held, "%02x", token[i]);
    fprintf(report->out, "::stop-commands::%s\n", bytes_text(&report->state->held));
}

static void text_result(const struct report *report, size_t number, const struct result *result)
{
    bool told = !report->options.quiet;
    (void)number;

    switch (result->status) {
    case RESULT_PASSED:
        if (told)
            print_short(report, GREEN, "ok  ", result);
        break;
    case RESULT_SKIPPED:
        if (told)
            print_short(report, YELLOW, "skipped", result);
        break;
    case RESULT_XFAILED:
        if (told)
            print_short(report, YELLOW, "xfailed", result);
        break;
    case RESULT_FAILED:
        print_full(report, "FAILED", result);
        told = true;
        break;
    default:
        print_full(report,
                   result->internal                   ? "INTERNAL ERROR"
                   : result->status == RESULT_INVALID ? "INVALID"
                                                      : "ERROR",
                   result);
        told = true;
        break;
    }
    if (told)
        print_lines(report->out, "    note: ", result->notes);
    if (told && report->options.verbose) {
        if (result->wire && result->detail) /* which may hold its end already */
            fputs("    the whole wire:\n", report->out);
        print_lines(report->out, "    ", result->wire);
    }
}

/* 40 passed, 1 failed; 120 cuts drained; 3762 ms */
static void text_end(const struct report *report, const struct report_summary *summary)
{
    static const enum color colors[RESULT_STATUS_COUNT] = {GREEN, RED, RED, RED, YELLOW, YELLOW};
    const struct result_counts *counts = &summary->counts;
    const char *separator = "";
    FILE *out = report->out;

    for (size_t i = 0; i < summary->flaky_count; i++) {
        const struct report_flaky *flaky = &summary->flaky[i];
        paint(report, YELLOW, "flaky");
        fprintf(out, " %s: %s: not passed in %zu of %zu rounds\n", flaky->path, flaky->name, flaky->bad,
                flaky->rounds);
    }
    for (int status = 0; status < RESULT_STATUS_COUNT; status++) {
        char part[64];
        if (counts->by_status[status] == 0 && !(status == RESULT_PASSED && summary->counts.total == 0))
            continue;
        snprintf(part, sizeof part, "%zu %s", counts->by_status[status], result_status_words[status]);
        fputs(separator, out);
        paint(report, colors[status], part);
        separator = ", ";
    }
    if (summary->planned > counts->total)
        fprintf(out, ", %zu not run", summary->planned - counts->total);
    if (counts->evidence != EVIDENCE_NONE) {
        fputs("; ", out);
        print_cuts(out, counts->cuts_proved, counts->evidence);
    }
    fputs("; ", out);
    print_duration(out, summary->duration_ns);
    if (summary->stopped)
        fprintf(out, "; stopped by %s", summary->stopped);
    fputc('\n', out);
    if (report->state->held.length > 0)
        fprintf(out, "::%s::\n", bytes_text(&report->state->held));
}

const struct report_format report_text = {
    .name = "text",
    .doc = "for people: one line per result, failures in full",
    .begin = text_begin,
    .result = text_result,
    .end = text_end,
};
