/*
 * import - `seam import KIND FILE`: makes a scenario of something else; see harness/exchange/exchange.h.
 *
 * What is made is loaded, as `seam check` would, before it is written: only a --program can be wrong in it.
 * Nothing is started, and nothing is written over.
 */
#include <string.h>

#include "harness/commands/command.h"
#include "harness/commands/diagnose.h"
#include "harness/commands/place.h"
#include "harness/suggest.h"

static int usage(const char *text)
{
    struct seam_error error;
    seam_error_set(&error, "%s", text);
    return command_usage_error("import", &error);
}

static int refuse_kind(const char *name)
{
    struct suggestion suggestion;
    struct seam_error error;
    char known[256] = "";
    suggest_begin(&suggestion, name, strlen(name));
    for (size_t i = 0, at = 0; i < importer_count && at < sizeof known; i++) {
        suggest_offer(&suggestion, importers[i].name);
        at += (size_t)snprintf(known + at, sizeof known - at, " %s", importers[i].name);
    }
    if (suggestion.best) {
        seam_error_set(&error, "'%s' can't be imported; did you mean '%s'?", name, suggestion.best);
    } else {
        seam_error_set(&error, "'%s' can't be imported; there are:%s", name, known);
    }
    return command_usage_error("import", &error);
}

static int import(const struct importer *importer, const struct options *options,
                  const struct place_out *place)
{
    struct import_request request = {
        .path = options->operands[1],
        .folder = place->folder,
        .beside = place->path ? place->beside : NULL,
    };
    struct imported imported;
    struct seam_error error = {0};
    place_options(options, &request.options);
    imported_open(&imported);
    int code = importer->run(&request, &imported, &error);
    if (code == RESULT_EXIT_USAGE) {
        code = command_usage_error("import", &error);
    } else if (code != RESULT_EXIT_PASSED && error.line > 0) {
        diagnose("%s:%d:%d: %s", request.path, error.line, error.column, error.text);
    } else if (code != RESULT_EXIT_PASSED) {
        diagnose("%s can't be imported: %s", request.path, error.text);
    } else {
        code = place_write("import", place, options, &imported);
    }
    imported_close(&imported);
    return code;
}

/* The first option given that this kind does not take; NULL: none. */
static const char *stray_option(const struct importer *importer, const struct options *options)
{
    const struct {
        const char *name;
        bool given;
    } all[] = {
        {"target", options->target != NULL},   {"parsers", options->parsers > 0},
        {"program", options->program != NULL}, {"stdio", options->stdio},
        {"to", options->format != NULL},       {"play", options->play_server},
        {"mask", options->mask_count > 0},     {"line-end", options->line_end != NULL},
        {"stream", options->stream > 0},       {"port", options->port > 0},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        char between[32];
        snprintf(between, sizeof between, " %s ", all[i].name);
        if (all[i].given && !strstr(importer->options, between)) {
            return all[i].name;
        }
    }
    return NULL;
}

static int import_operands(const struct options *options)
{
    struct place_out place = {0};
    if (options->operand_count == 0) {
        return usage("a KIND is missing: what to import, such as crash");
    }
    const struct importer *importer = importer_find(options->operands[0]);
    if (!importer) {
        return refuse_kind(options->operands[0]);
    }
    if (options->operand_count != 2) {
        struct seam_error error;
        seam_error_set(&error, "%s takes one %s, not %zu", importer->name, importer->operand,
                       options->operand_count - 1);
        return command_usage_error("import", &error);
    }
    const char *stray = stray_option(importer, options);
    if (stray) {
        struct seam_error error;
        seam_error_set(&error, "%s takes no --%s", importer->name, stray);
        return command_usage_error("import", &error);
    }
    int code = place_open(
        "import", options->output && strcmp(options->output, "-") == 0 ? NULL : options->output, &place);
    if (code == RESULT_EXIT_PASSED) {
        code = import(importer, options, &place);
    }
    place_close(&place);
    return code;
}

static void print_help(void)
{
    command_print_help(stdout, "import");
    printf("\nKinds:\n");
    for (size_t i = 0; i < importer_count; i++) {
        printf("  %s %-*s%s\n", importers[i].name, (int)(25 - strlen(importers[i].name)),
               importers[i].operand, importers[i].doc);
    }
}

int command_import(int argc, char **argv)
{
    struct options options;
    struct seam_error error = {0};
    int code = RESULT_EXIT_PASSED;
    if (options_parse(&options, "import", argc, argv, &error) != 0) {
        code = command_usage_error("import", &error);
    } else if (options.help) {
        print_help();
    } else if (options.version) {
        code = command_version(1, argv);
    } else {
        code = import_operands(&options);
    }
    options_close(&options);
    return code;
}
