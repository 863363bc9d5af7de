/* completion - `seam completion SHELL`: the script that completes a command line of seam; see completion.h.
 */
#include "harness/commands/completion.h"

#include <string.h>

#include "harness/commands/command.h"
#include "harness/commands/words.h"
#include "harness/result.h"

/* What stands for a value in the help, and what it then is. Of others nothing is known. */
static const struct {
    const char *argument;
    const char *const *words;
    enum completion_rest rest;
} meanings[] = {
    {"FILE", NULL, COMPLETION_FILE},
    {"FILE|DIR", NULL, COMPLETION_FILE},
    {"DIR", NULL, COMPLETION_FOLDER},
    {"FORMAT=PATH", words_report, COMPLETION_PATH},
    /* of operands */
    {"COMMAND", words_command, COMPLETION_NOTHING},
    {"KIND", words_import, COMPLETION_NOTHING},
    {"SHELL", words_shell, COMPLETION_NOTHING},
    {"VERB", words_verb, COMPLETION_NOTHING},
};

static struct completion_value value_of(const char *argument, size_t length)
{
    struct completion_value value = {.argument = argument, .length = (int)length};
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        if (strlen(meanings[i].argument) == length && memcmp(meanings[i].argument, argument, length) == 0) {
            value.words = meanings[i].words;
            value.rest = meanings[i].rest;
        }
    }
    return value;
}

struct completion_value completion_of_option(const struct option_spec *spec)
{
    struct completion_value value = value_of(spec->argument, strlen(spec->argument));
    if (value.rest == COMPLETION_NOTHING) {
        value.words = spec->words;
    }
    if (strcmp(spec->argument, "COMMAND") == 0) { /* of an option: what is typed in a shell */
        value.rest = COMPLETION_PROGRAM;
    }
    return value;
}

bool completion_next_operand(const char **operands, struct completion_value *value)
{
    const char *at = *operands + strspn(*operands, " [");
    size_t length = strcspn(at, " ].");
    *value = value_of(at, length);
    value->repeated = strncmp(at + length, "...", 3) == 0;
    *operands = at + strcspn(at, " ");
    return length > 0;
}

static int refuse(const char *name)
{
    struct seam_error error;
    char known[64] = "";
    for (size_t i = 0, at = 0; words_shell[i] && at < sizeof known; i++) {
        at += (size_t)snprintf(known + at, sizeof known - at, " %s", words_shell[i]);
    }
    seam_error_set(&error, "'%s' is no shell that there is a completion for; there are:%s", name, known);
    return command_usage_error("completion", &error);
}

static int print_completion(const struct options *options)
{
    static void (*const print[])(FILE *) = {
#define SHELL(name) completion_##name,
#include "harness/commands/shells.def"
#undef SHELL
    };
    struct seam_error error;
    if (options->operand_count != 1) {
        seam_error_set(&error, "one SHELL, not %zu", options->operand_count);
        return command_usage_error("completion", &error);
    }
    int shell = word_find(words_shell, options->operands[0]);
    if (shell < 0) {
        return refuse(options->operands[0]);
    }
    print[shell](stdout);
    return RESULT_EXIT_PASSED;
}

int command_completion(int argc, char **argv)
{
    struct options options;
    struct seam_error error = {0};
    int code = RESULT_EXIT_PASSED;
    if (options_parse(&options, "completion", argc, argv, &error) != 0) {
        code = command_usage_error("completion", &error);
    } else if (options.help) {
        command_print_help(stdout, "completion");
    } else if (options.version) {
        code = command_version(1, argv);
    } else {
        code = print_completion(&options);
    }
    options_close(&options);
    return code;
}
