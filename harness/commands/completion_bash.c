/* completion_bash - `seam completion bash`: the tables as functions of bash, before shells/engine.bash, which
 * needs bash 4.3, and not the package bash-completion. */
#include "harness/commands/command.h"
#include "harness/commands/completion.h"

extern const char completion_engine_bash[]; /* made by the build; a C string */

static const char *const rest_words[] = {
    [COMPLETION_NOTHING] = "nothing", [COMPLETION_FILE] = "file", [COMPLETION_FOLDER] = "folder",
    [COMPLETION_PROGRAM] = "program", [COMPLETION_PATH] = "path",
};

static void print_value(FILE *out, const struct completion_value *value)
{
    fputs(") values='", out);
    for (size_t i = 0; value->words && value->words[i]; i++) {
        fprintf(out, "%s%s", i ? " " : "", value->words[i]);
    }
    fprintf(out, "' rest=%s ;;\n", rest_words[value->rest]);
}

static void print_commands(FILE *out)
{
    fputs("_seam_commands='", out);
    for (size_t i = 0; i < command_count; i++) {
        fprintf(out, "%s ", commands[i].name);
    }
    fputs("--help -h --version'\n\n", out);
}

static void print_options(FILE *out)
{
    fputs("_seam_options() {\n    case $1 in\n", out);
    for (size_t i = 0; i < command_count; i++) {
        fprintf(out, "        %s) values='", commands[i].name);
        for (size_t j = 0, count = 0; j < option_spec_count; j++) {
            const struct option_spec *spec = &option_specs[j];
            if (option_is_of(spec, commands[i].name)) {
                fprintf(out, "%s--%s", count++ ? " " : "", spec->name);
                if (spec->letter) {
                    fprintf(out, " -%c", spec->letter);
                }
            }
        }
        fputs("' ;;\n", out);
    }
    fputs("    esac\n}\n\n", out);
}

/* The options that take a value. */
static void print_values(FILE *out)
{
    fputs("_seam_value() {\n    case $1:$2 in\n", out);
    for (size_t j = 0; j < option_spec_count; j++) {
        const struct option_spec *spec = &option_specs[j];
        size_t count = 0;
        for (size_t i = 0; spec->argument && i < command_count; i++) {
            if (option_is_of(spec, commands[i].name)) {
                fprintf(out, "%s%s:--%s", count++ ? " | " : "        ", commands[i].name, spec->name);
                if (spec->letter) {
                    fprintf(out, " | %s:-%c", commands[i].name, spec->letter);
                }
            }
        }
        if (count > 0) {
            struct completion_value value = completion_of_option(spec);
            print_value(out, &value);
        }
    }
    fputs("        *) return 1 ;;\n    esac\n}\n\n", out);
}

static void print_operands(FILE *out)
{
    fputs("_seam_operand() {\n    case $1:$2 in\n", out);
    for (size_t i = 0; i < command_count; i++) {
        const char *operands = commands[i].operands;
        struct completion_value value;
        for (int number = 1; completion_next_operand(&operands, &value); number++) {
            if (value.repeated) {
                fprintf(out, "        %s:*", commands[i].name);
            } else {
                fprintf(out, "        %s:%d", commands[i].name, number);
            }
            print_value(out, &value);
        }
    }
    fputs("        *) values='' rest=nothing ;;\n    esac\n}\n", out);
}

void completion_bash(FILE *out)
{
    fputs("# bash completion for seam, as `seam completion bash` prints it from the tables that seam itself "
          "reads\n\n",
          out);
    print_commands(out);
    print_options(out);
    print_values(out);
    print_operands(out);
    fputs(completion_engine_bash, out);
}
