/* target - see target.h. */
#include "harness/exchange/target.h"

#include <string.h>

#include "harness/suggest.h"

static const struct row {
    const char *name;
    size_t parsers;
    const char *spoken_to, *beside;
    const char *instead; /* NULL: an input is a stream */
} rows[] = {
#define TARGET_STREAM(name, parsers, spoken_to, beside) {#name, parsers, spoken_to, beside, NULL},
#define TARGET_OTHER(name, instead)                     {#name, 0, NULL, NULL, instead},
#include "harness/exchange/targets.def"
#undef TARGET_STREAM
#undef TARGET_OTHER
};
enum { ROW_COUNT = sizeof rows / sizeof *rows };

int target_choose(const struct exchange_options *options, struct target *out, struct seam_error *error)
{
    const char *name = options->target;
    *out = (struct target){.name = name, .parsers = options->parsers ? options->parsers : 1};
    for (size_t i = 0; name && i < ROW_COUNT; i++) {
        if (strcmp(rows[i].name, name) != 0) {
            continue;
        }
        if (rows[i].instead) {
            return seam_error_set(error, "--target: an input of %s is nothing that a peer says: %s", name,
                                  rows[i].instead);
        }
        if (options->parsers && options->parsers != rows[i].parsers) {
            return seam_error_set(error, "--parsers: %s has %zu, not %zu", name, rows[i].parsers,
                                  options->parsers);
        }
        out->known = true;
        out->parsers = rows[i].parsers;
        out->spoken_to = rows[i].spoken_to;
        out->beside = rows[i].beside;
    }
    return 0;
}

int target_refuse(const struct target *target, const char *what_then, struct seam_error *error)
{
    struct suggestion suggestion;
    suggest_begin(&suggestion, target->name, strlen(target->name));
    for (size_t i = 0; i < ROW_COUNT; i++) {
        suggest_offer(&suggestion, rows[i].name);
    }
    if (suggestion.best) {
        return seam_error_set(
            error, "--target: there is no target '%s' of Seam's own; did you mean '%s'? For yours %s",
            target->name, suggestion.best, what_then);
    }
    return seam_error_set(error, "--target: there is no target '%s' of Seam's own; for yours %s",
                          target->name, what_then);
}

enum spoken_to target_spoken_to(const struct target *target, size_t parser)
{
    char who = target->known ? target->spoken_to[parser % strlen(target->spoken_to)] : 0;
    return who == 's' ? SPOKEN_TO_CHAT_SERVER : who == 'c' ? SPOKEN_TO_CHAT_CLIENT : SPOKEN_TO_PROGRAM;
}
