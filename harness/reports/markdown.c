/* markdown - see markdown.h. */
#include "harness/reports/markdown.h"

#include <inttypes.h>
#include <string.h>

/* Text between words: each punctuation mark as a character reference, which no rule of Markdown or HTML looks
 * at. */
static void append_text(struct bytes *out, const char *text)
{
    for (; *text; text++) {
        bool letter = (*text >= '0' && *text <= '9') || (*text >= 'A' && *text <= 'Z') ||
                      (*text >= 'a' && *text <= 'z') || *text == ' ' || (unsigned char)*text >= 0x80;
        if (letter)
            bytes_append(out, text, 1);
        else if (*text == '\n')
            bytes_append_text(out, " ");
        else
            bytes_append_format(out, "&#%d;", *text);
    }
}

static size_t longest_run(const char *text, char of)
{
    size_t longest = 0, run = 0;
    for (; *text; text++) {
        run = *text == of ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

/* A fenced block whose fence is longer than any in the text; each line indented. */
static void append_block(struct bytes *out, const char *text)
{
    size_t fence = longest_run(text, '`') + 1;
    fence = fence < 3 ? 3 : fence;
    bytes_append_text(out, "\n");
    for (size_t i = 0; i < fence; i++)
        bytes_append_text(out, "`");
    bytes_append_text(out, "text\n");
    while (*text) {
        size_t length = strcspn(text, "\n");
        bytes_append_text(out, "  ");
        bytes_append(out, text, length);
        bytes_append_text(out, "\n");
        text += length + (text[length] == '\n');
    }
    for (size_t i = 0; i < fence; i++)
        bytes_append_text(out, "`");
    bytes_append_text(out, "\n");
}

static void append_paragraph(struct bytes *out, const char *heading, const char *text)
{
    if (!text)
        return;
    bytes_append_format(out, "\n%s", heading);
    append_text(out, text);
    bytes_append_text(out, "\n");
}

static void append_detail(struct bytes *out, const struct result *result, struct bytes *scratch)
{
    bytes_append_text(out, "\n### ");
    append_text(out, result->name ? result->name : "(no name)");
    bytes_append_text(out, "\n");
    bytes_clear(scratch);
    report_append_place(result, scratch);
    append_paragraph(out, "", bytes_text(scratch));
    bytes_append_text(out, "\n**");
    append_text(out, result->message ? result->message : "no message");
    bytes_append_text(out, "**\n");
    append_paragraph(out, "why: ", result->why);
    append_paragraph(out, "shown: ", result->shown);
    if (result->detail && *result->detail)
        append_block(out, result->detail);
    append_paragraph(out, "cut: ", result->cut);
    if (result->notes && *result->notes)
        append_block(out, result->notes);
    if (result->rerun) {
        bytes_append_text(out, "\nAgain:\n");
        append_block(out, result->rerun);
    }
}

static void append_row(struct bytes *out, const struct result *result, struct bytes *scratch)
{
    bytes_clear(scratch);
    report_append_place(result, scratch);
    bytes_append_text(out, result_is_bad(result) ? "| **" : "| ");
    bytes_append_text(out, result->internal ? "internal error" : result_status_words[result->status]);
    bytes_append_text(out, result_is_bad(result) ? "** | " : " | ");
    append_text(out, bytes_text(scratch));
    bytes_append_text(out, " | ");
    append_text(out, result->name ? result->name : "(no name)");
    bytes_append_text(out, " | ");
    append_text(out, result->reason          ? result->reason
                     : result_is_bad(result) ? (result->message ? result->message : "no message")
                     : result->shown         ? result->shown
                                             : "");
    bytes_append_format(out, " | %" PRIu64 " ms |\n", result->duration_ns / 1000000);
}

void markdown_add(struct report_state *state, const struct result *result, size_t bytes_max)
{
    size_t rows = state->rows.length, details = state->held.length;

    append_row(&state->rows, result, &state->scratch);
    if (result_is_bad(result))
        append_detail(&state->held, result, &state->scratch);
    if (state->rows.length + state->held.length <= bytes_max)
        return;
    bytes_shorten(&state->held, details);
    state->left_out++;
    if (state->rows.length + state->held.length > bytes_max)
        bytes_shorten(&state->rows, rows);
}

void markdown_append(const struct report_state *state, const struct report_summary *summary,
                     struct bytes *out)
{
    const char *separator = "# Seam: ";

    for (int i = 0; i < RESULT_STATUS_COUNT; i++) {
        static const enum result_status order[] = {RESULT_FAILED,  RESULT_ERROR,   RESULT_INVALID,
                                                   RESULT_XFAILED, RESULT_SKIPPED, RESULT_PASSED};
        size_t count = summary->counts.by_status[order[i]];
        if (count == 0)
            continue;
        bytes_append_format(out, "%s%zu %s", separator, count, result_status_words[order[i]]);
        separator = ", ";
    }
    if (summary->counts.total == 0)
        bytes_append_format(out, "%snothing was run", separator);
    bytes_append_text(out, "\n\n");
    if (summary->planned > summary->counts.total)
        bytes_append_format(out, "**%zu not run**, stopped by %s.\n\n",
                            summary->planned - summary->counts.total,
                            summary->stopped ? summary->stopped : "an error");
    bytes_append_format(out, "%" PRIu64 ".%03" PRIu64 " s", summary->duration_ns / 1000000000,
                        summary->duration_ns / 1000000 % 1000);
    if (summary->counts.evidence != EVIDENCE_NONE)
        bytes_append_format(out, "; %" PRIu64 " cuts drained, weakest evidence %s",
                            summary->counts.cuts_proved, evidence_words[summary->counts.evidence]);
    bytes_append_text(out, "\n");
    for (size_t i = 0; i < summary->flaky_count; i++) {
        bytes_append_format(out, "%s- **flaky**, not passed in %zu of %zu rounds: ", i ? "" : "\n",
                            summary->flaky[i].bad, summary->flaky[i].rounds);
        append_text(out, summary->flaky[i].path);
        bytes_append_text(out, ", ");
        append_text(out, summary->flaky[i].name);
        bytes_append_text(out, "\n");
    }
    bytes_append(out, bytes_text(&state->held), state->held.length);
    if (state->left_out)
        bytes_append_format(out,
                            "\n%zu results are not, or not whole, in this page, which may not be longer.\n",
                            state->left_out);
    if (state->rows.length) {
        bytes_append_text(out,
                          "\n<details><summary>All results</summary>\n\n| | where | scenario | | time |\n"
                          "|---|---|---|---|---:|\n");
        bytes_append(out, bytes_text(&state->rows), state->rows.length);
        bytes_append_text(out, "\n</details>\n");
    }
}

static void md_begin(const struct report *report, size_t planned)
{
    (void)report;
    (void)planned;
}

static void md_result(const struct report *report, size_t number, const struct result *result)
{
    (void)number;
    markdown_add(report->state, result, SIZE_MAX);
}

static void md_end(const struct report *report, const struct report_summary *summary)
{
    bytes_clear(&report->state->scratch);
    markdown_append(report->state, summary, &report->state->scratch);
    fwrite(bytes_text(&report->state->scratch), 1, report->state->scratch.length, report->out);
}

const struct report_format report_markdown = {
    .name = "markdown",
    .doc = "Markdown as GitHub reads it: a summary, failures in full",
    .begin = md_begin,
    .result = md_result,
    .end = md_end,
};
