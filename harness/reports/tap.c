/*
 * tap - Test Anything Protocol, version 14 (https://testanything.org/tap-version-14-specification.html).
 *
 * The plan comes first. `\` and `#` are escaped in descriptions and reasons. The YAML block of a test point
 * holds strings in double quotes only, which JSON and YAML read alike; a text of several lines is a list of
 * them.
 */
#include <inttypes.h>
#include <string.h>

#include "harness/report.h"

/* One line of text between words of the protocol. */
static void print_escaped(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\\' || *text == '#')
            fputc('\\', out);
        fputc(*text == '\n' ? ' ' : *text, out);
    }
}

/* A YAML scalar in double quotes. Results hold no control characters (result.h), so two escapes suffice. */
static void print_scalar(FILE *out, const char *text, size_t length)
{
    fputc('"', out);
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\\' || text[i] == '"')
            fputc('\\', out);
        fputc(text[i], out);
    }
    fputs("\"\n", out);
}

static void print_field(FILE *out, const char *key, const char *text)
{
    if (!text)
        return;
    if (!strchr(text, '\n')) {
        fprintf(out, "  %s: ", key);
        print_scalar(out, text, strlen(text));
        return;
    }
    fprintf(out, "  %s:\n", key);
    while (*text) {
        size_t length = strcspn(text, "\n");
        fputs("    - ", out);
        print_scalar(out, text, length);
        text += length + (text[length] == '\n');
    }
}

static void print_number(FILE *out, const char *key, uint64_t number)
{
    if (number > 0)
        fprintf(out, "  %s: %" PRIu64 "\n", key, number);
}

static void print_block(const struct report *report, const struct result *result)
{
    FILE *out = report->out;

    fputs("  ---\n", out);
    print_field(out, "status", result_status_words[result->status]);
    print_field(out, "message", result->message);
    print_field(out, "file", result->file ? result->file : result->path);
    print_number(out, "line", (uint64_t)result->line);
    print_number(out, "column", (uint64_t)result->column);
    print_field(out, "why", result->why);
    print_field(out, "detail", result->detail);
    print_field(out, "shown", result->shown);
    print_field(out, "cut", result->cut);
    if (result->evidence != EVIDENCE_NONE)
        print_field(out, "evidence", evidence_words[result->evidence]);
    print_number(out, "cuts_proved", result->cuts_proved);
    fprintf(out, "  duration_ms: %" PRIu64 ".%03" PRIu64 "\n", result->duration_ns / 1000000,
            result->duration_ns / 1000 % 1000);
    print_field(out, "notes", result->notes);
    print_field(out, "kept", result->kept);
    print_field(out, "rerun", result->rerun);
    if (report->options.verbose)
        print_field(out, "wire", result->wire);
    fputs("  ...\n", out);
}

static void tap_begin(const struct report *report, size_t planned)
{
    fprintf(report->out, "TAP version 14\n1..%zu\n", planned);
}

static void tap_result(const struct report *report, size_t number, const struct result *result)
{
    FILE *out = report->out;
    bool ok = result->status == RESULT_PASSED || result->status == RESULT_SKIPPED;

    fprintf(out, "%sok %zu - ", ok ? "" : "not ", number);
    print_escaped(out, result->path ? result->path : "(no file)");
    fputs(": ", out);
    print_escaped(out, result->name ? result->name : "(no name)");
    if (result->status == RESULT_SKIPPED || result->status == RESULT_XFAILED) {
        fputs(result->status == RESULT_SKIPPED ? " # SKIP " : " # TODO ", out);
        print_escaped(out, result->reason ? result->reason : "no reason");
    }
    fputc('\n', out);
    print_block(report, result);
}

static void tap_end(const struct report *report, const struct report_summary *summary)
{
    for (size_t i = 0; i < summary->flaky_count; i++)
        fprintf(report->out, "# flaky: %s: %s: not passed in %zu of %zu rounds\n", summary->flaky[i].path,
                summary->flaky[i].name, summary->flaky[i].bad, summary->flaky[i].rounds);
    if (summary->planned > summary->counts.total)
        fprintf(report->out, "Bail out! stopped by %s, %zu not run\n",
                summary->stopped ? summary->stopped : "an error", summary->planned - summary->counts.total);
}

const struct report_format report_tap = {
    .name = "tap",
    .doc = "Test Anything Protocol, version 14",
    .begin = tap_begin,
    .result = tap_result,
    .end = tap_end,
};
