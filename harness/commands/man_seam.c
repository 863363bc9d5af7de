/* man_seam - seam.1: of the tables of commands, options, reports, kinds, formats and exit codes. */
#include <string.h>

#include "harness/commands/command.h"
#include "harness/commands/man.h"
#include "harness/commands/options.h"
#include "harness/report.h"
#include "src/roff.h"

struct row {
    const char *name, *argument, *doc;
};

static const struct row kinds[] = {
#define IMPORTER(name, operand, options, doc) {#name, operand, doc},
#include "harness/exchange/importers.def"
#undef IMPORTER
};
static const struct row formats[] = {
#define EXPORTER(name, doc)                   {#name, NULL, doc},
#define EXPORTER_OF_RUN(name, extension, doc) {#name, NULL, doc},
#include "harness/exchange/exporters.def"
#undef EXPORTER
#undef EXPORTER_OF_RUN
};
static const struct row exits[] = {
#define EXIT_CODE(name, number, text) {#number, NULL, text},
#include "harness/exit_codes.def"
#undef EXIT_CODE
    {"128+N", NULL, "ended by signal N"},
};
static const struct row variables[] = {
    {"NO_COLOR, CLICOLOR_FORCE, CLICOLOR, TERM", NULL,
     "Whether text is coloured where --color does not say."},
    {"TMPDIR", NULL, "Where folders of programs are made; /tmp when it is not set."},
    {"SOURCE_DATE_EPOCH", NULL, "The date of the man pages that `seam help --man` prints."},
};
static const struct row files[] = {
    {"seam-findings/", NULL, "What sweep and shrink write, unless --output says another folder."},
    {"FILE.part", NULL,
     "Of record: the journal, while it records, and when no scenario could be made of it. `seam import "
     "record` "
     "reads it."},
    {"FILE.bin", NULL, "Of record and import: long data, beside the scenario that names it."},
};

/* They are typed one after another, in one folder. */
static const struct {
    const char *about, *lines;
} examples[] = {
    {"A scenario for `cat`, in which one line comes in two pieces:",
     "cat >echo.json <<'END'\n"
     "{ \"seam\": 1, \"name\": \"a line in two pieces is one line\",\n"
     "  \"why\": \"who takes one read for one line answers twice\",\n"
     "  \"programs\": { \"echo\": { \"command\": [\"cat\"], \"stdio\": true } },\n"
     "  \"steps\": [ { \"connect\": \"alice\", \"to\": \"echo\" },\n"
     "             { \"send\": \"alice\", \"split\": [\"hel\", \"lo\\n\"] },\n"
     "             { \"expect\": \"alice\", \"line\": \"hello\" },\n"
     "             { \"close\": \"alice\" },\n"
     "             { \"expect\": \"echo\", \"exit\": 0 } ] }\n"
     "END\n"
     "seam run echo.json"},
    {"Where else would it break?", "seam sweep --budget 20 echo.json"},
    {"All scenarios of a folder, for a build server:", "seam run --jobs 4 --report tap=results.tap ."},
    {"A conversation that was written down becomes a test:",
     "printf '> hello\\n< hello\\n' >talk.txt\n"
     "seam import text talk.txt --program cat --stdio -o talk.json\n"
     "seam run talk.json"},
    {"Completion of command lines in this shell:", "source <(seam completion bash)"},
};

static void print_rows(FILE *out, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        roff_item(out, rows[i].name, rows[i].argument);
        roff_text(out, rows[i].doc);
    }
}

static void print_section(FILE *out, const char *title, const struct row *rows, size_t count)
{
    roff_section(out, title);
    print_rows(out, rows, count);
}

static void print_description(FILE *out)
{
    roff_section(out, "SYNOPSIS");
    roff_text(out, "`seam` COMMAND [OPTIONS] [OPERANDS]");
    roff_section(out, "DESCRIPTION");
    roff_text(
        out,
        "Runs scenarios: scripted conversations with a program over byte streams, in which every write is "
        "split or joined exactly where the scenario says, and shows that the program's reads fell there. "
        "`seam-scenario`(5) has the format.");
    roff_paragraph(
        out,
        "A scenario executes what it says, with your rights: read files of strangers first. `seam check` "
        "starts nothing. Everything stays on the loopback interface unless --allow-remote is given.");
}

static void print_commands(FILE *out)
{
    roff_section(out, "COMMANDS");
    for (size_t i = 0; i < command_count; i++) {
        char form[64], argument[64], text[512];
        size_t length = (size_t)snprintf(text, sizeof text, "%s. Options:", commands[i].doc);
        snprintf(form, sizeof form, "seam %s", commands[i].name);
        snprintf(argument, sizeof argument, "[OPTIONS]%s%s", *commands[i].operands ? " " : "",
                 commands[i].operands);
        roff_item(out, form, argument);
        for (size_t j = 0; j < option_spec_count && length < sizeof text; j++) {
            if (option_is_of(&option_specs[j], commands[i].name)) {
                length +=
                    (size_t)snprintf(text + length, sizeof text - length, " --%s", option_specs[j].name);
            }
        }
        roff_text(out, text);
    }
}

static void print_takers(FILE *out, const struct option_spec *spec)
{
    char text[256] = "Of every command.";
    size_t length = 0;
    for (size_t i = 0; spec->commands && i < command_count && length < sizeof text; i++) {
        if (option_is_of(spec, commands[i].name)) {
            length += (size_t)snprintf(text + length, sizeof text - length, "%s %s", length ? "," : "Of",
                                       commands[i].name);
        }
    }
    if (length > 0 && length < sizeof text) {
        snprintf(text + length, sizeof text - length, ".");
    }
    roff_text(out, text);
}

static void print_options(FILE *out)
{
    roff_section(out, "OPTIONS");
    roff_text(out,
              "Options and operands may stand in any order; -- ends the options. An option goes before "
              "its variable. Of an option that is given twice the last counts, unless it may be repeated.");
    for (size_t i = 0; i < option_spec_count; i++) {
        const struct option_spec *spec = &option_specs[i];
        char form[64], letter[8] = "", text[512], variable[OPTION_VARIABLE_BYTES_MAX];
        option_variable(spec, variable);
        if (spec->letter) {
            snprintf(letter, sizeof letter, "-%c, ", spec->letter);
        }
        snprintf(form, sizeof form, "%s--%s", letter, spec->name);
        snprintf(text, sizeof text, spec->no_variable ? "%s." : "%s [`%s`].", spec->doc, variable);
        roff_item(out, form, spec->argument);
        roff_text(out, text);
        print_takers(out, spec);
    }
}

static bool is_first_of_its_name(const struct option_spec *spec)
{
    for (const struct option_spec *before = option_specs; before < spec; before++) {
        if (strcmp(before->name, spec->name) == 0 && !before->no_variable) {
            return false;
        }
    }
    return true;
}

static void print_environment(FILE *out)
{
    roff_section(out, "ENVIRONMENT");
    for (size_t i = 0; i < option_spec_count; i++) {
        const struct option_spec *spec = &option_specs[i];
        char text[128], variable[OPTION_VARIABLE_BYTES_MAX];
        if (spec->no_variable || !is_first_of_its_name(spec)) {
            continue;
        }
        option_variable(spec, variable);
        snprintf(text, sizeof text, "%s --%s%s.", spec->argument ? "The value of" : "1 or 0, as", spec->name,
                 spec->repeatable ? ", one per line" : "");
        roff_item(out, variable, NULL);
        roff_text(out, text);
    }
    print_rows(out, variables, sizeof variables / sizeof *variables);
}

static void print_reports(FILE *out)
{
    roff_section(out, "REPORT FORMATS");
    for (size_t i = 0; i < report_format_count; i++) {
        roff_item(out, report_formats[i]->name, NULL);
        roff_text(out, report_formats[i]->doc);
    }
}

static void print_examples(FILE *out)
{
    roff_section(out, "EXAMPLES");
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        if (i == 0) {
            roff_text(out, examples[i].about);
        } else {
            roff_paragraph(out, examples[i].about);
        }
        roff_example(out, examples[i].lines);
    }
}

void man_seam(FILE *out)
{
    const struct roff_page page = {
        .name = "seam",
        .section = 1,
        .version = SEAM_VERSION,
        .about = "scripted conversations with a program over byte streams, cut exactly where you say",
    };
    roff_begin(out, &page);
    print_description(out);
    print_commands(out);
    print_options(out);
    print_reports(out);
    print_section(out, "KINDS OF IMPORT", kinds, sizeof kinds / sizeof *kinds);
    print_section(out, "FORMATS OF EXPORT", formats, sizeof formats / sizeof *formats);
    print_section(out, "EXIT STATUS", exits, sizeof exits / sizeof *exits);
    print_environment(out);
    print_section(out, "FILES", files, sizeof files / sizeof *files);
    print_examples(out);
    roff_section(out, "SEE ALSO");
    roff_text(out, "`seam-scenario`(5), `chat-server`(1), `chat-client`(1)");
}
