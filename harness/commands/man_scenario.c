/* man_scenario - seam-scenario.5: of the tables of keys (format_keys.h) and verbs (steps/). */
#include "harness/commands/man.h"
#include "harness/format_keys.h"
#include "harness/schema.h"
#include "harness/step.h"
#include "src/bytes.h"
#include "src/roff.h"

static const struct {
    const char *title;
    const char *about;
    const struct format_key *keys;
} objects[] = {
    {"PROGRAMS", "What a program of `programs` is. Each has `command` or `address`.", format_program_keys},
    {"DATA",
     "A string is UTF-8 text, a list is its items joined, an object has one of these keys, beside `times`. "
     "The "
     "delimiter is the connection's.",
     format_data_keys},
    {"UNTIL", "What `until` takes, beside data.", format_until_keys},
    {"SWEEP", "What a sweep of the file may do.", format_sweep_keys},
    {"ORACLES", "What `oracles` of a sweep may switch off; each takes the reason.", format_oracle_keys},
};

static const char example[] = "{\n"
                              "  \"seam\": 1,\n"
                              "  \"name\": \"a line in two pieces is one line\",\n"
                              "  \"why\": \"who takes one read for one line answers twice\",\n"
                              "  \"programs\": { \"echo\": { \"command\": [\"cat\"], \"stdio\": true } },\n"
                              "  \"steps\": [\n"
                              "    { \"connect\": \"alice\", \"to\": \"echo\" },\n"
                              "    { \"send\": \"alice\", \"split\": [\"hel\", \"lo\\n\"] },\n"
                              "    { \"expect\": \"alice\", \"line\": \"hello\" },\n"
                              "    { \"expect\": \"alice\", \"silence\": true },\n"
                              "    { \"close\": \"alice\" },\n"
                              "    { \"expect\": \"echo\", \"exit\": 0 }\n"
                              "  ]\n"
                              "}\n";

static void print_keys(FILE *out, const struct format_key *keys)
{
    for (; keys->name; keys++) {
        roff_item(out, keys->name, NULL);
        roff_text(out, keys->doc);
    }
}

static void print_verb(FILE *out, const struct step_verb *verb)
{
    struct bytes text;
    bytes_init(&text, 4096);
    bytes_append_format(&text, "%s Done when %s.", verb->doc, verb->done);
    roff_subsection(out, verb->name);
    roff_text(out, bytes_text(&text));
    for (size_t i = 0; i < verb->arg_count; i++) {
        const struct step_arg *arg = &verb->args[i];
        bytes_clear(&text);
        arg_describe(arg, &text);
        bytes_append_text(&text, arg->flags & ARG_REQUIRED ? " (required)" : "");
        roff_item(out, arg->name, bytes_text(&text));
        bytes_clear(&text);
        bytes_append_format(&text, "%s For example: %s", arg->doc, arg->example);
        roff_text(out, bytes_text(&text));
    }
    bytes_free(&text);
}

static void print_steps(FILE *out)
{
    roff_section(out, "STEPS");
    roff_text(out,
              "They run strictly one after another; the first that fails ends the run. A step has one verb; "
              "its other keys are the verb's, and these:");
    print_keys(out, format_step_keys);
    for (size_t i = 0; i < step_verb_count; i++) {
        print_verb(out, step_verbs[i]);
    }
}

void man_scenario(FILE *out)
{
    const struct roff_page page = {
        .name = "seam-scenario",
        .section = 5,
        .version = SEAM_VERSION,
        .about = "the format of scenarios that seam runs",
    };
    roff_begin(out, &page);
    roff_section(out, "DESCRIPTION");
    roff_text(out,
              "A scenario is a file with one JSON object (RFC 8259: no comments, no trailing commas). Keys "
              "that are unknown or stand twice are mistakes; `seam check` finds all that need no run, and "
              "`seam schema` prints a JSON Schema for editors. Every object may have `why`, a comment.");
    roff_section(out, "FILE");
    roff_text(out, "Required are `seam`, `name` and `steps`; of a part, `seam` alone.");
    print_keys(out, format_top_keys);
    roff_section(out, objects[0].title);
    roff_text(out, objects[0].about);
    print_keys(out, objects[0].keys);
    print_steps(out);
    for (size_t i = 1; i < sizeof objects / sizeof *objects; i++) {
        roff_section(out, objects[i].title);
        roff_text(out, objects[i].about);
        print_keys(out, objects[i].keys);
    }
    roff_section(out, "EXAMPLES");
    roff_text(out, "A program that answers each line with itself, and a line that comes in two pieces:");
    roff_example(out, example);
    roff_section(out, "SEE ALSO");
    roff_text(out, "`seam`(1)");
}
