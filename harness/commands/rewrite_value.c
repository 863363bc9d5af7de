/* rewrite_value - see rewrite_value.h. */
#include "harness/commands/rewrite_value.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "harness/scenario_print.h"

/* The bytes of one value of the form that `old` has; they are bytes of the wire, nothing of them is a ${...}.
 */
static json_t *new_hex(const unsigned char *bytes, size_t length)
{
    struct bytes digits;
    bytes_init(&digits, 2 * length);
    for (size_t i = 0; i < length; i++) {
        bytes_append_format(&digits, "%02x", bytes[i]);
    }
    json_t *made = json_pack("{s:s}", "hex", bytes_text(&digits));
    bytes_free(&digits);
    return made;
}

static json_t *new_base64(const unsigned char *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct bytes out;
    bytes_init(&out, 2 * length + 8);
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        unsigned group = (unsigned)bytes[i] << 16 | (left > 1 ? (unsigned)bytes[i + 1] << 8 : 0) |
                         (left > 2 ? bytes[i + 2] : 0);
        char four[4] = {digits[group >> 18], digits[group >> 12 & 63],
                        left > 1 ? digits[group >> 6 & 63] : '=', left > 2 ? digits[group & 63] : '='};
        bytes_append(&out, four, sizeof four);
    }
    json_t *made = json_pack("{s:s}", "base64", bytes_text(&out));
    bytes_free(&out);
    return made;
}

static json_t *new_value(const json_t *old, const unsigned char *bytes, size_t length)
{
    if (json_object_get(old, "hex")) {
        return new_hex(bytes, length);
    }
    if (json_object_get(old, "base64")) {
        return new_base64(bytes, length);
    }
    json_t *made = scenario_print_bytes(bytes, length);
    if (json_object_get(old, "text") && json_is_string(made)) {
        return json_pack("{s:o}", "text", made);
    }
    return made;
}

static json_t *old_value(const struct rewrite_value *value, const struct json_place *at)
{
    return json_loadb(value->text + at->start, at->end - at->start, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
}

/* Appends one value: the old text when it says the same, else a new one on one line. */
static int append_value(const struct rewrite_value *value, const struct json_place *old_at,
                        const unsigned char *bytes, size_t length, struct bytes *out)
{
    json_t *old = old_at ? old_value(value, old_at) : NULL;
    json_t *made = new_value(old, bytes, length);
    int failed = -1;
    if (made && old && json_equal(old, made)) {
        failed = bytes_append(out, value->text + old_at->start, old_at->end - old_at->start) ? -1 : 0;
    } else if (made) {
        char *text = json_dumps(made, JSON_ENCODE_ANY);
        failed = text && bytes_append_text(out, text) == BYTES_OK ? 0 : -1;
        free(text);
    }
    json_decref(made);
    json_decref(old);
    return failed;
}

/* What stands between the entries of a list: ", ", or a new line with the indent of its first entry. */
static void append_gap(const struct rewrite_value *value, const struct json_place *list, bool first,
                       bool last, struct bytes *out)
{
    const char *from = value->text + list->start + 1;
    size_t gap = list->child ? list->child->start - list->start - 1 : 0;
    bool broken = memchr(from, '\n', gap) != NULL;
    if (last && broken) { /* as the old list closed */
        const char *end = value->text + list->end - 1, *start = end;
        while (start > from &&
               (start[-1] == ' ' || start[-1] == '\t' || start[-1] == '\n' || start[-1] == '\r')) {
            start--;
        }
        bytes_append(out, start, (size_t)(end - start));
    } else if (!last) {
        bytes_append_text(out, first ? "" : broken ? "," : ", ");
        bytes_append(out, broken ? from : "", broken ? gap : 0);
    }
}

/* The bytes as a list of lines; content: their delimiter is not part of the entries. */
static int append_lines(const struct rewrite_value *value, bool content, struct bytes *out)
{
    const struct json_place *list = value->text[value->at->start] == '[' ? value->at : NULL;
    const struct json_place *old = list ? list->child : value->at;
    static const struct json_place none = {0};
    const unsigned char *bytes = value->bytes;
    bool first = true;
    bytes_append_text(out, "[");
    for (size_t at = 0; at < value->length; first = false) {
        const unsigned char *hit = value->delimiter_length ? memmem(bytes + at, value->length - at,
                                                                    value->delimiter, value->delimiter_length)
                                                           : NULL;
        size_t end = hit ? (size_t)(hit - bytes) : value->length;
        size_t next = hit ? end + value->delimiter_length : end;
        append_gap(value, list ? list : &none, first, false, out);
        if (append_value(value, old, bytes + at, (content ? end : next) - at, out) < 0) {
            return -1;
        }
        old = list && old ? old->next : NULL; /* what stands behind a single value is no entry */
        at = next;
    }
    append_gap(value, list ? list : &none, false, true, out);
    return bytes_append_text(out, "]") ? -1 : 0;
}

int rewrite_value(const struct rewrite_value *value, struct bytes *out, const char **key)
{
    const unsigned char *bytes = value->bytes;
    *key = NULL;
    if (strcmp(value->form, "lines") == 0) {
        return append_lines(value, true, out);
    }
    if (strcmp(value->form, "data") == 0) {
        bool list = value->text[value->at->start] == '[';
        return list ? append_lines(value, false, out)
                    : append_value(value, value->at, bytes, value->length, out);
    }
    size_t content = value->length - value->delimiter_length;
    if (value->delimiter_length && memmem(bytes, content, value->delimiter, value->delimiter_length)) {
        *key = "lines";
        return append_lines(value, true, out);
    }
    return append_value(value, value->at, bytes, content, out);
}
