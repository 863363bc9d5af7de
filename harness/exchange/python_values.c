/* python_values - values, data and patterns of a scenario as literals of its Python script. */
#include <stdarg.h>
#include <string.h>

#include "harness/exchange/python_pattern.h"
#include "harness/exchange/python_script.h"
#include "harness/exchange/sent.h"
#include "harness/expression.h"

enum { TIMES_UNKNOWN_MAX = 10000, NUMBERED_NAME_BYTES = 16 };

void script_refuse(struct script *s, const char *format, ...)
{
    char what[200];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    if (s->why_not[0]) {
        return;
    }
    if (s->place && s->place->path) {
        snprintf(s->why_not, sizeof s->why_not, "%.80s:%d:%d: %s", s->place->path, s->place->line,
                 s->place->column, what);
    } else {
        snprintf(s->why_not, sizeof s->why_not, "%s", what);
    }
}

bool script_refused(const struct script *s)
{
    return s->why_not[0] != 0;
}

void script_say(struct script *s, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (length < 0 || (size_t)length >= sizeof text ||
        bytes_append(s->out, text, (size_t)length) != BYTES_OK) {
        script_refuse(s, "the script would be too long");
    }
}

void script_say_text(struct script *s, const char *text)
{
    python_append_text(s->out, text);
}

/* --- values
 * ------------------------------------------------------------------------------------------------------ */

const char *script_variable(const struct script *s, size_t slot)
{
    return s->variables[slot];
}

void script_forget(struct script *s, size_t slot)
{
    s->values.slots[slot].set = false;
}

void script_bind(struct script *s, const struct scenario_var *vars, size_t count)
{
    for (size_t i = 0; i < count && !script_refused(s); i++) {
        struct python_parts parts = {0};
        script_flatten(s, vars[i].value, &s->scenario->delimiter, &parts);
        if (!python_parts_known(&parts)) { /* the run binds it */
            script_forget(s, vars[i].slot);
            script_say(s, "        (\"\", \"set\", ");
            script_say_text(s, script_variable(s, vars[i].slot));
            script_say(s, ", ");
            python_append_parts(s->out, &parts);
            script_say(s, ", {}),\n");
        } else if (values_set(&s->values, vars[i].slot, parts.count ? bytes_text(&parts.items[0].known) : "",
                              parts.bytes) != 0) {
            script_refuse(s, "out of memory");
        }
        python_parts_close(&parts);
    }
}

int64_t script_number(struct script *s, const struct number *number)
{
    struct seam_error error = {0};
    int64_t value = 0;
    if (!number->constant && !text_is_known(number->text, &s->values)) {
        script_refuse(s, "a number that is known in a run only");
    } else if (number_expand(number, &s->values, &value, &error) != 0) {
        script_refuse(s, "%.150s", error.text);
    }
    return value;
}

/* --- data
 * ------------------------------------------------------------------------------------------------------ */

void script_flatten_text(struct script *s, const struct text *text, struct python_parts *out)
{
    for (size_t i = 0; i < text->piece_count && !script_refused(s); i++) {
        const struct text_piece *piece = &text->pieces[i];
        const struct text one = {.pieces = piece, .piece_count = 1, .place = text->place};
        struct seam_error error = {0};
        if (!piece->expression) {
            python_parts_add(out, piece->bytes, piece->length);
        } else if (!text_is_known(&one, &s->values)) {
            if (piece->expression->kind == EXPRESSION_BYTES) {
                python_parts_add_variable(out, script_variable(s, piece->expression->slot));
            } else {
                script_refuse(s, "an expression over what only a run knows");
            }
        } else {
            struct bytes value;
            bytes_init(&value, SENT_BYTES_MAX);
            if (text_expand(&one, &s->values, &value, &error) != 0) {
                script_refuse(s, "%.150s", error.text);
            }
            python_parts_add(out, value.data, value.length);
            bytes_free(&value);
        }
    }
    if (out->too_much) {
        script_refuse(s, "more data than fits into a script");
    }
}

static void flatten_once(struct script *s, const struct data *data, const struct delimiter *delimiter,
                         struct python_parts *out)
{
    switch (data->kind) {
    case DATA_TEXT:
        script_flatten_text(s, data->text, out);
        break;
    case DATA_LITERAL:
        python_parts_add(out, data->literal, data->literal_length);
        break;
    case DATA_FILE:
        script_refuse(s, "a file whose name is known in a run only");
        break;
    case DATA_LINE:
    case DATA_LINES:
    case DATA_LIST:
        for (size_t i = 0; i < data->item_count && !script_refused(s); i++) {
            script_flatten(s, data->items[i], delimiter, out);
            if (data->kind != DATA_LIST) {
                python_parts_add(out, delimiter->bytes, delimiter->length);
            }
        }
        break;
    }
    if (out->too_much) {
        script_refuse(s, "more data than fits into a script");
    }
}

void script_flatten(struct script *s, const struct data *data, const struct delimiter *delimiter,
                    struct python_parts *out)
{
    struct seam_error error = {0};
    if (script_refused(s)) {
        return;
    }
    if (!data_is_known(data, &s->values)) {
        int64_t times = data->times ? script_number(s, data->times) : 1;
        if (times > TIMES_UNKNOWN_MAX) {
            script_refuse(s, "what only a run knows, %lld times", (long long)times);
        }
        for (; times > 0 && !script_refused(s); times--) {
            flatten_once(s, data, delimiter, out);
        }
        return;
    }
    struct bytes value;
    bytes_init(&value, SENT_BYTES_MAX);
    if (data_expand(data, &s->values, delimiter, &value, &error) != 0) {
        script_refuse(s, "%.150s", error.text);
    }
    python_parts_add(out, value.data, value.length);
    bytes_free(&value);
    if (out->too_much) {
        script_refuse(s, "more data than fits into a script");
    }
}

void script_say_data(struct script *s, const struct data *data, const struct delimiter *delimiter)
{
    struct python_parts parts = {0};
    script_flatten(s, data, delimiter, &parts);
    python_append_parts(s->out, &parts);
    python_parts_close(&parts);
}

void script_say_words(struct script *s, const struct text *text)
{
    struct python_parts parts = {0};
    script_flatten_text(s, text, &parts);
    python_append_parts(s->out, &parts);
    python_parts_close(&parts);
}

/* --- patterns
 * ------------------------------------------------------------------------------------------------------ */

/* What stands in the pattern, as PCRE2 gets it: values quoted. */
static void flatten_pattern(struct script *s, const struct text *text, struct python_parts *out)
{
    for (size_t i = 0; i < text->piece_count && !script_refused(s); i++) {
        struct text one = {.pieces = &text->pieces[i], .piece_count = 1, .place = text->place};
        struct python_parts parts = {0};
        script_flatten_text(s, &one, &parts);
        for (size_t k = 0; k < parts.count; k++) {
            const struct python_part *part = &parts.items[k];
            if (part->variable) {
                python_parts_add_variable(out, part->variable);
            } else if (!text->pieces[i].expression) {
                python_parts_add(out, part->known.data, part->known.length);
            } else {
                for (size_t at = 0; at < part->known.length; at++) {
                    char quoted[8];
                    int length =
                        snprintf(quoted, sizeof quoted, "\\x%02x", (unsigned char)part->known.data[at]);
                    python_parts_add(out, quoted, (size_t)length);
                }
            }
        }
        python_parts_close(&parts);
    }
}

void script_say_pattern(struct script *s, const struct pattern *pattern)
{
    struct python_parts source = {0}, translated = {0};
    char why[100] = "";
    flatten_pattern(s, pattern->text, &source);
    if (!script_refused(s) && !python_pattern(&source, &translated, why)) {
        script_refuse(s, "a pattern of PCRE2 has %s", why);
    }
    if (source.too_much || translated.too_much) {
        script_refuse(s, "a pattern is too long");
    }
    script_say(s, "{\"re\": ");
    python_append_parts(s->out, &translated);
    script_say(s, ", \"groups\": {");
    for (size_t i = 0; i < pattern->group_count; i++) {
        script_say(s, "%s", i ? ", " : "");
        script_say_text(s, pattern->groups[i].name);
        script_say(s, ": ");
        script_say_text(s, script_variable(s, pattern->groups[i].slot));
        script_forget(s, pattern->groups[i].slot);
    }
    script_say(s, "}}");
    python_parts_close(&source);
    python_parts_close(&translated);
}
