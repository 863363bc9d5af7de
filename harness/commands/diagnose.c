/* diagnose - see diagnose.h. */
#include "harness/commands/diagnose.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "src/bytes.h"

void diagnose_text(FILE *out, const char *text)
{
    struct bytes visible;

    bytes_init(&visible, (size_t)1 << 30);
    if (bytes_append_visible(&visible, text, strlen(text), BYTES_VISIBLE_TEXT) == BYTES_OK)
        fputs(bytes_text(&visible), out);
    bytes_free(&visible);
}

void diagnose(const char *format, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    fputs("seam: ", stderr);
    diagnose_text(stderr, text ? text : "out of memory");
    fputc('\n', stderr);
    free(text);
}

void diagnose_list(FILE *out, const struct error_list *list, bool warnings)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct error_list_item *item = &list->items[i];
        if (item->warning && !warnings)
            continue;
        diagnose_text(out, item->error.path);
        if (item->error.line > 0)
            fprintf(out, ":%d:%d", item->error.line, item->error.column);
        fputs(item->warning ? ": warning: " : ": error: ", out);
        diagnose_text(out, item->error.text);
        fputc('\n', out);
    }
    if (list->left_out > 0)
        fprintf(out, "and %zu more\n", list->left_out);
}
