/* export_python - each scenario as one self-contained script of Python: what is played, and what plays it. */
#include "harness/exchange/export_files.h"
#include "harness/exchange/python_script.h"

enum result_exit export_python(const struct export_request *request, struct seam_error *error)
{
    struct export_files files;
    if (request->options.target || request->options.parsers) {
        seam_error_set(error, "--target and --parsers are for --to corpus");
        return RESULT_EXIT_USAGE;
    }
    enum result_exit code = export_files_open(&files, request, "py", error);
    for (size_t i = 0; code == RESULT_EXIT_PASSED && i < request->count; i++) {
        char why_not[EXPORT_WHY_NOT_BYTES];
        struct bytes script;
        bytes_init(&script, PYTHON_SCRIPT_BYTES_MAX);
        if (python_script(request->items[i].scenario, &script, why_not)) {
            code = export_files_write(&files, &request->items[i], &script, "", error);
        } else {
            export_files_tell_none(&files, &request->items[i], EXPORT_SKIPPED, why_not);
        }
        bytes_free(&script);
    }
    export_files_close(&files);
    return code;
}
