/* schema_kinds - what an argument of a verb takes, by its kind: as text and as a schema. See schema.h. */
#include "harness/schema.h"

#include <assert.h>
#include <inttypes.h>

#define EXPRESSION "\"pattern\": \"[$][{]\", "

/* What takes more than a reference. NULL: see schema_of_argument. */
static const struct {
    enum arg_kind kind;
    const char *schema;
    const char *text;
} kinds[] = {
    {ARG_PROGRAM, "{\"$ref\": \"#/definitions/name\"}", "the name of a program"},
    {ARG_CONNECTION, "{\"$ref\": \"#/definitions/name\"}", "the name of a connection"},
    {ARG_CONNECTION_NEW, "{\"$ref\": \"#/definitions/name\"}", "a new name for a connection"},
    {ARG_LISTENER, "{\"$ref\": \"#/definitions/name\"}", "the name of a listener"},
    {ARG_LISTENER_NEW, "{\"$ref\": \"#/definitions/name\"}", "a new name for a listener"},
    {ARG_STREAM, "{\"$ref\": \"#/definitions/stream\"}", "a connection, a program, or one of its streams"},
    {ARG_TARGET, "{\"$ref\": \"#/definitions/target\"}", "program, program.port or \"host:port\""},
    {ARG_TEXT, "{\"type\": \"string\"}", "text"},
    {ARG_DATA, "{\"$ref\": \"#/definitions/data\"}", "data"},
    {ARG_LINE, "{\"$ref\": \"#/definitions/data\"}", "data"},
    {ARG_LINES, "{\"$ref\": \"#/definitions/data_list\"}", "a list of data"},
    {ARG_LINE_LIST, "{\"$ref\": \"#/definitions/data_list\"}", "a list of data"},
    {ARG_SPLIT,
     "{\"type\": [\"array\", \"integer\", \"string\"], \"errorMessage\": \"a list of data, one write each; "
     "or "
     "how many bytes a write has, as an integer or an expression such as \\\"${n}\\\"\", " EXPRESSION
     "\"minimum\": 1, \"minItems\": 1, \"items\": {\"$ref\": \"#/definitions/data\"}, \"examples\": [1]}",
     "a list of data, or a number of bytes"},
    {ARG_UNTIL, "{\"$ref\": \"#/definitions/until_or_data\"}", "data, or {\"matches\": pattern}"},
    {ARG_PATTERN, "{\"type\": \"string\"}", "a PCRE2 pattern"},
    {ARG_NUMBER, NULL, "an integer"},
    {ARG_BOOL_TRUE, "{\"const\": true}", "true"},
    {ARG_CHOICE, NULL, "one of"},
    {ARG_SIGNAL, "{\"$ref\": \"#/definitions/signal\"}", "a signal without SIG"},
    {ARG_SILENCE,
     "{\"anyOf\": [{\"type\": [\"integer\", \"string\"], " EXPRESSION "\"minimum\": 1, \"maximum\": 3600000, "
     "\"errorMessage\": \"true, or milliseconds as an integer or an expression such as \\\"${n}\\\"\", "
     "\"description\": \"Open and silent for so many milliseconds.\", \"examples\": [900]}, "
     "{\"const\": true, \"description\": \"Settled and nothing more.\", \"examples\": [true]}]}",
     "true, or milliseconds"},
    {ARG_FILE, "{\"type\": \"string\", \"minLength\": 1}", "a file"},
    {ARG_VARS, "{\"$ref\": \"#/definitions/vars\"}", "an object of variables"},
    {ARG_NAME_NEW, "{\"$ref\": \"#/definitions/name\"}", "a new name for a variable"},
    {ARG_STEPS, "{\"$ref\": \"#/definitions/steps\"}", "a list of steps"},
    {ARG_DELIMITER, "{\"$ref\": \"#/definitions/delimiter\"}", "1 to 16 bytes"},
    {ARG_REST, "{\"const\": \"ignore\"}", "\"ignore\""},
    {ARG_IGNORE, "{\"$ref\": \"#/definitions/patterns\"}", "a list of PCRE2 patterns"},
    {ARG_READS, "{\"const\": \"on-expect\"}", "\"on-expect\""},
    {ARG_RECEIVE_BUFFER, NULL, "an integer"},
};

const char *arg_kind_text(enum arg_kind kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].kind == kind) {
            return kinds[i].text;
        }
    }
    assert(!"each kind has a line");
    return "";
}

void arg_describe(const struct step_arg *arg, struct bytes *out)
{
    bytes_append_text(out, arg_kind_text(arg->kind));
    for (size_t i = 0; arg->choices && arg->choices[i]; i++) {
        bytes_append_format(out, "%s\"%s\"", i ? ", " : " ", arg->choices[i]);
    }
    if (arg->min != 0 || arg->max != 0) {
        bytes_append_format(out, " of %" PRId64 " to %" PRId64, arg->min, arg->max);
    }
}

json_t *schema_parse(const char *text)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    assert(json); /* the tables are ours */
    return json;
}

static json_t *number_schema(const struct step_arg *arg)
{
    json_t *schema = schema_parse("{\"$ref\": \"#/definitions/number\"}");
    if (arg->min != 0 || arg->max != 0) {
        schema = json_pack("{s:[o], s:I, s:I}", "allOf", schema, "minimum", (json_int_t)arg->min, "maximum",
                           (json_int_t)arg->max);
    }
    return schema;
}

static json_t *choice_schema(const struct step_arg *arg)
{
    json_t *words = json_array(), *docs = json_array();
    for (size_t i = 0; arg->choices[i]; i++) {
        json_array_append_new(words, json_string(arg->choices[i]));
        json_array_append_new(docs, json_string(arg->choice_docs[i]));
    }
    return json_pack("{s:o, s:o}", "enum", words, "enumDescriptions", docs);
}

json_t *schema_of_argument(const struct step_arg *arg)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].kind == arg->kind && kinds[i].schema) {
            return schema_parse(kinds[i].schema);
        }
    }
    return arg->kind == ARG_CHOICE ? choice_schema(arg) : number_schema(arg);
}
