/*
 * repro - writes a finding as a scenario in a file, and runs that file: a reproduction that does not fail is
 * none.
 *
 * The file stands alone: programs, connections and the few steps that are left. Where a conversation can't be
 * reduced to its bytes (a peer that does not read, a barrier, cost) the file is the scenario itself with its
 * "cut".
 */
#include "harness/sweep/repro.h"

#include "harness/scenario_print.h"
#include "harness/steps/args.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { VERIFY_RUNS = 2, VERIFY_RUNS_FLAKY = 20, NAME_BYTES_MAX = 64 };

static void set_note(struct finding *finding, const char *format, const char *text)
{
    free(finding->note);
    if (asprintf(&finding->note, format, text) < 0) {
        finding->note = NULL;
    }
}

/* The name of the file without folder and ".json", in characters that every system takes. */
static void base_name(const struct sweep *sweep, char out[NAME_BYTES_MAX])
{
    const char *slash = strrchr(sweep->scenario->path, '/');
    const char *name = slash ? slash + 1 : sweep->scenario->path;
    const char *folder = slash && slash > sweep->scenario->path ? slash - 1 : NULL;
    while (folder && folder > sweep->scenario->path && folder[-1] != '/') {
        folder--;
    }
    size_t n = 0;
    if (folder && *folder != '.' && *folder != '/') {
        for (; *folder != '/' && n + 20 < NAME_BYTES_MAX; folder++) {
            out[n++] = *folder;
        }
        out[n++] = '-';
    }
    for (; *name && strcmp(name, ".json") != 0 && n + 12 < NAME_BYTES_MAX; name++) {
        out[n++] = *name;
    }
    out[n] = 0;
    for (size_t i = 0; i < n; i++) {
        bool plain = (out[i] >= 'a' && out[i] <= 'z') || (out[i] >= 'A' && out[i] <= 'Z') ||
                     (out[i] >= '0' && out[i] <= '9') || out[i] == '-' || out[i] == '_';
        out[i] = plain ? out[i] : '-';
    }
}

/* A path that no file has yet; "x" creates it at once. NULL with error. */
static FILE *create(const struct sweep *sweep, char **path, struct seam_error *error)
{
    const char *folder = sweep->options->output;
    char base[NAME_BYTES_MAX];
    base_name(sweep, base);
    if (mkdir(folder, 0777) < 0 && errno != EEXIST) {
        seam_error_set(error, "the folder %s can't be made: %s", folder, strerror(errno));
        return NULL;
    }
    for (unsigned number = 1; number < 100000; number++) {
        FILE *file;
        if (asprintf(path, "%s/%s-%u.json", folder, base, number) < 0) {
            *path = NULL;
            seam_error_set(error, "out of memory");
            return NULL;
        }
        if ((file = fopen(*path, "wx"))) {
            return file;
        }
        int why = errno;
        free(*path);
        *path = NULL;
        if (why != EEXIST) {
            seam_error_set(error, "no file can be made in %s: %s", folder, strerror(why));
            return NULL;
        }
    }
    seam_error_set(error, "the folder %s is full", folder);
    return NULL;
}

/* Absolute, also before it exists. Caller frees. */
static char *output_folder(const struct sweep *sweep)
{
    const char *folder = sweep->options->output;
    char *absolute = NULL, *here;
    if (folder[0] == '/') {
        return strdup(folder);
    }
    here = realpath(".", NULL);
    if (!here || asprintf(&absolute, "%s/%s", here, folder) < 0) {
        absolute = NULL;
    }
    free(here);
    return absolute;
}

/* The scenario as JSON, without a name of its own. NULL with error. */
static json_t *print(const struct sweep *sweep, const struct scenario *scenario, const char *cut,
                     struct seam_error *error)
{
    char *folder = output_folder(sweep);
    json_t *json = folder ? scenario_print(scenario, folder, error) : NULL;
    if (json && cut && *cut) {
        json_object_set_new(json, "cut", json_string(cut));
    }
    free(folder);
    return json;
}

static void name_it(const struct sweep *sweep, const struct finding *finding, json_t *json)
{
    char *name = NULL, *why = NULL;
    if (asprintf(&name, "%s: %s", sweep->scenario->name, finding->shape) >= 0) {
        json_object_set_new(json, "name", json_string(name));
        free(name);
    }
    if (asprintf(&why, "class %c, %s. Found by seam sweep in %s: %s", finding->class_letter,
                 class_words(finding->class_letter), sweep->scenario->path,
                 finding->judgement.text ? finding->judgement.text : "") >= 0) {
        struct bytes visible;
        bytes_init(&visible, 8192);
        bytes_append_visible(&visible, why, strlen(why), BYTES_VISIBLE_TEXT);
        json_object_set_new(json, "why", json_string(bytes_text(&visible)));
        bytes_free(&visible);
        free(why);
    }
}

/* --- does it fail?
 * -------------------------------------------------------------------------------------------------- */

static bool passes_alone(struct sweep *sweep, struct finding *finding, const struct specimen *specimen,
                         const struct shown *shown)
{
    struct run_options options = sweep_run_options(sweep, RUN_CHECKPOINTS_NONE);
    struct subject subject;
    struct repro_size size;
    struct record record;
    bool passed = false;
    if (repro_script(specimen, shown, true, true, &subject, &size) &&
        sweep_run_alone(sweep, &subject.scenario, NULL, &options, &record) == 0) {
        passed = !record.failed;
        if (!passed) {
            set_note(finding, "no reproduction was written: its expects fail with each message alone: %s",
                     record.message ? record.message : "");
        }
        record_close(&record);
    }
    subject_close(&subject);
    return passed;
}

/* Loads the file as a user would, and runs it as it stands. How often it failed; -1: it can't be loaded. */
static int count_failures(struct sweep *sweep, struct finding *finding, const char *path, int runs)
{
    struct run_options options = sweep_run_options(sweep, RUN_CHECKPOINTS_NONE);
    struct error_list errors = {0};
    struct scenario_options loading = *sweep->options->loading;
    int failures = 0;
    loading.defines = NULL;
    loading.define_count = 0;
    struct scenario_file *file = scenario_load(path, &loading, &errors);
    if (!file || scenario_file_count(file) != 1) {
        set_note(finding, "no reproduction was written: it can't be loaded: %s",
                 errors.count ? errors.items[0].error.text : "no scenario");
        error_list_close(&errors);
        if (file) {
            scenario_file_free(file);
        }
        return -1;
    }
    const struct scenario *scenario = scenario_file_at(file, 0);
    struct segmentation own = {0};
    struct seam_error ignored = {0};
    if (scenario->cut && segmentation_parse(scenario->cut, &own, &ignored) < 0) {
        own = (struct segmentation){0};
    }
    for (int i = 0; i < runs; i++) {
        struct record record;
        if (sweep_run_alone(sweep, scenario, &own, &options, &record) < 0) {
            break;
        }
        failures += record.failed && record.status == RESULT_FAILED;
        record_close(&record);
    }
    segmentation_close(&own);
    scenario_file_free(file);
    error_list_close(&errors);
    return failures;
}

static void verify(struct sweep *sweep, struct finding *finding, char *path)
{
    bool flaky = finding->repeats < finding->tries, growth = finding->oddity == ODDITY_GROWTH;
    int runs = flaky ? VERIFY_RUNS_FLAKY : VERIFY_RUNS;
    int failures = count_failures(sweep, finding, path, growth ? 1 : runs);
    if (growth && failures == 0) {
        finding->repro_path = path;
        return;
    }
    if (failures > 0) {
        finding->repro_path = path;
        if (failures < runs) {
            char text[64];
            snprintf(text, sizeof text, "%d of %d", failures, runs);
            set_note(finding, "the reproduction is flaky: it failed in %s runs", text);
        }
        return;
    }
    if (failures == 0 && !sweep_stopped(sweep)) {
        set_note(finding, "no reproduction was written: %s",
                 "seam run passes on it (the command below judges the case with all oracles)");
    }
    remove(path);
    free(path);
}

/* --- all of it
 * ------------------------------------------------------------------------------------------------------ */

static void write_file(struct sweep *sweep, struct finding *finding, json_t *json)
{
    struct seam_error error = {0};
    char *path = NULL;
    name_it(sweep, finding, json);
    char *text = scenario_print_text(json);
    FILE *file = text ? create(sweep, &path, &error) : NULL;
    if (!file) {
        set_note(finding, "no reproduction was written: %s", text ? error.text : "out of memory");
        free(text);
        return;
    }
    bool written = fputs(text, file) >= 0;
    written &= fclose(file) == 0;
    free(text);
    if (!written) {
        set_note(finding, "no reproduction was written: %s", strerror(errno));
        remove(path);
        free(path);
        return;
    }
    verify(sweep, finding, path);
}

static char *id_of(const struct finding *finding)
{
    struct bytes id;
    bytes_init(&id, (size_t)1 << 24);
    segmentation_print(&finding->segmentation, &id);
    char *copy = finding->as_written ? NULL : strdup(bytes_text(&id));
    bytes_free(&id);
    return copy;
}

static void write_json(struct sweep *sweep, struct finding *finding, json_t *json,
                       const struct repro_size *size, const struct seam_error *error)
{
    finding->repro_cuts = size->cuts;
    finding->repro_steps = size->steps;
    if (json) {
        free(finding->note);
        finding->note = NULL;
        write_file(sweep, finding, json);
        json_decref(json);
    } else {
        set_note(finding, "no reproduction was written: %s", error->text[0] ? error->text : "out of memory");
    }
}

static bool joins_fin(const struct specimen *specimen)
{
    for (size_t i = 0; i < specimen->count; i++) {
        const struct op *op = &specimen->ops[i];
        size_t next = specimen_next_in_burst(specimen, i);
        if (!op->off && op->kind == OP_MESSAGE && op->joined && next != SIZE_MAX && specimen->ops[next].fin) {
            return true;
        }
    }
    return false;
}

static void write_specimen(struct sweep *sweep, struct finding *finding, const struct specimen *specimen,
                           const struct shown *shown, bool gates)
{
    struct subject subject;
    struct repro_size size = {0};
    struct seam_error error = {0};
    json_t *json = NULL;
    struct bytes id;
    bytes_init(&id, (size_t)1 << 24);
    segmentation_print(&shown->segmentation, &id);
    if (repro_script(specimen, shown, false, gates, &subject, &size)) {
        json = print(sweep, &subject.scenario, joins_fin(specimen) ? bytes_text(&id) : NULL, &error);
    }
    subject_close(&subject);
    bytes_free(&id);
    write_json(sweep, finding, json, &size, &error);
}

/* Of a finding about cost only the line that is stretched matters: the script up to it, what is expected
 * behind it, and the closes and stops. */
static void keep_one_line(const struct subject *from, size_t message, struct subject *out,
                          struct repro_size *size)
{
    const struct scenario *s = &from->scenario;
    size_t step = from->layout.messages[message].step, count = 0;
    subject_plain(s, out);
    struct script_entry *script = arena_alloc_array(out->arena, s->script_count, sizeof *script);
    bool over = false;
    for (size_t i = 0; i < s->script_count; i++) {
        const struct step *one = s->script[i].step;
        bool sends = one->verb == &step_send, last = one->verb == &step_close || one->verb == &step_stop;
        over |= i > step && sends;
        if (over && !last) {
            continue;
        }
        bool setup = last || one->verb == &step_connect || one->verb == &step_start ||
                     one->verb == &step_listen || one->verb == &step_accept;
        size->steps += !setup;
        script[count++] = s->script[i];
    }
    out->scenario.script = script;
    out->scenario.script_count = count;
    struct connection *connections = arena_alloc_array(out->arena, s->connection_count, sizeof *connections);
    for (size_t i = 0; i < s->connection_count; i++) {
        connections[i] = s->connections[i];
        connections[i].rest_ignored = true; /* the answers to what is left out were expected with its own */
    }
    out->scenario.connections = connections;
}

/* The scenario itself, with the cuts of the case. */
static void write_scenario(struct sweep *sweep, struct finding *finding)
{
    struct seam_error error = {0};
    char *id = id_of(finding);
    struct repro_size size = {
        .cuts = finding->segmentation.item_count ? finding->segmentation.items[0].cut_count : 0,
        .steps = finding->subject->scenario.script_count};
    json_t *json;
    if (finding->oracle == ORACLE_COST && finding->message != SIZE_MAX) {
        const struct layout *layout = &finding->subject->layout;
        struct subject one;
        char *every = NULL;
        size = (struct repro_size){0};
        keep_one_line(finding->subject, finding->message, &one, &size);
        if (asprintf(&every, "%s@*", layout->names[layout->messages[finding->message].connection]) < 0) {
            every = NULL;
        }
        json = print(sweep, &one.scenario, every, &error);
        free(every);
        subject_close(&one);
    } else {
        json =
            print(sweep, &finding->subject->scenario, finding->oddity == ODDITY_GROWTH ? NULL : id, &error);
    }
    write_json(sweep, finding, json, &size, &error);
    free(id);
}

void repro_write(struct sweep *sweep, struct finding *finding, const struct specimen *specimen,
                 const struct shown *shown)
{
    if (!sweep->options->loading) {
        return;
    }
    if (!specimen) {
        write_scenario(sweep, finding);
        return;
    }
    if (!passes_alone(sweep, finding, specimen, shown)) {
        return;
    }
    for (int gates = !specimen_is_special(specimen);
         gates < 2 && !finding->repro_path && !sweep_stopped(sweep); gates++) {
        write_specimen(sweep, finding, specimen, shown, gates == 1);
    }
}
