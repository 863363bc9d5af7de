/*
 * codecs - hexadecimal, base64 and Python bytes literals of scenarios, and how bytes are written for people.
 *
 * Files: harness/scenario_data.c harness/scenario_print_data.c src/bytes.c
 *
 * The first byte says what the rest is: the value of "hex", "base64" or "bytes" (naive decoders say what it
 * means, or that it means nothing), or bytes that are encoded in each form, and must come back. What the
 * loader takes goes through a whole scenario, for the decoders are its own. Reaches the encodings of
 * scenario_data.c, scenario_print_bytes() and bytes_append_visible(); the rest of these files is for the
 * target scenario.
 */
#include "fuzz/targets/naive_text.h"
#include "harness/scenario.h"
#include "harness/scenario_print.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DECODED_BYTES_MAX = 1 << 22 };

static void must(enum bytes_result result)
{
    assert(result == BYTES_OK);
}

/* --- through the loader --- */

/* Takes value over. True: it is data, and *out gets its bytes. */
static bool load(json_t *value, struct bytes *out)
{
    json_t *json =
        json_pack("{s:i, s:s, s:{s:o}, s:{s:{s:[s], s:b}}, s:[{s:s}]}", "seam", 1, "name", "t", "vars", "v",
                  value, "programs", "p", "command", "cat", "stdio", 1, "steps", "settle", "p");
    char *text = json ? json_dumps(json, 0) : NULL;
    struct error_list errors = {0};
    struct seam_error error;
    assert(text);
    json_decref(json);
    struct scenario_file *file = scenario_load_text("codecs.json", text, strlen(text),
                                                    &(struct scenario_options){.bin = "/"}, &errors);
    assert((file == NULL) == (errors.error_count > 0));
    if (file) {
        const struct scenario *scenario = scenario_file_at(file, 0);
        assert(scenario->var_count == 1);
        int result = data_expand(scenario->vars[0].value, &(struct values){.count = 0}, &scenario->delimiter,
                                 out, &error);
        assert(result == 0);
    }
    bool loaded = file != NULL;
    scenario_file_free(file);
    error_list_close(&errors);
    free(text);
    return loaded;
}

/* NULL: no JSON can hold this text. */
static json_t *form(const char *name, const void *text, size_t length)
{
    json_t *string = json_stringn(text, length);
    return string ? json_pack("{s:o}", name, string) : NULL;
}

/* --- naive codecs --- */

static int digit(int c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)((at - digits) % 16) : -1;
}

static int two_digits(const uint8_t *text, size_t left)
{
    int high = left >= 2 ? digit(text[0]) : -1, low = left >= 2 ? digit(text[1]) : -1;
    return high < 0 || low < 0 ? -1 : 16 * high + low;
}

static bool naive_hex(const uint8_t *text, size_t length, struct bytes *out)
{
    for (size_t at = 0; at < length;) {
        int byte = text[at] == ' ' ? -2 : two_digits(text + at, length - at);
        if (byte == -1) {
            return false;
        }
        if (byte >= 0) {
            must(bytes_append(out, &(char){(char)byte}, 1));
        }
        at += byte >= 0 ? 2 : 1;
    }
    return true;
}

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void base64_encode(const uint8_t *data, size_t length, struct bytes *out)
{
    for (size_t at = 0; at < length; at += 3) {
        size_t n = length - at < 3 ? length - at : 3;
        uint32_t bits =
            (uint32_t)data[at] << 16 | (n > 1 ? (uint32_t)data[at + 1] << 8 : 0) | (n > 2 ? data[at + 2] : 0);
        char group[4];
        for (size_t i = 0; i < 4; i++) {
            group[i] = i <= n ? base64_digits[bits >> (18 - 6 * i) & 63] : '=';
        }
        must(bytes_append(out, group, 4));
    }
}

/* Decodes without a doubt, encodes again: it was base64 exactly when the same comes out. */
static bool naive_base64(const uint8_t *text, size_t length, struct bytes *out)
{
    uint32_t bits = 0, held = 0;
    struct bytes again;
    for (size_t at = 0; at < length; at++) {
        const char *found = text[at] ? strchr(base64_digits, text[at]) : NULL;
        if (found) {
            bits = bits << 6 | (uint32_t)(found - base64_digits);
            held += 6;
        }
        if (held >= 8) {
            held -= 8;
            must(bytes_append(out, &(char){(char)(bits >> held)}, 1));
        }
    }
    bytes_init(&again, DECODED_BYTES_MAX);
    base64_encode((const uint8_t *)bytes_text(out), out->length, &again);
    bool same = again.length == length && memcmp(bytes_text(&again), text, length) == 0;
    bytes_free(&again);
    return same;
}

/* What stands behind a backslash: how many bytes it takes, and what it yields (-1 nothing, -2 no escape). */
static size_t naive_escape(const uint8_t *text, size_t left, int *byte)
{
    static const char *const letters[] = {"\\\\", "''",  "\"\"", "a\a", "b\b",
                                          "f\f",  "n\n", "r\r",  "t\t", "v\v"};
    size_t octal = 0;
    int value = 0;
    *byte = -2;
    if (left == 0) {
        return 0;
    }
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
        *byte = letters[i][0] == text[0] ? (unsigned char)letters[i][1] : *byte;
    }
    if (text[0] == '\n') {
        *byte = -1;
    }
    if (text[0] == 'x') {
        int hex = two_digits(text + 1, left - 1);
        *byte = hex < 0 ? -2 : hex;
        return 3;
    }
    while (octal < 3 && octal < left && text[octal] >= '0' && text[octal] <= '7') {
        value = value * 8 + (text[octal++] - '0');
    }
    if (octal) {
        *byte = value > 255 ? -2 : value;
    }
    return octal ? octal : 1;
}

static bool naive_literal(const uint8_t *text, size_t length, struct bytes *out)
{
    for (size_t at = 0; at < length;) {
        int byte = text[at++];
        if (byte >= 0x80) {
            return false;
        }
        if (byte == '\\') {
            at += naive_escape(text + at, length - at, &byte);
        }
        if (byte == -2) {
            return false;
        }
        if (byte >= 0) {
            must(bytes_append(out, &(char){(char)byte}, 1));
        }
    }
    return true;
}

/* --- what an input is --- */

static void decode(const char *name, bool (*naive)(const uint8_t *text, size_t length, struct bytes *out),
                   const uint8_t *text, size_t length)
{
    json_t *json = form(name, text, length);
    struct bytes wanted, got;
    if (!json) {
        return;
    }
    bytes_init(&wanted, DECODED_BYTES_MAX);
    bytes_init(&got, DECODED_BYTES_MAX);
    bool valid = naive(text, length, &wanted);
    bool loaded = load(json, &got);
    assert(loaded == valid);
    assert(!valid ||
           (got.length == wanted.length && memcmp(bytes_text(&got), bytes_text(&wanted), got.length) == 0));
    bytes_free(&wanted);
    bytes_free(&got);
}

/* json is how these bytes are written; taken over. */
static void come_back(json_t *json, const uint8_t *data, size_t length)
{
    struct bytes got;
    assert(json);
    bytes_init(&got, DECODED_BYTES_MAX);
    bool loaded = load(json, &got);
    assert(loaded && got.length == length);
    assert(length == 0 || memcmp(got.data, data, length) == 0);
    bytes_free(&got);
}

static void check_visible(const uint8_t *data, size_t length)
{
    struct bytes quoted, text, naive, back;
    uint32_t codepoint;
    bytes_init(&quoted, DECODED_BYTES_MAX);
    bytes_init(&text, DECODED_BYTES_MAX);
    bytes_init(&naive, DECODED_BYTES_MAX);
    bytes_init(&back, DECODED_BYTES_MAX);
    must(bytes_append_visible(&text, data, length, BYTES_VISIBLE_TEXT));
    naive_visible(&naive, data, length, BYTES_VISIBLE_TEXT);
    assert(naive.length == text.length && strcmp(bytes_text(&naive), bytes_text(&text)) == 0);
    for (size_t at = 0, n; at < text.length; at += n) {
        assert(naive_utf8((uint8_t *)text.data + at, text.length - at, &n, &codepoint) == NAIVE_WELL_FORMED);
        assert(naive_may_show(codepoint));
    }
    must(bytes_append_visible(&quoted, data, length, BYTES_VISIBLE_QUOTED));
    for (size_t at = 0; at < quoted.length;) {
        int byte = (uint8_t)quoted.data[at++];
        if (byte == '\\') {
            at += naive_escape((uint8_t *)quoted.data + at, quoted.length - at, &byte);
        }
        assert(byte >= 0);
        must(bytes_append(&back, &(char){(char)byte}, 1));
    }
    assert(back.length == length && (length == 0 || memcmp(back.data, data, length) == 0));
    bytes_free(&quoted);
    bytes_free(&text);
    bytes_free(&naive);
    bytes_free(&back);
}

static void encode(const uint8_t *data, size_t length)
{
    struct bytes hex, base64, literal;
    bytes_init(&hex, DECODED_BYTES_MAX);
    bytes_init(&base64, DECODED_BYTES_MAX);
    bytes_init(&literal, DECODED_BYTES_MAX);
    for (size_t i = 0; i < length; i++) {
        must(bytes_append_format(&hex, i % 2 ? "%02x" : " %02X", data[i]));
        must(bytes_append_format(&literal, i % 2 ? "\\x%02x" : "\\%03o", data[i]));
    }
    base64_encode(data, length, &base64);
    come_back(form("hex", bytes_text(&hex), hex.length), data, length);
    come_back(form("base64", bytes_text(&base64), base64.length), data, length);
    come_back(form("bytes", bytes_text(&literal), literal.length), data, length);
    come_back(scenario_print_bytes(data, length), data, length);
    check_visible(data, length);
    bytes_free(&hex);
    bytes_free(&base64);
    bytes_free(&literal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    switch (data[0] % 4) {
    case 0:
        decode("hex", naive_hex, data + 1, size - 1);
        break;
    case 1:
        decode("base64", naive_base64, data + 1, size - 1);
        break;
    case 2:
        decode("bytes", naive_literal, data + 1, size - 1);
        break;
    default:
        encode(data + 1, size - 1);
        break;
    }
    return 0;
}
