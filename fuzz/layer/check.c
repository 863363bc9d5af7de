/* check - judges a parser: one stream with its cuts, or all segmentations of a short one. */
#include "fuzz/layer/tell.h"
#include "fuzz/layer/workspace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS = 8, EXHAUST_CUTS_MAX = 3 };

struct workspace workspace_split(const struct seam_fuzz_workspace *workspace)
{
    if (workspace->bytes < SEAM_FUZZ_WORKSPACE_BYTES_MIN || (uintptr_t)workspace->memory % sizeof(size_t)) {
        fputs("seam/fuzz: the workspace is too small, or not aligned\n", stderr);
        abort();
    }
    unsigned char *memory = workspace->memory;
    size_t part = workspace->bytes / PARTS / 64 * 64;
    return (struct workspace){.chunk = memory,
                              .bytes = {memory + part, memory + 2 * part},
                              .cuts = {(void *)(memory + 3 * part), (void *)(memory + 4 * part)},
                              .stories = {memory + 5 * part, memory + 6 * part, memory + 7 * part},
                              .part_bytes = part - 64, /* red zones */
                              .cuts_max = part / sizeof(size_t)};
}

/* What of the stream fits. */
static struct seam_fuzz_stream bounded(const struct seam_fuzz_stream *stream, size_t bytes_max)
{
    struct seam_fuzz_stream out = *stream;
    out.data = out.data ? out.data : (const unsigned char *)"";
    out.length = out.length < bytes_max ? out.length : bytes_max;
    while (out.cut_count > 0 && out.cuts[out.cut_count - 1] > out.length) {
        out.cut_count--;
    }
    return out;
}

struct check {
    const struct seam_fuzz_parser *parser;
    struct workspace workspace;
    char *report;
    size_t report_bytes;
    struct feed_story whole, cut, reference;
};

static void feed(struct check *check, const struct seam_fuzz_parser *parser,
                 const struct seam_fuzz_stream *stream, size_t which, struct feed_story *out)
{
    feed_stream(parser, stream, check->workspace.chunk, check->workspace.stories[which],
                check->workspace.part_bytes, out);
}

static enum seam_fuzz_verdict tell(struct check *check, enum seam_fuzz_verdict verdict,
                                   const struct seam_fuzz_stream *stream, const struct feed_story *first,
                                   const struct feed_story *second)
{
    const struct tell_failure failure = {check->parser, verdict, stream,
                                         first,         second,  second == &check->reference};
    tell_failure(&failure, check->report, check->report_bytes);
    return verdict;
}

/* The stream whole: by itself, and beside the reference. */
static enum seam_fuzz_verdict check_whole(struct check *check, const struct seam_fuzz_stream *stream)
{
    const struct seam_fuzz_stream whole = {stream->data, stream->length, NULL, 0};
    const struct seam_fuzz_parser *reference = check->parser->reference;
    feed(check, check->parser, &whole, 0, &check->whole);
    if (check->whole.verdict != SEAM_FUZZ_CLEAN) {
        return tell(check, check->whole.verdict, &whole, &check->whole, NULL);
    }
    if (!reference || !check->whole.judged) {
        return SEAM_FUZZ_CLEAN;
    }
    feed(check, reference, &whole, 2, &check->reference);
    if (!check->reference.judged ||
        feed_compare(check->parser, &check->whole, &check->reference) == SEAM_FUZZ_CLEAN) {
        return SEAM_FUZZ_CLEAN;
    }
    return tell(check, SEAM_FUZZ_DIFFERENTIAL, &whole, &check->whole, &check->reference);
}

/* The stream cut, beside the last that was whole. */
static enum seam_fuzz_verdict check_cut(struct check *check, const struct seam_fuzz_stream *stream)
{
    feed(check, check->parser, stream, 1, &check->cut);
    if (check->cut.verdict != SEAM_FUZZ_CLEAN) {
        return tell(check, check->cut.verdict, stream, &check->cut, NULL);
    }
    if (!check->whole.judged || !check->cut.judged) {
        return SEAM_FUZZ_CLEAN;
    }
    enum seam_fuzz_verdict verdict = feed_compare(check->parser, &check->whole, &check->cut);
    return verdict == SEAM_FUZZ_CLEAN ? verdict : tell(check, verdict, stream, &check->whole, &check->cut);
}

static enum seam_fuzz_verdict check_both(struct check *check, const struct seam_fuzz_stream *stream)
{
    enum seam_fuzz_verdict verdict = check_whole(check, stream);
    return verdict != SEAM_FUZZ_CLEAN || stream->cut_count == 0 ? verdict : check_cut(check, stream);
}

static struct check open_check(const struct seam_fuzz_parser *parser,
                               const struct seam_fuzz_workspace *workspace, char *report, size_t report_bytes)
{
    if (report && report_bytes) {
        *report = '\0';
    }
    return (struct check){.parser = parser,
                          .workspace = workspace_split(workspace),
                          .report = report,
                          .report_bytes = report ? report_bytes : 0};
}

enum seam_fuzz_verdict seam_fuzz_check(const struct seam_fuzz_parser *parser,
                                       const struct seam_fuzz_stream *stream,
                                       const struct seam_fuzz_workspace *workspace, char *report,
                                       size_t report_bytes)
{
    struct check check = open_check(parser, workspace, report, report_bytes);
    struct seam_fuzz_stream fits = bounded(stream, check.workspace.part_bytes);
    return check_both(&check, &fits);
}

/* --- all segmentations of a short stream
 * ---------------------------------------------------------------------------- */

/* The next of the ascending sets of n different offsets 1..length - 1. */
static bool next_cuts(size_t *cuts, size_t n, size_t length)
{
    for (size_t i = n; i > 0; i--) {
        if (cuts[i - 1] + (n - i) + 1 < length) {
            cuts[i - 1]++;
            for (size_t k = i; k < n; k++) {
                cuts[k] = cuts[k - 1] + 1;
            }
            return true;
        }
    }
    return false;
}

static enum seam_fuzz_verdict exhaust_cuts(struct check *check, const struct seam_fuzz_stream *whole,
                                           size_t n)
{
    size_t cuts[EXHAUST_CUTS_MAX] = {1, 2, 3};
    struct seam_fuzz_stream stream = {whole->data, whole->length, cuts, n};
    enum seam_fuzz_verdict verdict = SEAM_FUZZ_CLEAN;
    if (whole->length <= n) {
        return verdict;
    }
    do {
        verdict = check_cut(check, &stream);
    } while (verdict == SEAM_FUZZ_CLEAN && next_cuts(cuts, n, whole->length));
    return verdict;
}

/* Byte by byte; with an empty chunk before each and at the end. */
static enum seam_fuzz_verdict exhaust_bytes(struct check *check, const struct seam_fuzz_stream *whole,
                                            bool empty)
{
    size_t *cuts = check->workspace.cuts[0], n = 0;
    for (size_t at = 0; at <= whole->length && n + 2 <= check->workspace.cuts_max; at++) {
        cuts[n++] = at;
        if (empty) {
            cuts[n++] = at;
        }
    }
    const struct seam_fuzz_stream stream = {whole->data, whole->length, empty ? cuts : cuts + 1,
                                            empty   ? n
                                            : n < 2 ? 0
                                                    : n - 2};
    return check_cut(check, &stream);
}

enum seam_fuzz_verdict seam_fuzz_exhaust(const struct seam_fuzz_parser *parser, const void *data,
                                         size_t length, unsigned cuts_max,
                                         const struct seam_fuzz_workspace *workspace, char *report,
                                         size_t report_bytes)
{
    struct check check = open_check(parser, workspace, report, report_bytes);
    struct seam_fuzz_stream given = {data, length, NULL, 0},
                            whole = bounded(&given, check.workspace.part_bytes);
    size_t shortest = parser->flags & SEAM_FUZZ_MAY_HOLD_BACK ? whole.length : 0;
    for (size_t end = shortest; end <= whole.length;
         end++) { /* last the whole stream, which stays in check.whole */
        const struct seam_fuzz_stream start = {whole.data, end, NULL, 0};
        enum seam_fuzz_verdict verdict = check_whole(&check, &start);
        verdict = verdict == SEAM_FUZZ_CLEAN ? exhaust_bytes(&check, &start, false) : verdict;
        if (verdict != SEAM_FUZZ_CLEAN) {
            return verdict;
        }
    }
    enum seam_fuzz_verdict verdict = exhaust_bytes(&check, &whole, true);
    for (size_t n = 1; verdict == SEAM_FUZZ_CLEAN && n <= cuts_max && n <= EXHAUST_CUTS_MAX; n++) {
        verdict = exhaust_cuts(&check, &whole, n);
    }
    return verdict;
}
