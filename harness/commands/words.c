/* words - see words.h. What has a table elsewhere is taken from there. */
#include "harness/commands/words.h"

#include <stddef.h>
#include <string.h>

const char *const words_color[] = {"auto", "always", "never", NULL};
const char *const words_evidence[] = {"drained", "paced", "sent", NULL};
const char *const words_line_end[] = {"lf", "crlf", "none", NULL};
const char *const words_play[] = {"client", "server", NULL};

const char *const words_report[] = {
#define REPORT(name) #name,
#include "harness/reports/reports.def"
#undef REPORT
    NULL};

const char *const words_export[] = {
#define EXPORTER(name, doc)                   #name,
#define EXPORTER_OF_RUN(name, extension, doc) #name,
#include "harness/exchange/exporters.def"
#undef EXPORTER
#undef EXPORTER_OF_RUN
    NULL};

const char *const words_import[] = {
#define IMPORTER(name, operand, options, doc) #name,
#include "harness/exchange/importers.def"
#undef IMPORTER
    NULL};

const char *const words_target[] = {
#define TARGET_STREAM(name, parsers, spoken_to, beside) #name,
#define TARGET_OTHER(name, instead)                     #name,
#include "harness/exchange/targets.def"
#undef TARGET_STREAM
#undef TARGET_OTHER
    NULL};

const char *const words_command[] = {
#define COMMAND(name, operands, doc) #name,
#include "harness/commands/commands.def"
#undef COMMAND
    NULL};

const char *const words_verb[] = {
#define STEP(name) #name,
#include "harness/steps/steps.def"
#undef STEP
    NULL};

const char *const words_page[] = {
#define MAN_PAGE(name, word) word,
#include "harness/commands/man_pages.def"
#undef MAN_PAGE
    NULL};

const char *const words_shell[] = {
#define SHELL(name) #name,
#include "harness/commands/shells.def"
#undef SHELL
    NULL};

int word_find(const char *const *words, const char *text)
{
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], text) == 0) {
            return i;
        }
    }
    return -1;
}
