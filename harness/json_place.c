/*
 * json_place - see json_place.h. A recursive descent over the bytes; recursion is bounded by the nesting
 * given. What is a token, and when, follows jansson 2.14 (load.c): the grammar is RFC 8259's; beyond it,
 * integers must fit 64 bits, reals a double, keys hold no NUL, escaped surrogates come in pairs, and the text
 * is UTF-8.
 */
#include "harness/json_place.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct arena *arena;
    const char *text;
    size_t length;
    size_t at;
    int nesting_left;
    void (*duplicate)(void *context, const struct json_place *first, const struct json_place *second);
    void *context;
    bool duplicates;
    struct json_place_error *error;
};

static int read_value(struct reader *r, struct json_place *place);

/* Sets the error once and answers JSON_PLACE_SYNTAX. */
static __attribute__((format(printf, 4, 5))) int wrong(struct reader *r, size_t start, size_t end,
                                                       const char *format, ...)
{
    va_list args;
    va_start(args, format);
    r->error->start = start < r->length ? start : r->length;
    r->error->end = end < r->length ? end : r->length;
    vsnprintf(r->error->text, sizeof r->error->text, format, args);
    va_end(args);
    return JSON_PLACE_SYNTAX;
}

/* The next byte, or -1 at the end. */
static int peek(const struct reader *r)
{
    return r->at < r->length ? (unsigned char)r->text[r->at] : -1;
}

static void skip_space(struct reader *r)
{
    for (int c = peek(r); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = peek(r)) {
        r->at++;
    }
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Length of the well-formed UTF-8 character at `at` (RFC 3629, table 3-7 of Unicode), 0 when there is none.
 */
static size_t utf8_length(const struct reader *r, size_t at)
{
    const unsigned char *p = (const unsigned char *)r->text + at;
    size_t left = r->length - at;
    size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
    if (n > left) {
        return 0;
    }
    for (size_t i = 1; i < n; i++) {
        unsigned char low = 0x80, high = 0xbf;
        if (i == 1) {
            low = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
            high = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
        }
        if (p[i] < low || p[i] > high) {
            return 0;
        }
    }
    return n;
}

/* The four digits of a \u escape whose backslash is at `at`; -1 when they aren't there. */
static int unicode_escape(const char *text, size_t length, size_t at)
{
    int value = 0;
    if (length - at < 6 || text[at] != '\\' || text[at + 1] != 'u') {
        return -1;
    }
    for (size_t i = at + 2; i < at + 6; i++) {
        int c = (unsigned char)text[i];
        int digit = is_digit(c)            ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

static bool is_high_surrogate(int value)
{
    return value >= 0xd800 && value <= 0xdbff;
}

static bool is_low_surrogate(int value)
{
    return value >= 0xdc00 && value <= 0xdfff;
}

/* Reads the escape at r->at and says which character it is. */
static int read_escape(struct reader *r, uint32_t *character)
{
    static const char letters[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    size_t at = r->at;
    int c = at + 1 < r->length ? (unsigned char)r->text[at + 1] : -1;
    if (c != 'u') {
        const char *letter = c > 0 ? strchr(letters, c) : NULL;
        if (!letter) {
            return wrong(r, at, at + 2, "no such escape in a JSON string; a backslash is written \\\\");
        }
        *character = (unsigned char)values[letter - letters];
        r->at += 2;
        return 0;
    }
    int high = unicode_escape(r->text, r->length, at);
    if (high < 0) {
        return wrong(r, at, at + 6, "\\u needs four hexadecimal digits");
    }
    if (is_low_surrogate(high)) {
        return wrong(r, at, at + 6, "lone surrogate \\u%04x: no character", (unsigned)high);
    }
    r->at += 6;
    *character = (uint32_t)high;
    if (is_high_surrogate(high)) {
        int low = unicode_escape(r->text, r->length, at + 6);
        if (!is_low_surrogate(low)) {
            return wrong(r, at, at + 6, "lone surrogate \\u%04x: no character", (unsigned)high);
        }
        *character = 0x10000 + (((uint32_t)high - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
        r->at += 6;
    }
    return 0;
}

static size_t put_utf8(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    out[0] = (char)(0xf00 >> n | c);
    return n;
}

/* Reads the string at r->at. decoded: room for as many bytes as it has, or NULL. */
static int read_string(struct reader *r, char *decoded, size_t *decoded_length)
{
    size_t start = r->at++, n = 0;
    for (int c = peek(r); c != '"'; c = peek(r)) {
        size_t at = r->at;
        if (c < 0) {
            return wrong(r, start, start + 1, "this string has no closing quote");
        }
        if (c == '\n') {
            return wrong(r, start, at, "this string is not closed on its line; a newline is written \\n");
        }
        if (c < 0x20) {
            return wrong(r, at, at + 1, "control character 0x%02x in a string; write \\u%04x", (unsigned)c,
                         (unsigned)c);
        }
        if (c == '\\') {
            uint32_t character = 0;
            if (read_escape(r, &character) != 0) {
                return JSON_PLACE_SYNTAX;
            }
            char spare[4];
            n += put_utf8(decoded ? decoded + n : spare, character);
        } else {
            size_t bytes = utf8_length(r, at);
            if (bytes == 0) {
                return wrong(r, at, at + 1, "byte 0x%02x is not UTF-8; write bytes as {\"hex\": ...}",
                             (unsigned)c);
            }
            if (decoded) {
                memcpy(decoded + n, r->text + at, bytes);
            }
            n += bytes;
            r->at += bytes;
        }
    }
    r->at++;
    if (decoded) {
        *decoded_length = n;
    }
    return 0;
}

static void skip_digits(struct reader *r)
{
    while (is_digit(peek(r))) {
        r->at++;
    }
}

static int read_number(struct reader *r)
{
    size_t start = r->at;
    bool real = false;
    r->at += peek(r) == '-';
    if (peek(r) == '0') {
        r->at++;
        if (is_digit(peek(r))) {
            return wrong(r, start, r->at + 1, "a number has no leading zero");
        }
    } else if (is_digit(peek(r))) {
        skip_digits(r);
    } else {
        return wrong(r, start, r->at, "a digit must follow the minus sign");
    }
    if (peek(r) == '.') {
        real = true;
        r->at++;
        if (!is_digit(peek(r))) {
            return wrong(r, start, r->at, "a digit must follow the decimal point");
        }
        skip_digits(r);
    }
    if (peek(r) == 'e' || peek(r) == 'E') {
        real = true;
        r->at++;
        r->at += peek(r) == '+' || peek(r) == '-';
        if (!is_digit(peek(r))) {
            return wrong(r, start, r->at, "a digit must follow the exponent's \"e\"");
        }
        skip_digits(r);
    }
    char *copy = strndup(r->text + start, r->at - start);
    if (!copy) {
        abort();
    }
    errno = 0;
    bool fits = real ? !(fabs(strtod(copy, NULL)) == HUGE_VAL && errno == ERANGE)
                     : (strtoll(copy, NULL, 10), errno != ERANGE);
    free(copy);
    return fits ? 0
                : wrong(r, start, r->at,
                        real ? "this number is too large" : "this number does not fit 64 bits");
}

static int read_word(struct reader *r)
{
    static const char *const words[] = {"true", "false", "null"};
    size_t start = r->at;
    while (is_letter(peek(r))) {
        r->at++;
    }
    for (size_t i = 0; i < 3; i++) {
        if (r->at - start == strlen(words[i]) && memcmp(r->text + start, words[i], r->at - start) == 0) {
            return 0;
        }
    }
    return wrong(r, start, r->at, "a string needs double quotes; only true, false and null have none");
}

static int compare_keys(const void *a, const void *b)
{
    const struct json_place *x = *(const struct json_place *const *)a,
                            *y = *(const struct json_place *const *)b;
    int order = strcmp(x->key, y->key);
    return order ? order : (x->start > y->start) - (x->start < y->start);
}

/* jansson keeps the last value of a key; so does the tree. */
static void drop_duplicates(struct reader *r, struct json_place *object, size_t count)
{
    struct json_place **sorted = arena_alloc_array(r->arena, count, sizeof(struct json_place *));
    size_t n = 0;
    bool any = false;
    for (struct json_place *p = object->child; p; p = p->next) {
        sorted[n++] = p;
    }
    qsort(sorted, n, sizeof *sorted, compare_keys);
    for (size_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && strcmp(sorted[first]->key, sorted[end]->key) == 0; end++) {
            r->duplicate(r->context, sorted[first], sorted[end]);
            any = true;
        }
        for (size_t i = first; i + 1 < end; i++) {
            sorted[i]->key = NULL;
        }
    }
    if (any) {
        r->duplicates = true;
        for (struct json_place **link = &object->child; *link;) {
            if ((*link)->key) {
                link = &(*link)->next;
            } else {
                *link = (*link)->next;
            }
        }
    }
}

/* For a place where a '/' can only begin a comment. */
static const char *unless_comment(const struct reader *r, const char *expected)
{
    return peek(r) == '/' ? "JSON has no comments; \"why\" is one" : expected;
}

static int read_key(struct reader *r, struct json_place *member)
{
    size_t start = r->at, decoded_length = 0;
    if (peek(r) != '"') {
        return wrong(r, start, start + 1, "%s", unless_comment(r, "expected a key in double quotes"));
    }
    if (read_string(r, NULL, NULL) != 0) {
        return JSON_PLACE_SYNTAX;
    }
    member->key_start = (uint32_t)start;
    member->key_end = (uint32_t)r->at;
    char *key = arena_alloc(r->arena, r->at - start);
    r->at = start;
    read_string(r, key, &decoded_length);
    member->key = key;
    if (memchr(key, '\0', decoded_length)) {
        return wrong(r, start, r->at, "a key can't hold a NUL");
    }
    skip_space(r);
    if (peek(r) != ':') {
        return wrong(r, r->at, r->at + 1, "expected \":\" after the key");
    }
    r->at++;
    skip_space(r);
    return 0;
}

static int read_members(struct reader *r, struct json_place *place, bool object)
{
    char closing = object ? '}' : ']';
    struct json_place **link = &place->child;
    size_t count = 0, opened_at = r->at++;
    skip_space(r);
    if (peek(r) == closing) {
        r->at++;
        return 0;
    }
    for (;;) {
        struct json_place *member = arena_alloc(r->arena, sizeof *member);
        int result = object ? read_key(r, member) : 0;
        if (result == 0) {
            result = read_value(r, member);
        }
        if (result != 0) {
            return result;
        }
        *link = member;
        link = &member->next;
        count++;
        skip_space(r);
        if (peek(r) != ',') {
            break;
        }
        r->at++;
        skip_space(r);
        if (peek(r) == closing) {
            return wrong(r, r->at, r->at + 1, "no comma before \"%c\"", closing);
        }
    }
    if (peek(r) < 0) {
        return wrong(r, opened_at, opened_at + 1, "this \"%c\" is never closed", object ? '{' : '[');
    }
    if (peek(r) != closing) {
        return wrong(r, r->at, r->at + 1, "%s",
                     unless_comment(r, object ? "expected \",\" or \"}\"" : "expected \",\" or \"]\""));
    }
    r->at++;
    if (object && count > 1) {
        drop_duplicates(r, place, count);
    }
    return 0;
}

static int read_value(struct reader *r, struct json_place *place)
{
    int c = peek(r), result;
    place->start = (uint32_t)r->at;
    if (c == '{' || c == '[') {
        if (r->nesting_left == 0) {
            wrong(r, r->at, r->at + 1, "nested too deep");
            return JSON_PLACE_TOO_DEEP;
        }
        r->nesting_left--;
        result = read_members(r, place, c == '{');
        r->nesting_left++;
    } else if (c == '"') {
        result = read_string(r, NULL, NULL);
    } else if (c == '-' || is_digit(c)) {
        result = read_number(r);
    } else if (is_letter(c)) {
        result = read_word(r);
    } else if (c < 0) {
        result = wrong(r, r->at, r->at, "the file ends where a value must stand");
    } else {
        result = wrong(r, r->at, r->at + 1, "%s", unless_comment(r, "expected a value"));
    }
    place->end = (uint32_t)r->at;
    return result;
}

enum json_place_result json_place_locate(
    struct arena *arena, const char *text, size_t length, int nesting_max,
    void (*duplicate)(void *context, const struct json_place *first, const struct json_place *second),
    void *context, struct json_place **root, struct json_place_error *error)
{
    struct reader r = {.arena = arena,
                       .text = text,
                       .length = length,
                       .nesting_left = nesting_max,
                       .duplicate = duplicate,
                       .context = context,
                       .error = error};
    *root = arena_alloc(arena, sizeof **root);
    *error = (struct json_place_error){.start = 0};
    if (length >= UINT32_MAX) {
        return wrong(&r, 0, 0, "the text is too long");
    }
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        return wrong(&r, 0, 3, "the file begins with a byte order mark; save it as UTF-8 without one");
    }
    skip_space(&r);
    if (peek(&r) < 0) {
        return wrong(&r, r.at, r.at, "the file is empty");
    }
    if (peek(&r) != '{' && peek(&r) != '[') {
        return wrong(&r, r.at, r.at + 1, "expected \"{\": the file is one JSON object");
    }
    int result = read_value(&r, *root);
    if (result != 0) {
        return (enum json_place_result)result;
    }
    skip_space(&r);
    if (peek(&r) >= 0) {
        return wrong(&r, r.at, r.length, "nothing may follow the object");
    }
    return r.duplicates ? JSON_PLACE_DUPLICATES : JSON_PLACE_OK;
}

/* How many bytes of UTF-8 the escape at `at` stands for, and how long it is. The text was checked before. */
static size_t escape_decoded(const char *text, size_t at, size_t *length)
{
    char spare[4];
    *length = 2;
    if (text[at + 1] != 'u') {
        return 1;
    }
    int value = unicode_escape(text, at + 6, at);
    *length = is_high_surrogate(value) ? 12 : 6;
    return is_high_surrogate(value) ? 4 : put_utf8(spare, (uint32_t)value);
}

size_t json_place_in_string(struct json_place_cursor *c, size_t decoded)
{
    if (c->at == 0 || decoded < c->decoded) {
        c->at = c->start + 1;
        c->decoded = 0;
    }
    while (c->text[c->at] != '"') {
        size_t length = 1, bytes = 1;
        if (c->text[c->at] == '\\') {
            bytes = escape_decoded(c->text, c->at, &length);
        }
        if (decoded - c->decoded < bytes) {
            break;
        }
        c->decoded += bytes;
        c->at += length;
    }
    return c->at;
}
