/* dialogue_secret - what was kept out of a recording: a variable where it is sent, any text where it comes.
 */
#include "harness/exchange/dialogue_inside.h"

#include <stdio.h>

void dialogue_find_secrets(struct dialogue *dialogue, enum dialogue_side side)
{
    uint64_t *said = arena_alloc_array(dialogue->arena, dialogue->connection_count, sizeof *said);
    for (size_t i = 0; i < dialogue->event_count; i++) {
        const struct dialogue_event *event = &dialogue->events[i];
        if (event->side == side && event->kind == DIALOGUE_SECRET) {
            dialogue_add_hole(dialogue, &(struct dialogue_hole){.connection = event->connection,
                                                                .begin = said[event->connection],
                                                                .end = said[event->connection],
                                                                .pattern = ".+"});
        } else if (event->side == side && event->kind == DIALOGUE_CHUNK) {
            said[event->connection] += event->length;
        }
    }
}

json_t *printer_secrets(struct printer *printer)
{
    json_t *vars = printer->secrets_sent ? json_object() : NULL;
    for (unsigned i = printer->secret_unknown ? 0 : 1; vars && i <= printer->secret_max; i++) {
        char name[32];
        snprintf(name, sizeof name, "secret%u", i);
        json_object_set_new(vars, name, json_string("REDACTED"));
    }
    if (vars) {
        printer->out->note =
            arena_format(printer->out->arena,
                         "%s%ssecrets were kept out: to play it, seam run --define secret1=... ; cuts in "
                         "messages with one are not kept",
                         printer->out->note ? printer->out->note : "", printer->out->note ? "; " : "");
    }
    return vars;
}
