/*
 * scenario_data - the forms of data: text, line, lines, hex, base64, bytes, file, with times; and lists of
 * them.
 *
 * ${...} stands in text, line and file; hex, base64 and bytes are what they say, decoded here.
 */
#include "harness/loader.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/inside.h"

static struct data *new_data(struct scope *s, struct node node, enum data_kind kind)
{
    struct data *data = arena_alloc(s->b->arena, sizeof *data);
    *data = (struct data){.kind = kind, .place = node_place(node)};
    return data;
}

static const struct data *new_literal(struct scope *s, struct node node, const unsigned char *bytes,
                                      size_t length)
{
    struct data *data = new_data(s, node, DATA_LITERAL);
    data->literal = bytes;
    data->literal_length = length;
    return data;
}

/* --- encodings
 * ------------------------------------------------------------------------------------------------------- */

static int hex_digit(int c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Two digits a byte; spaces may stand between bytes. */
static const struct data *build_hex(struct scope *s, struct node node)
{
    size_t length, n = 0;
    const char *text = node_text(node, &length);
    unsigned char *out = arena_alloc(s->b->arena, length / 2 + 1);
    for (size_t i = 0; i < length;) {
        if (text[i] == ' ') {
            i++;
            continue;
        }
        int high = hex_digit(text[i]), low = i + 1 < length ? hex_digit(text[i + 1]) : -1;
        if (high < 0) {
            tell(s->b->l, node_place_in_string(node, i, i + 1), "this is no hexadecimal digit");
            return NULL;
        }
        if (low < 0) {
            tell(s->b->l, node_place_in_string(node, i, i + 1),
                 "a byte has two hexadecimal digits: the second is missing");
            return NULL;
        }
        out[n++] = (unsigned char)(high << 4 | low);
        i += 2;
    }
    return new_literal(s, node, out, n);
}

static int base64_digit(int c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
}

/* RFC 4648 section 4, padded; bits that padding leaves over must be zero. */
static const struct data *build_base64(struct scope *s, struct node node)
{
    size_t length, n = 0;
    const char *text = node_text(node, &length);
    unsigned char *out = arena_alloc(s->b->arena, length / 4 * 3 + 1);
    size_t padding =
        length >= 4 ? (size_t)(text[length - 1] == '=') + (text[length - 1] == '=' && text[length - 2] == '=')
                    : 0;
    uint32_t bits = 0;
    for (size_t i = 0; i < length - padding; i++) {
        int digit = base64_digit(text[i]);
        if (digit < 0) {
            tell(s->b->l, node_place_in_string(node, i, i + 1), "this is no digit of base64 (RFC 4648)");
            return NULL;
        }
        bits = bits << 6 | (uint32_t)digit;
        if (i % 4 == 3) {
            out[n++] = (unsigned char)(bits >> 16);
            out[n++] = (unsigned char)(bits >> 8);
            out[n++] = (unsigned char)bits;
            bits = 0;
        }
    }
    if (length % 4 != 0) {
        tell(s->b->l, node_place_in_string(node, length, length),
             "base64 has four digits a group, padded with \"=\"");
        return NULL;
    }
    if (padding > 0 && (bits & (padding == 1 ? 3 : 15)) != 0) {
        tell(s->b->l, node_place_in_string(node, length - padding - 1, length - padding),
             "the last digit of this base64 has bits that belong to no byte");
        return NULL;
    }
    if (padding > 0) {
        out[n++] = (unsigned char)(padding == 1 ? bits >> 10 : bits >> 4);
        if (padding == 1) {
            out[n++] = (unsigned char)(bits >> 2);
        }
    }
    return new_literal(s, node, out, n);
}

/* One escape of a Python bytes literal at text[*i] == '\\'. Answers the byte, -1: wrong, -2: nothing (a
 * continued line). */
static int bytes_escape(const char *text, size_t length, size_t *i)
{
    static const char letters[] = "\\'\"abfnrtv", values[] = "\\'\"\a\b\f\n\r\t\v";
    int c = *i + 1 < length ? (unsigned char)text[*i + 1] : -1;
    if (c == '\n') {
        *i += 2;
        return -2;
    }
    if (c == 'x') {
        int high = *i + 2 < length ? hex_digit(text[*i + 2]) : -1,
            low = *i + 3 < length ? hex_digit(text[*i + 3]) : -1;
        *i += 4;
        return high < 0 || low < 0 ? -1 : high << 4 | low;
    }
    if (c >= '0' && c <= '7') {
        int value = 0;
        size_t end = *i + 4 < length ? *i + 4 : length;
        for (*i += 1; *i < end && text[*i] >= '0' && text[*i] <= '7'; ++*i) {
            value = value * 8 + text[*i] - '0';
        }
        return value > 255 ? -1 : value;
    }
    const char *letter = c > 0 ? strchr(letters, c) : NULL;
    *i += 2;
    return letter ? (unsigned char)values[letter - letters] : -1;
}

/* What stands between the quotes of a Python bytes literal: ASCII and escapes; an escape that Python would
 * only warn of is wrong. */
static const struct data *build_bytes(struct scope *s, struct node node)
{
    size_t length, n = 0;
    const char *text = node_text(node, &length);
    unsigned char *out = arena_alloc(s->b->arena, length + 1);
    for (size_t i = 0; i < length;) {
        if ((unsigned char)text[i] >= 0x80) {
            tell(s->b->l, node_place_in_string(node, i, i + 1),
                 "\"bytes\" takes ASCII and escapes such as \\\\xff; other characters belong into \"text\"");
            return NULL;
        }
        if (text[i] != '\\') {
            out[n++] = (unsigned char)text[i++];
            continue;
        }
        size_t start = i;
        int byte = bytes_escape(text, length, &i);
        if (byte == -1) {
            tell(s->b->l, node_place_in_string(node, start, i < length ? i : length),
                 "no such escape in a bytes literal; there are \\\\ \\' \\\" \\a \\b \\f \\n \\r \\t \\v "
                 "\\ooo \\xhh");
            return NULL;
        }
        if (byte >= 0) {
            out[n++] = (unsigned char)byte;
        }
    }
    return new_literal(s, node, out, n);
}

/* --- files
 * -----------------------------------------------------------------------------------------------------------
 */

static const struct data *build_file(struct scope *s, struct node node)
{
    struct builder *b = s->b;
    struct data *data = new_data(s, node, DATA_FILE);
    data->folder = node.source->folder;
    data->limit = b->l->options->allow_outside ? NULL : b->scenario->folder;
    data->text = build_text(s, node);
    if (!data->text) {
        return NULL;
    }
    if (data->text->constant) { /* a file that is not there is a mistake that needs no run */
        struct seam_error error;
        const struct text_piece *piece = data->text->pieces;
        int fd = inside_open(data->folder, data->limit, piece ? piece->bytes : "", piece ? piece->length : 0,
                             NULL, &error);
        if (fd < 0) {
            tell(b->l, data->place, "%s", error.text);
            return NULL;
        }
        struct stat st;
        data->literal_length = fstat(fd, &st) == 0 ? (size_t)st.st_size : 0;
        close(fd);
    }
    return data;
}

/* --- forms
 * -----------------------------------------------------------------------------------------------------------
 */

const struct data *build_line(struct scope *s, struct node node)
{
    struct data *line = new_data(s, node, DATA_LINE);
    const struct data **items = arena_alloc_array(s->b->arena, 1, sizeof *items);
    items[0] = build_data(s, node);
    line->items = items;
    line->item_count = 1;
    return items[0] ? line : NULL;
}

const struct data *build_data_list(struct scope *s, struct node node, enum data_kind kind)
{
    if (!check_list(s->b->l, node, "a list of data with at least one entry")) {
        return NULL;
    }
    struct data *list = new_data(s, node, kind);
    const struct data **items = arena_alloc_array(s->b->arena, node_count(node), sizeof *items);
    bool complete = true;
    for (struct node_iterator i = node_each(node); node_next(&i);) {
        items[i.index] = build_data(s, i.node);
        complete = complete && items[i.index];
    }
    list->items = items;
    list->item_count = node_count(node);
    return complete ? list : NULL;
}

static const struct data *build_form(struct scope *s, const char *form, struct node node)
{
    if (strcmp(form, "line") == 0) {
        return build_line(s, node);
    }
    if (strcmp(form, "lines") == 0) {
        return build_data_list(s, node, DATA_LINES);
    }
    if (!json_is_string(node.json)) {
        tell_expected(s->b->l, node, "a string");
        return NULL;
    }
    switch (form[0]) {
    case 't':
        return build_data(s, node);
    case 'h':
        return build_hex(s, node);
    case 'f':
        return build_file(s, node);
    default:
        return form[1] == 'a' ? build_base64(s, node) : build_bytes(s, node);
    }
}

static const struct data *build_object(struct scope *s, struct node node)
{
    struct loader *l = s->b->l;
    struct node form = {.json = NULL}, times = node_get(node, "times");
    check_keys(l, node, format_data_keys, "data");
    for (struct node_iterator i = node_members(node); node_next(&i);) {
        static const char *const forms[] = {"text", "line", "lines", "hex", "base64", "bytes", "file"};
        for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
            if (strcmp(i.key, forms[f]) != 0) {
                continue;
            }
            if (form.json) {
                tell(l, node_key_place(i.node), "data has one form; this has \"%s\" and \"%s\"", form.at->key,
                     i.key);
                return NULL;
            }
            form = i.node;
        }
    }
    if (!form.json) {
        tell(l, node_place(node), "data needs one of text, line, lines, hex, base64, bytes, file");
        return NULL;
    }
    const struct data *data = build_form(s, form.at->key, form);
    if (node_is_absent(times)) {
        return data;
    }
    const struct number *number = build_number(s, times, 0, INT32_MAX);
    if (!data || !number) {
        return NULL;
    }
    ((struct data *)data)->times = number; /* ours: made for this object just now */
    return data;
}

const struct data *build_data(struct scope *s, struct node node)
{
    if (json_is_object(node.json)) {
        return build_object(s, node);
    }
    if (json_is_array(node.json)) {
        return build_data_list(s, node, DATA_LIST);
    }
    if (!json_is_string(node.json)) {
        tell_expected(s->b->l, node, "data (a string, an object or a list)");
        return NULL;
    }
    struct data *data = new_data(s, node, DATA_TEXT);
    data->text = build_text(s, node);
    return data->text ? data : NULL;
}

const struct data *build_data_or_integer(struct scope *s, struct node node)
{
    if (!json_is_integer(node.json)) {
        return build_data(s, node);
    }
    const char *digits = arena_format(s->b->arena, "%lld", (long long)json_integer_value(node.json));
    return new_literal(s, node, (const unsigned char *)digits, strlen(digits));
}

bool build_delimiter(struct scope *s, struct node node, struct delimiter *out)
{
    const struct data *data = build_data(s, node);
    struct bytes bytes;
    struct seam_error error;
    if (!data) {
        return false;
    }
    bytes_init(&bytes, 4096);
    bool known = data_is_known(data, &(struct values){.count = 0}) &&
                 data_expand(data, &(struct values){.count = 0}, &(struct delimiter){.length = 0}, &bytes,
                             &error) == 0;
    bool fits = known && bytes.length > 0 && bytes.length <= DELIMITER_BYTES_MAX;
    if (fits) {
        memcpy(out->bytes, bytes.data, bytes.length);
        out->length = bytes.length;
    } else {
        tell(s->b->l, data->place, "a delimiter is 1 to %d bytes", DELIMITER_BYTES_MAX);
    }
    bytes_free(&bytes);
    return fits;
}
