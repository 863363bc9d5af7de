/* schema - `seam schema`: the JSON Schema of a scenario file, on stdout. */
#include "harness/schema.h"

#include "harness/commands/command.h"
#include "harness/commands/diagnose.h"
#include "harness/commands/options.h"
#include "harness/result.h"

static int print_schema(void)
{
    json_t *schema = schema_build();
    bool printed = schema && json_dumpf(schema, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF;
    json_decref(schema);
    if (!printed || fflush(stdout) != 0) {
        diagnose("can't write the schema");
        return RESULT_EXIT_ERROR;
    }
    return RESULT_EXIT_PASSED;
}

int command_schema(int argc, char **argv)
{
    struct options options;
    struct seam_error error = {0};
    int code;
    if (options_parse(&options, "schema", argc, argv, &error) != 0 || options.operand_count > 0) {
        if (!*error.text) {
            seam_error_set(&error, "takes no operands");
        }
        code = command_usage_error("schema", &error);
    } else if (options.help) {
        command_print_help(stdout, "schema");
        code = RESULT_EXIT_PASSED;
    } else if (options.version) {
        code = command_version(1, argv);
    } else {
        code = print_schema();
    }
    options_close(&options);
    return code;
}
