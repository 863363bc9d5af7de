/*
 * run_program - programs under test: their folders and files, their start, their ports, what they say, how they end.
 *
 * A program starts just before the first step that names it, unless a step starts it. Ready means: its named ports are in
 * LISTEN, seen in the kernel's table as sockets of its process tree. A program that ends with no step that expects it fails the run.
 */
#include "harness/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { START_TRIES_MAX = 5 };

/* --- what it says -------------------------------------------------------------------------------------------------- */

static size_t source_stream(const struct run_program *p, int source)
{
    return source == WORLD_STDOUT ? p->out : source == WORLD_STDERR ? p->err : p->logs + (size_t)(source - WORLD_LOG);
}

static void intake_source(struct run *run, struct run_program *p, int source)
{
    size_t index = source_stream(p, source);
    struct transcript_stream *stream = &run->transcript.streams[index];
    while (!stream->ended && run_may_read(run)) {
        ssize_t n = run->world->ops->program_read(p->world, source, run->scratch, sizeof run->scratch);
        if (n == -EAGAIN) {
            return;
        }
        run->moved = true;
        run->reads_left--;
        if (n <= 0) {
            transcript_event(&run->transcript, EVENT_END, index, run->at, 0, run_now_ns(run));
        } else if (transcript_chunk(&run->transcript, index, run->at, run->scratch, (size_t)n, run_now_ns(run)) == SIZE_MAX) {
            run_fail(run, RESULT_ERROR, NULL, "\"%s\" wrote more than the %zu MiB that are kept", stream->name,
                     SCENARIO_RECEIVED_BYTES_MAX >> 20);
            return;
        }
    }
}

void run_intake_program(struct run *run, struct run_program *p)
{
    if (!p->world) {
        return;
    }
    if (!p->spec->stdio) { /* else stdout belongs to its connection */
        intake_source(run, p, WORLD_STDOUT);
    }
    intake_source(run, p, WORLD_STDERR);
    for (size_t i = 0; i < p->spec->log_count; i++) {
        intake_source(run, p, WORLD_LOG + (int)i);
    }
}

/* --- its start ------------------------------------------------------------------------------------------------------- */

static int make_parents(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        int made = mkdir(path, 0700);
        *slash = '/';
        if (made < 0 && errno != EEXIST) {
            return -1;
        }
    }
    return 0;
}

static int write_whole(const char *path, const struct bytes *content)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    size_t done = 0;
    while (fd >= 0 && done < content->length) {
        ssize_t n = write(fd, content->data + done, content->length - done);
        if (n < 0 && errno != EINTR) {
            close(fd);
            return -1;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return fd < 0 ? -1 : close(fd);
}

static bool leaves_folder(const char *path)
{
    if (path[0] == '/' || path[0] == 0) {
        return true;
    }
    for (const char *part = path; part; part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL) {
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == 0)) {
            return true;
        }
    }
    return false;
}

/* An absolute path below the program's folder; the caller frees it. NULL: the run has failed. */
static char *path_in_folder(struct run *run, const struct run_program *p, const struct text *text)
{
    struct seam_error error = {0};
    struct bytes path;
    char *whole = NULL;
    bytes_init(&path, 4096);
    if (text_expand(text, &run->values, &path, &error) < 0) {
        run_fail_error(run, RESULT_ERROR, &error);
    } else if (leaves_folder(bytes_text(&path)) || strlen(bytes_text(&path)) != path.length) {
        run_fail(run, RESULT_ERROR, &text->place, "\"%s\" is not a path below the program's folder", bytes_text(&path));
    } else if (asprintf(&whole, "%s/%s", p->folder, bytes_text(&path)) < 0) {
        whole = NULL;
        run_fail(run, RESULT_ERROR, NULL, "out of memory");
    }
    bytes_free(&path);
    return whole;
}

static int write_files(struct run *run, const struct run_program *p)
{
    for (size_t i = 0; i < p->spec->file_count; i++) {
        struct seam_error error = {0};
        struct bytes content;
        static const struct delimiter newline = {.bytes = "\n", .length = 1};
        char *path = path_in_folder(run, p, p->spec->files[i].path);
        if (!path) {
            return -1;
        }
        bytes_init(&content, DATA_EXPANDED_BYTES_MAX);
        int done = data_expand(p->spec->files[i].data, &run->values, &newline, &content, &error);
        if (done < 0) {
            run_fail_error(run, RESULT_ERROR, &error);
        } else if ((done = make_parents(path)) < 0 || (done = write_whole(path, &content)) < 0) {
            run_fail(run, RESULT_ERROR, &p->spec->place, "can't write %s: %s", path, strerror(errno));
        }
        bytes_free(&content);
        free(path);
        if (done < 0) {
            return -1;
        }
    }
    return 0;
}

static char *expand(struct run *run, const struct text *text)
{
    struct seam_error error = {0};
    struct bytes out;
    bytes_init(&out, 1 << 20);
    char *copy = NULL;
    if (text_expand(text, &run->values, &out, &error) < 0) {
        run_fail_error(run, RESULT_ERROR, &error);
    } else if (strlen(bytes_text(&out)) != out.length) {
        run_fail(run, RESULT_ERROR, &text->place, "a NUL can't be handed to a program here");
    } else if (!(copy = strdup(bytes_text(&out)))) {
        run_fail(run, RESULT_ERROR, NULL, "out of memory");
    }
    bytes_free(&out);
    return copy;
}

static void free_strings(char **strings)
{
    for (char **s = strings; s && *s; s++) {
        free(*s);
    }
    free(strings);
}

static char **expand_command(struct run *run, const struct program *spec)
{
    char **argv = calloc(spec->command_count + 1, sizeof *argv);
    for (size_t i = 0; argv && i < spec->command_count; i++) {
        argv[i] = expand(run, spec->command[i]);
        if (!argv[i]) {
            free_strings(argv);
            return NULL;
        }
    }
    if (argv && argv[0][0] != '/' && strchr(argv[0], '/')) {
        char *whole = NULL;
        if (asprintf(&whole, "%s/%s", spec->folder, argv[0]) >= 0) {
            free(argv[0]);
            argv[0] = whole;
        }
    }
    return argv;
}

/* The small fixed base, then what the program adds or removes. */
static char **expand_environment(struct run *run, const struct run_program *p)
{
    static const char *const passed[] = {"PATH", "HOME", "USER", "LOGNAME", "SEAM_CONTAINMENT"};
    enum { PASSED = sizeof passed / sizeof passed[0] };
    const struct program *spec = p->spec;
    char **envp = calloc(PASSED + 4 + spec->env_count, sizeof *envp);
    size_t n = 0;
    if (!envp) {
        return NULL;
    }
    for (size_t i = 0; i < PASSED; i++) {
        const char *value = getenv(passed[i]);
        if (value && asprintf(&envp[n], "%s=%s", passed[i], value) >= 0) {
            n++;
        }
    }
    envp[n++] = strdup("LANG=C.UTF-8");
    n += asprintf(&envp[n], "TMPDIR=%s", p->folder) >= 0;
    for (size_t i = 0; i < spec->env_count; i++) {
        size_t name_bytes = strlen(spec->env[i].name);
        size_t k = 0;
        while (k < n && (strncmp(envp[k], spec->env[i].name, name_bytes) != 0 || envp[k][name_bytes] != '=')) {
            k++;
        }
        if (k < n) {
            free(envp[k]);
            envp[k] = envp[--n];
            envp[n] = NULL;
        }
        if (spec->env[i].value) {
            char *value = expand(run, spec->env[i].value);
            if (!value || asprintf(&envp[n], "%s=%s", spec->env[i].name, value) < 0) {
                free(value);
                envp[n] = NULL;
                free_strings(envp);
                return NULL;
            }
            free(value);
            n++;
        }
    }
    return envp;
}

static int choose_ports(struct run *run, struct run_program *p)
{
    for (size_t i = 0; i < p->spec->port_count; i++) {
        if (p->spec->ports[i].chosen) {
            int port = run->world->ops->free_port(run->world);
            if (port < 0) {
                run_fail(run, RESULT_ERROR, &p->spec->place, "no free port was found");
                return -1;
            }
            p->ports[i].port = (uint16_t)port;
            values_set_number(&run->values, p->spec->ports[i].slot, port);
        }
    }
    return 0;
}

static char **expand_logs(struct run *run, const struct run_program *p)
{
    char **logs = calloc(p->spec->log_count + 1, sizeof *logs);
    for (size_t i = 0; logs && i < p->spec->log_count; i++) {
        logs[i] = path_in_folder(run, p, p->spec->logs[i].path);
        if (!logs[i]) {
            free_strings(logs);
            return NULL;
        }
    }
    return logs;
}

static int launch(struct run *run, struct run_program *p)
{
    struct seam_error error = {0};
    const struct program *spec = p->spec;
    if (choose_ports(run, p) < 0 || write_files(run, p) < 0) {
        return -1;
    }
    char **argv = expand_command(run, spec);
    char **envp = argv ? expand_environment(run, p) : NULL;
    char **logs = envp ? expand_logs(run, p) : NULL;
    char *cwd = spec->cwd && logs ? expand(run, spec->cwd) : NULL;
    if (cwd && cwd[0] != '/') {
        char *whole = NULL;
        if (asprintf(&whole, "%s/%s", spec->folder, cwd) >= 0) {
            free(cwd);
            cwd = whole;
        }
    }
    if (logs && !run->failed) {
        p->world = run->world->ops->program_start(run->stage,
                                                  &(struct world_program_spec){.name = spec->name,
                                                                               .argv = (const char *const *)argv,
                                                                               .envp = (const char *const *)envp,
                                                                               .cwd = cwd ? cwd : p->folder,
                                                                               .folder = p->folder,
                                                                               .terminal = spec->terminal,
                                                                               .stdio = spec->stdio,
                                                                               .logs = (const char *const *)logs,
                                                                               .log_count = spec->log_count},
                                                  &error);
        if (!p->world) {
            run_fail(run, RESULT_ERROR, &spec->place, "can't start \"%s\": %s", spec->name, error.text);
        }
    } else if (!run->failed) {
        run_fail(run, RESULT_ERROR, NULL, "out of memory");
    }
    free_strings(argv);
    free_strings(envp);
    free_strings(logs);
    free(cwd);
    if (!p->world) {
        return -1;
    }
    p->state = RUN_PROGRAM_STARTING;
    p->started_order = ++run->started_count;
    p->looks = 0;
    p->look_ns = 0;
    const char *weaker = run->world->ops->program_containment(p->world);
    if (weaker) {
        run_note(run, "\"%s\" is held by a %s, since no PID namespace can be made here: a program that kills its keeper gets away",
                 spec->name, weaker);
    }
    transcript_event(&run->transcript, EVENT_STARTED, p->out, run->at, 0, run_now_ns(run));
    run_acted(run);
    return 0;
}

/* Matches what listens to the program's named ports. -1: not all are there yet. */
static int map_ports(struct run *run, struct run_program *p)
{
    struct world_port found[WORLD_PORTS_MAX];
    const struct program *spec = p->spec;
    size_t count = run->world->ops->program_ports(p->world, found, WORLD_PORTS_MAX);
    size_t unnamed = 0;
    for (size_t i = 0; i < spec->port_count; i++) {
        if (spec->ports[i].chosen) {
            size_t k = 0;
            while (k < count && found[k].port != p->ports[i].port) {
                k++;
            }
            if (k == count) {
                return -1;
            }
            p->ports[i] = found[k];
            found[k] = found[--count];
        } else {
            unnamed++;
        }
    }
    if (unnamed > count) {
        return -1;
    }
    size_t next = 0;
    for (size_t i = 0; i < spec->port_count; i++) {
        if (!spec->ports[i].chosen) {
            p->ports[i] = found[next++];
            values_set_number(&run->values, spec->ports[i].slot, p->ports[i].port);
        }
    }
    if (unnamed == 1 && spec->port_count == 1 && count > 1) {
        /* No error: whether the others are there already is a matter of time. */
        run_note(run,
                 "\"%s\" listens on %zu ports (%u, %u …), %u is taken: name them, \"listens\": [\"one\", \"two\"], or use "
                 "${%s.port} in its command",
                 spec->name, count, found[0].port, found[1].port, found[0].port, spec->name);
    }
    p->has_ports = true;
    return 0;
}

static enum step_result fail_not_listening(struct run *run, struct run_program *p, const char *because)
{
    struct world_port found[WORLD_PORTS_MAX] = {{0}};
    bool picked = p->spec->port_count == 1 && p->spec->ports[0].chosen;
    char where[64] = "";
    if (picked && p->facts.state == WORLD_PROGRAM_RUNNING &&
        run->world->ops->program_ports(p->world, found, WORLD_PORTS_MAX) > 0 && found[0].port != p->ports[0].port) {
        snprintf(where, sizeof where, " on port %u, but on port %u", p->ports[0].port, found[0].port);
    } else if (picked) {
        snprintf(where, sizeof where, " on port %u", p->ports[0].port);
    }
    return run_fail(run, RESULT_ERROR, &p->spec->place, "\"%s\" does not listen%s: %s", p->spec->name, where, because);
}

/* It ended before it listened: perhaps because its port was taken in the meantime. */
static enum step_result start_again(struct run *run, struct run_program *p)
{
    bool chosen = false;
    for (size_t i = 0; i < p->spec->port_count; i++) {
        chosen |= p->spec->ports[i].chosen && run->world->ops->port_in_use(run->world, p->ports[i].port);
    }
    if (chosen && ++p->start_tries < START_TRIES_MAX) {
        run_note(run, "the port picked for \"%s\" was taken by somebody else: started again with another", p->spec->name);
        p->world = NULL; /* the stage still owns it */
        return launch(run, p) < 0 ? STEP_FAIL : STEP_WAIT;
    }
    char how[64];
    snprintf(how, sizeof how, p->facts.state == WORLD_PROGRAM_EXITED ? "it exited with %d first" : "it was killed by signal %d first",
             p->facts.code);
    return fail_not_listening(run, p, how);
}

static enum step_result wait_for_ports(struct run *run, struct run_program *p)
{
    run->world->ops->program_look(p->world, &p->facts);
    if (p->facts.state != WORLD_PROGRAM_RUNNING) {
        run->reads_left = SIZE_MAX;
        run_intake_program(run, p);
        return start_again(run, p);
    }
    uint64_t now_ns = run_now_ns(run);
    if (now_ns < p->look_ns) {
        run_look_again(run, p->look_ns);
        return STEP_WAIT;
    }
    if (map_ports(run, p) == 0) {
        p->state = RUN_PROGRAM_READY;
        return run->failed ? STEP_FAIL : STEP_DONE;
    }
    if (run_out_of_time(run)) {
        char because[sizeof run->settle_facts.who + 32];
        snprintf(because, sizeof because, "time ran out%s%s", run->settle_facts.who[0] ? "; " : "", run->settle_facts.who);
        return fail_not_listening(run, p, because);
    }
    if (p->looks > 8 && run_quiet_look(run, false) == RUN_QUIET_YES && run->settle == WORLD_QUIET && map_ports(run, p) < 0) {
        return fail_not_listening(run, p, run->settle_facts.who);
    }
    p->look_ns = now_ns + (p->looks < 20 ? 250000 : 2000000);
    p->looks++;
    run_look_again(run, p->look_ns);
    return STEP_WAIT;
}

static enum step_result attach(struct run *run, struct run_program *p)
{
    if (run_parse_address(run, p->spec->address, p->ports[0].host, &p->ports[0].port) < 0) {
        return STEP_FAIL;
    }
    values_set_number(&run->values, p->spec->ports[0].slot, p->ports[0].port);
    run->world->ops->attach(run->stage, p->spec->name, p->ports[0].host, p->ports[0].port);
    p->has_ports = true;
    p->state = RUN_PROGRAM_READY;
    return STEP_DONE;
}

enum step_result run_program_ready(struct run *run, size_t program)
{
    struct run_program *p = &run->programs[program];
    if (p->state == RUN_PROGRAM_READY || p->state == RUN_PROGRAM_ENDED) {
        return STEP_DONE;
    }
    if (p->spec->address) {
        return attach(run, p);
    }
    if (p->state == RUN_PROGRAM_NONE && launch(run, p) < 0) {
        return STEP_FAIL;
    }
    if (!p->spec->listens) {
        p->state = RUN_PROGRAM_READY;
        return STEP_DONE;
    }
    return wait_for_ports(run, p);
}

enum step_result run_program_start(struct run *run, size_t program)
{
    if (run_step_begins(run) && run->programs[program].state != RUN_PROGRAM_NONE) {
        return run_fail(run, RESULT_FAILED, NULL, "\"%s\" was started before", run->programs[program].spec->name);
    }
    return run_program_ready(run, program);
}

/* Starts the programs that a step names, just before it. */
enum step_result run_programs_ready(struct run *run, const struct script_entry *entry)
{
    extern const struct step_verb step_start;
    const struct step_verb *verb = entry->step->verb;
    for (size_t i = 0; i < verb->arg_count && verb != &step_start; i++) {
        const char *at = (const char *)entry->step->args + verb->args[i].offset;
        size_t program = SIZE_MAX;
        if (verb->args[i].kind == ARG_PROGRAM) {
            program = *(const size_t *)(const void *)at;
        } else if (verb->args[i].kind == ARG_STREAM) {
            const struct stream_ref *ref = (const void *)at;
            program = ref->kind == STREAM_CONNECTION ? SIZE_MAX : ref->index;
        } else if (verb->args[i].kind == ARG_TARGET) {
            const struct connect_target *to = (const void *)at;
            program = to->is_address ? SIZE_MAX : to->program;
        }
        if (program == SIZE_MAX) {
            continue;
        }
        struct run_program *p = &run->programs[program];
        if (p->state == RUN_PROGRAM_NONE && p->spec->explicit_start) {
            return run_fail(run, RESULT_FAILED, NULL, "\"%s\" has not been started: its start comes later", p->spec->name);
        }
        enum step_result ready = run_program_ready(run, program);
        if (ready != STEP_DONE) {
            return ready;
        }
    }
    return STEP_DONE;
}
