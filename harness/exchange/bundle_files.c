/*
 * bundle_files - what a printed scenario reads, copied beside it.
 *
 * The scenario was printed for its own folder, so a file is named `${here}/x`, "file": "x", or by a command
 * with a slash. What lies below that folder keeps its way; what lies elsewhere goes to files/.
 */
#include "harness/exchange/bundle_inside.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 20, COPY_BYTES = 64 * 1024 };
static const char here[] = "${here}/";

void bundle_lacks(struct bundle *bundle, const char *what, const char *name)
{
    bytes_append_format(&bundle->beside, "- %s: ", what);
    name = name ? name : "?";
    bytes_append_visible(&bundle->beside, name, strlen(name), BYTES_VISIBLE_TEXT);
    bytes_append_text(&bundle->beside, "\n");
}

/* --- copying
 * ------------------------------------------------------------------------------------------------------ */

static int make_way(const char *path)
{
    char *way = strdup(path);
    int result = way ? 0 : -1;
    for (char *slash = way ? strchr(way + 1, '/') : NULL; result == 0 && slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        result = mkdir(way, 0777) < 0 && errno != EEXIST ? -1 : 0;
        *slash = '/';
    }
    free(way);
    return result;
}

static int copy_bytes(struct bundle *bundle, int from, int to)
{
    static char chunk[COPY_BYTES];
    for (;;) {
        ssize_t n = read(from, chunk, sizeof chunk);
        if (n == 0) {
            return 0;
        }
        if (n < 0 && errno != EINTR) {
            return -1;
        }
        bundle->bytes += n > 0 ? (uint64_t)n : 0;
        if (bundle->bytes > BUNDLE_BYTES_MAX) { /* it grew while it was copied */
            errno = EFBIG;
            return -1;
        }
        for (ssize_t at = 0; at < n;) {
            ssize_t written = write(to, chunk + at, (size_t)(n - at));
            if (written < 0 && errno != EINTR) {
                return -1;
            }
            at += written > 0 ? written : 0;
        }
    }
}

static int copy_file(struct bundle *bundle, const char *from, const char *to, const struct stat *status)
{
    if (bundle->file_count >= BUNDLE_FILES_MAX ||
        (uint64_t)status->st_size > BUNDLE_BYTES_MAX - bundle->bytes) {
        bundle_lacks(bundle, "not copied, the bundle is full", from);
        return -1;
    }
    int in = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    int out = in < 0 || make_way(to) < 0
                  ? -1
                  : open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, status->st_mode & 0777);
    int result = out < 0 ? -1 : copy_bytes(bundle, in, out);
    if (out >= 0 && close(out) < 0) {
        result = -1;
    }
    if (in >= 0) {
        close(in);
    }
    if (result < 0 && !(out < 0 && errno == EEXIST)) { /* named twice, it is there */
        bundle_lacks(bundle, strerror(errno), from);
        if (out >= 0) {
            unlink(to);
        }
        return -1;
    }
    bundle->file_count++;
    return 0;
}

static int copy_any(struct bundle *bundle, const char *from, const char *to, unsigned depth);

static int copy_folder(struct bundle *bundle, const char *from, const char *to, unsigned depth)
{
    int result = 0;
    DIR *folder = opendir(from);
    if (!folder || make_way(to) < 0 || (mkdir(to, 0777) < 0 && errno != EEXIST)) {
        bundle_lacks(bundle, strerror(errno), from);
        result = -1;
    }
    for (struct dirent *entry; result == 0 && folder && (entry = readdir(folder));) {
        char *inner = NULL, *target = NULL;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        if (asprintf(&inner, "%s/%s", from, entry->d_name) < 0) {
            inner = NULL;
        }
        if (asprintf(&target, "%s/%s", to, entry->d_name) < 0) {
            target = NULL;
        }
        if (!inner || !target || copy_any(bundle, inner, target, depth + 1) < 0) {
            result =
                bundle->file_count >= BUNDLE_FILES_MAX || depth >= DEPTH_MAX ? -1 : 0; /* else the others */
        }
        free(inner);
        free(target);
    }
    if (folder) {
        closedir(folder);
    }
    return result;
}

static int copy_any(struct bundle *bundle, const char *from, const char *to, unsigned depth)
{
    struct stat status, link;
    if (stat(from, &status) < 0 || lstat(from, &link) < 0) {
        bundle_lacks(bundle, strerror(errno), from);
        return -1;
    }
    if (S_ISDIR(status.st_mode) && (depth == 0 || (!S_ISLNK(link.st_mode) && depth < DEPTH_MAX))) {
        return copy_folder(bundle, from, to, depth);
    }
    return S_ISREG(status.st_mode) ? copy_file(bundle, from, to, &status) : 0;
}

int bundle_copy(struct bundle *bundle, const char *from, const char *name)
{
    char *to = NULL;
    if (asprintf(&to, "%s/%s", bundle->path, name) < 0) {
        return -1;
    }
    int result = copy_any(bundle, from, to, 0);
    free(to);
    return result;
}

/* --- names in the scenario
 * ---------------------------------------------------------------------------------------- */

static bool leads_out(const char *path)
{
    return strncmp(path, "../", 3) == 0 || strcmp(path, "..") == 0 || strstr(path, "/../") != NULL ||
           (strlen(path) >= 3 && strcmp(path + strlen(path) - 3, "/..") == 0);
}

/* Where it goes: below the scenario's folder the same way, elsewhere files/up/... with "up" for "..", so that
 * no two meet. NULL: out of memory. */
static char *name_of(const char *path)
{
    struct bytes name;
    bytes_init(&name, PATH_MAX);
    bytes_append_text(&name, leads_out(path) ? "files" : "");
    for (size_t n; *path; path += n + (path[n] == '/')) {
        n = strcspn(path, "/");
        bool up = n == 2 && memcmp(path, "..", 2) == 0, same = n == 0 || (n == 1 && *path == '.');
        bytes_append_text(&name, same || name.length == 0 ? "" : "/");
        bytes_append(&name, up ? "up" : path, same ? 0 : n);
    }
    char *copy = name.length > 0 ? strdup(bytes_text(&name)) : NULL;
    bytes_free(&name);
    return copy;
}

/* Copies what stands at a path from the scenario's folder; the caller frees the path from the bundle's. NULL:
 * nothing stands there, or it could not be copied, and the name stays. */
static char *copy_path(struct bundle *bundle, const char *path)
{
    char *from = NULL, *name = name_of(path);
    struct stat status;
    if (asprintf(&from, "%s/%s", bundle->request->scenario->folder, path) < 0) {
        from = NULL;
    }
    /* What is not there is made by the run, or a mistake that the rerun shall show, too. */
    if (!from || !name || stat(from, &status) < 0 || bundle_copy(bundle, from, name) < 0) {
        free(name);
        name = NULL;
    }
    free(from);
    return name;
}

static bool is_path_byte(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 || (c && strchr("/._-~+@%", c));
}

/* A text with every ${here}/x in it copied; NULL: it stays what it is. */
static json_t *fit_text(struct bundle *bundle, const char *text)
{
    struct bytes fitted;
    bool changed = false;
    bytes_init(&fitted, (size_t)1 << 24);
    for (const char *hit; (hit = strstr(text, here)) != NULL;) {
        const char *path = hit + strlen(here);
        size_t length = 0;
        while (is_path_byte(path[length])) {
            length++;
        }
        char *plain = strndup(path, length), *name = plain && length ? copy_path(bundle, plain) : NULL;
        bytes_append(&fitted, text, (size_t)(path - text));
        bytes_append_text(&fitted, name ? name : plain ? plain : "");
        changed = changed || (name && strcmp(name, plain) != 0);
        free(plain);
        free(name);
        text = path + length;
    }
    bytes_append_text(&fitted, text);
    json_t *json = changed ? json_string(bytes_text(&fitted)) : NULL;
    bytes_free(&fitted);
    return json;
}

/* A path without ${here}: a data file, or a command with a slash. */
static json_t *fit_path(struct bundle *bundle, const char *path, bool command)
{
    char *name = *path == '/' || strstr(path, "${") ? NULL : copy_path(bundle, path);
    const char *plain = strncmp(path, "./", 2) == 0 ? path + 2 : path;
    json_t *json = !name                           ? NULL
                   : command && !strchr(name, '/') ? json_sprintf("./%s", name)
                                                   : json_string(name);
    if (name && strcmp(name, plain) == 0) {
        json_decref(json);
        json = NULL;
    }
    free(name);
    return json;
}

/* Of programs names are changed, too: elsewhere the bytes that are said must stay what they are. */
static void fit(struct bundle *bundle, json_t *json, bool program, unsigned depth);

static json_t *fit_value(struct bundle *bundle, const char *key, json_t *value, bool program, unsigned depth)
{
    const char *text = json_string_value(value);
    json_t *fitted = NULL;
    if (!text) {
        fit(bundle, value, program, depth + 1);
    } else if (strstr(text, here)) {
        fitted = fit_text(bundle, text);
        if (!program && strcmp(key, "file") != 0) {
            json_decref(fitted);
            fitted = NULL;
        }
    } else if (strcmp(key, "file") == 0) {
        fitted = fit_path(bundle, text, false);
    }
    return fitted;
}

static void fit(struct bundle *bundle, json_t *json, bool program, unsigned depth)
{
    void *at;
    const char *key;
    json_t *value, *fitted;
    size_t index;
    if (depth > SCENARIO_NESTING_MAX) {
        return;
    }
    json_object_foreach_safe(json, at, key, value)
    {
        if ((fitted = fit_value(bundle, key, value, program, depth))) {
            json_object_set_new(json, key, fitted);
        }
    }
    json_array_foreach(json, index, value)
    {
        if ((fitted = fit_value(bundle, "", value, program, depth))) {
            json_array_set_new(json, index, fitted);
        }
    }
}

void bundle_copy_named(struct bundle *bundle, json_t *scenario)
{
    const char *name;
    json_t *programs = json_object_get(scenario, "programs"), *program, *fitted;
    json_object_foreach(programs, name, program)
    {
        json_t *command = json_object_get(program, "command");
        const char *first = json_string_value(json_array_get(command, 0));
        if (!first) { /* it runs already */
            bundle_lacks(bundle, "the program at", json_string_value(json_object_get(program, "address")));
        } else if (!strstr(first, "${") && *first != '/' && strchr(first, '/')) {
            if ((fitted = fit_path(bundle, first, true))) {
                json_array_set_new(command, 0, fitted);
            }
        } else if (!strstr(first, here)) {
            bundle_lacks(bundle, "the program", first);
        }
    }
    fit(bundle, programs, true, 0);
    fit(bundle, json_object_get(scenario, "steps"), false, 0);
}
