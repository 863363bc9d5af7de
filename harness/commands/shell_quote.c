/* shell_quote - see shell_quote.h. */
#include "harness/commands/shell_quote.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const char harmless[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,@%+";

static bool is_visible(const char *word)
{
    struct bytes visible;

    bytes_init(&visible, SIZE_MAX / 8);
    bool same = bytes_append_visible(&visible, word, strlen(word), BYTES_VISIBLE_TEXT) == BYTES_OK &&
                strcmp(bytes_text(&visible), word) == 0;
    bytes_free(&visible);
    return same;
}

/* The parts between quotes, with each quote replaced. */
static enum bytes_result append_quoted(struct bytes *out, const char *word, const char *quote, bool escaped)
{
    enum bytes_result result = BYTES_OK;

    while (result == BYTES_OK) {
        size_t length = strcspn(word, "'");
        result = escaped ? bytes_append_visible(out, word, length, BYTES_VISIBLE_QUOTED)
                         : bytes_append(out, word, length);
        if (word[length] == '\0')
            break;
        if (result == BYTES_OK)
            result = bytes_append_text(out, quote);
        word += length + 1;
    }
    return result;
}

enum bytes_result shell_quote_append(struct bytes *out, const char *word)
{
    enum bytes_result result = out->length > 0 ? bytes_append_text(out, " ") : BYTES_OK;
    bool escaped = !is_visible(word);

    if (result != BYTES_OK)
        return result;
    if (*word && word[strspn(word, harmless)] == '\0')
        return bytes_append_text(out, word);
    result = bytes_append_text(out, escaped ? "$'" : "'");
    if (result == BYTES_OK)
        result = append_quoted(out, word, escaped ? "\\'" : "'\\''", escaped);
    return result == BYTES_OK ? bytes_append_text(out, "'") : result;
}
