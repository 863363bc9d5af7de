/* run_program_end - how programs end: signals, typed input, expected and unexpected ends, sanitizer reports.
 */
#include "harness/run.h"
#include "harness/steps/args.h"
#include "harness/world/sanitizer.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { REPORT_BYTES_MAX = 4096 };

static void describe_end(const struct world_program_facts *facts, char *out, size_t size)
{
    if (facts->state == WORLD_PROGRAM_EXITED) {
        snprintf(out, size, "exited with %d", facts->code);
    } else {
        const char *name = sigabbrev_np(facts->code);
        snprintf(out, size, "was killed by SIG%s%s", name ? name : "?",
                 facts->core_dumped ? " (core dumped)" : "");
    }
}

/* What a sanitizer reported: in a log of its own, else on stderr. Returns its length, 0: nothing. */
size_t run_find_report(struct run *run, struct run_program *p, char *report, size_t size)
{
    struct sanitizer_report found;
    const struct bytes *err = &run->transcript.streams[p->err].bytes;
    size_t length = p->world ? run->world->ops->program_sanitizer(p->world, report, size) : 0;
    if (length == 0 && sanitizer_find_in_text(bytes_text(err), err->length, &found)) {
        length = (size_t)snprintf(report, size, "%s\n%s", found.kind, found.quote);
    }
    return length < size ? length : size - 1;
}

/* Behind the last step no step can be blamed: the program is. */
static const struct place *place_to_blame(const struct run *run, const struct run_program *p)
{
    return run_script_entry(run) ? NULL : &p->spec->place;
}

/* A sanitizer report fails the run whatever the exit code says. */
static bool fail_on_report(struct run *run, struct run_program *p)
{
    char report[REPORT_BYTES_MAX];
    size_t length = run_find_report(run, p, report, sizeof report);
    if (length == 0) {
        return false;
    }
    size_t line = strcspn(report, "\n");
    run_fail(run, RESULT_FAILED, place_to_blame(run, p), "\"%s\" left a sanitizer report: %.*s",
             p->spec->name, (int)line, report);
    run_detail(run, "sanitizer report of \"%s\":\n", p->spec->name);
    struct bytes shown;
    bytes_init(&shown, 4 * REPORT_BYTES_MAX);
    for (char *at = report; at < report + length;) {
        size_t n = strcspn(at, "\n");
        bytes_append_text(&shown, "  ");
        bytes_append_visible(&shown, at, n, BYTES_VISIBLE_TEXT);
        bytes_append_text(&shown, "\n");
        at += n + 1;
    }
    run_detail(run, "%s", bytes_text(&shown));
    bytes_free(&shown);
    return true;
}

static bool is_crash(int signal)
{
    return signal == SIGSEGV || signal == SIGABRT || signal == SIGBUS || signal == SIGFPE ||
           signal == SIGILL || signal == SIGSYS || signal == SIGTRAP;
}

/* Does a step from here on expect that end? */
bool run_end_expected(const struct run *run, const struct run_program *program)
{
    const struct scenario *s = run->scenario;
    for (size_t i = run->at; i < s->script_count; i++) {
        const struct step *step = s->script[i].step;
        struct step_end wanted = {.program = SIZE_MAX};
        if (step->verb == &step_stop) {
            if (i > run->at || !run->step_begun) {
                continue; /* a later stop expects the end that it brings about, not one before */
            }
            step_stops(step, &wanted);
        } else if (step->verb != &step_expect || !step_expects_end(step, &wanted)) {
            continue;
        }
        if (&run->programs[wanted.program] != program) {
            continue;
        }
        bool crashed = program->facts.state == WORLD_PROGRAM_KILLED && is_crash(program->facts.code);
        if (i == run->at && run->step_begun && !crashed) {
            return true; /* the running step judges it itself */
        }
        if (program->facts.state == WORLD_PROGRAM_EXITED ? wanted.any_exit
                                                         : wanted.killed == program->facts.code) {
            return true;
        }
    }
    return false;
}

/* What is wrong about how a program has ended, in one line; NULL: nothing. The caller frees it. */
char *run_wrong_end(struct run *run, const struct run_program *p)
{
    char how[96], *text = NULL;
    describe_end(&p->facts, how, sizeof how);
    bool crashed = p->facts.state == WORLD_PROGRAM_KILLED && is_crash(p->facts.code);
    int made = 0;
    if (run_end_expected(run, p)) {
        return NULL;
    }
    if (crashed) {
        made = asprintf(&text, "\"%s\" crashed: it %s", p->spec->name, how);
    } else if (!run->ending && !p->term_sent) {
        bool told =
            p->facts.state == WORLD_PROGRAM_EXITED && p->facts.code == 0; /* then it is likely to be right */
        made = asprintf(&text, "\"%s\" ended by itself, and no step expects it: it %s%s%s%s", p->spec->name,
                        how, told ? "; if that is right, add { \"expect\": \"" : "",
                        told ? p->spec->name : "", told ? "\", \"exit\": 0 }" : "");
    } else if (!p->term_sent && p->facts.state == WORLD_PROGRAM_EXITED && p->facts.code != 0) {
        made = asprintf(&text, "\"%s\" %s when its connections were closed at the end of the run",
                        p->spec->name, how);
    } else if (p->facts.state == WORLD_PROGRAM_KILLED && p->facts.code != SIGTERM && !p->signalled) {
        made = asprintf(&text, "\"%s\" %s at the end of the run", p->spec->name, how);
    }
    return made < 0 ? NULL : text;
}

/* It has ended: is that right here? */
static void judge_end(struct run *run, struct run_program *p)
{
    enum run_failure before = run->failure;
    run->failure = run->failed ? before : RUN_FAILURE_END;
    char *wrong = fail_on_report(run, p) ? NULL : run_wrong_end(run, p);
    run->failure = wrong || run->failed ? run->failure : before;
    if (wrong) {
        run_fail(run, RESULT_FAILED, place_to_blame(run, p), "%s", wrong);
    }
    free(wrong);
}

void run_watch_programs(struct run *run)
{
    for (size_t i = 0; i < run->scenario->program_count; i++) {
        struct run_program *p = &run->programs[i];
        if (!p->world || p->state != RUN_PROGRAM_READY) {
            continue; /* one that starts is watched by who waits for it */
        }
        run->world->ops->program_look(p->world, &p->facts);
        if (p->facts.state == WORLD_PROGRAM_RUNNING) {
            continue;
        }
        p->state = RUN_PROGRAM_ENDED;
        run->moved = true;
        run_acted(run);
        run->reads_left = SIZE_MAX;
        run_intake_program(run, p);
        for (size_t k = 0; k < p->spec->log_count; k++) { /* nobody writes them any more */
            transcript_event(&run->transcript, EVENT_END, p->logs + k, run->at, 0, run_now_ns(run));
        }
        transcript_event(&run->transcript,
                         p->facts.state == WORLD_PROGRAM_EXITED ? EVENT_EXITED : EVENT_KILLED, p->out,
                         run->at, p->facts.code, run_now_ns(run));
        judge_end(run, p);
    }
}

enum step_result run_program_signal(struct run *run, size_t program, int signal, bool ends_it)
{
    struct run_program *p = &run->programs[program];
    if (!p->world) {
        return run_fail(run, RESULT_FAILED, NULL, "\"%s\" does not run", p->spec->name);
    }
    if (p->state == RUN_PROGRAM_ENDED && ends_it) {
        return STEP_DONE; /* the step will judge how it ended */
    }
    p->term_sent |= ends_it;
    p->signalled |= !ends_it;
    transcript_event(&run->transcript, EVENT_SIGNALLED, p->out, run->at, signal, run_now_ns(run));
    if (run->world->ops->program_signal(p->world, signal) < 0 && !ends_it) {
        return run_fail(run, RESULT_FAILED, NULL, "\"%s\" has ended: the signal can't be sent",
                        p->spec->name);
    }
    run_acted(run);
    return STEP_DONE;
}

static enum step_result check_end(struct run *run, struct run_program *p, const struct number *exit,
                                  int killed)
{
    char how[96];
    describe_end(&p->facts, how, sizeof how);
    int64_t code = 0;
    struct seam_error error = {0};
    if (exit && number_expand(exit, &run->values, &code, &error) < 0) {
        return run_fail_error(run, RESULT_FAILED, &error);
    }
    bool exited = p->facts.state == WORLD_PROGRAM_EXITED;
    if (exit && (!exited || p->facts.code != code)) {
        return run_fail(run, RESULT_FAILED, NULL, "\"%s\" should exit with %lld, but it %s", p->spec->name,
                        (long long)code, how);
    }
    if (killed && (exited || p->facts.code != killed)) {
        return run_fail(run, RESULT_FAILED, NULL, "\"%s\" should be killed by SIG%s, but it %s",
                        p->spec->name, sigabbrev_np(killed), how);
    }
    if (!exit && !killed && !exited && is_crash(p->facts.code)) {
        return run_fail(run, RESULT_FAILED, NULL, "\"%s\" crashed: it %s", p->spec->name, how);
    }
    if (!exit && !killed && !exited && p->facts.code != SIGTERM && !p->signalled) {
        return run_fail(run, RESULT_FAILED, NULL, "\"%s\" should end by SIGTERM, but it %s", p->spec->name,
                        how);
    }
    return STEP_DONE;
}

enum step_result run_program_expect_end(struct run *run, size_t program, const struct number *exit,
                                        int killed, bool stopping)
{
    struct run_program *p = &run->programs[program];
    if (p->state == RUN_PROGRAM_ENDED) {
        return check_end(run, p, exit, killed);
    }
    run->world->ops->program_look(p->world, &p->facts);
    if (p->facts.state != WORLD_PROGRAM_RUNNING) {
        run_look_again(run, 0); /* it has just ended: that is noticed first */
        return STEP_WAIT;
    }
    if (run_out_of_time(run)) {
        return run_fail(run, RESULT_FAILED, NULL, "\"%s\" did not end within %llu ms%s", p->spec->name,
                        (unsigned long long)(run->step_limit_ns / 1000000), stopping ? " of SIGTERM" : "");
    }
    if (run_quiet_look(run, false) == RUN_QUIET_YES &&
        run->settle == WORLD_QUIET) { /* no timer can end it either */
        run->world->ops->program_look(p->world, &p->facts);
        if (p->facts.state == WORLD_PROGRAM_RUNNING) {
            return run_fail(run, RESULT_FAILED, NULL, "\"%s\" does not end%s: %s", p->spec->name,
                            stopping ? " on SIGTERM" : "", run->settle_facts.who);
        }
    }
    return STEP_WAIT;
}

/* Typed input goes in as fast as it is taken; then it should be read, where that can be seen. */
enum step_result run_type_into(struct run *run, size_t program, const struct data *data, bool eof)
{
    static const struct delimiter newline = {.bytes = "\n", .length = 1};
    struct run_program *p = &run->programs[program];
    struct seam_error error = {0};
    if (run_step_begins(run)) {
        if (!p->world || p->state == RUN_PROGRAM_ENDED || p->input_ended) {
            return run_fail(run, RESULT_FAILED, NULL, "nothing can be typed: \"%s\" %s", p->spec->name,
                            p->input_ended ? "has had the end of its input" : "does not run");
        }
        bytes_clear(&run->typed);
        if (data && data_expand(data, &run->values, &newline, &run->typed, &error) < 0) {
            return run_fail_error(run, RESULT_FAILED, &error);
        }
        transcript_chunk(&run->transcript, p->typed, run->at, bytes_text(&run->typed), run->typed.length,
                         run_now_ns(run));
    }
    for (bool quiet = false; run->typed_at < run->typed.length;) {
        ssize_t n = run->world->ops->program_type(p->world, run->typed.data + run->typed_at,
                                                  run->typed.length - run->typed_at);
        if (n < 0 && n != -EAGAIN) {
            run->failed_at_an_end = true;
            return run_fail(run, RESULT_FAILED, NULL, "\"%s\" has closed its stdin: %s", p->spec->name,
                            strerror((int)-n));
        }
        if (n < 0 && quiet) { /* it has gone to sleep, and the pipe is still full */
            return run_fail(run, RESULT_FAILED, NULL, "\"%s\" does not read what is typed: %s", p->spec->name,
                            run->settle_facts.who);
        }
        if (n < 0) {
            quiet = run_quiet_look(run, false) == RUN_QUIET_YES;
            if (quiet) {
                continue;
            }
            return run_out_of_time(run)
                       ? run_fail(run, RESULT_FAILED, NULL,
                                  "\"%s\" does not read what is typed: time ran out", p->spec->name)
                       : STEP_WAIT;
        }
        quiet = false;
        run->typed_at += (size_t)n;
        run_acted(run);
    }
    if (p->state == RUN_PROGRAM_ENDED) {
        return STEP_DONE; /* what was typed may have been what it ends at */
    }
    int64_t unread = run->world->ops->program_typed_unread(p->world);
    if (unread > 0 && !run_out_of_time(run) && run_quiet_look(run, true) != RUN_QUIET_YES) {
        run_look_again(run, run_now_ns(run) + 50000);
        return STEP_WAIT;
    }
    if (eof) {
        p->input_ended = true;
        run->world->ops->program_type_end(p->world);
        transcript_event(&run->transcript, EVENT_END, p->typed, run->at, 0, run_now_ns(run));
        run_acted(run);
    }
    return STEP_DONE;
}
