/*
 * github - annotations of a job on GitHub, and its summary.
 *
 * https://docs.github.com/en/actions/writing-workflows/choosing-what-your-workflow-does/workflow-commands-for-github-actions
 * A step shows ten errors and ten warnings (github.com/orgs/community/discussions/26680): the first ten
 * failures are annotations, and the others are counted. The summary goes to the file that GITHUB_STEP_SUMMARY
 * names; a step's may have 1 MiB, and one that is longer is not shown at all. Annotations
 * are written last, behind the report for people on the same stdout, where commands hold again.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/report.h"
#include "harness/reports/markdown.h"

enum { ANNOTATIONS_MAX = 10, SUMMARY_BYTES_MAX = 1000000, MESSAGE_BYTES_MAX = 4000 };

/* A value of a command: what would end the line, or, in a property, the property. */
static void append_value(struct bytes *out, const char *text, bool property)
{
    for (; *text; text++) {
        if (*text == '%' || *text == '\n' || *text == '\r' || (property && (*text == ':' || *text == ',')))
            bytes_append_format(out, "%%%02X", (unsigned char)*text);
        else
            bytes_append(out, text, 1);
    }
}

static void append_command(const struct report *report, const char *command, const struct result *result,
                           const char *message)
{
    struct bytes *out = &report->state->last;
    const char *path = result->file ? result->file : result->path ? result->path : "";

    bytes_append_format(out, "::%s file=", command);
    append_value(out, path, true);
    if (result->line > 0)
        bytes_append_format(out, ",line=%d,col=%d", result->line, result->column > 0 ? result->column : 1);
    bytes_append_text(out, ",title=");
    append_value(out, result->name ? result->name : "(no name)", true);
    bytes_append_text(out, "::");
    append_value(out, message, false);
    bytes_append_text(out, "\n");
}

/* Its first lines. */
static void append_beginning(struct bytes *out, const char *text)
{
    for (const char *end = text; *text; text = end + (*end == '\n')) {
        end = text + strcspn(text, "\n");
        if (out->length + (size_t)(end - text) > MESSAGE_BYTES_MAX) {
            bytes_append_text(out, "\n...");
            return;
        }
        bytes_append_text(out, "\n");
        bytes_append(out, text, (size_t)(end - text));
    }
}

static void github_begin(const struct report *report, size_t planned)
{
    (void)report;
    (void)planned;
}

static void github_result(const struct report *report, size_t number, const struct result *result)
{
    struct bytes *text = &report->state->scratch;
    bool bad = result_is_bad(result);
    (void)number;

    markdown_add(report->state, result, SUMMARY_BYTES_MAX - 10000);
    if (!bad || ++report->state->told > ANNOTATIONS_MAX)
        return;
    bytes_clear(text);
    bytes_append_text(text, result->message ? result->message : "no message");
    if (result->detail)
        append_beginning(text, result->detail);
    if (result->rerun)
        bytes_append_format(text, "\nagain: %s", result->rerun);
    append_command(report, "error", result, bytes_text(text));
}

/* Appended: other steps of the job write there, too. */
static void write_summary(const struct report *report, const char *path, const struct bytes *text)
{
    FILE *file = fopen(path, "ae");
    bool good = file && fwrite(bytes_text(text), 1, text->length, file) == text->length;
    if (file && fclose(file) != 0)
        good = false;
    if (!good)
        report->state->lost = "the file of GITHUB_STEP_SUMMARY can't be written";
}

static void github_end(const struct report *report, const struct report_summary *summary)
{
    const char *path = getenv("GITHUB_STEP_SUMMARY");
    struct bytes *text = &report->state->scratch, *out = &report->state->last;

    if (report->state->told > ANNOTATIONS_MAX)
        bytes_append_format(out,
                            "::warning title=seam::%zu more failures have no annotation: a step shows %d\n",
                            report->state->told - ANNOTATIONS_MAX, ANNOTATIONS_MAX);
    for (size_t i = 0; i < summary->flaky_count && i < ANNOTATIONS_MAX - 1; i++) {
        bytes_append_text(out, "::warning file=");
        append_value(out, summary->flaky[i].path, true);
        bytes_append_text(out, ",title=");
        append_value(out, summary->flaky[i].name, true);
        bytes_append_format(out, "::flaky: not passed in %zu of %zu rounds\n", summary->flaky[i].bad,
                            summary->flaky[i].rounds);
    }
    if (path && *path) {
        bytes_clear(text);
        markdown_append(report->state, summary, text);
        write_summary(report, path, text);
    }
}

const struct report_format report_github = {
    .name = "github",
    .doc = "annotations of GitHub, and a job summary where GITHUB_STEP_SUMMARY names its file",
    .only_last = true,
    .begin = github_begin,
    .result = github_result,
    .end = github_end,
};
