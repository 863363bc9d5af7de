/* option_values - how the value of each option is read; see options.h. A value is refused in words that name
 * what would be right; the caller adds the name of the option. */
#include "harness/commands/option_values.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/commands/words.h"

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

int option_set_jobs(struct options *options, const char *value, struct seam_error *error)
{
    uint64_t jobs = 0;
    if (read_number(value, 1, OPTIONS_JOBS_MAX, &jobs, error) != 0)
        return -1;
    options->jobs = jobs;
    return 0;
}

int option_set_filter(struct options *options, const char *value, struct seam_error *error)
{
    const char **filters = grow(options->filters, options->filter_count, sizeof *filters, error);
    if (!filters)
        return -1;
    options->filters = filters;
    filters[options->filter_count++] = value;
    return 0;
}

int option_set_cut(struct options *options, const char *value, struct seam_error *error)
{
    struct seam_error why = {0};

    segmentation_close(&options->cuts);
    options->cut = NULL;
    if (segmentation_parse(value, &options->cuts, &why) != 0)
        return seam_error_set(error, "'%s', column %d: %s", value, why.column, why.text);
    options->cut = value;
    return 0;
}

int option_set_seed(struct options *options, const char *value, struct seam_error *error)
{
    options->seeded = true;
    return read_number(value, 0, UINT64_MAX, &options->seed, error);
}

int option_set_evidence(struct options *options, const char *value, struct seam_error *error)
{
    static const enum evidence kinds[] = {EVIDENCE_DRAINED, EVIDENCE_PACED, EVIDENCE_SENT};
    bool timed = strncmp(value, "paced=", 6) == 0;
    int kind = word_find(words_evidence, timed ? "paced" : value);
    uint64_t paced_ms = OPTIONS_PACED_MS_DEFAULT;

    if (kind < 0)
        return seam_error_set(error, "'%s' is none of drained, paced, paced=MS, sent", value);
    if (timed && read_number(value + 6, 1, OPTIONS_PACED_MS_MAX, &paced_ms, error) != 0)
        return -1;
    options->evidence = kinds[kind];
    if (options->evidence == EVIDENCE_PACED)
        options->paced_ns = paced_ms * 1000000;
    return 0;
}

static bool is_name(const char *text, size_t length)
{
    static const char rest[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    return length > 0 && text[0] >= 'a' && text[0] <= 'z' && strspn(text, rest) >= length;
}

int option_set_define(struct options *options, const char *value, struct seam_error *error)
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

int option_set_repeat(struct options *options, const char *value, struct seam_error *error)
{
    uint64_t repeat = 0;
    if (read_number(value, 1, OPTIONS_REPEAT_MAX, &repeat, error) != 0)
        return -1;
    options->repeat = repeat;
    return 0;
}

int option_set_shard(struct options *options, const char *value, struct seam_error *error)
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
int option_set_budget(struct options *options, const char *value, struct seam_error *error)
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

int option_set_output(struct options *options, const char *value, struct seam_error *error)
{
    if (*value == '\0')
        return seam_error_set(error, "an empty name of a folder");
    options->output = value;
    return 0;
}

int option_set_bundle(struct options *options, const char *value, struct seam_error *error)
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

int option_set_target(struct options *options, const char *value, struct seam_error *error)
{
    return set_text(&options->target, value, error);
}

int option_set_program(struct options *options, const char *value, struct seam_error *error)
{
    return set_text(&options->program, value, error);
}

int option_set_format(struct options *options, const char *value, struct seam_error *error)
{
    return set_text(&options->format, value, error);
}

int option_set_file(struct options *options, const char *value, struct seam_error *error)
{
    return set_text(&options->output, value, error);
}

int option_set_parsers(struct options *options, const char *value, struct seam_error *error)
{
    uint64_t parsers = 0;
    if (read_number(value, 1, OPTIONS_PARSERS_MAX, &parsers, error) != 0)
        return -1;
    options->parsers = parsers;
    return 0;
}

int option_set_play(struct options *options, const char *value, struct seam_error *error)
{
    int side = word_find(words_play, value);
    options->play_server = side == 1;
    return side >= 0 ? 0 : seam_error_set(error, "'%s' is neither client nor server", value);
}

static int add_pattern(const char ***patterns, size_t *count, const char *value, struct seam_error *error)
{
    const char **grown = grow(*patterns, *count, sizeof *grown, error);
    if (!grown)
        return -1;
    *patterns = grown;
    grown[(*count)++] = value;
    return *value ? 0 : seam_error_set(error, "an empty pattern");
}

int option_set_mask(struct options *options, const char *value, struct seam_error *error)
{
    return add_pattern(&options->masks, &options->mask_count, value, error);
}

int option_set_send(struct options *options, const char *value, struct seam_error *error)
{
    const char **grown = grow(options->sends, options->send_count, sizeof *grown, error);
    if (!grown)
        return -1;
    options->sends = grown;
    grown[options->send_count++] = value;
    return 0;
}

int option_set_redact(struct options *options, const char *value, struct seam_error *error)
{
    return add_pattern(&options->redactions, &options->redaction_count, value, error);
}

int option_set_line_end(struct options *options, const char *value, struct seam_error *error)
{
    static const char *const bytes[] = {"\n", "\r\n", ""};
    int end = word_find(words_line_end, value);
    if (end < 0)
        return seam_error_set(error, "'%s' is none of lf, crlf, none", value);
    options->line_end = bytes[end];
    return 0;
}

int option_set_listen(struct options *options, const char *value, struct seam_error *error)
{
    return set_text(&options->listen, value, error);
}

int option_set_verify(struct options *options, const char *value, struct seam_error *error)
{
    uint64_t times = 0;
    if (read_number(value, 1, OPTIONS_VERIFY_MAX, &times, error) != 0)
        return -1;
    options->verify = times;
    return 0;
}

int option_set_stream(struct options *options, const char *value, struct seam_error *error)
{
    uint64_t stream = 0;
    if (read_number(value, 1, OPTIONS_STREAM_MAX, &stream, error) != 0)
        return -1;
    options->stream = stream;
    return 0;
}

int option_set_port(struct options *options, const char *value, struct seam_error *error)
{
    uint64_t port = 0;
    if (read_number(value, 1, 65535, &port, error) != 0)
        return -1;
    options->port = (uint16_t)port;
    return 0;
}

int option_set_report(struct options *options, const char *value, struct seam_error *error)
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

int option_set_color(struct options *options, const char *value, struct seam_error *error)
{
    int color = word_find(words_color, value);
    if (color < 0)
        return seam_error_set(error, "'%s' is none of auto, always, never", value);
    options->color = (enum option_color)color;
    return 0;
}

int option_set_man(struct options *options, const char *value, struct seam_error *error)
{
    options->man = value;
    return word_find(words_page, value) >= 0
               ? 0
               : seam_error_set(error, "there is no page '%s'; there are seam, seam-scenario", value);
}
