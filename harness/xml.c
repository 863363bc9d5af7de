/* xml - see xml.h. */
#include "harness/xml.h"

#include <string.h>

/* What stands for the character at text, and how many bytes it has; NULL: itself. */
static const char *entity(const char *text, size_t length, size_t *taken)
{
    *taken = 1;
    switch (*text) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\xef': /* U+FFFE and U+FFFF */
        if (length >= 3 && text[1] == '\xbf' && (text[2] == '\xbe' || text[2] == '\xbf')) {
            *taken = 3;
            return text[2] == '\xbe' ? "\\xef\\xbf\\xbe" : "\\xef\\xbf\\xbf";
        }
        return NULL;
    default:
        return NULL;
    }
}

enum bytes_result xml_append(struct bytes *out, const char *text, size_t length)
{
    enum bytes_result result = BYTES_OK;
    size_t start = 0, taken;
    for (size_t i = 0; i < length && !result; i += taken) {
        const char *escape = entity(text + i, length - i, &taken);
        if (escape) {
            result = bytes_append(out, text + start, i - start);
            result = result ? result : bytes_append_text(out, escape);
            start = i + taken;
        }
    }
    return result ? result : bytes_append(out, text + start, length - start);
}
