/*
 * export_runs - see export_runs.h.
 *
 * A run that failed is exported as any other: that is when one wants the picture. The first ^C ends the run
 * with its programs, and nothing is written of it; a second one ends Seam, and the keepers end the programs.
 */
#include "harness/commands/export_runs.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "harness/commands/run_case.h"
#include "harness/exchange/export_files.h"
#include "harness/runner.h"

#define FILE_BYTES_MAX ((size_t)1 << 30)

static volatile sig_atomic_t stopped; /* a signal handler can reach nothing else */

static void stop(int signal_number)
{
    stopped = signal_number;
}

static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
enum { ENDING_COUNT = sizeof ending / sizeof *ending };
struct signals {
    struct sigaction pipe, ending[ENDING_COUNT];
};

static void catch_signals(struct signals *before)
{
    struct sigaction ignored = {.sa_handler = SIG_IGN};
    struct sigaction caught = {.sa_handler = stop, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGPIPE, &ignored, &before->pipe);
    for (size_t i = 0; i < ENDING_COUNT; i++) {
        if (sigaction(ending[i], NULL, &before->ending[i]) == 0 && before->ending[i].sa_handler != SIG_IGN) {
            sigaction(ending[i], &caught, NULL);
        }
    }
}

static void let_signals(const struct signals *before)
{
    for (size_t i = 0; i < ENDING_COUNT; i++) {
        sigaction(ending[i], &before->ending[i], NULL);
    }
    sigaction(SIGPIPE, &before->pipe, NULL);
}

/* --- one run
 * ---------------------------------------------------------------------------------------------------- */

struct sight {
    const struct exporter *exporter;
    const struct export_item *item;
    uint64_t began_ns;
    bool seen, made;
    struct bytes content;
    char why_not[EXPORT_WHY_NOT_BYTES];
};

static void see(void *context, const struct run *run, const struct result *result)
{
    struct sight *sight = context;
    struct export_run shown = {
        .item = sight->item,
        .transcript = run_transcript(run),
        .result = result,
        .began_ns = sight->began_ns,
        .version = SEAM_VERSION,
    };
    shown.failed = run_failed_where(run, &shown.failed_step, &shown.failed_after);
    sight->seen = true;
    sight->made = sight->exporter->of_run(&shown, &sight->content, sight->why_not);
}

/* "failed: bug.json:13:5: ...", or "" of one that passed. */
static void say_result(const struct result *result, struct bytes *out)
{
    const char *file = result->file ? result->file : result->path;
    bytes_clear(out);
    if (result->status == RESULT_PASSED) {
        return;
    }
    bytes_append_format(out, "its run %s: ",
                        result->status == RESULT_ERROR     ? "could not be carried out"
                        : result->status == RESULT_XFAILED ? "failed, as xfail says"
                                                           : "failed");
    if (result->line && file) {
        bytes_append_format(out, "%s:%d:%d: ", file, result->line, result->column);
    }
    bytes_append_text(out, result->message ? result->message : "");
}

static enum result_exit write_sight(struct export_files *files, const struct sight *sight,
                                    const struct result *result, struct seam_error *error)
{
    struct bytes text;
    enum result_exit code = RESULT_EXIT_PASSED;
    bytes_init(&text, (size_t)1 << 20);
    say_result(result, &text);
    if (sight->made) {
        code = export_files_write(files, sight->item, &sight->content, bytes_text(&text), error);
    } else if (sight->seen) {
        bytes_append_format(&text, "%s%s", text.length ? "; " : "", sight->why_not);
        export_files_tell_none(files, sight->item,
                               result->status == RESULT_PASSED ? EXPORT_SKIPPED : EXPORT_REFUSED,
                               bytes_text(&text));
    } else if (result->status == RESULT_SKIPPED) {
        export_files_tell_none(files, sight->item, EXPORT_SKIPPED, result->reason ? result->reason : "");
    } else {
        export_files_tell_none(files, sight->item, EXPORT_REFUSED, bytes_text(&text));
    }
    bytes_free(&text);
    return code;
}

static enum result_exit export_case(const struct exporter *exporter, struct export_files *files,
                                    const struct export_item *item, const struct selected_case *selected,
                                    const struct options *options, struct run_world *world,
                                    struct seam_error *error)
{
    struct result result = {0};
    struct timespec now = {0};
    struct sight sight = {.exporter = exporter, .item = item};
    const struct run_case_viewer viewer = {.see = see, .context = &sight};
    enum result_exit code = RESULT_EXIT_PASSED;
    bytes_init(&sight.content, FILE_BYTES_MAX);
    clock_gettime(CLOCK_REALTIME, &now);
    sight.began_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    run_case_execute(selected, options, world, &stopped, &viewer, &result);
    if (result_make_visible(&result) != 0) {
        seam_error_set(error, "out of memory");
        code = RESULT_EXIT_ERROR;
    } else if (!stopped) {
        code = write_sight(files, &sight, &result, error);
    }
    bytes_free(&sight.content);
    result_close(&result);
    return code;
}

int export_runs(const struct exporter *exporter, const struct export_request *request,
                const struct selected_cases *cases, const struct options *options, struct seam_error *error)
{
    struct export_files files = {0};
    struct signals before;
    if (request->options.target || request->options.parsers) {
        seam_error_set(error, "--target and --parsers are for --to corpus");
        return RESULT_EXIT_USAGE;
    }
    catch_signals(&before);
    struct run_world *world = run_world_open();
    enum result_exit code = export_files_open(&files, request, exporter->extension, error);
    for (size_t i = 0; code == RESULT_EXIT_PASSED && !stopped && i < cases->count; i++) {
        code = export_case(exporter, &files, &request->items[i], &cases->items[i], options, world, error);
    }
    export_files_close(&files);
    run_world_close(world);
    let_signals(&before);
    if (code == RESULT_EXIT_PASSED && stopped) {
        seam_error_set(error, "stopped by a signal: what was not run yet was not exported");
        return 128 + stopped;
    }
    return code;
}
