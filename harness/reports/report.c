/*
 * report - the table of formats, and a set of reports that is told together.
 *
 * Here alone it is looked whether writing worked. An error of a stream sticks to it, so a short write that
 * stdio met while a format printed is found here.
 */
#include "harness/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define HELD_BYTES_MAX ((size_t)1 << 30)

#define REPORT(name) extern const struct report_format report_##name;
#include "harness/reports/reports.def"
#undef REPORT

const struct report_format *const report_formats[] = {
#define REPORT(name) &report_##name,
#include "harness/reports/reports.def"
#undef REPORT
};
const size_t report_format_count = sizeof report_formats / sizeof *report_formats;

const struct report_format *report_format_find(const char *name, size_t length)
{
    for (size_t i = 0; i < report_format_count; i++) {
        if (strlen(report_formats[i]->name) == length && memcmp(report_formats[i]->name, name, length) == 0)
            return report_formats[i];
    }
    return NULL;
}

void report_time(char out[REPORT_TIME_BYTES])
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    char *end = NULL;
    struct tm parts;
    intmax_t given = epoch && *epoch ? strtoimax(epoch, &end, 10) : -1;
    time_t when = given >= 0 && !*end ? (time_t)given : time(NULL);
    if (!gmtime_r(&when, &parts) || strftime(out, REPORT_TIME_BYTES, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        snprintf(out, REPORT_TIME_BYTES, "1970-01-01T00:00:00Z");
}

void report_append_place(const struct result *result, struct bytes *out)
{
    bytes_append_text(out, result->file ? result->file : result->path ? result->path : "(no file)");
    if (result->line > 0)
        bytes_append_format(out, ":%d:%d", result->line, result->column);
}

/* Do both lead to one regular file? Two streams would overwrite each other there. */
static bool is_same_file(FILE *a, FILE *b)
{
    struct stat x, y;
    return fstat(fileno(a), &x) == 0 && fstat(fileno(b), &y) == 0 && S_ISREG(x.st_mode) &&
           x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

int report_set_add(struct report_set *set, const struct report_format *format, const char *path,
                   const struct report_options *options, struct seam_error *error)
{
    bool to_stdout = strcmp(path, "-") == 0;

    if (set->count == REPORTS_MAX)
        return seam_error_set(error, "more than %d reports", REPORTS_MAX);
    FILE *out = to_stdout ? stdout : fopen(path, "we");
    if (!out)
        return seam_error_set(error, "can't write the report %s: %s", path, strerror(errno));
    for (size_t i = 0; i < set->count; i++) {
        bool shared = out == set->reports[i].out && format->only_last != set->reports[i].format->only_last;
        if ((out != set->reports[i].out && !is_same_file(out, set->reports[i].out)) || shared)
            continue;
        if (!to_stdout)
            fclose(out);
        return seam_error_set(error, "two reports go to %s", to_stdout ? "stdout" : path);
    }
    struct report_state *state = calloc(1, sizeof *state);
    if (!state) {
        if (!to_stdout)
            fclose(out);
        return seam_error_set(error, "out of memory");
    }
    bytes_init(&state->held, HELD_BYTES_MAX);
    bytes_init(&state->rows, HELD_BYTES_MAX);
    bytes_init(&state->last, HELD_BYTES_MAX);
    bytes_init(&state->scratch, HELD_BYTES_MAX);
    set->reports[set->count++] =
        (struct report){.format = format, .out = out, .path = path, .options = *options, .state = state};
    return 0;
}

static int written(const struct report_set *set, struct seam_error *error)
{
    int result = 0;

    for (size_t i = 0; i < set->count; i++) {
        const struct report *report = &set->reports[i];
        errno = 0;
        if (fflush(report->out) != 0 || ferror(report->out))
            result = seam_error_set(error, "can't write the %s report to %s: %s", report->format->name,
                                    report->out == stdout ? "stdout" : report->path,
                                    errno ? strerror(errno) : "it failed before");
        else if (report->state->lost)
            result = seam_error_set(error, "can't write the %s report to %s: %s", report->format->name,
                                    report->path, report->state->lost);
    }
    return result;
}

int report_set_begin(struct report_set *set, size_t planned, struct seam_error *error)
{
    for (size_t i = 0; i < set->count; i++)
        set->reports[i].format->begin(&set->reports[i], planned);
    return written(set, error);
}

int report_set_result(struct report_set *set, size_t number, const struct result *result,
                      struct seam_error *error)
{
    for (size_t i = 0; i < set->count; i++)
        set->reports[i].format->result(&set->reports[i], number, result);
    return written(set, error);
}

int report_set_end(struct report_set *set, const struct report_summary *summary, struct seam_error *error)
{
    for (size_t i = 0; i < set->count; i++)
        set->reports[i].format->end(&set->reports[i], summary);
    for (size_t i = 0; i < set->count; i++) {
        const struct bytes *last = &set->reports[i].state->last;
        fwrite(bytes_text(last), 1, last->length, set->reports[i].out);
    }
    return written(set, error);
}

int report_set_close(struct report_set *set, struct seam_error *error)
{
    int result = written(set, error);

    for (size_t i = 0; i < set->count; i++) {
        const struct report *report = &set->reports[i];
        if (report->out != stdout && fclose(report->out) != 0)
            result = seam_error_set(error, "can't write the %s report to %s: %s", report->format->name,
                                    report->path, strerror(errno));
        bytes_free(&report->state->held);
        bytes_free(&report->state->rows);
        bytes_free(&report->state->last);
        bytes_free(&report->state->scratch);
        free(report->state);
    }
    set->count = 0;
    return result;
}
