/* completion_zsh - `seam completion zsh`: the tables as arguments of zsh's _arguments, before
 * shells/engine.zsh. */
#include "harness/commands/command.h"
#include "harness/commands/completion.h"

#include <string.h>

extern const char completion_engine_zsh[]; /* made by the build; a C string */

/* Inside single quotes, where _arguments reads [, ] and : itself. */
static void print_quoted(FILE *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\'') {
            fputs("'\\''", out);
        } else {
            fprintf(out, "%s%c", strchr("[]:\\", text[i]) ? "\\" : "", text[i]);
        }
    }
}

/* ":NAME:ACTION", what comes behind an option or in the place of an operand. */
static void print_value(FILE *out, const struct completion_value *value)
{
    static const char *const actions[] = {
        [COMPLETION_NOTHING] = " ",        [COMPLETION_FILE] = "_files",
        [COMPLETION_FOLDER] = "_files -/", [COMPLETION_PROGRAM] = "_command_names -e",
        [COMPLETION_PATH] = "_seam_path",
    };
    bool listed = value->words && value->rest == COMPLETION_NOTHING;
    fputc(':', out);
    print_quoted(out, value->argument, (size_t)value->length);
    fprintf(out, ":%s", listed ? "(" : actions[value->rest]);
    for (size_t i = 0; value->words && value->words[i]; i++) {
        fprintf(out, "%s%s", listed && i == 0 ? "" : " ", value->words[i]);
    }
    fputs(listed ? ")'" : "'", out);
}

static void print_option(FILE *out, const struct option_spec *spec)
{
    const char *behind = spec->argument ? "=" : "";
    if (spec->letter && spec->repeatable) {
        fprintf(out, "'*'{-%c%s,--%s%s}'", spec->letter, *behind ? "+" : "", spec->name, behind);
    } else if (spec->letter) {
        fprintf(out, "'(-%c --%s)'{-%c%s,--%s%s}'", spec->letter, spec->name, spec->letter,
                *behind ? "+" : "", spec->name, behind);
    } else {
        fprintf(out, "'%s--%s%s", spec->repeatable ? "*" : "", spec->name, behind);
    }
    fputc('[', out);
    print_quoted(out, spec->doc, strlen(spec->doc));
    fputc(']', out);
    if (spec->argument) {
        struct completion_value value = completion_of_option(spec);
        print_value(out, &value);
    } else {
        fputc('\'', out);
    }
}

static void print_arguments(FILE *out, const struct command *command)
{
    const char *operands = command->operands;
    struct completion_value value;
    fprintf(out, "    (%s)\n      _arguments -s -S :", command->name);
    for (size_t i = 0; i < option_spec_count; i++) {
        if (option_is_of(&option_specs[i], command->name)) {
            fputs(" \\\n        ", out);
            print_option(out, &option_specs[i]);
        }
    }
    for (int number = 1; completion_next_operand(&operands, &value); number++) {
        fputs(" \\\n        '", out);
        if (value.repeated) {
            fputc('*', out);
        } else {
            fprintf(out, "%d", number);
        }
        print_value(out, &value);
    }
    fputs(" ;;\n", out);
}

void completion_zsh(FILE *out)
{
    fputs("#compdef seam\n"
          "# zsh completion for seam, as `seam completion zsh` prints it from the tables that seam itself "
          "reads\n\n"
          "_seam_commands=(\n",
          out);
    for (size_t i = 0; i < command_count; i++) {
        fprintf(out, "  '%s:", commands[i].name);
        print_quoted(out, commands[i].doc, strlen(commands[i].doc));
        fputs("'\n", out);
    }
    fputs(")\n\n_seam_argument() {\n  case $1 in\n", out);
    for (size_t i = 0; i < command_count; i++) {
        print_arguments(out, &commands[i]);
    }
    fputs("    (*) return 1 ;;\n  esac\n}\n", out);
    fputs(completion_engine_zsh, out);
}
