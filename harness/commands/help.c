/* help - `seam help [COMMAND]`: what --help of that command prints; with --man, a man page. */
#include "harness/commands/command.h"
#include "harness/commands/man.h"
#include "harness/commands/options.h"
#include "harness/commands/words.h"
#include "harness/result.h"
#include "harness/suggest.h"

#include <string.h>

static int refuse(const char *name)
{
    struct suggestion suggestion;
    struct seam_error error;

    suggest_begin(&suggestion, name, strlen(name));
    for (size_t i = 0; i < command_count; i++)
        suggest_offer(&suggestion, commands[i].name);
    if (suggestion.best)
        seam_error_set(&error, "there is no command '%s'; did you mean '%s'?", name, suggestion.best);
    else
        seam_error_set(&error, "there is no command '%s'", name);
    return command_usage_error("help", &error);
}

static int help_on(const char *name)
{
    const struct command *command = command_find(name);
    char word[32], flag[] = "--help", *argv[] = {word, flag, NULL};

    if (!command)
        return refuse(name);
    snprintf(word, sizeof word, "%s", name);
    return command->run(2, argv); /* a command may have more to say than the tables */
}

static void print_page(const char *word)
{
    static void (*const print[])(FILE *) = {
#define MAN_PAGE(name, page) man_##name,
#include "harness/commands/man_pages.def"
#undef MAN_PAGE
    };
    print[word_find(words_page, word)](stdout);
}

int command_help(int argc, char **argv)
{
    struct options options;
    struct seam_error error = {0};
    int code = RESULT_EXIT_PASSED;

    if (options_parse(&options, "help", argc, argv, &error) != 0 ||
        options.operand_count > (options.man ? 0 : 1)) {
        if (!*error.text && options.man)
            seam_error_set(&error, "--man takes no COMMAND");
        else if (!*error.text)
            seam_error_set(&error, "one COMMAND, not %zu", options.operand_count);
        code = command_usage_error("help", &error);
    } else if (options.version) {
        code = command_version(1, argv);
    } else if (options.help) {
        command_print_help(stdout, "help");
    } else if (options.man) {
        print_page(options.man);
    } else if (options.operand_count == 1) {
        code = help_on(options.operands[0]);
    } else {
        command_print_overview(stdout);
    }
    options_close(&options);
    return code;
}
