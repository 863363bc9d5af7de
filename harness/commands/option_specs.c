/*
 * option_specs - the table of options, and how each value is read.
 *
 * Knows no command. A value is refused in words that name what would be right; the caller adds the name of
 * the option.
 */
#include "harness/commands/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A decimal number without sign or spaces, in min..max. */
static int read_number(const char *text, uint64_t min, uint64_t max, uint64_t *out, struct seam_error *error)
{
    char *end = NULL;

    errno = 0;
    uint64_t value = text[0] >= '0' && text[0] <= '9' ? strtoull(text, &end, 10) : 0;
    if (!end || *end != '\0' || errno != 0 || value < min || value > max) {
        if (max == UINT64_MAX)
            return seam_error_set(error, "'%s' is no number of 64 bits", text);
        return seam_error_set(error, "'%s' is no number from %llu to %llu", text, (unsigned long long)min,
                              (unsigned long long)max);
    }
    *out = value;
    return 0;
}

/* Room for one item more in an owned array; NULL with error: no memory. */
static void *grow(void *array, size_t count, size_t item_bytes, struct seam_error *error)
{
    void *grown = reallocarray(array, count + 1, item_bytes);
    if (!grown)
        seam_error_set(error, "out of memory");
    return grown;
}

static int set_jobs(struct options *options, const char *value, struct seam_error *error)
{
    uint64_t jobs = 0;
    if (read_number(value, 1, OPTIONS_JOBS_MAX, &jobs, error) != 0)
        return -1;
    options->jobs = jobs;
    return 0;
}

static int set_filter(struct options *options, const char *value, struct seam_error *error)
{
    const char **filters = grow(options->filters, options->filter_count, sizeof *filters, error);
    if (!filters)
        return -1;
    options->filters = filters;
    filters[options->filter_count++] = value;
    return 0;
}

static int set_cut(struct options *options, const char *value, struct seam_error *error)
{
    struct seam_error why = {0};

    segmentation_close(&options->cuts);
    options->cut = NULL;
    if (segmentation_parse(value, &options->cuts, &why) != 0)
        return seam_error_set(error, "'%s', column %d: %s", value, why.column, why.text);
    options->cut = value;
    return 0;
}

static int set_seed(struct options *options, const char *value, struct seam_error *error)
{
    options->seeded = true;
    return read_number(value, 0, UINT64_MAX, &options->seed, error);
}

static int set_evidence(struct options *options, const char *value, struct seam_error *error)
{
    uint64_t paced_ms = OPTIONS_PACED_MS_DEFAULT;

    if (strcmp(value, "drained") == 0) {
        options->evidence = EVIDENCE_DRAINED;
    } else if (strcmp(value, "sent") == 0) {
        options->evidence = EVIDENCE_SENT;
    } else if (strcmp(value, "paced") == 0 || strncmp(value, "paced=", 6) == 0) {
        if (value[5] == '=' && read_number(value + 6, 1, OPTIONS_PACED_MS_MAX, &paced_ms, error) != 0)
            return -1;
        options->evidence = EVIDENCE_PACED;
        options->paced_ns = paced_ms * 1000000;
    } else {
        return seam_error_set(error, "'%s' is none of drained, paced, paced=MS, sent", value);
    }
    return 0;
}

static bool is_name(const char *text, size_t length)
{
    static const char rest[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    return length > 0 && text[0] >= 'a' && text[0] <= 'z' && strspn(text, rest) >= length;
}

static int set_define(struct options *options, const char *value, struct seam_error *error)
{
    size_t length = strcspn(value, "=");

    if (value[length] != '=' || !is_name(value, length))
        return seam_error_set(error, "'%s' is not NAME=VALUE with a NAME of [a-z][a-z0-9_]*", value);
    for (size_t i = 0; i < options->define_count; i++) {
        const char *name = options->defines[i].name;
        if (strlen(name) == length && memcmp(name, value, length) == 0)
            return seam_error_set(error, "'%s' is defined twice", name);
    }
    struct scenario_define *defines = grow(options->defines, options->define_count, sizeof *defines, error);
    if (!defines)
        return -1;
    options->defines = defines;
    char *name = strndup(value, length);
    if (!name)
        return seam_error_set(error, "out of memory");
    defines[options->define_count++] = (struct scenario_define){.name = name, .value = value + length + 1};
    return 0;
}

static int set_repeat(struct options *options, const char *value, struct seam_error *error)
{
    uint64_t repeat = 0;
    if (read_number(value, 1, OPTIONS_REPEAT_MAX, &repeat, error) != 0)
        return -1;
    options->repeat = repeat;
    return 0;
}

static int set_shard(struct options *options, const char *value, struct seam_error *error)
{
    const char *slash = strchr(value, '/');
    char index_text[8] = "";
    struct seam_error ignored;
    uint64_t index, count;

    if (slash && (size_t)(slash - value) < sizeof index_text)
        memcpy(index_text, value, (size_t)(slash - value));
    if (!slash || read_number(slash + 1, 1, OPTIONS_SHARDS_MAX, &count, &ignored) != 0 ||
        read_number(index_text, 1, count, &index, &ignored) != 0)
        return seam_error_set(error, "'%s' is not I/N with I from 1 to N and N at most %d", value,
                              OPTIONS_SHARDS_MAX);
    options->shard_index = index - 1;
    options->shard_count = count;
    return 0;
}

/* "500" cases, or a time: "30s", "1500ms", "2m", "1h". */
static int set_budget(struct options *options, const char *value, struct seam_error *error)
{
    static const struct {
        const char *unit;
        uint64_t ns;
    } units[] = {{"", 0}, {"ms", 1000000}, {"s", 1000000000}, {"m", 60000000000}, {"h", 3600000000000}};
    char digits[12] = "";
    size_t length = strspn(value, "0123456789");
    struct seam_error ignored;
    uint64_t number = 0;

    options->budget_cases = options->budget_ns = 0;
    if (length < sizeof digits)
        memcpy(digits, value, length);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(value + length, units[i].unit) == 0 &&
            read_number(digits, 1, 1000000000, &number, &ignored) == 0) {
            options->budget_cases = units[i].ns ? 0 : number;
            options->budget_ns = number * units[i].ns;
            return 0;
        }
    }
    return seam_error_set(error, "'%s' is neither a number of cases nor a time such as 30s (ms, s, m, h)",
                          value);
}

static int set_output(struct options *options, const char *value, struct seam_error *error)
{
    if (*value == '\0')
        return seam_error_set(error, "an empty name of a folder");
    options->output = value;
    return 0;
}

static int set_bundle(struct options *options, const char *value, struct seam_error *error)
{
    if (*value == '\0')
        return seam_error_set(error, "an empty name of a folder");
    options->bundle = value;
    return 0;
}

/* A name, a path, a command: what it may be, its command says. */
static int set_text(const char **out, const char *value, struct seam_error *error)
{
    if (*value == '\0')
        return seam_error_set(error, "an empty text");
    *out = value;
    return 0;
}

static int set_target(struct options *options, const char *value, struct seam_error *error)
{
    return set_text(&options->target, value, error);
}

static int set_program(struct options *options, const char *value, struct seam_error *error)
{
    return set_text(&options->program, value, error);
}

static int set_format(struct options *options, const char *value, struct seam_error *error)
{
    return set_text(&options->format, value, error);
}

static int set_file(struct options *options, const char *value, struct seam_error *error)
{
    return set_text(&options->output, value, error);
}

static int set_parsers(struct options *options, const char *value, struct seam_error *error)
{
    uint64_t parsers = 0;
    if (read_number(value, 1, OPTIONS_PARSERS_MAX, &parsers, error) != 0)
        return -1;
    options->parsers = parsers;
    return 0;
}

static int set_report(struct options *options, const char *value, struct seam_error *error)
{
    size_t length = strcspn(value, "=");
    const struct report_format *format = report_format_find(value, length);
    char known[256] = "";

    for (size_t i = 0, at = 0; i < report_format_count && at < sizeof known; i++)
        at += (size_t)snprintf(known + at, sizeof known - at, " %s", report_formats[i]->name);
    if (!format)
        return seam_error_set(error, "'%.*s' is no format; there are:%s", (int)length, value, known);
    if (value[length] != '=' || value[length + 1] == '\0')
        return seam_error_set(error, "'%s' lacks a path: FORMAT=PATH, '-' for stdout", value);
    struct option_report *reports = grow(options->reports, options->report_count, sizeof *reports, error);
    if (!reports)
        return -1;
    options->reports = reports;
    reports[options->report_count++] = (struct option_report){format, value + length + 1};
    return 0;
}

static int set_color(struct options *options, const char *value, struct seam_error *error)
{
    static const char *const words[] = {"auto", "always", "never"};

    for (int i = 0; i < 3; i++) {
        if (strcmp(value, words[i]) == 0) {
            options->color = (enum option_color)i;
            return 0;
        }
    }
    return seam_error_set(error, "'%s' is none of auto, always, never", value);
}

#define SWITCH(field) .switch_offset = offsetof(struct options, field)

const struct option_spec option_specs[] = {
    {.name = "jobs",
     .letter = 'j',
     .argument = "N",
     .commands = " run sweep shrink ",
     .doc = "how many scenarios run at once; default: one per processor",
     .set = set_jobs},
    {.name = "filter",
     .argument = "TEXT",
     .commands = " run sweep shrink export ",
     .doc = "only scenarios whose path or name contains TEXT, or is matched somewhere by it as a regular "
            "expression; may be repeated: any of them",
     .repeatable = true,
     .set = set_filter},
    {.name = "cut",
     .argument = "ID",
     .commands = " run sweep shrink ",
     .doc = "run under this segmentation (sweep: judge it alone): alice@17,18 cuts there, alice@ nowhere, "
            "alice@* at every "
            "byte, "
            "alice@%7 every 7 bytes, alice@= as written; joined by ';'",
     .set = set_cut},
    {.name = "seed",
     .argument = "N",
     .commands = " run sweep shrink ",
     .doc = "for what is chosen at random; a sweep says which it had",
     .set = set_seed},
    {.name = "evidence",
     .argument = "KIND",
     .commands = " run sweep shrink ",
     .doc =
         "how each cut must be proved: drained (the kernel says that the bytes were read; default), paced or "
         "paced=MS (only a wait), sent (not at all)",
     .set = set_evidence},
    {.name = "budget",
     .argument = "N|TIME",
     .commands = " sweep shrink ",
     .doc = "how much to try per scenario: a number of cases (default 500, or the scenario's own), or a time "
            "such as "
            "30s",
     .set = set_budget},
    {.name = "pipeline",
     .commands = " sweep ",
     .doc = "also join messages that have expects of the same connection in between",
     SWITCH(pipeline)},
    {.name = "dry-run",
     .commands = " sweep ",
     .doc = "print the cases that would be tried; only the scenario as written runs",
     .no_variable = true,
     SWITCH(dry_run)},
    {.name = "no-shrink", .commands = " sweep ", .doc = "tell findings as they are found", SWITCH(no_shrink)},
    {.name = "output",
     .letter = 'o',
     .argument = "DIR",
     .commands = " sweep shrink ",
     .doc = "where shrunk scenarios are written; default: seam-findings, made when there is one",
     .set = set_output},
    {.name = "output",
     .letter = 'o',
     .argument = "FILE",
     .commands = " import ",
     .doc = "where the scenario is written, and FILE.bin beside it for long data; default: stdout",
     .no_variable = true,
     .set = set_file},
    {.name = "to",
     .argument = "FORMAT",
     .commands = " export ",
     .doc = "what to make of them, see below",
     .set = set_format},
    {.name = "output",
     .letter = 'o',
     .argument = "DIR",
     .commands = " export ",
     .doc = "the folder that is written to, made when it is missing; nothing in it is written over",
     .no_variable = true,
     .set = set_output},
    {.name = "target",
     .argument = "NAME",
     .commands = " import export ",
     .doc = "the fuzz target that the inputs belong to: one of Seam's own, or yours",
     .set = set_target},
    {.name = "parsers",
     .argument = "N",
     .commands = " import export ",
     .doc = "how many parsers that target has, if it is yours; with several the first byte of an input says "
            "which; default: 1",
     .set = set_parsers},
    {.name = "program",
     .argument = "COMMAND",
     .commands = " import ",
     .doc = "the program that is spoken to, as you would type it; default: the chat program, of a target of "
            "Seam's own",
     .set = set_program},
    {.name = "stdio",
     .commands = " import ",
     .doc = "that program speaks on stdin and stdout; default: it listens on a port",
     SWITCH(stdio)},
    {.name = "define",
     .argument = "NAME=VALUE",
     .commands = " run sweep shrink check export ",
     .doc = "set a variable that the scenario declares in vars; may be repeated",
     .repeatable = true,
     .set = set_define},
    {.name = "repeat",
     .argument = "N",
     .commands = " run ",
     .doc = "run each scenario N times",
     .set = set_repeat},
    {.name = "shard",
     .argument = "I/N",
     .commands = " run sweep ",
     .doc = "only the I-th of N parts of what is selected",
     .set = set_shard},
    {.name = "fail-fast",
     .commands = " run sweep ",
     .doc = "stop at the first failure or error",
     SWITCH(fail_fast)},
    {.name = "list",
     .commands = " run sweep ",
     .doc = "print what is selected and run nothing",
     SWITCH(list)},
    {.name = "keep",
     .commands = " run ",
     .doc = "keep the folders of programs, also when the scenario passed",
     SWITCH(keep)},
    {.name = "bundle",
     .argument = "DIR",
     .commands = " run ",
     .doc = "of each failure, a folder in DIR with all that a stranger needs to run it again",
     .set = set_bundle},
    {.name = "report",
     .argument = "FORMAT=PATH",
     .commands = " run sweep shrink ",
     .doc = "write a report; '-' is stdout, where otherwise text goes; may be repeated",
     .repeatable = true,
     .set = set_report},
    {.name = "color",
     .argument = "WHEN",
     .commands = " run sweep shrink check ",
     .doc = "auto (on a terminal; default), always or never",
     .set = set_color},
    {.name = "allow-remote",
     .commands = " run sweep shrink check export ",
     .doc = "scenarios may name addresses outside this machine",
     SWITCH(allow_remote)},
    {.name = "allow-outside",
     .commands = " run sweep shrink check export ",
     .doc = "scenarios may read files outside their folder",
     SWITCH(allow_outside)},
    {.name = "verbose",
     .letter = 'v',
     .commands = " run sweep shrink ",
     .doc = "print the wire of each scenario",
     SWITCH(verbose)},
    {.name = "verbose",
     .letter = 'v',
     .commands = " export ",
     .doc = "print what becomes of each connection",
     SWITCH(verbose)},
    {.name = "quiet",
     .letter = 'q',
     .commands = " run sweep shrink check export ",
     .doc = "print failures and the summary only",
     SWITCH(quiet)},
    {.name = "quiet", .letter = 'q', .commands = " import ", .doc = "print failures only", SWITCH(quiet)},
    {.name = "json",
     .commands = " steps ",
     .doc = "print the verbs as JSON",
     .no_variable = true,
     SWITCH(json)},
    {.name = "markdown",
     .commands = " steps ",
     .doc = "print the verbs as Markdown, as in the reference",
     .no_variable = true,
     SWITCH(markdown)},
    {.name = "help",
     .letter = 'h',
     .commands = " run sweep shrink check import export steps schema help version ",
     .doc = "print this",
     .no_variable = true,
     SWITCH(help)},
    {.name = "version",
     .commands = " run sweep shrink check import export steps schema help version ",
     .doc = "print the version",
     .no_variable = true,
     SWITCH(version)},
};
const size_t option_spec_count = sizeof option_specs / sizeof *option_specs;
