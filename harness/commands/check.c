/* check - `seam check`: loads files as `seam run` would, tells all mistakes, and starts and connects nothing.
 */
#include "harness/commands/command.h"
#include "harness/commands/diagnose.h"
#include "harness/commands/load.h"
#include "harness/commands/options.h"
#include "harness/commands/select.h"
#include "harness/result.h"

static int usage(const struct seam_error *error)
{
    return command_usage_error("check", error);
}

static void print_summary(const struct loaded *loaded)
{
    size_t scenarios = 0, parts = 0;
    for (size_t i = 0; i < loaded->count; i++) {
        scenarios += scenario_file_count(loaded->files[i]);
        parts += scenario_file_is_part(loaded->files[i]);
    }
    printf("%zu scenario%s and %zu part%s are valid", scenarios, scenarios == 1 ? "" : "s", parts,
           parts == 1 ? "" : "s");
    if (loaded->invalid_count > 0) {
        printf(", %zu file%s not", loaded->invalid_count, loaded->invalid_count == 1 ? " is" : "s are");
    }
    putchar('\n');
}

static int check_files(const struct options *options, struct selected_files *files, struct loaded *loaded)
{
    struct seam_error error = {0};
    if (options->operand_count == 0) {
        seam_error_set(&error, "a FILE or a DIR is missing");
        return usage(&error);
    }
    if (select_files(options->operands, options->operand_count, true, files, &error) != 0) {
        return usage(&error);
    }
    if (files->count == 0) {
        diagnose("no scenario is selected");
        return RESULT_EXIT_NOTHING;
    }
    if (load_files(files, options, loaded) != 0) {
        diagnose("out of memory");
        return RESULT_EXIT_INTERNAL;
    }
    const char *unused = loaded->invalid_count == 0 ? loaded_unused_define(loaded) : NULL;
    if (unused) {
        seam_error_set(&error, "--define: no scenario declares a variable '%s'", unused);
        return usage(&error);
    }
    if (!options->quiet) {
        print_summary(loaded);
    }
    return loaded->invalid_count > 0 ? RESULT_EXIT_INVALID : RESULT_EXIT_PASSED;
}

int command_check(int argc, char **argv)
{
    struct options options;
    struct selected_files files = {0};
    struct loaded loaded = {0};
    struct seam_error error = {0};
    int code = RESULT_EXIT_PASSED;
    if (options_parse(&options, "check", argc, argv, &error) != 0) {
        code = usage(&error);
    } else if (options.help) {
        command_print_help(stdout, "check");
    } else if (options.version) {
        code = command_version(1, argv);
    } else {
        code = check_files(&options, &files, &loaded);
    }
    loaded_close(&loaded);
    selected_files_close(&files);
    options_close(&options);
    return code;
}
