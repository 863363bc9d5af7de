/*
 * fake_engine - loader, runner and world for tests of the command line: a scenario says itself what comes
 * out.
 *
 * Linked with the real command line into `seam-fake`. A file is an object:
 *   name, why, xfail, rows (list of names), part (true), invalid (list of messages), requires (missing
 * program) outcome: "pass" (default) "fail" "error" "setup-error" "crash" "hang" "deaf" "flaky" (passes once)
 * message, detail, notes, part_path (where it failed), cuts, evidence ("sent", "paced", "drained"), busy
 * (rounds of work) marker: a file that exists while the run is alive; trace: a file that gets a line when the
 * run begins variables: list of names that --define may set
 */
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/commands/command.h"
#include "harness/commands/rewrite.h"
#include "harness/exchange/bundle.h"
#include "harness/exchange/chart.h"
#include "harness/runner.h"
#include "harness/scenario.h"
#include "harness/sweep/sweep.h"
#include "harness/world/world.h"

/* --- loader
 * ----------------------------------------------------------------------------------------------------- */

struct fake_scenario {
    struct scenario scenario; /* first: a scenario is one of these */
    json_t *json;
};

struct scenario_file {
    json_t *json;
    struct fake_scenario *items;
    size_t count;
    bool part;
};

static const char *text_of(const json_t *json, const char *key)
{
    return json_string_value(json_object_get(json, key));
}

void error_list_close(struct error_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].path);
    free(list->items);
    *list = (struct error_list){0};
}

static void add_error(struct error_list *list, const char *path, int line, const char *text)
{
    list->items = realloc(list->items, (list->count + 1) * sizeof *list->items);
    struct error_list_item *item = &list->items[list->count++];
    *item = (struct error_list_item){.path = strdup(path)};
    item->error = (struct seam_error){.path = item->path, .line = line, .column = 3};
    seam_error_set(&item->error, "%s", text);
    list->error_count++;
}

struct scenario_file *scenario_load(const char *path, const struct scenario_options *options,
                                    struct error_list *errors)
{
    json_error_t why;
    json_t *json = json_load_file(path, 0, &why), *value;
    size_t index;

    if (!json)
        add_error(errors, path, why.line > 0 ? why.line : 0, why.text);
    json_array_foreach(json_object_get(json, "invalid"), index, value)
        add_error(errors, path, (int)index + 1, json_string_value(value));
    if (errors->error_count > 0) {
        json_decref(json);
        return NULL;
    }
    json_array_foreach(json_object_get(json, "variables"), index, value)
    {
        for (size_t i = 0; i < options->define_count; i++)
            options->defines[i].used |= strcmp(options->defines[i].name, json_string_value(value)) == 0;
    }
    const json_t *rows = json_object_get(json, "rows");
    struct scenario_file *file = calloc(1, sizeof *file);
    file->json = json;
    file->part = json_is_true(json_object_get(json, "part"));
    file->count = rows ? json_array_size(rows) : 1;
    file->items = calloc(file->count + 1, sizeof *file->items);
    for (size_t i = 0; i < file->count; i++) {
        struct scenario *scenario = &file->items[i].scenario;
        char *name = NULL;
        if (rows &&
            asprintf(&name, "%s [%s]", text_of(json, "name"), json_string_value(json_array_get(rows, i))) < 0)
            abort();
        file->items[i].json = json;
        scenario->path = strdup(path);
        scenario->name = name ? name : strdup(text_of(json, "name"));
        scenario->why = text_of(json, "why");
        scenario->xfail = text_of(json, "xfail");
        scenario->place = (struct place){.path = scenario->path, .line = 1, .column = 1};
    }
    return file;
}

void scenario_file_free(struct scenario_file *file)
{
    for (size_t i = 0; file && i < file->count; i++) {
        free((char *)file->items[i].scenario.path);
        free((char *)file->items[i].scenario.name);
    }
    if (file) {
        json_decref(file->json);
        free(file->items);
    }
    free(file);
}

bool scenario_file_is_part(const struct scenario_file *file)
{
    return file->part;
}

size_t scenario_file_count(const struct scenario_file *file)
{
    return file->count;
}

const struct scenario *scenario_file_at(const struct scenario_file *file, size_t index)
{
    return &file->items[index].scenario;
}

static const json_t *json_of(const struct scenario *scenario)
{
    return ((const struct fake_scenario *)scenario)->json;
}

const char *scenario_missing(const struct scenario *scenario)
{
    return text_of(json_of(scenario), "requires");
}

/* --- world: a clock and a nap
 * ----------------------------------------------------------------------------------- */

static uint64_t fake_now_ns(struct world *world)
{
    (void)world;
    return 0;
}

static void fake_wait(struct world *world, uint64_t until_ns)
{
    (void)world;
    (void)until_ns;
    poll(NULL, 0, 1000); /* a signal ends it */
}

struct world *world_real_new(struct seam_error *error)
{
    static const struct world_ops ops = {.name = "fake", .now_ns = fake_now_ns, .wait = fake_wait};
    static struct world world = {.ops = &ops};

    if (getenv("FAKE_NO_WORLD")) {
        seam_error_set(error, "no world here");
        return NULL;
    }
    return &world;
}

void world_free(struct world *world)
{
    (void)world;
}

/* --- runner
 * ----------------------------------------------------------------------------------------------------- */

struct run {
    const struct scenario *scenario;
    const char *cut;
    enum evidence evidence;
    bool tossed; /* flaky, and it has passed before */
};

static bool comes_out(const struct scenario *scenario, const char *outcome)
{
    const char *wanted = text_of(json_of(scenario), "outcome");
    return strcmp(wanted ? wanted : "pass", outcome) == 0;
}

struct run *run_new(const struct scenario *scenario, const struct segmentation *segmentation,
                    struct world *world, const struct run_options *options, struct seam_error *error)
{
    const char *marker = text_of(json_of(scenario), "marker");
    (void)world;

    if (comes_out(scenario, "setup-error")) {
        error->path = scenario->path;
        error->line = 4;
        error->column = 2;
        seam_error_set(error, "the cut does not fit");
        return NULL;
    }
    if (marker)
        fclose(fopen(marker, "w"));
    FILE *trace =
        text_of(json_of(scenario), "trace") ? fopen(text_of(json_of(scenario), "trace"), "a") : NULL;
    if (trace) {
        fprintf(trace, "%s\n", scenario->name);
        fclose(trace);
    }
    struct run *run = calloc(1, sizeof *run);
    run->scenario = scenario;
    run->evidence = options->evidence;
    if (comes_out(scenario, "flaky")) {
        char *once = NULL;
        if (asprintf(&once, "%s.once", scenario->path) < 0)
            abort();
        FILE *first = fopen(once, "wx");
        run->tossed = !first;
        if (first)
            fclose(first);
        free(once);
    }
    if (segmentation) {
        struct bytes id;
        bytes_init(&id, 1 << 20);
        segmentation_print(segmentation, &id);
        run->cut = strdup(bytes_text(&id));
        bytes_free(&id);
    }
    return run;
}

void run_free(struct run *run)
{
    const char *marker = text_of(json_of(run->scenario), "marker");
    if (marker)
        unlink(marker);
    free((char *)run->cut);
    free(run);
}

bool run_advance(struct run *run)
{
    volatile json_int_t busy = json_integer_value(json_object_get(json_of(run->scenario), "busy"));

    while (busy > 0)
        busy--;
    if (comes_out(run->scenario, "crash"))
        raise(SIGKILL);
    while (comes_out(run->scenario, "deaf"))
        pause();
    return comes_out(run->scenario, "hang");
}

uint64_t run_due_ns(const struct run *run)
{
    (void)run;
    return 0;
}

static char *copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

void run_result(const struct run *run, struct result *out)
{
    const json_t *json = json_of(run->scenario);
    const char *evidence = text_of(json, "evidence"), *part = text_of(json, "part_path");

    *out = (struct result){
        .status = comes_out(run->scenario, "fail") || run->tossed ? RESULT_FAILED
                  : comes_out(run->scenario, "error")             ? RESULT_ERROR
                                                                  : RESULT_PASSED,
        .path = copy(part ? part : run->scenario->path),
        .message = copy(text_of(json, "message")),
        .detail = copy(text_of(json, "detail")),
        .notes = copy(text_of(json, "notes")),
        .wire = copy(text_of(json, "wire")),
        .cut = copy(run->cut),
        .cuts_proved = (uint64_t)json_integer_value(json_object_get(json, "cuts")),
        .duration_ns = 12345678,
    };
    if (out->status != RESULT_PASSED) {
        out->line = 7;
        out->column = 5;
        out->why = copy(run->scenario->why);
    }
    for (int i = 0; evidence && i <= EVIDENCE_DRAINED; i++) {
        if (strcmp(evidence_words[i], evidence) == 0)
            out->evidence = (enum evidence)i;
    }
}

const struct transcript *run_transcript(const struct run *run)
{
    (void)run;
    return NULL;
}

bool run_failed_where(const struct run *run, size_t *step, size_t *events)
{
    *step = *events = 0;
    return run == NULL;
}

/* A chart with the name in it, or what the scenario says. */
bool chart_draw(const struct export_run *run, struct bytes *out)
{
    const char *svg = text_of(json_of(run->item->scenario), "svg");
    bytes_append_text(out,
                      svg ? svg
                          : "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"seam-chart\" width=\"300\" "
                            "height=\"20\"><title>fake</title>\n<style>.x{}</style>\n<text x=\"5\" "
                            "y=\"15\">a chart</text></svg>\n");
    return true;
}

int bundle_write(const struct bundle_request *request, char **path_out, struct seam_error *error)
{
    if (strcmp(request->folder, "full") == 0)
        return seam_error_set(error, "the folder is full");
    return asprintf(path_out, "%s/of %s%s", request->folder, request->scenario->name, request->options) < 0
               ? -1
               : 0;
}

/* --- commands of the loader, which are tested elsewhere
 * --------------------------------------------------------- */

/* Fake runs update nothing. */
int rewrite_add(struct rewrite *rewrite, const char *updates)
{
    (void)rewrite, (void)updates;
    return 0;
}

int rewrite_apply(struct rewrite *rewrite)
{
    (void)rewrite;
    return 0;
}

void rewrite_close(struct rewrite *rewrite)
{
    (void)rewrite;
}

void man_scenario(FILE *out);
int command_check(int argc, char **argv);
int command_export(int argc, char **argv);
int command_import(int argc, char **argv);
int command_record(int argc, char **argv);
int command_new(int argc, char **argv);
int command_steps(int argc, char **argv);
int command_schema(int argc, char **argv);

void man_scenario(FILE *out)
{
    (void)out;
}

int command_check(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

int command_export(int argc, char **argv)
{
    return command_check(argc, argv);
}

int command_import(int argc, char **argv)
{
    return command_check(argc, argv);
}

int command_new(int argc, char **argv)
{
    return command_check(argc, argv);
}

int command_record(int argc, char **argv)
{
    return command_check(argc, argv);
}

int command_steps(int argc, char **argv)
{
    return command_check(argc, argv);
}

int command_schema(int argc, char **argv)
{
    return command_check(argc, argv);
}

/* --- sweep: it comes out as a run does
 * ---------------------------------------------------------------------------------------- */

void sweep_scenario(const struct scenario *scenario, struct world *world, const struct sweep_options *options,
                    struct result *out)
{
    struct run_options run_options = {.evidence = options->evidence};
    struct seam_error error = {0};
    struct run *run = run_new(scenario, options->only, world, &run_options, &error);
    *out = (struct result){0};
    if (!run) {
        out->status = RESULT_ERROR;
        out->message = copy(error.text);
        return;
    }
    while ((!options->stop || !*options->stop) && run_advance(run)) {
        world->ops->wait(world, run_due_ns(run));
    }
    run_result(run, out);
    run_free(run);
}

void sweep_shrink(const struct scenario *scenario, const struct segmentation *segmentation,
                  struct world *world, const struct sweep_options *options, struct result *out)
{
    struct sweep_options only = *options;
    only.only = segmentation;
    sweep_scenario(scenario, world, &only, out);
}

int sweep_dry_run(const struct scenario *scenario, struct world *world, const struct sweep_options *options,
                  struct bytes *out, struct result *result)
{
    (void)scenario;
    (void)world;
    (void)options;
    *result = (struct result){0};
    bytes_append_text(out, "single cut  alice@1\n");
    return 0;
}
