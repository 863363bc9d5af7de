/* import_text - a conversation that was written down, see dialogue_text.c, becomes a scenario. */
#include "harness/exchange/dialogue.h"

enum result_exit import_text(const struct import_request *request, struct imported *out,
                             struct seam_error *error)
{
    struct dialogue dialogue;
    size_t size = 0;
    dialogue_open(&dialogue, out->arena);
    const char *end = request->options.line_end ? request->options.line_end : "\n";
    const char *text = import_read(out->arena, request->path, &size, error);
    if (!text || dialogue_read_text(&dialogue, text, size, end, error) != 0) {
        return RESULT_EXIT_ERROR;
    }
    dialogue.name =
        arena_format(out->arena, "written down in %s", import_visible_name(out->arena, request->path));
    return dialogue_print(&dialogue, request, out, error);
}
