/*
 * run_launch - starts a program: its files are written, its command, environment and ports expanded.
 *
 * Everything goes below the program's private folder. A port that the scenario asks for is picked here,
 * before anything that may hold it is expanded.
 */
#include "harness/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
        run_fail(run, RESULT_ERROR, &text->place, "\"%s\" is not a path below the program's folder",
                 bytes_text(&path));
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
        while (k < n &&
               (strncmp(envp[k], spec->env[i].name, name_bytes) != 0 || envp[k][name_bytes] != '=')) {
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

int run_program_launch(struct run *run, struct run_program *p)
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
        p->world =
            run->world->ops->program_start(run->stage,
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
        run_note(run,
                 "\"%s\" is held by a %s, since no PID namespace can be made here: a program that kills its "
                 "keeper gets away",
                 spec->name, weaker);
    }
    transcript_event(&run->transcript, EVENT_STARTED, p->out, run->at, 0, run_now_ns(run));
    run_acted(run);
    return 0;
}
