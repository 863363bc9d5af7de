/* schema - see schema.h. */
#include "harness/schema.h"

#include <string.h>

#include "harness/format_keys.h"
#include "harness/signal_names.h"

#define NUMBER_TEXT "an integer, or an expression such as \\\"${n}\\\""
#define DATA_TEXT   "text, a list of data, or an object such as {\\\"hex\\\": \\\"00 ff\\\"}"
#define ANY_DATA                                                                                             \
    "\"minItems\": 1, \"items\": {\"$ref\": \"#/definitions/data\"}, "                                       \
    "\"if\": {\"type\": \"object\"}, \"then\": {\"$ref\": \"#/definitions/data_object\"}"
#define DATA_SAYS "\"description\": \"" DATA_DOC "\", \"examples\": " DATA_EXAMPLES
#define DATA_DOC                                                                                             \
    "Data: a string is UTF-8 text, a list is its items joined, an object has bytes in another form."
#define DATA_EXAMPLES "[\"hello\", [\"one \", \"two\"], {\"hex\": \"00 ff\"}]"

/* Everything in a file that is the same for all verbs. {"$ref"} targets of the tables. */
static const char definitions_text[] =
    "{\"name\": {\"type\": \"string\", \"pattern\": \"" FORMAT_NAME_PATTERN "\", "
    "   \"patternErrorMessage\": \"" FORMAT_NAME_TEXT "\"},"
    " \"number\": {\"type\": [\"integer\", \"string\"], \"pattern\": \"[$][{]\", "
    "   \"errorMessage\": \"" NUMBER_TEXT "\"},"
    " \"data\": {\"type\": [\"string\", \"array\", \"object\"], \"errorMessage\": \"" DATA_TEXT "\", "
    "   " DATA_SAYS ", " ANY_DATA "},"
    " \"value\": {\"type\": [\"integer\", \"string\", \"array\", \"object\"],"
    "   \"errorMessage\": \"an integer, " DATA_TEXT "\", \"examples\": [\"ann\", 3], " ANY_DATA "},"
    " \"until_or_data\": {\"type\": [\"string\", \"array\", \"object\"],"
    "   \"errorMessage\": \"{\\\"matches\\\": pattern}, " DATA_TEXT "\", \"minItems\": 1,"
    "   \"items\": {\"$ref\": \"#/definitions/data\"}, \"examples\": [{\"matches\": \"250 .*\"}],"
    "   \"if\": {\"type\": \"object\"}, \"then\": {\"$ref\": \"#/definitions/until_object\"}},"
    " \"barrier\": {\"type\": [\"string\", \"array\", \"object\"],"
    "   \"examples\": [\"NOOP\\n\"], \"errorMessage\": \"true, " DATA_TEXT "\", " ANY_DATA "},"
    " \"delimiter\": {\"$ref\": \"#/definitions/data\"},"
    " \"steps\": {\"type\": \"array\", \"minItems\": 1, \"items\": {\"$ref\": \"#/definitions/step\"}},"
    " \"data_list\": {\"type\": \"array\", \"minItems\": 1, \"items\": {\"$ref\": \"#/definitions/data\"}},"
    " \"vars\": {\"type\": \"object\", \"propertyNames\": {\"$ref\": \"#/definitions/name\"},"
    "   \"additionalProperties\": {\"allOf\": [{\"$ref\": \"#/definitions/value\"}],"
    "     \"description\": \"The value of this variable: an integer or data.\", \"examples\": [\"ann\"]}},"
    " \"patterns\": {\"type\": \"array\", \"minItems\": 1, \"items\": {\"type\": \"string\"}},"
    " \"stream\": {\"type\": \"string\", \"pattern\": \"^[a-z][a-z0-9_]*([.][a-z][a-z0-9_]*)?$\","
    "   \"patternErrorMessage\": \"a connection, a program, or one of its streams, such as server.stdout\","
    "   \"examples\": [\"alice\", \"server.stdout\"]},"
    " \"target\": {\"type\": \"string\", \"minLength\": 1,"
    "   \"examples\": [\"server\", \"server.http\", \"127.0.0.1:7000\"],"
    "   \"allOf\": [{\"not\": {\"type\": \"string\", \"pattern\": \"^unix:\"},"
    "     \"errorMessage\": \"version 1 of the format has no unix: addresses\"}]}}";

static bool has(const json_t *schema, const char *key)
{
    return json_object_get(schema, key) != NULL;
}

/* An example that is long would go into the file as it is: this is the other choice, to fill in. */
static void add_empty(json_t *schema, const json_t *example)
{
    const char *text = json_is_array(example) ? "[$1]" : json_is_object(example) ? "{$1}" : NULL;
    if (text && !has(schema, "defaultSnippets")) {
        json_object_set_new(schema, "defaultSnippets",
                            json_pack("[{s:s, s:s, s:s}]", "label", *text == '[' ? "[]" : "{}", "description",
                                      "To be filled in.", "bodyText", text));
    }
}

/*
 * Says what a schema is for; examples are put before those that it has. In draft-07 everything beside a $ref
 * is ignored, and an editor that shows the first description that it comes by takes the inner one; so what
 * has more inside stands behind the text. A single word stands inside as well: then the example is what is
 * put in.
 */
static json_t *described(json_t *schema, const char *doc, json_t *examples)
{
    if (has(schema, "$ref") || has(schema, "anyOf") || has(schema, "allOf")) {
        schema = json_pack("{s:[{s:s}, o]}", "allOf", "description", doc, schema);
    } else if (has(schema, "const") || json_array_size(json_object_get(schema, "enum")) == 1) {
        json_object_set_new(schema, "description", json_string(doc));
        schema = json_pack("{s:[o]}", "allOf", schema);
    }
    add_empty(schema, json_array_get(examples, 0));
    json_array_extend(examples, json_object_get(schema, "examples"));
    json_object_set_new(schema, "description", json_string(doc));
    json_object_set_new(schema, "examples", examples);
    return schema;
}

static json_t *comment_schema(void)
{
    return described(schema_parse("{\"type\": \"string\"}"), "A comment.",
                     json_pack("[s]", "what this is for"));
}

static json_t *property_of(const struct format_key *key)
{
    return described(schema_parse(key->schema), key->doc, schema_parse(key->examples));
}

/* {name: schema, ...} of a table, with "why" if it is not there. */
static json_t *properties_of(const struct format_key *keys)
{
    json_t *properties = json_object();
    for (; keys->name; keys++) {
        json_object_set_new(properties, keys->name, property_of(keys));
    }
    if (!has(properties, "why")) {
        json_object_set_new(properties, "why", comment_schema());
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

/* "a", "b", "c" */
static void append_words(struct bytes *text, const json_t *words)
{
    size_t i;
    json_t *word;
    json_array_foreach(words, i, word)
    {
        bytes_append_format(text, "%s%s", i ? ", " : "", json_string_value(word));
    }
}

/* An object that has one of these keys, each with the rule that then holds, else a mistake. */
struct choice {
    json_t *names; /* of the keys that decide */
    json_t *forms; /* [{"required": [key]}, ...] */
    json_t *rules; /* [{"if": {"required": [key]}, "then": ...}, ...] */
    json_t *known; /* all properties that the object may have in one form or another; schemas */
};

static struct choice choice_open(void)
{
    return (struct choice){json_array(), json_array(), json_array(), json_object()};
}

/* then: stolen */
static void choice_add(struct choice *choice, const char *key, json_t *then)
{
    json_array_append_new(choice->names, json_string(key));
    json_array_append_new(choice->forms, required(key));
    json_array_append_new(choice->rules, json_pack("{s:o, s:o}", "if", required(key), "then", then));
}

/*
 * The object's schema; what is in choice is stolen. what: "a step". Without a form an object gets one message
 * that names all, and each key of no form at all another. `known` is what is suggested then.
 */
static json_t *choice_close(struct choice *choice, const char *what, json_t *suggested)
{
    struct bytes text;
    json_t *known = json_array(), *schema;
    const char *key;
    json_t *value;
    json_object_foreach(choice->known, key, value)
    {
        json_array_append_new(known, json_string(key));
    }
    bytes_init(&text, 65536);
    bytes_append_format(&text, "%s needs one of: ", what);
    append_words(&text, choice->names);
    schema = json_pack("{s:s, s:{s:o}, s:{s:o}, s:{s:o, s:{}, s:s, s:[{s:{s:o, s:s+, s:b}}]}}", "type",
                       "object", "if", "anyOf", choice->forms, "then", "allOf", choice->rules, "else",
                       "properties", suggested, "not", "errorMessage", bytes_text(&text), "allOf",
                       "propertyNames", "enum", known, "errorMessage", "no key of ", what, "doNotSuggest", 1);
    bytes_free(&text);
    json_decref(choice->names);
    json_decref(choice->known);
    return schema;
}

/* An object of these properties alone, which says in a message what they are. key: the one that decides. */
static json_t *closed_object(const char *key, json_t *properties, json_t *needs)
{
    struct bytes text;
    json_t *names = json_array(), *schema, *value;
    const char *name;
    json_object_foreach(properties, name, value)
    {
        if (strcmp(name, key) != 0) {
            json_array_append_new(names, json_string(name));
        }
    }
    bytes_init(&text, 65536);
    bytes_append_format(&text, "beside \"%s\" may stand: ", key);
    append_words(&text, names);
    schema = json_pack("{s:o, s:b, s:s}", "properties", properties, "additionalProperties", 0, "errorMessage",
                       bytes_text(&text));
    if (needs) {
        json_object_set_new(schema, "required", needs);
    }
    bytes_free(&text);
    json_decref(names);
    return schema;
}

/* --- data
 * ------------------------------------------------------------------------------------------------------------
 */

/* {"$ref": "#/definitions/KIND_NAME"}; schema goes there. */
static json_t *defined(json_t *definitions, const char *kind, const char *name, json_t *schema)
{
    struct bytes text;
    bytes_init(&text, 256);
    bytes_append_format(&text, "%s_%s", kind, name);
    json_object_set_new(definitions, bytes_text(&text), schema);
    json_t *reference = json_pack("{s:s+}", "$ref", "#/definitions/", bytes_text(&text));
    bytes_free(&text);
    return reference;
}

/* A form of data says what may stand beside it: times and why. Behind `until` there is one form more. */
static void add_data(json_t *definitions)
{
    struct choice data = choice_open(), until = choice_open();
    json_t *all = properties_of(format_data_keys), *more;
    for (const struct format_key *key = format_data_keys; key->name; key++) {
        if (strcmp(key->name, "times") != 0) {
            json_t *properties =
                json_pack("{s:O, s:O, s:O}", key->name, json_object_get(all, key->name), "times",
                          json_object_get(all, "times"), "why", json_object_get(all, "why"));
            json_t *form =
                defined(definitions, "data", key->name, closed_object(key->name, properties, NULL));
            choice_add(&data, key->name, form);
            choice_add(&until, key->name, json_incref(form));
        }
    }
    json_object_set_new(definitions, "until", object_of(format_until_keys));
    choice_add(&until, "matches", json_pack("{s:s}", "$ref", "#/definitions/until"));
    more = json_copy(all);
    json_object_set_new(more, "matches", property_of(&format_until_keys[0]));
    json_object_update(data.known, all);
    json_object_update(until.known, more);
    json_object_set_new(definitions, "data_object", choice_close(&data, "data", all));
    json_object_set_new(definitions, "until_object", choice_close(&until, "\"until\"", more));
}

/* --- steps
 * -----------------------------------------------------------------------------------------------------------
 */

static json_t *argument_schema(const struct step_verb *verb, const struct step_arg *arg)
{
    struct bytes text;
    json_t *schema;
    bytes_init(&text, 4096);
    if (arg == &verb->args[0]) {
        bytes_append_format(&text, "%s Done when %s.\n", verb->doc, verb->done);
    }
    bytes_append_text(&text, arg->doc);
    schema =
        described(schema_of_argument(arg), bytes_text(&text), json_pack("[o]", schema_parse(arg->example)));
    bytes_free(&text);
    return schema;
}

static json_t *verb_schema(const struct step_verb *verb)
{
    json_t *properties = json_object(), *needs = json_array();
    for (size_t i = 0; i < verb->arg_count; i++) {
        const struct step_arg *arg = &verb->args[i];
        json_object_set_new(properties, arg->name, argument_schema(verb, arg));
        if (arg->flags & ARG_REQUIRED) {
            json_array_append_new(needs, json_string(arg->name));
        }
    }
    for (const struct format_key *key = format_step_keys; key->name; key++) {
        json_object_set_new(properties, key->name, property_of(key));
    }
    return closed_object(verb->name, properties, needs);
}

/* The text of a snippet: in it a placeholder for a value, which is a string or any other JSON. */
static void append_placeholder(struct bytes *out, int number, const char *json)
{
    size_t length = strlen(json);
    bool string = *json == '"';
    bytes_append_format(out, "%s${%d:", string ? "\"" : "", number);
    for (size_t i = string; i < length - string; i++) {
        bytes_append_format(out, "%s%c", strchr("\\$}", json[i]) ? "\\" : "", json[i]);
    }
    bytes_append_text(out, string ? "}\"" : "}");
}

/* What an editor puts in for a verb: what it must have, and what is said where it says something. */
static json_t *verb_snippet(const struct step_verb *verb)
{
    struct bytes text;
    json_t *snippet;
    int number = 0;
    bytes_init(&text, 4096);
    bytes_append_text(&text, "{ ");
    for (size_t i = 0; i < verb->arg_count; i++) {
        const struct step_arg *arg = &verb->args[i];
        if ((arg->flags & ARG_REQUIRED) || (i == 1 && arg->kind == ARG_LINE)) {
            bytes_append_format(&text, "%s\"%s\": ", number > 0 ? ", " : "", arg->name);
            append_placeholder(&text, ++number, arg->example);
        }
    }
    bytes_append_text(&text, " }");
    snippet = json_pack("{s:s, s:s, s:s}", "label", verb->name, "description", verb->doc, "bodyText",
                        bytes_text(&text));
    bytes_free(&text);
    return snippet;
}

/* definitions: gets a schema for each verb */
static json_t *step_schema(json_t *definitions)
{
    struct choice choice = choice_open();
    json_t *verbs = json_object(), *snippets = json_array(), *schema;
    for (size_t v = 0; v < step_verb_count; v++) {
        const struct step_verb *verb = step_verbs[v];
        json_t *verb_is = verb_schema(verb), *suggested = json_object();
        const char *told[] = {"description", "examples"};
        json_t *own = json_object_get(json_object_get(verb_is, "properties"), verb->name);
        for (size_t i = 0; i < 2; i++) {
            json_object_set(suggested, told[i], json_object_get(own, told[i]));
        }
        json_object_set_new(verbs, verb->name, suggested);
        json_object_update(choice.known, json_object_get(verb_is, "properties"));
        json_array_append_new(snippets, verb_snippet(verb));
        choice_add(&choice, verb->name, defined(definitions, "step", verb->name, verb_is));
    }
    schema = choice_close(&choice, "a step", verbs);
    json_object_set_new(
        schema, "description",
        json_string("A step has one verb, best written first; its other keys are the verb's."));
    json_object_set_new(schema, "examples", schema_parse("[{\"send\": \"alice\", \"line\": \"hello\"}]"));
    json_object_set_new(schema, "defaultSnippets", snippets);
    return schema;
}

static json_t *signal_schema(void)
{
    json_t *names = json_array();
    for (const struct signal_name *signal = signal_names; signal->name; signal++) {
        json_array_append_new(names, json_string(signal->name));
    }
    return json_pack("{s:o}", "enum", names);
}

/* An object of the table, or false. */
static json_t *sweep_schema(void)
{
    json_t *keys = object_of(format_sweep_keys);
    json_object_del(keys, "type"); /* is said with a message of its own */
    return json_pack("{s:[{s:s, s:o, s:[{s:s, s:s}, o]}, o]}", "anyOf", "description", "What a sweep may do.",
                     "examples", schema_parse("[{\"pipeline\": true}]"), "allOf", "type", "object",
                     "errorMessage", "an object, or false: not swept", keys,
                     schema_parse("{\"const\": false, \"description\": \"This file is not swept.\", "
                                  "\"examples\": [false]}"));
}

static json_t *program_schema(void)
{
    json_t *program = object_of(format_program_keys);
    json_object_set_new(program, "if", required("address"));
    json_object_set_new(program, "else", required("command"));
    return described(
        program, "A program under test.",
        schema_parse("[{\"command\": [\"python3\", \"${here}/server.py\"], \"listens\": true}]"));
}

/* --- all
 * -------------------------------------------------------------------------------------------------------------
 */

/* What an editor offers in an empty file. */
static const char file_text[] = "{\n"
                                "  \"seam\": 1,\n"
                                "  \"name\": \"${1:what is tested}\",\n"
                                "  \"why\": \"${2:what would go wrong}\",\n"
                                "  \"programs\": {\n"
                                "    \"${3:server}\": { \"command\": [\"${4:python3}\", "
                                "\"\\${here\\}/${5:server.py}\"], \"listens\": true }\n"
                                "  },\n"
                                "  \"steps\": [\n"
                                "    { \"connect\": \"${6:alice}\", \"to\": \"${3:server}\" },\n"
                                "    { \"send\": \"${6:alice}\", \"line\": \"${7:hello}\" },\n"
                                "    { \"expect\": \"${6:alice}\", \"line\": \"${8:hello}\" },\n"
                                "    { \"close\": \"${6:alice}\" }\n"
                                "  ]\n"
                                "}\n";

static const char file_example[] =
    "{\"seam\": 1, \"name\": \"a line in two pieces is one line\", "
    "\"programs\": {\"echo\": {\"command\": [\"cat\"], \"stdio\": true}}, "
    "\"steps\": [{\"connect\": \"alice\", \"to\": \"echo\"}, "
    "{\"send\": \"alice\", \"split\": [\"hel\", \"lo\\n\"]}, {\"expect\": \"alice\", \"line\": \"hello\"}]}";

static json_t *definitions_of(void)
{
    json_t *definitions = schema_parse(definitions_text);
    json_object_set_new(definitions, "program", program_schema());
    json_object_set_new(definitions, "oracles", object_of(format_oracle_keys));
    json_object_set_new(definitions, "sweep", sweep_schema());
    json_object_set_new(definitions, "signal", signal_schema());
    add_data(definitions);
    json_object_set_new(definitions, "step", step_schema(definitions));
    return definitions;
}

json_t *schema_build(void)
{
    return json_pack("{s:s, s:s, s:s, s:[o], s:[o], s:s, s:o, s:b, s:[s], s:o, s:{s:[s, s]}, s:o}", "$schema",
                     "http://json-schema.org/draft-07/schema#", "title", "Seam scenario, version 1",
                     "description", "A conversation with programs, step by step.", "examples",
                     schema_parse(file_example), "defaultSnippets",
                     json_pack("{s:s, s:s, s:s}", "label", "a scenario", "description",
                               "A server, one connection, one line and its answer.", "bodyText", file_text),
                     "type", "object", "properties", properties_of(format_top_keys), "additionalProperties",
                     0, "required", "seam", "if", json_pack("{s:o}", "not", required("part")), "then",
                     "required", "name", "steps", "definitions", definitions_of());
}
