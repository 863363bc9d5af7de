/*
 * session - see session.h: options, files, scenarios, workers, reports, exit code; in that order.
 *
 * Nothing starts before every file is valid and every report can be written. All results pass through one
 * place (case_told), which counts them and hands them to all reports, so the exit code and the reports agree.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "harness/commands/command.h"
#include "harness/commands/diagnose.h"
#include "harness/commands/jobs.h"
#include "harness/commands/load.h"
#include "harness/commands/options.h"
#include "harness/commands/progress.h"
#include "harness/commands/rewrite.h"
#include "harness/commands/run_case.h"
#include "harness/commands/select.h"
#include "harness/commands/session.h"
#include "harness/report.h"

struct session {
    const struct session_kind *kind;
    void *own; /* of the kind, shared with the workers */
    struct options options;
    struct report_set reports;
    struct selected_files files;
    struct loaded loaded;
    struct selected_cases cases;
    struct report_summary summary;
    struct report_flaky *flaky;
    size_t round_good, round_bad; /* of the scenario that was told last */
    struct progress progress;
    struct rewrite rewrite;
    size_t failed_count; /* ended so far, told or not */
    struct seam_error write_error;
    bool write_failed;
    bool failed_fast;
    uint64_t began_ns;
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* --- in the worker
 * ---------------------------------------------------------------------------------------------- */

static void *worker_open(void *context)
{
    (void)context;
    return run_world_open();
}

static void worker_execute(void *context, void *shared, size_t index, const volatile sig_atomic_t *stop,
                           struct result *out)
{
    const struct session *session = context;
    const struct session_case which = {.selected = &session->cases.items[index],
                                       .options = &session->options,
                                       .loading = &session->loaded.options,
                                       .world = shared,
                                       .stop = stop,
                                       .index = index,
                                       .own = session->own};
    session->kind->execute(&which, out);
}

static void worker_close(void *context, void *shared)
{
    (void)context;
    run_world_close(shared);
}

/* --- in the parent
 * ---------------------------------------------------------------------------------------------- */

static bool case_ended(void *context, size_t index, const struct result *result)
{
    struct session *session = context;
    (void)index;

    session->failed_count += result_is_bad(result);
    if (session->options.fail_fast && result_is_bad(result))
        session->failed_fast = true;
    return !session->failed_fast;
}

/* Keeps the first error of writing: the later ones only say that there was one. */
static void note_written(struct session *session, int failed, const struct seam_error *error)
{
    if (!failed || session->write_failed)
        return;
    session->write_error = *error;
    session->write_failed = true;
}

/* As a result has its texts (result.h); NULL: no memory. */
static char *visible_copy(const char *text)
{
    struct bytes visible;
    char *copy = NULL;

    bytes_init(&visible, (size_t)1 << 24);
    if (bytes_append_visible(&visible, text, strlen(text), BYTES_VISIBLE_TEXT) == BYTES_OK)
        copy = strdup(bytes_text(&visible));
    bytes_free(&visible);
    return copy;
}

/* Counts a result and tells it to every report. */
static bool tell(struct session *session, size_t number, const struct result *result)
{
    struct seam_error error = {0};

    result_counts_add(&session->summary.counts, result);
    progress_hide(&session->progress);
    note_written(session, report_set_result(&session->reports, number, result, &error), &error);
    return !session->write_failed;
}

/* Rounds of one scenario are told in a row: its last one settles whether all came to the same. */
static void settle_rounds(struct session *session, size_t index, const struct result *result)
{
    const struct scenario *scenario = session->cases.items[index].scenario;

    session->round_good += result->status == RESULT_PASSED || result->status == RESULT_XFAILED;
    session->round_bad += result_is_bad(result);
    if (session->cases.items[index].round + 1 < session->options.repeat)
        return;
    if (session->round_good > 0 && session->round_bad > 0) {
        struct report_flaky *grown =
            realloc(session->flaky, (session->summary.flaky_count + 1) * sizeof *session->flaky);
        if (grown) {
            session->flaky = grown;
            grown[session->summary.flaky_count++] =
                (struct report_flaky){.path = visible_copy(scenario->path),
                                      .name = visible_copy(scenario->name),
                                      .bad = session->round_bad,
                                      .rounds = session->round_good + session->round_bad};
            session->summary.flaky = grown;
        }
    }
    session->round_good = session->round_bad = 0;
}

static bool case_told(void *context, size_t index, const struct result *result)
{
    bool goes_on = tell(context, index + 1, result);
    settle_rounds(context, index, result);
    return goes_on;
}

static void case_lost(void *context, size_t index, const char *text, struct result *out)
{
    struct session *session = context;

    run_case_begin(session->kind->command, &session->cases.items[index], &session->options, out);
    out->status = RESULT_ERROR;
    out->internal = true;
    out->message = strdup(text);
    result_make_visible(out);
}

static void show_progress(void *context, size_t ended_count)
{
    struct session *session = context;
    size_t failed = session->failed_count;

    if (session->kind->progress)
        session->kind->progress(session->own, session->cases.count, &session->progress.total, &ended_count,
                                &failed);
    progress_show(&session->progress, ended_count, failed, now_ns());
}

static void begin_reports(struct session *session, size_t planned)
{
    struct seam_error error = {0};

    session->summary.planned = planned;
    note_written(session, report_set_begin(&session->reports, planned, &error), &error);
}

/* Ends every report; the exit code is made of the very counts that they told. */
static int end_reports(struct session *session)
{
    int code = result_counts_exit(&session->summary.counts);
    struct seam_error error = {0};

    session->summary.duration_ns = now_ns() - session->began_ns;
    note_written(session, report_set_end(&session->reports, &session->summary, &error), &error);
    note_written(session, report_set_close(&session->reports, &error), &error);
    if (!session->write_failed)
        return code;
    diagnose("%s", session->write_error.text);
    return code == RESULT_EXIT_PASSED || code == RESULT_EXIT_SKIPPED || code == RESULT_EXIT_NOTHING
               ? RESULT_EXIT_ERROR
               : code;
}

/* All cases of the session, in as many workers as was asked for. */
static struct jobs jobs_of(struct session *session)
{
    size_t count = session->cases.count, workers = session->options.jobs;
    return (struct jobs){
        .case_count = count,
        .worker_count = workers < count ? workers : count,
        .context = session,
        .open = worker_open,
        .execute = worker_execute,
        .close = worker_close,
        .ended = case_ended,
        .told = case_told,
        .lost = case_lost,
        .tick = show_progress,
    };
}

static int run_cases(struct session *session)
{
    struct jobs jobs = jobs_of(session);
    struct jobs_outcome outcome = {0};
    struct seam_error error = {0};
    char signal_name[32];
    int failed = 0;

    begin_reports(session, session->cases.count);
    progress_begin(&session->progress, session->cases.count, !session->options.quiet, now_ns());
    if (!session->write_failed)
        failed = jobs_run(&jobs, &outcome, &error);
    progress_hide(&session->progress);
    if (failed)
        diagnose("%s", error.text);

    bool cut_short = session->summary.counts.total < session->cases.count;
    if (outcome.signal) {
        const char *name = sigabbrev_np(outcome.signal);
        snprintf(signal_name, sizeof signal_name, "SIG%s", name ? name : "?");
        session->summary.stopped = signal_name;
    } else if (cut_short) {
        session->summary.stopped = session->failed_fast    ? "--fail-fast"
                                   : session->write_failed ? "a report that can't be written"
                                   : failed                ? "a lack of worker processes"
                                                           : "an internal error";
    }
    int code = end_reports(session);
    if (outcome.signal)
        return 128 + outcome.signal;
    if (cut_short && !session->failed_fast && !session->write_failed && !failed)
        return RESULT_EXIT_INTERNAL;
    return failed && code != RESULT_EXIT_FAILED && code != RESULT_EXIT_INTERNAL ? RESULT_EXIT_ERROR : code;
}

/* --- --update
 * --------------------------------------------------------------------------------------------------- */

/* A scenario that is expected to fail, or could not run, has nothing to write. */
static bool update_told(void *context, size_t index, const struct result *result)
{
    struct session *session = context;
    (void)index;
    bool counts = result->updates && result->status != RESULT_XFAILED && result->status != RESULT_ERROR;
    return !counts || rewrite_add(&session->rewrite, result->updates) == 0;
}

/* Runs everything once, for this alone, and rewrites. An exit code; PASSED: go on with the files as they are
 * now. */
static int update_files(struct session *session)
{
    struct jobs jobs = jobs_of(session);
    struct jobs_outcome outcome = {0};
    struct seam_error error = {0};
    const struct options given = session->options;

    jobs.ended = NULL;
    jobs.told = update_told;
    jobs.tick = NULL;
    session->options.bundle = NULL;
    session->options.pictures = false;
    int failed = jobs_run(&jobs, &outcome, &error);
    session->options = given;
    session->options.update = false;
    if (failed)
        return diagnose("%s", error.text), RESULT_EXIT_ERROR;
    if (outcome.signal)
        return diagnose("nothing was rewritten"), 128 + outcome.signal;
    if (outcome.stopped)
        return diagnose("out of memory"), RESULT_EXIT_INTERNAL;
    if (rewrite_apply(&session->rewrite) != 0)
        return RESULT_EXIT_ERROR;
    if (session->rewrite.written == 0)
        diagnose("--update: no expectation had to be rewritten");
    return RESULT_EXIT_PASSED;
}

/* --- before anything starts
 * ------------------------------------------------------------------------------------- */

/* What was asked for, and text on stdout unless something else goes there. */
static int open_reports(struct session *session, struct seam_error *error)
{
    const struct options *options = &session->options;
    const struct report_format *text = report_format_find("text", strlen("text"));
    struct report_options how = {.verbose = options->verbose, .quiet = options->quiet};
    bool stdout_taken = false;

    for (size_t i = 0; i < options->report_count; i++) {
        const struct option_report *report = &options->reports[i];
        bool to_stdout = strcmp(report->path, "-") == 0;
        session->options.pictures |= report->format->pictures;
        how.color = to_stdout ? options_color(options, stdout) : options->color == COLOR_ALWAYS;
        if (report_set_add(&session->reports, report->format, report->path, &how, error) != 0)
            return -1;
        stdout_taken = stdout_taken || (to_stdout && !report->format->only_last);
    }
    how.color = options_color(options, stdout);
    return stdout_taken ? 0 : report_set_add(&session->reports, text, "-", &how, error);
}

/* A report is written from its first byte on: none may be one of the files that are to be read. */
static int check_reports(const struct session *session, struct seam_error *error)
{
    struct stat report, file;

    for (size_t i = 0; i < session->options.report_count; i++) {
        const char *path = session->options.reports[i].path;
        if (strcmp(path, "-") == 0 || stat(path, &report) != 0)
            continue;
        for (size_t k = 0; k < session->files.count; k++) {
            if (stat(session->files.paths[k], &file) == 0 && file.st_ino == report.st_ino &&
                file.st_dev == report.st_dev)
                return seam_error_set(
                    error, "--report: %s is a scenario that is to be run; a report would overwrite it", path);
        }
    }
    return 0;
}

static void list_cases(const struct session *session)
{
    for (size_t i = 0; i < session->cases.count; i++) {
        const struct selected_case *selected = &session->cases.items[i];
        diagnose_text(stdout, selected->scenario->path);
        fputs(": ", stdout);
        diagnose_text(stdout, selected->scenario->name);
        if (session->options.repeat > 1)
            printf(" (%zu/%zu)", selected->round + 1, session->options.repeat);
        fputc('\n', stdout);
    }
}

static int tell_invalid(struct session *session)
{
    begin_reports(session, session->loaded.invalid_count);
    for (size_t i = 0; i < session->loaded.invalid_count; i++)
        tell(session, i + 1, &session->loaded.invalid[i]);
    return end_reports(session);
}

static int tell_nothing(struct session *session)
{
    size_t scenarios = 0;

    for (size_t i = 0; i < session->loaded.count; i++)
        scenarios += scenario_file_is_part(session->loaded.files[i])
                         ? 0
                         : scenario_file_count(session->loaded.files[i]);
    if (session->files.count == 0)
        diagnose("no scenario is selected: there is no *.json file in what was named");
    else if (scenarios == 0)
        diagnose(
            "no scenario is selected: what was named is a part, and parts run only where they are included");
    else
        diagnose("no scenario is selected: --filter and --shard left none of %zu", scenarios);
    begin_reports(session, 0);
    return end_reports(session);
}

/* After the files were rewritten. Mistakes and warnings that are not new have been told. */
static int load_again(struct session *session)
{
    struct options quiet = session->options;
    struct seam_error error = {0};

    selected_cases_close(&session->cases);
    loaded_close(&session->loaded);
    quiet.quiet = true;
    return load_files(&session->files, &quiet, &session->loaded) == 0 &&
                   (session->loaded.invalid_count > 0 ||
                    select_cases(session->loaded.files, session->loaded.count, &session->options,
                                 &session->cases, &error) == 0)
               ? 0
               : -1;
}

static int usage(const struct session *session, const struct seam_error *error)
{
    return command_usage_error(session->kind->command, error);
}

static int run_session(struct session *session)
{
    const struct options *options = &session->options;
    struct seam_error error = {0};

    if (options->operand_count == 0) {
        seam_error_set(&error, "a FILE or a DIR is missing");
        return usage(session, &error);
    }
    if (options->update && options->cut) {
        seam_error_set(&error, "--update: not with --cut, as what is expected must not depend on cuts");
        return usage(session, &error);
    }
    if (select_files(options->operands, options->operand_count, false, &session->files, &error) != 0 ||
        (!options->list && !options->dry_run &&
         (check_reports(session, &error) != 0 || open_reports(session, &error) != 0)))
        return usage(session, &error);
    if (load_files(&session->files, options, &session->loaded) != 0) {
        diagnose("out of memory");
        return RESULT_EXIT_INTERNAL;
    }
    if (session->loaded.invalid_count > 0)
        return options->list ? RESULT_EXIT_INVALID : tell_invalid(session);
    const char *unused = session->files.count > 0 ? loaded_unused_define(&session->loaded) : NULL;
    if (unused) {
        seam_error_set(&error, "--define: no scenario declares a variable '%s'", unused);
        return usage(session, &error);
    }
    if (select_cases(session->loaded.files, session->loaded.count, options, &session->cases, &error) != 0)
        return usage(session, &error);
    if (options->update && !options->list && session->cases.count > 0) {
        int code = update_files(session);
        if (code != RESULT_EXIT_PASSED)
            return code;
        if (load_again(session) != 0)
            return diagnose("out of memory"), RESULT_EXIT_INTERNAL;
        if (session->loaded.invalid_count > 0)
            return tell_invalid(session);
    }
    if (options->list) {
        list_cases(session);
        return session->cases.count > 0 ? RESULT_EXIT_PASSED : RESULT_EXIT_NOTHING;
    }
    if (session->cases.count == 0)
        return tell_nothing(session);
    if (options->dry_run)
        return session->kind->dry_run(&session->cases, options);
    if (session->kind->open && !(session->own = session->kind->open(session->cases.count))) {
        diagnose("out of memory");
        return RESULT_EXIT_INTERNAL;
    }
    int code = run_cases(session);
    if (session->kind->close)
        session->kind->close(session->own, session->cases.count);
    return code;
}

int session_main(const struct session_kind *kind, int argc, char **argv)
{
    struct session session = {.kind = kind, .began_ns = now_ns()};
    struct seam_error error = {0}, ignored = {0};
    int code = RESULT_EXIT_PASSED;

    if (options_parse(&session.options, kind->command, argc, argv, &error) != 0)
        code = usage(&session, &error);
    else if (session.options.help)
        command_print_help(stdout, kind->command);
    else if (session.options.version)
        code = command_version(1, argv);
    else
        code = run_session(&session);
    report_set_close(&session.reports, &ignored);
    for (size_t i = 0; i < session.summary.flaky_count; i++) {
        free(session.flaky[i].path);
        free(session.flaky[i].name);
    }
    free(session.flaky);
    selected_cases_close(&session.cases);
    loaded_close(&session.loaded);
    selected_files_close(&session.files);
    rewrite_close(&session.rewrite);
    options_close(&session.options);
    return code;
}
