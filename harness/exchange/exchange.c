/* exchange - the tables of what can be imported and exported. */
#include "harness/exchange/exchange.h"

#include <string.h>

const struct importer importers[] = {
#define IMPORTER(name, operand, options, doc) {#name, operand, options, doc, import_##name},
#include "harness/exchange/importers.def"
#undef IMPORTER
};
const size_t importer_count = sizeof importers / sizeof *importers;

const struct exporter exporters[] = {
#define EXPORTER(name, doc)                   {#name, doc, export_##name, NULL, NULL},
#define EXPORTER_OF_RUN(name, extension, doc) {#name, doc, NULL, export_##name, extension},
#include "harness/exchange/exporters.def"
#undef EXPORTER
#undef EXPORTER_OF_RUN
};
const size_t exporter_count = sizeof exporters / sizeof *exporters;

const struct importer *importer_find(const char *name)
{
    for (size_t i = 0; i < importer_count; i++) {
        if (strcmp(importers[i].name, name) == 0) {
            return &importers[i];
        }
    }
    return NULL;
}

const struct exporter *exporter_find(const char *name)
{
    for (size_t i = 0; i < exporter_count; i++) {
        if (strcmp(exporters[i].name, name) == 0) {
            return &exporters[i];
        }
    }
    return NULL;
}
