/* steps - `seam steps [VERB]`: the verbs with their arguments, as text, Markdown or JSON, from their own
 * declarations. */
#include <string.h>

#include "harness/commands/command.h"
#include "harness/commands/options.h"
#include "harness/result.h"
#include "harness/schema.h"
#include "harness/step.h"
#include "harness/suggest.h"

static void print_text(const struct step_verb *verb)
{
    struct bytes takes;
    bytes_init(&takes, 4096);
    printf("%s - %s\nDone when %s.\n\n", verb->name, verb->doc, verb->done);
    for (size_t i = 0; i < verb->arg_count; i++) {
        const struct step_arg *arg = &verb->args[i];
        bytes_clear(&takes);
        arg_describe(arg, &takes);
        printf("  \"%s\": %s%s\n      %s\n      For example: %s\n", arg->name, bytes_text(&takes),
               arg->flags & ARG_REQUIRED ? " (required)" : "", arg->doc, arg->example);
    }
    printf("\nEvery step may have \"why\" (a comment) and \"barrier\", too.\n");
    bytes_free(&takes);
}

/* A cell of a table: the bar would end it. */
static void print_cell(const char *text)
{
    for (; *text; text++) {
        if (*text == '|') {
            putchar('\\');
        }
        putchar(*text);
    }
}

static void print_markdown(const struct step_verb *verb)
{
    struct bytes takes;
    bytes_init(&takes, 4096);
    printf("### `%s`\n\n%s Done when %s.\n\n| key | takes | meaning | example |\n|---|---|---|---|\n",
           verb->name, verb->doc, verb->done);
    for (size_t i = 0; i < verb->arg_count; i++) {
        const struct step_arg *arg = &verb->args[i];
        bytes_clear(&takes);
        arg_describe(arg, &takes);
        printf("| `%s`%s | ", arg->name, arg->flags & ARG_REQUIRED ? " (required)" : "");
        print_cell(bytes_text(&takes));
        printf(" | ");
        print_cell(arg->doc);
        printf(" | `");
        print_cell(arg->example);
        printf("` |\n");
    }
    putchar('\n');
    bytes_free(&takes);
}

static json_t *arg_json(const struct step_arg *arg)
{
    json_t *json =
        json_pack("{s:s, s:s, s:b, s:s, s:s}", "name", arg->name, "takes", arg_kind_text(arg->kind),
                  "required", (arg->flags & ARG_REQUIRED) != 0, "doc", arg->doc, "example", arg->example);
    if (arg->min != 0 || arg->max != 0) {
        json_object_set_new(json, "minimum", json_integer(arg->min));
        json_object_set_new(json, "maximum", json_integer(arg->max));
    }
    if (arg->choices) {
        json_t *choices = json_array();
        for (const char *const *choice = arg->choices; *choice; choice++) {
            json_array_append_new(choices, json_string(*choice));
        }
        json_object_set_new(json, "choices", choices);
    }
    return json;
}

static json_t *verb_json(const struct step_verb *verb)
{
    json_t *args = json_array();
    for (size_t i = 0; i < verb->arg_count; i++) {
        json_array_append_new(args, arg_json(&verb->args[i]));
    }
    return json_pack("{s:s, s:s, s:s, s:o}", "name", verb->name, "doc", verb->doc, "done", verb->done,
                     "arguments", args);
}

static void print_json(const struct step_verb *only)
{
    json_t *verbs = json_array();
    for (size_t i = 0; i < step_verb_count; i++) {
        if (!only || only == step_verbs[i]) {
            json_array_append_new(verbs, verb_json(step_verbs[i]));
        }
    }
    json_dumpf(verbs, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(verbs);
}

static void print_all(const struct options *options, const struct step_verb *only)
{
    if (options->json) {
        print_json(only);
        return;
    }
    for (size_t i = 0; i < step_verb_count; i++) {
        const struct step_verb *verb = step_verbs[i];
        if (options->markdown && (!only || only == verb)) {
            print_markdown(verb);
        } else if (only == verb) {
            print_text(verb);
        } else if (!only) {
            printf("  %-8s %s\n", verb->name, verb->doc);
        }
    }
    if (!only && !options->markdown) {
        printf("\n`seam steps VERB` prints what a verb takes.\n");
    }
}

static int refuse(const char *name)
{
    struct suggestion suggestion;
    struct seam_error error;
    suggest_begin(&suggestion, name, strlen(name));
    for (size_t i = 0; i < step_verb_count; i++) {
        suggest_offer(&suggestion, step_verbs[i]->name);
    }
    seam_error_set(&error, "there is no verb '%s'%s%s%s", name, suggestion.best ? "; did you mean '" : "",
                   suggestion.best ? suggestion.best : "", suggestion.best ? "'?" : "");
    return command_usage_error("steps", &error);
}

static int print_steps(const struct options *options)
{
    const struct step_verb *verb = NULL;
    struct seam_error error;
    if (options->operand_count > 1) {
        seam_error_set(&error, "one VERB, not %zu", options->operand_count);
        return command_usage_error("steps", &error);
    }
    if (options->json && options->markdown) {
        seam_error_set(&error, "--json or --markdown, not both");
        return command_usage_error("steps", &error);
    }
    if (options->operand_count == 1) {
        verb = step_verb_find(options->operands[0]);
        if (!verb) {
            return refuse(options->operands[0]);
        }
    }
    print_all(options, verb);
    return RESULT_EXIT_PASSED;
}

int command_steps(int argc, char **argv)
{
    struct options options;
    struct seam_error error = {0};
    int code = RESULT_EXIT_PASSED;
    if (options_parse(&options, "steps", argc, argv, &error) != 0) {
        code = command_usage_error("steps", &error);
    } else if (options.help) {
        command_print_help(stdout, "steps");
    } else if (options.version) {
        code = command_version(1, argv);
    } else {
        code = print_steps(&options);
    }
    options_close(&options);
    return code;
}
