/* exchange - the tables of what can be imported and exported. */
#include "harness/exchange/exchange.h"

#include <stdlib.h>
#include <string.h>

const struct importer importers[] = {
#define IMPORTER(name, operand, doc) {#name, operand, doc, import_##name},
#include "harness/exchange/importers.def"
#undef IMPORTER
};
const size_t importer_count = sizeof importers / sizeof *importers;

const struct exporter exporters[] = {
#define EXPORTER(name, doc) {#name, doc, export_##name},
#include "harness/exchange/exporters.def"
#undef EXPORTER
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

void imported_close(struct imported *imported)
{
    json_decref(imported->scenario);
    bytes_free(&imported->beside);
    free(imported->note);
    *imported = (struct imported){0};
}
