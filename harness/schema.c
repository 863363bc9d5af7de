/* schema - see schema.h. */
#include "harness/schema.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/format_keys.h"
#include "harness/signal_names.h"

/* Everything in a file that is the same for all verbs. {"$ref"} targets of format_keys.c. */
static const char definitions_text[] =
    "{\"name\": {\"type\": \"string\", \"pattern\": \"^[a-z][a-z0-9_]*$\"},"
    " \"number\": {\"anyOf\": [{\"type\": \"integer\"}, {\"$ref\": \"#/definitions/expression\"}]},"
    " \"expression\": {\"type\": \"string\", \"pattern\": \"[$][{]\"},"
    " \"value\": {\"anyOf\": [{\"type\": \"integer\"}, {\"$ref\": \"#/definitions/data\"}]},"
    " \"delimiter\": {\"$ref\": \"#/definitions/data\"},"
    " \"steps\": {\"type\": \"array\", \"minItems\": 1, \"items\": {\"$ref\": \"#/definitions/step\"}},"
    " \"data_list\": {\"type\": \"array\", \"minItems\": 1, \"items\": {\"$ref\": \"#/definitions/data\"}},"
    " \"data\": {\"anyOf\": [{\"type\": \"string\"}, {\"$ref\": \"#/definitions/data_list\"},"
    "   {\"$ref\": \"#/definitions/data_object\"}]},"
    " \"vars\": {\"type\": \"object\", \"propertyNames\": {\"$ref\": \"#/definitions/name\"},"
    "   \"additionalProperties\": {\"$ref\": \"#/definitions/value\"}},"
    " \"patterns\": {\"type\": \"array\", \"minItems\": 1, \"items\": {\"type\": \"string\"}},"
    " \"stream\": {\"type\": \"string\", \"pattern\": \"^[a-z][a-z0-9_]*([.][a-z][a-z0-9_]*)?$\"},"
    " \"target\": {\"type\": \"string\", \"minLength\": 1, \"not\": {\"pattern\": \"^unix:\"}}}";

static json_t *parse(const char *text)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    assert(json); /* the tables are ours */
    return json;
}

/* What takes more than a reference. NULL: see arg_schema. */
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
     "{\"anyOf\": [{\"type\": \"integer\", \"minimum\": 1}, {\"$ref\": \"#/definitions/expression\"}, "
     "{\"$ref\": \"#/definitions/data_list\"}]}",
     "a list of data, or a number of bytes"},
    {ARG_UNTIL, "{\"anyOf\": [{\"$ref\": \"#/definitions/data\"}, {\"$ref\": \"#/definitions/until\"}]}",
     "data, or {\"matches\": pattern}"},
    {ARG_PATTERN, "{\"type\": \"string\"}", "a PCRE2 pattern"},
    {ARG_NUMBER, NULL, "an integer"},
    {ARG_BOOL_TRUE, "{\"const\": true}", "true"},
    {ARG_CHOICE, NULL, "one of"},
    {ARG_SIGNAL, "{\"$ref\": \"#/definitions/signal\"}", "a signal without SIG"},
    {ARG_SILENCE,
     "{\"anyOf\": [{\"const\": true}, {\"type\": \"integer\", \"minimum\": 1, \"maximum\": 3600000}, "
     "{\"$ref\": \"#/definitions/expression\"}]}",
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

static json_t *number_schema(const struct step_arg *arg)
{
    json_t *integer = json_pack("{s:s}", "type", "integer");
    if (arg->min != 0 || arg->max != 0) {
        json_object_set_new(integer, "minimum", json_integer(arg->min));
        json_object_set_new(integer, "maximum", json_integer(arg->max));
    }
    return json_pack("{s:[o, o]}", "anyOf", integer, parse("{\"$ref\": \"#/definitions/expression\"}"));
}

static json_t *arg_schema(const struct step_arg *arg)
{
    json_t *schema = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].kind == arg->kind && kinds[i].schema) {
            schema = parse(kinds[i].schema);
        }
    }
    if (arg->kind == ARG_CHOICE) {
        json_t *words = json_array();
        for (const char *const *word = arg->choices; *word; word++) {
            json_array_append_new(words, json_string(*word));
        }
        schema = json_pack("{s:o}", "enum", words);
    }
    if (!schema) {
        schema = number_schema(arg);
    }
    /* Beside a $ref everything else is ignored in draft-07, so the text goes around it. */
    if (json_object_get(schema, "$ref")) {
        schema = json_pack("{s:[o]}", "allOf", schema);
    }
    json_object_set_new(schema, "description", json_string(arg->doc));
    return schema;
}

/* {name: schema, ...} of a table, with "why" if it is not there. */
static json_t *properties_of(const struct format_key *keys)
{
    json_t *properties = json_object();
    for (; keys->name; keys++) {
        json_t *schema = parse(keys->schema);
        if (json_object_get(schema, "$ref")) {
            schema = json_pack("{s:[o]}", "allOf", schema);
        }
        json_object_set_new(schema, "description", json_string(keys->doc));
        json_object_set_new(properties, keys->name, schema);
    }
    if (!json_object_get(properties, "why")) {
        json_object_set_new(properties, "why",
                            parse("{\"type\": \"string\", \"description\": \"A comment.\"}"));
    }
    return properties;
}

static json_t *object_of(const struct format_key *keys)
{
    return json_pack("{s:s, s:o, s:b}", "type", "object", "properties", properties_of(keys),
                     "additionalProperties", 0);
}

static json_t *required(const char *key)
{
    return json_pack("{s:[s]}", "required", key);
}

/* --- data
 * ------------------------------------------------------------------------------------------------------------
 */

/* A form of data says what may stand beside it: times and why. */
static json_t *data_schema(void)
{
    json_t *schema = object_of(format_data_keys), *forms = json_array(), *rules = json_array();
    for (const struct format_key *key = format_data_keys; key->name; key++) {
        if (strcmp(key->name, "times") == 0) {
            continue;
        }
        json_array_append_new(forms, required(key->name));
        json_array_append_new(rules, json_pack("{s:o, s:{s:{s:[s, s, s]}}}", "if", required(key->name),
                                               "then", "propertyNames", "enum", key->name, "times", "why"));
    }
    json_object_set_new(schema, "anyOf", forms);
    json_object_set_new(schema, "allOf", rules);
    return schema;
}

/* --- steps
 * -----------------------------------------------------------------------------------------------------------
 */

static json_t *verb_rule(const struct step_verb *verb)
{
    json_t *names = json_array(), *properties = json_object(), *needs = json_array();
    for (size_t i = 0; i < verb->arg_count; i++) {
        const struct step_arg *arg = &verb->args[i];
        json_array_append_new(names, json_string(arg->name));
        json_object_set_new(properties, arg->name, arg_schema(arg));
        if (arg->flags & ARG_REQUIRED) {
            json_array_append_new(needs, json_string(arg->name));
        }
    }
    for (const struct format_key *key = format_step_keys; key->name; key++) {
        json_array_append_new(names, json_string(key->name));
    }
    return json_pack("{s:o, s:{s:{s:o}, s:o, s:o}}", "if", required(verb->name), "then", "propertyNames",
                     "enum", names, "properties", properties, "required", needs);
}

static json_t *step_schema(void)
{
    json_t *properties = properties_of(format_step_keys), *verbs = json_array(), *rules = json_array();
    for (size_t v = 0; v < step_verb_count; v++) {
        const struct step_verb *verb = step_verbs[v];
        for (size_t i = 0; i < verb->arg_count; i++) {
            if (!json_object_get(properties, verb->args[i].name)) {
                json_object_set_new(properties, verb->args[i].name, json_object());
            }
        }
        json_object_set_new(properties, verb->name, json_pack("{s:s}", "description", verb->doc));
        json_array_append_new(verbs, required(verb->name));
        json_array_append_new(rules, verb_rule(verb));
    }
    return json_pack("{s:s, s:o, s:b, s:o, s:o}", "type", "object", "properties", properties,
                     "additionalProperties", 0, "anyOf", verbs, "allOf", rules);
}

static json_t *signal_schema(void)
{
    json_t *names = json_array();
    for (const struct signal_name *signal = signal_names; signal->name; signal++) {
        json_array_append_new(names, json_string(signal->name));
    }
    return json_pack("{s:o}", "enum", names);
}

/* --- all
 * -------------------------------------------------------------------------------------------------------------
 */

json_t *schema_build(void)
{
    json_t *definitions = parse(definitions_text), *program = object_of(format_program_keys);
    json_object_set_new(program, "anyOf", json_pack("[o, o]", required("command"), required("address")));
    json_object_set_new(definitions, "program", program);
    json_object_set_new(definitions, "oracles", object_of(format_oracle_keys));
    json_object_set_new(
        definitions, "sweep",
        json_pack("{s:[o, o]}", "anyOf", parse("{\"const\": false}"), object_of(format_sweep_keys)));
    json_object_set_new(definitions, "until", object_of(format_until_keys));
    json_object_set_new(definitions, "signal", signal_schema());
    json_object_set_new(definitions, "data_object", data_schema());
    json_object_set_new(definitions, "step", step_schema());

    json_t *schema =
        json_pack("{s:s, s:s, s:s, s:o, s:b, s:[s], s:o, s:{s:[s, s]}, s:o}", "$schema",
                  "http://json-schema.org/draft-07/schema#", "title", "Seam scenario, version 1", "type",
                  "object", "properties", properties_of(format_top_keys), "additionalProperties", 0,
                  "required", "seam", "if", json_pack("{s:o}", "not", required("part")), "then", "required",
                  "name", "steps", "definitions", definitions);
    return schema;
}
