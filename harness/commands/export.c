/*
 * export - `seam export FILE|DIR... --to FORMAT`: makes something else of scenarios; see
 * harness/exchange/exchange.h.
 *
 * Every file is valid before the first is written, and before anything runs: some formats are made of a run.
 * What was skipped is told with its reason, and what failed with what it failed on.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/commands/command.h"
#include "harness/commands/diagnose.h"
#include "harness/commands/export_runs.h"
#include "harness/commands/load.h"
#include "harness/commands/options.h"
#include "harness/commands/select.h"
#include "harness/exchange/exchange.h"
#include "harness/suggest.h"

struct tally {
    const struct options *options;
    size_t counts[EXPORT_FATE_COUNT];
};

static int usage(const char *text)
{
    struct seam_error error;
    seam_error_set(&error, "%s", text);
    return command_usage_error("export", &error);
}

static int refuse_format(const char *name)
{
    struct suggestion suggestion;
    struct seam_error error;
    char known[256] = "";
    suggest_begin(&suggestion, name, strlen(name));
    for (size_t i = 0, at = 0; i < exporter_count && at < sizeof known; i++) {
        suggest_offer(&suggestion, exporters[i].name);
        at += (size_t)snprintf(known + at, sizeof known - at, " %s", exporters[i].name);
    }
    if (suggestion.best) {
        seam_error_set(&error, "--to: '%s' is no format; did you mean '%s'?", name, suggestion.best);
    } else {
        seam_error_set(&error, "--to: '%s' is no format; there are:%s", name, known);
    }
    return command_usage_error("export", &error);
}

/* --- news
 * ------------------------------------------------------------------------------------------------------- */

static void print_whose(FILE *out, const struct export_news *news)
{
    diagnose_text(out, news->item->scenario->path);
    if (news->item->row) {
        fprintf(out, ", row %zu", news->item->row);
    }
    if (news->connection) {
        fprintf(out, ", \"%s\"", news->connection);
    }
}

/* Of a run that failed always, whatever -q and -v say. */
static void print_file(const struct export_news *news)
{
    static const char *const words[] = {
        [EXPORT_WRITTEN] = "written", [EXPORT_THERE] = "there", [EXPORT_DOUBLE] = "double"};
    printf("%s ", words[news->fate]);
    diagnose_text(stdout, news->path);
    printf(": %zu byte%s of ", news->bytes, news->bytes == 1 ? "" : "s");
    print_whose(stdout, news);
    if (*news->text) {
        printf("; ");
        diagnose_text(stdout, news->text);
    }
    putchar('\n');
}

static void tell(void *context, const struct export_news *news)
{
    struct tally *tally = context;
    tally->counts[news->fate]++;
    if (news->fate == EXPORT_REFUSED && !news->path) {
        diagnose("%s: %s", news->item->scenario->path, news->text);
    } else if (news->fate == EXPORT_REFUSED) {
        diagnose("%s", news->text);
    } else if (news->fate == EXPORT_SKIPPED && !tally->options->quiet) {
        printf("skipped ");
        print_whose(stdout, news);
        printf(": ");
        diagnose_text(stdout, news->text);
        putchar('\n');
    } else if (news->fate != EXPORT_SKIPPED && (tally->options->verbose || *news->text)) {
        print_file(news);
    }
    fflush(stdout); /* a run may take long */
}

static void print_summary(const struct tally *tally)
{
    const size_t *n = tally->counts;
    printf("%zu written to ", n[EXPORT_WRITTEN]);
    diagnose_text(stdout, tally->options->output);
    printf(", %zu there already, %zu double, %zu skipped", n[EXPORT_THERE], n[EXPORT_DOUBLE],
           n[EXPORT_SKIPPED]);
    if (n[EXPORT_REFUSED]) {
        printf(", %zu not written", n[EXPORT_REFUSED]);
    }
    putchar('\n');
}

static int exit_code(const struct tally *tally)
{
    const size_t *n = tally->counts;
    return n[EXPORT_REFUSED]                                             ? RESULT_EXIT_ERROR
           : n[EXPORT_WRITTEN] + n[EXPORT_THERE] + n[EXPORT_DOUBLE] == 0 ? RESULT_EXIT_SKIPPED
                                                                         : RESULT_EXIT_PASSED;
}

/* --- scenarios
 * -------------------------------------------------------------------------------------------------- */

/* Which row of its file a scenario is, from 1; 0: the file has no table. */
static size_t row_of(const struct loaded *loaded, const struct scenario *scenario)
{
    for (size_t i = 0; i < loaded->count; i++) {
        size_t rows = scenario_file_count(loaded->files[i]);
        for (size_t row = 0; row < rows; row++) {
            if (scenario_file_at(loaded->files[i], row) == scenario) {
                return rows > 1 ? row + 1 : 0;
            }
        }
    }
    return 0;
}

static int export_cases(const struct exporter *exporter, const struct options *options,
                        const struct loaded *loaded, const struct selected_cases *cases)
{
    struct tally tally = {.options = options};
    struct seam_error error = {0};
    struct export_item *items = calloc(cases->count + 1, sizeof *items);
    if (!items) {
        diagnose("out of memory");
        return RESULT_EXIT_INTERNAL;
    }
    for (size_t i = 0; i < cases->count; i++) {
        items[i].scenario = cases->items[i].scenario;
        items[i].row = row_of(loaded, items[i].scenario);
    }
    const struct export_request request = {
        .items = items,
        .count = cases->count,
        .folder = options->output,
        .options = {.target = options->target, .parsers = options->parsers},
        .tell = tell,
        .context = &tally,
    };
    int code = RESULT_EXIT_PASSED;
    if (exporter->of_run) {
        code = export_runs(exporter, &request, cases, options, &error);
    } else {
        code = (int)exporter->of_scenarios(&request, &error);
    }
    if (code == RESULT_EXIT_USAGE) {
        code = command_usage_error("export", &error);
    } else if (code != RESULT_EXIT_PASSED) {
        diagnose("%s", error.text);
    } else {
        print_summary(&tally);
        code = exit_code(&tally);
    }
    free(items);
    return code;
}

static int export_files(const struct exporter *exporter, const struct options *options,
                        struct selected_files *files, struct loaded *loaded, struct selected_cases *cases)
{
    struct seam_error error = {0};
    if (select_files(options->operands, options->operand_count, false, files, &error) != 0) {
        return command_usage_error("export", &error);
    }
    if (load_files(files, options, loaded) != 0) {
        diagnose("out of memory");
        return RESULT_EXIT_INTERNAL;
    }
    if (loaded->invalid_count > 0) {
        return RESULT_EXIT_INVALID;
    }
    const char *unused = loaded_unused_define(loaded);
    if (unused) {
        seam_error_set(&error, "--define: no scenario declares a variable '%s'", unused);
        return command_usage_error("export", &error);
    }
    if (select_cases(loaded->files, loaded->count, options, cases, &error) != 0) {
        return command_usage_error("export", &error);
    }
    if (cases->count == 0) {
        diagnose("no scenario is selected");
        return RESULT_EXIT_NOTHING;
    }
    return export_cases(exporter, options, loaded, cases);
}

static int export_operands(const struct options *options)
{
    struct selected_files files = {0};
    struct loaded loaded = {0};
    struct selected_cases cases = {0};
    const struct exporter *exporter = options->format ? exporter_find(options->format) : NULL;
    if (options->operand_count == 0) {
        return usage("a FILE or a DIR is missing");
    }
    if (!options->format) {
        return usage("what should they become? --to FORMAT, such as --to corpus");
    }
    if (!exporter) {
        return refuse_format(options->format);
    }
    if (!options->output) {
        return usage("where to? -o DIR");
    }
    if (options->cut && !exporter->of_run) {
        return usage("--cut is for what is made of a run: corpus and python take the \"cut\" of the file");
    }
    int code = export_files(exporter, options, &files, &loaded, &cases);
    selected_cases_close(&cases);
    loaded_close(&loaded);
    selected_files_close(&files);
    return code;
}

static void print_help(void)
{
    command_print_help(stdout, "export");
    printf("\nFormats:\n");
    for (size_t i = 0; i < exporter_count; i++) {
        printf("  %-6s %s\n", exporters[i].name, exporters[i].doc);
    }
    printf("\nFor");
    for (size_t i = 0; i < exporter_count; i++) {
        if (exporters[i].of_run) {
            printf(" %s", exporters[i].name);
        }
    }
    printf(", each scenario is run, and exported when it fails, too; --cut and --evidence are for these.\n");
}

int command_export(int argc, char **argv)
{
    struct options options;
    struct seam_error error = {0};
    int code = RESULT_EXIT_PASSED;
    if (options_parse(&options, "export", argc, argv, &error) != 0) {
        code = command_usage_error("export", &error);
    } else if (options.help) {
        print_help();
    } else if (options.version) {
        code = command_version(1, argv);
    } else {
        code = export_operands(&options);
    }
    options_close(&options);
    return code;
}
