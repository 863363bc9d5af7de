/* run_setup - makes a run and takes it apart: transcript streams, values, private folders, the segmentation
 * of each connection. */
#include "harness/run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static char *join_names(const char *a, const char *b)
{
    char *out = NULL;
    return asprintf(&out, "%s.%s", a, b) < 0 ? NULL : out;
}

static void name_stream(struct run *run, size_t index, char *name, enum transcript_stream_kind kind)
{
    run->transcript.streams[index].name = name;
    run->transcript.streams[index].kind = kind;
}

/* Per connection: sent, received; per program: typed, stdout, stderr, each log. */
static int lay_out_streams(struct run *run)
{
    const struct scenario *s = run->scenario;
    size_t count = 2 * s->connection_count;
    for (size_t i = 0; i < s->program_count; i++) {
        count += 3 + s->programs[i].log_count;
    }
    transcript_open(&run->transcript, count, run_now_ns(run));
    size_t next = 0;
    for (size_t i = 0; i < s->connection_count; i++) {
        struct run_connection *c = &run->connections[i];
        c->sent = next;
        name_stream(run, next++, strdup(s->connections[i].name), TRANSCRIPT_SENT);
        c->received = next;
        name_stream(run, next++, strdup(s->connections[i].name), TRANSCRIPT_RECEIVED);
        run->transcript.streams[c->sent].delimiter = &s->connections[i].delimiter;
        run->transcript.streams[c->received].delimiter = &s->connections[i].delimiter;
    }
    for (size_t i = 0; i < s->program_count; i++) {
        const struct program *spec = &s->programs[i];
        struct run_program *p = &run->programs[i];
        p->cursors = calloc(2 + spec->log_count, sizeof *p->cursors);
        if (!p->cursors) {
            return -1;
        }
        p->typed = next;
        name_stream(run, next++, join_names(spec->name, "stdin"), TRANSCRIPT_TYPED);
        p->out = next;
        name_stream(run, next++, join_names(spec->name, "stdout"), TRANSCRIPT_OUTPUT);
        p->err = next;
        name_stream(run, next++, join_names(spec->name, "stderr"), TRANSCRIPT_OUTPUT);
        p->logs = next;
        for (size_t k = 0; k < spec->log_count; k++) {
            name_stream(run, next++, join_names(spec->name, spec->logs[k].name), TRANSCRIPT_OUTPUT);
        }
    }
    return 0;
}

static int bind_segmentation(struct run *run, const struct segmentation *given, struct seam_error *error)
{
    const struct scenario *s = run->scenario;
    run->segmentation = given;
    if (!given && s->cut) {
        if (segmentation_parse(s->cut, &run->own_segmentation, error) < 0) {
            return -1;
        }
        run->segmentation = &run->own_segmentation;
    }
    if (!run->segmentation) {
        return 0;
    }
    for (size_t k = 0; k < run->segmentation->item_count; k++) {
        const struct segmentation_item *item = &run->segmentation->items[k];
        size_t i = 0;
        while (i < s->connection_count && strcmp(s->connections[i].name, item->connection) != 0) {
            i++;
        }
        if (i == s->connection_count) {
            return seam_error_set(error, "the cut names connection \"%s\", which this scenario does not have",
                                  item->connection);
        }
        run->connections[i].cuts = item;
    }
    run->random = run->segmentation->interleave_seed;
    return 0;
}

static int make_folder(struct run *run, struct seam_error *error)
{
    const char *base = run->options.tmp ? run->options.tmp : getenv("TMPDIR");
    if (asprintf(&run->tmp, "%s/seam-XXXXXX", base && *base ? base : "/tmp") < 0) {
        run->tmp = NULL;
        return seam_error_set(error, "out of memory");
    }
    if (!mkdtemp(run->tmp)) {
        seam_error_set(error, "can't make a private folder %s: %s", run->tmp, strerror(errno));
        free(run->tmp);
        run->tmp = NULL;
        return -1;
    }
    return 0;
}

static int make_program_folders(struct run *run, struct seam_error *error)
{
    const struct scenario *s = run->scenario;
    for (size_t i = 0; i < s->program_count; i++) {
        struct run_program *p = &run->programs[i];
        if (asprintf(&p->folder, "%s/%s", run->tmp, s->programs[i].name) < 0 || mkdir(p->folder, 0700) < 0) {
            return seam_error_set(error, "can't make a private folder: %s", strerror(errno));
        }
        values_set(&run->values, s->programs[i].slot_dir, p->folder, strlen(p->folder));
    }
    return 0;
}

static int set_values(struct run *run, struct run *host, struct seam_error *error)
{
    const struct scenario *s = run->scenario;
    const char *tmp = host ? host->tmp : run->tmp;
    if (values_open(&run->values, s->slot_count, s->slot_names) < 0 ||
        values_set(&run->values, s->slot_tmp, tmp, strlen(tmp)) < 0) {
        return seam_error_set(error, "out of memory");
    }
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    unsigned char seed[6];
    char name[6];
    if (getrandom(seed, sizeof seed, 0) != sizeof seed) {
        return seam_error_set(error, "the system gives no random bytes: %s", strerror(errno));
    }
    for (size_t i = 0; i < sizeof name; i++) {
        name[i] = letters[seed[i] % (i == 0 ? 26 : 32)]; /* a letter first: it serves as a name */
    }
    values_set(&run->values, s->slot_case, name, sizeof name);
    if (host ? run_join(run, host) < 0 && seam_error_set(error, "out of memory") < 0
             : make_program_folders(run, error) < 0) {
        return -1;
    }
    if (run_bind_vars(run, s->vars, s->var_count) != STEP_DONE) {
        error->line = run->verdict.line;
        error->column = run->verdict.column;
        return seam_error_set(error, "%s", run->verdict.message ? run->verdict.message : "out of memory");
    }
    return 0;
}

/* host NULL: a run with programs of its own. */
static struct run *new_run(const struct scenario *scenario, const struct segmentation *segmentation,
                           struct world *world, struct run *host, const struct run_options *options,
                           struct seam_error *error)
{
    struct run *run = calloc(1, sizeof *run);
    if (!run) {
        seam_error_set(error, "out of memory");
        return NULL;
    }
    error->path = scenario->path;
    error->line = error->column = 0;
    run->scenario = scenario;
    run->world = world;
    run->options = *options;
    run->failed_at = run->group_at = SIZE_MAX;
    run->script_end = scenario->script_count;
    bytes_init(&run->notes, RUN_TEXT_BYTES_MAX);
    bytes_init(&run->updates, SCENARIO_FILE_BYTES_MAX);
    bytes_init(&run->detail, RUN_TEXT_BYTES_MAX);
    bytes_init(&run->typed, DATA_EXPANDED_BYTES_MAX);
    run->programs = calloc(scenario->program_count + 1, sizeof *run->programs);
    run->connections = calloc(scenario->connection_count + 1, sizeof *run->connections);
    run->listeners = calloc(scenario->listener_count + 1, sizeof *run->listeners);
    bool whole = run->programs && run->connections && run->listeners;
    run->stage = !whole ? NULL : host ? host->stage : world->ops->stage_open(world);
    if (!run->stage) {
        seam_error_set(error, "out of memory");
        run_free(run);
        return NULL;
    }
    for (size_t i = 0; i < scenario->program_count; i++) {
        run->programs[i].spec = &scenario->programs[i];
    }
    for (size_t i = 0; i < scenario->listener_count; i++) {
        run->listeners[i].spec = &scenario->listeners[i];
    }
    for (size_t i = 0; i < scenario->connection_count; i++) {
        struct run_connection *c = &run->connections[i];
        c->spec = &scenario->connections[i];
        c->peer_program = SIZE_MAX;
        c->chunk_event = SIZE_MAX;
        bytes_init(&c->out, DATA_EXPANDED_BYTES_MAX);
    }
    run->company = host ? host->company : NULL;
    if (lay_out_streams(run) < 0 || (!host && make_folder(run, error) < 0) ||
        set_values(run, host, error) < 0 || bind_segmentation(run, segmentation, error) < 0) {
        run_free(run);
        return NULL;
    }
    trace_open(&run->trace, run->transcript.stream_count);
    run->step_began_ns = run_now_ns(run);
    run->step_limit_ns = (uint64_t)scenario->timeout_ms * 1000000;
    return run;
}

struct run *run_new(const struct scenario *scenario, const struct segmentation *segmentation,
                    struct world *world, const struct run_options *options, struct seam_error *error)
{
    return new_run(scenario, segmentation, world, NULL, options, error);
}

struct run *run_new_guest(const struct scenario *scenario, const struct segmentation *segmentation,
                          struct run *host, const struct run_options *options, struct seam_error *error)
{
    return new_run(scenario, segmentation, host->world, host, options, error);
}

/* Removes a folder below run->tmp with all that is in it; follows no link. */
static void remove_tree(int parent, const char *name, int depth)
{
    if (unlinkat(parent, name, 0) == 0 || (errno != EISDIR && errno != EPERM)) {
        return;
    }
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (!folder) {
        if (fd >= 0) {
            close(fd);
        }
        unlinkat(parent, name, AT_REMOVEDIR);
        return;
    }
    for (struct dirent *e; depth < 100 && (e = readdir(folder)) != NULL;) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            remove_tree(dirfd(folder), e->d_name, depth + 1);
        }
    }
    closedir(folder);
    unlinkat(parent, name, AT_REMOVEDIR);
}

/* Folders of a failed run stay, if there is something in them. */
void run_keep_folder(struct run *run)
{
    if (!run->tmp) {
        return; /* a guest has none */
    }
    for (size_t i = 0; i < run->scenario->program_count; i++) {
        rmdir(run->programs[i].folder); /* fails when it is not empty: that is the point */
    }
    run->kept = (run->failed || run->options.keep) && !run->options.drop_folders && rmdir(run->tmp) < 0;
}

static void free_connection(struct run_connection *c)
{
    bytes_free(&c->out);
    free(c->marks);
    if (c->ignore_open) {
        line_reader_free(&c->ignore_reader);
    }
}

/* Closes what is the run's own: a guest's connections, else everything. */
void run_leave_stage(struct run *run)
{
    for (size_t i = 0; run->stage && run_is_guest(run) && i < run->scenario->connection_count; i++) {
        run_connection_drop(run, &run->connections[i]);
    }
    if (run->stage && !run_is_guest(run)) {
        run->world->ops->stage_close(run->stage);
    }
    run->stage = NULL;
}

void run_free(struct run *run)
{
    if (!run) {
        return;
    }
    run_leave_stage(run);
    if (run->tmp && !run->kept) {
        remove_tree(AT_FDCWD, run->tmp, 0);
    }
    for (size_t i = 0; run->programs && i < run->scenario->program_count; i++) {
        free(run->programs[i].cursors);
        free(run->programs[i].folder);
    }
    for (size_t i = 0; run->connections && i < run->scenario->connection_count; i++) {
        free_connection(&run->connections[i]);
    }
    for (size_t i = 0; i < run->transcript.stream_count; i++) {
        free((char *)run->transcript.streams[i].name);
        run->transcript.streams[i].name = NULL;
    }
    expect_state_close(&run->expect);
    expect_want_close(&run->want);
    transcript_close(&run->transcript);
    values_close(&run->values);
    segmentation_close(&run->own_segmentation);
    trace_close(&run->trace);
    if (run->hosting) {
        free(run->company);
    }
    result_close(&run->verdict);
    bytes_free(&run->typed);
    bytes_free(&run->notes);
    bytes_free(&run->updates);
    bytes_free(&run->detail);
    free(run->tmp);
    free(run->programs);
    free(run->connections);
    free(run->listeners);
    free(run);
}
