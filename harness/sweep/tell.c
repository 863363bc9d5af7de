/*
 * tell - a sweep as one result: what was shown, what was left out, each finding with its cause in words, its
 * picture and the command that shows it again.
 */
#include "harness/sweep/sweep_inside.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { DETAIL_BYTES_MAX = 1 << 20 };

static void count_connections(const struct sweep *sweep, size_t *connections, size_t *messages)
{
    const struct layout *layout = &sweep->plain.layout;
    *connections = 0;
    *messages = layout->message_count;
    for (size_t c = 0; c < layout->connection_count; c++) {
        bool sends = false;
        for (size_t i = 0; i < layout->message_count; i++) {
            sends |= layout->messages[i].connection == c;
        }
        *connections += sends && layout->varied[c];
    }
}

/* "412 segmentations of 3 connections, weakest evidence drained, no difference" */
static void tell_shown(const struct sweep *sweep, struct bytes *out)
{
    size_t connections, messages;
    count_connections(sweep, &connections, &messages);
    if (sweep->status != RESULT_PASSED) {
        return; /* the message says why nothing was shown */
    }
    if (sweep->cases_run == 0) {
        bytes_append_text(out, messages == 0 ? "nothing is sent, so nothing was cut"
                                             : "no place was free to be cut");
        return;
    }
    bytes_append_format(out, "%llu segmentation%s of %zu connection%s (%zu message%s), weakest evidence %s, ",
                        (unsigned long long)sweep->cases_run, sweep->cases_run == 1 ? "" : "s", connections,
                        connections == 1 ? "" : "s", messages, messages == 1 ? "" : "s",
                        evidence_words[sweep->weakest]);
    if (sweep->finding_count == 0) {
        bytes_append_text(out, "no difference");
    }
}

static size_t distinct_findings(const struct sweep *sweep)
{
    size_t count = 0;
    for (size_t i = 0; i < sweep->finding_count; i++) {
        count += sweep->findings[i].same_as == 0;
    }
    return count;
}

/* What was tried, by kind, and what was left out. */
static void note_plan(struct sweep *sweep)
{
    struct bytes line;
    const struct plan *plan = &sweep->plain.plan;
    bytes_init(&line, 8192);
    for (int kind = 0; kind < CASE_KIND_COUNT; kind++) {
        if (sweep->tried[kind]) {
            bytes_append_format(&line, "%s%llu %s", line.length ? ", " : "",
                                (unsigned long long)sweep->tried[kind], case_kind_words[kind]);
        }
    }
    if (line.length) {
        sweep_note(sweep, "tried: %s", bytes_text(&line));
    }
    bytes_clear(&line);
    for (int kind = 0; kind < CASE_KIND_COUNT; kind++) {
        uint64_t done = kind == CASE_FIN ? sweep->tried[kind] : plan->chosen[kind];
        if (plan->possible[kind] > done) {
            bytes_append_format(&line, "%s%llu of %llu %s", line.length ? ", " : "",
                                (unsigned long long)(plan->possible[kind] - done),
                                (unsigned long long)plan->possible[kind], case_kind_words[kind]);
        }
    }
    if (line.length) {
        sweep_note(sweep, "left out for the budget of %llu cases: %s",
                   (unsigned long long)sweep->budget_cases, bytes_text(&line));
    }
    if (sweep->out_of_time) {
        sweep_note(sweep, "stopped by --budget: %zu planned cases not tried", plan->count - sweep->cursor);
    }
    bytes_free(&line);
}

static void note_circumstances(struct sweep *sweep)
{
    struct bytes masked;
    sweep_note(sweep, "seed %llu; %s", (unsigned long long)sweep->options->seed,
               sweep->company_why[0] ? sweep->company_why : "each case has programs of its own");
    if (sweep->masks.count) {
        bytes_init(&masked, 4096);
        masks_print(&sweep->masks, &sweep->plain.baseline, &masked);
        sweep_note(sweep, "masked, for it differs between two runs as written: %s", bytes_text(&masked));
        bytes_free(&masked);
    }
    bool early = false;
    for (size_t i = 0; i < sweep->finding_count; i++) {
        early |= sweep->findings[i].oddity == ODDITY_EARLY;
    }
    if (!early && points_streaming(sweep->plain.points)) {
        sweep_note(sweep, "streaming: it answers parts of a message, and alike under every segmentation");
    }
    for (size_t b = 0; b < sweep->plain.layout.burst_count; b++) {
        const struct layout_burst *burst = &sweep->plain.layout.bursts[b];
        if (burst->whole_from != UINT64_MAX) {
            sweep_note(
                sweep,
                "cuts not tried in \"%s\" from byte %llu to %llu: the program does not read on before a step "
                "that comes later",
                sweep->plain.layout.names[burst->connection], (unsigned long long)burst->whole_from,
                (unsigned long long)burst->end);
        }
    }
    unsigned unrepeated = sweep_unrepeated(sweep);
    if (unrepeated) {
        sweep_note(sweep, "%u case%s differed once and not again alone on a fresh program: no finding",
                   unrepeated, unrepeated == 1 ? "" : "s");
    }
    if (sweep->plain.has_lockstep && sweep->plain.lockstep.trace.timed_by[0]) {
        sweep_note(sweep, "settled means here: until its next timer (%s)",
                   sweep->plain.lockstep.trace.timed_by);
    }
}

static void tell_indented(struct bytes *out, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        bytes_append_text(out, "   ");
        bytes_append(out, text, length);
        bytes_append_text(out, "\n");
        text += length + (text[length] == '\n');
    }
}

static void tell_finding(const struct sweep *sweep, const struct finding *f, size_t number, struct bytes *out)
{
    bytes_append_format(out, "%zu. %s: %s (%s)\n", number, oracle_words[f->oracle], f->shape,
                        oddity_words[f->oddity]);
    tell_indented(out, f->judgement.text ? f->judgement.text : "");
    if (f->subject->kind != SUBJECT_PLAIN) {
        bytes_append_format(out, "   in a variant of the scenario: %s\n", f->subject->name);
    }
    bytes_append_format(out, "   %zu case%s", f->cases, f->cases == 1 ? "" : "s");
    for (size_t i = 0; i < FINDING_IDS_MAX && f->ids[i] && f->ids[i][0]; i++) {
        bytes_append_format(out, "%s %.200s%s", i ? "," : ":", f->ids[i],
                            strlen(f->ids[i]) > 200 ? "..." : "");
    }
    bytes_append_format(out, "%s\n", f->cases > FINDING_IDS_MAX ? ", ..." : "");
    bytes_append_format(out, "   first found after %zu case%s; repeated alone on a fresh program: %u of %u\n",
                        f->found_after, f->found_after == 1 ? "" : "s", f->repeats, f->tries);
    bytes_append_format(out, "   looks like class %c: %s\n", f->class_letter, class_words(f->class_letter));
    if (f->picture) {
        tell_indented(out, f->picture);
    }
    if (f->note) {
        bytes_append_format(out, "   %s\n", f->note);
    }
    if (f->repro_path) {
        const char *more = sweep->options->run_text ? sweep->options->run_text : "";
        bytes_append_format(out, "   shrunk to %zu cut%s and %zu step%s in %zu runs: seam %s%s %s\n",
                            f->repro_cuts, f->repro_cuts == 1 ? "" : "s", f->repro_steps,
                            f->repro_steps == 1 ? "" : "s", f->shrink_runs,
                            f->oddity == ODDITY_GROWTH ? "sweep" : "run", more, f->repro_path);
    }
    if (f->ids[0] && f->ids[0][0] && f->subject->kind == SUBJECT_PLAIN) {
        bytes_append_format(out, "   judged again by: seam sweep%s --cut '%s' %s\n",
                            sweep->options->options_text ? sweep->options->options_text : "", f->ids[0],
                            sweep->scenario->path);
    }
}

static void tell_findings(struct sweep *sweep, struct result *out)
{
    struct bytes detail;
    size_t number = 0, total = distinct_findings(sweep);
    const struct finding *first = NULL;
    bytes_init(&detail, DETAIL_BYTES_MAX);
    for (size_t i = 0; i < sweep->finding_count; i++) {
        const struct finding *f = &sweep->findings[i];
        if (f->same_as == 0) {
            first = first ? first : f;
            tell_finding(sweep, f, ++number, &detail);
        }
    }
    out->status = RESULT_FAILED;
    if (asprintf(&out->message,
                 "%zu finding%s: what the program does depends on how its stream is cut; first: %s, %s",
                 total, total == 1 ? "" : "s", first->shape,
                 first->judgement.text ? first->judgement.text : "") < 0) {
        out->message = NULL;
    }
    out->detail = strdup(bytes_text(&detail));
    bytes_free(&detail);
    if (sweep->scenario->sweep.xfail) {
        out->status = RESULT_XFAILED;
        out->reason = strdup(sweep->scenario->sweep.xfail);
    }
}

/* Two charts a finding. */
static char *charts_json(struct sweep *sweep)
{
    json_t *json = json_array();
    size_t number = 0;
    char title[120];
    for (size_t i = 0; i < sweep->finding_count; i++) {
        struct finding *f = &sweep->findings[i];
        if (f->same_as != 0) {
            continue;
        }
        number++;
        if (!f->charts[0] && f->has_odd) {
            picture_draw(sweep, f, f->subject, &f->odd, f->judgement.text);
        }
        for (int k = 0; k < 2 && f->charts[0] && f->charts[1]; k++) {
            snprintf(title, sizeof title, "%zu. %s", number, k ? f->shape : "with each message alone");
            json_array_append_new(json, json_pack("{s:s, s:s}", "title", title, "svg", f->charts[k]));
        }
    }
    char *text = json_array_size(json) > 0 ? json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    json_decref(json);
    return text;
}

void sweep_tell(struct sweep *sweep, struct result *out)
{
    struct bytes shown;
    bytes_init(&shown, 4096);
    out->evidence = sweep->weakest;
    out->cuts_proved = sweep->cuts_proved;
    if (sweep->status != RESULT_PASSED) {
        out->status = sweep->status;
        out->message = strdup(sweep->message ? sweep->message : "out of memory");
        out->detail = sweep->detail ? strdup(sweep->detail) : NULL;
        out->line = sweep->line;
        out->column = sweep->column;
        out->why = sweep->scenario->why ? strdup(sweep->scenario->why) : NULL;
    } else if (sweep->finding_count) {
        tell_findings(sweep, out);
        out->line = sweep->scenario->place.line;
        out->column = sweep->scenario->place.column;
    } else if (sweep->scenario->sweep.xfail && !sweep->options->only) {
        out->status = RESULT_FAILED;
        if (asprintf(&out->message, "the sweep is clean, but sweep.xfail says: %s",
                     sweep->scenario->sweep.xfail) < 0) {
            out->message = NULL;
        }
    }
    if (sweep->options->draw) {
        out->map = map_json(&sweep->map, &sweep->plain.layout);
        out->charts = charts_json(sweep);
    }
    tell_shown(sweep, &shown);
    if (sweep->finding_count) {
        size_t total = distinct_findings(sweep);
        bytes_append_format(&shown, "%zu finding%s", total, total == 1 ? "" : "s");
    }
    out->shown = shown.length ? strdup(bytes_text(&shown)) : NULL;
    bytes_free(&shown);
    note_plan(sweep);
    note_circumstances(sweep);
    out->notes = sweep->notes.length ? strdup(bytes_text(&sweep->notes)) : NULL;
}
