/*
 * options - reading a command line and the environment by the table in option_specs.c, and printing its help.
 *
 * Options and operands may stand in any order; `--` ends the options. --name VALUE, --name=VALUE, -n VALUE,
 * -nVALUE, and switches in one word (-vq). No abbreviations: what a script says today must not become
 * ambiguous tomorrow.
 */
#include "harness/commands/options.h"

#include <assert.h>
#include <ctype.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/suggest.h"

struct parser {
    struct options *options;
    const char *command;
    int argc;
    char **argv;
    int at;     /* the argument that is read */
    bool *seen; /* by spec */
    struct seam_error *error;
};

bool option_is_of(const struct option_spec *spec, const char *command)
{
    char word[32];
    snprintf(word, sizeof word, " %s ", command);
    return !spec->commands || strstr(spec->commands, word) != NULL;
}

void option_variable(const struct option_spec *spec, char name[OPTION_VARIABLE_BYTES_MAX])
{
    snprintf(name, OPTION_VARIABLE_BYTES_MAX, "SEAM_%s", spec->name);
    for (char *at = name; *at; at++)
        *at = *at == '-' ? '_' : (char)toupper((unsigned char)*at);
}

static const struct option_spec *find_long(const char *command, const char *name, size_t length)
{
    for (size_t i = 0; i < option_spec_count; i++) {
        const struct option_spec *spec = &option_specs[i];
        if (strlen(spec->name) == length && memcmp(spec->name, name, length) == 0 &&
            option_is_of(spec, command))
            return spec;
    }
    return NULL;
}

static const struct option_spec *find_short(const char *command, char letter)
{
    for (size_t i = 0; i < option_spec_count; i++) {
        if (option_specs[i].letter == letter && option_is_of(&option_specs[i], command))
            return &option_specs[i];
    }
    return NULL;
}

/* label is how the user named it: "--jobs", "-j", "SEAM_JOBS". */
static int set_value(struct parser *parser, const struct option_spec *spec, const char *label,
                     const char *value)
{
    struct seam_error why = {0};
    if (spec->set(parser->options, value, &why) != 0)
        return seam_error_set(parser->error, "%s: %s", label, why.text);
    return 0;
}

static void set_switch(struct parser *parser, const struct option_spec *spec, bool on)
{
    *(bool *)((char *)parser->options + spec->switch_offset) = on;
}

/* value: what stood behind '=' or in the same word, or NULL. */
static int apply(struct parser *parser, const struct option_spec *spec, const char *label, const char *value)
{
    parser->seen[spec - option_specs] = true;
    if (!spec->argument) {
        if (value)
            return seam_error_set(parser->error, "%s takes no value", label);
        set_switch(parser, spec, true);
        return 0;
    }
    if (!value && parser->at + 1 < parser->argc)
        value = parser->argv[++parser->at];
    if (!value)
        return seam_error_set(parser->error, "%s needs a value: %s", label, spec->argument);
    return set_value(parser, spec, label, value);
}

static int refuse_long(struct parser *parser, const char *name, size_t length)
{
    struct suggestion suggestion;

    suggest_begin(&suggestion, name, length);
    for (size_t i = 0; i < option_spec_count; i++) {
        if (option_is_of(&option_specs[i], parser->command))
            suggest_offer(&suggestion, option_specs[i].name);
    }
    if (suggestion.best)
        return seam_error_set(parser->error, "unknown option --%.*s; did you mean --%s?", (int)length, name,
                              suggestion.best);
    return seam_error_set(parser->error, "unknown option --%.*s", (int)length, name);
}

static int read_long(struct parser *parser, const char *word)
{
    size_t length = strcspn(word, "=");
    const struct option_spec *spec = find_long(parser->command, word, length);
    char label[OPTION_VARIABLE_BYTES_MAX];

    if (!spec)
        return refuse_long(parser, word, length);
    snprintf(label, sizeof label, "--%s", spec->name);
    return apply(parser, spec, label, word[length] == '=' ? word + length + 1 : NULL);
}

static int read_short(struct parser *parser, const char *word)
{
    for (; *word; word++) {
        const struct option_spec *spec = find_short(parser->command, *word);
        char label[3] = {'-', *word, '\0'};
        if (!spec)
            return seam_error_set(parser->error, "unknown option -%c", *word);
        if (spec->argument)
            return apply(parser, spec, label, word[1] ? word + 1 : NULL);
        if (apply(parser, spec, label, NULL) != 0)
            return -1;
    }
    return 0;
}

static int read_arguments(struct parser *parser)
{
    bool options_ended = false;

    for (parser->at = 1; parser->at < parser->argc; parser->at++) {
        char *word = parser->argv[parser->at];
        int result = 0;
        if (options_ended || word[0] != '-' || word[1] == '\0')
            parser->options->operands[parser->options->operand_count++] = word;
        else if (strcmp(word, "--") == 0)
            options_ended = true;
        else
            result = word[1] == '-' ? read_long(parser, word + 2) : read_short(parser, word + 1);
        if (result != 0)
            return -1;
    }
    return 0;
}

static int read_switch_variable(struct parser *parser, const struct option_spec *spec, const char *label,
                                const char *value)
{
    static const char *const on[] = {"1", "true", "yes", "on"}, *const off[] = {"0", "false", "no", "off"};

    for (size_t i = 0; i < 4; i++) {
        if (strcmp(value, on[i]) == 0 || strcmp(value, off[i]) == 0) {
            set_switch(parser, spec, strcmp(value, on[i]) == 0);
            return 0;
        }
    }
    return seam_error_set(parser->error, "%s: '%s' is neither 1 nor 0", label, value);
}

/* A list has one value per line; the lines live as long as the options. */
static int read_list_variable(struct parser *parser, const struct option_spec *spec, const char *label,
                              const char *value)
{
    struct options *options = parser->options;
    char **texts = reallocarray(options->texts, options->text_count + 1, sizeof *texts);
    char *copy = strdup(value);

    if (texts)
        options->texts = texts;
    if (!texts || !copy) {
        free(copy);
        return seam_error_set(parser->error, "out of memory");
    }
    texts[options->text_count++] = copy;
    while (copy) {
        char *line = strsep(&copy, "\n");
        if (*line && set_value(parser, spec, label, line) != 0)
            return -1;
    }
    return 0;
}

static int read_environment(struct parser *parser)
{
    for (size_t i = 0; i < option_spec_count; i++) {
        const struct option_spec *spec = &option_specs[i];
        char label[OPTION_VARIABLE_BYTES_MAX];
        if (parser->seen[i] || spec->no_variable || !option_is_of(spec, parser->command))
            continue;
        option_variable(spec, label);
        const char *value = getenv(label);
        if (!value || !*value)
            continue;
        int result = !spec->argument    ? read_switch_variable(parser, spec, label, value)
                     : spec->repeatable ? read_list_variable(parser, spec, label, value)
                                        : set_value(parser, spec, label, value);
        if (result != 0)
            return -1;
    }
    return 0;
}

static size_t processor_count(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return count > OPTIONS_JOBS_MAX ? OPTIONS_JOBS_MAX : (size_t)count;
}

int options_parse(struct options *options, const char *command, int argc, char **argv,
                  struct seam_error *error)
{
    bool seen[64] = {false};
    struct parser parser = {
        .options = options, .command = command, .argc = argc, .argv = argv, .seen = seen, .error = error};

    assert(option_spec_count <= sizeof seen / sizeof *seen);
    *options = (struct options){
        .jobs = processor_count(), .evidence = EVIDENCE_DRAINED, .repeat = 1, .shard_count = 1};
    options->operands = calloc((size_t)argc + 1, sizeof *options->operands);
    if (!options->operands)
        return seam_error_set(error, "out of memory");
    if (read_arguments(&parser) != 0)
        return -1;
    return options->help || options->version ? 0 : read_environment(&parser);
}

void options_close(struct options *options)
{
    for (size_t i = 0; i < options->define_count; i++)
        free((char *)options->defines[i].name);
    for (size_t i = 0; i < options->text_count; i++)
        free(options->texts[i]);
    free(options->defines);
    free(options->texts);
    free(options->filters);
    free(options->masks);
    free(options->sends);
    free(options->redactions);
    free(options->reports);
    free(options->operands);
    segmentation_close(&options->cuts);
    *options = (struct options){0};
}

enum { HELP_INDENT = 28, HELP_WIDTH = 100 };

/* Words of text from column HELP_INDENT on, broken before HELP_WIDTH. */
static void print_wrapped(FILE *out, int column, const char *text)
{
    while (*text) {
        int length = (int)strcspn(text, " ");
        if (column > HELP_INDENT && column + 1 + length > HELP_WIDTH) {
            fputc('\n', out);
            column = 0;
        }
        if (column < HELP_INDENT)
            fprintf(out, "%*s", HELP_INDENT - column, "");
        else
            fputc(' ', out);
        column = (column < HELP_INDENT ? HELP_INDENT : column + 1) + length;
        fprintf(out, "%.*s", length, text);
        text += length + (text[length] == ' ');
    }
}

void options_print_help(FILE *out, const char *command)
{
    for (size_t i = 0; i < option_spec_count; i++) {
        const struct option_spec *spec = &option_specs[i];
        char variable[OPTION_VARIABLE_BYTES_MAX], text[512], form[64], letter[8] = "    ";
        if (!option_is_of(spec, command))
            continue;
        if (spec->letter)
            snprintf(letter, sizeof letter, "-%c, ", spec->letter);
        snprintf(form, sizeof form, "  %s--%s%s%s", letter, spec->name, spec->argument ? " " : "",
                 spec->argument ? spec->argument : "");
        option_variable(spec, variable);
        snprintf(text, sizeof text, spec->no_variable ? "%s" : "%s [%s]", spec->doc, variable);
        fputs(form, out);
        int column = (int)strlen(form);
        if (column >= HELP_INDENT - 1) {
            fputc('\n', out);
            column = 0;
        }
        print_wrapped(out, column, text);
        fputc('\n', out);
    }
}

bool options_color(const struct options *options, FILE *out)
{
    const char *no_color = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE"), *some = getenv("CLICOLOR"),
               *term = getenv("TERM");

    if (options->color != COLOR_AUTO)
        return options->color == COLOR_ALWAYS;
    if (no_color && *no_color)
        return false;
    if (force && *force && strcmp(force, "0") != 0)
        return true;
    if ((some && strcmp(some, "0") == 0) || (term && strcmp(term, "dumb") == 0))
        return false;
    return isatty(fileno(out));
}
