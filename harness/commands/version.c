/* version - `seam version`: the first line is `seam NUMBER`, for scripts; what it was built with follows. */
#define PCRE2_CODE_UNIT_WIDTH 8

#include <jansson.h>
#include <pcre2.h>

#include "harness/commands/command.h"
#include "harness/commands/options.h"
#include "harness/result.h"

int command_version(int argc, char **argv)
{
    struct options options;
    struct seam_error error = {0};
    int code = RESULT_EXIT_PASSED;

    if (options_parse(&options, "version", argc, argv, &error) != 0 || options.operand_count > 0) {
        if (!*error.text)
            seam_error_set(&error, "takes no operands");
        code = command_usage_error("version", &error);
    } else if (options.help) {
        command_print_help(stdout, "version");
    } else {
        printf("seam %s\njansson %s, pcre2 %d.%d, %s\n", SEAM_VERSION, JANSSON_VERSION, PCRE2_MAJOR,
               PCRE2_MINOR,
#ifdef __clang__
               "clang " __clang_version__
#else
               "gcc " __VERSION__
#endif
        );
    }
    options_close(&options);
    return code;
}
