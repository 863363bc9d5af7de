/*
 * bundle - see bundle.h.
 *
 * The scenario is printed for its own folder and then moved: files of it are copied to the same places. What
 * can't be printed as one file is copied as it stands, with the parts that it includes.
 */
#include "harness/exchange/bundle_inside.h"

#include <errno.h>
#include <gnu/libc-version.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "harness/exchange/keep.h"
#include "harness/scenario_print.h"

enum { NAME_BYTES_MAX = 100, BUNDLES_MAX = 100000 };
#define TEXT_BYTES_MAX ((size_t)256 << 20)

/* --- its folder
 * --------------------------------------------------------------------------------------------------- */

/* Folder and file of the scenario, in characters that every system takes. */
static void base_name(const char *path, char out[NAME_BYTES_MAX])
{
    const char *from = path + strlen(path), *end = from;
    for (unsigned slashes = 0; from > path && (slashes += from[-1] == '/') < 2; from--) {
    }
    end -= end - from > 5 && strcmp(end - 5, ".json") == 0 ? 5 : 0;
    size_t n = 0;
    for (; from < end && n + 1 < NAME_BYTES_MAX; from++) {
        bool plain = (*from >= 'a' && *from <= 'z') || (*from >= 'A' && *from <= 'Z') ||
                     (*from >= '0' && *from <= '9') || *from == '-' || *from == '_';
        if (plain || n > 0) {
            out[n++] = plain ? *from : '-';
        }
    }
    out[n] = '\0';
}

static int make_folder(struct bundle *bundle, struct seam_error *error)
{
    const char *folder = bundle->request->folder;
    char base[NAME_BYTES_MAX];
    base_name(bundle->request->scenario->path, base);
    if (mkdir(folder, 0777) < 0 && errno != EEXIST) {
        seam_error_set(error, "the folder %s can't be made: %s", folder, strerror(errno));
        return -1;
    }
    for (unsigned number = 1; number < BUNDLES_MAX; number++) {
        if (asprintf(&bundle->path, "%s/%s-%u", folder, *base ? base : "scenario", number) < 0) {
            bundle->path = NULL;
            seam_error_set(error, "out of memory");
            return -1;
        }
        if (mkdir(bundle->path, 0777) == 0) {
            return 0;
        }
        int why = errno;
        free(bundle->path);
        bundle->path = NULL;
        if (why != EEXIST) {
            seam_error_set(error, "no folder can be made in %s: %s", folder, strerror(why));
            return -1;
        }
    }
    seam_error_set(error, "the folder %s is full", folder);
    return -1;
}

static int write_file(struct bundle *bundle, const char *name, const void *data, size_t length,
                      struct seam_error *error)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", bundle->path, name) < 0) {
        seam_error_set(error, "out of memory");
        return -1;
    }
    enum keep_result kept = keep_file(path, data, length, error);
    free(path);
    return kept == KEEP_WRITTEN || kept == KEEP_THERE ? 0 : -1;
}

static int write_text(struct bundle *bundle, const char *name, const char *text, struct seam_error *error)
{
    if (!text) {
        seam_error_set(error, "out of memory");
        return -1;
    }
    return write_file(bundle, name, text, strlen(text), error);
}

/* --- the scenario
 * ------------------------------------------------------------------------------------------------- */

/* As it stands, with all that stands beside it. */
static int copy_scenario(struct bundle *bundle, const struct seam_error *why, struct seam_error *error)
{
    const struct scenario *scenario = bundle->request->scenario;
    const char *slash = strrchr(scenario->path, '/');
    bundle_lacks(bundle, "the scenario can't be written as one file", why->text);
    if (asprintf(&bundle->original, "scenario/%s", slash ? slash + 1 : scenario->path) < 0 ||
        bundle_copy(bundle, scenario->folder, "scenario") < 0) {
        seam_error_set(error, "the scenario could not be copied to %s", bundle->path);
        return -1;
    }
    return 0;
}

static int write_scenario(struct bundle *bundle, struct seam_error *error)
{
    const struct scenario *scenario = bundle->request->scenario;
    struct seam_error why = {0};
    json_t *json = scenario_print(scenario, scenario->folder, &why);
    if (!json) {
        return copy_scenario(bundle, &why, error);
    }
    const char *cut = bundle->request->result->cut ? bundle->request->result->cut : scenario->cut;
    json_object_set_new(json, "name", json_string(scenario->name));
    if (cut) {
        json_object_set_new(json, "cut", json_string(cut));
    }
    bundle_copy_named(bundle, json);
    char *text = scenario_print_text(json);
    int result = write_text(bundle, "scenario.json", text, error);
    free(text);
    json_decref(json);
    return result;
}

/* --- what happened
 * ------------------------------------------------------------------------------------------------ */

static int write_transcript(struct bundle *bundle, struct seam_error *error)
{
    const struct transcript *transcript = bundle->request->transcript;
    struct bytes wire;
    char *folder = NULL;
    bytes_init(&wire, TEXT_BYTES_MAX);
    transcript_print_wire(transcript, 0, &wire);
    int result = write_file(bundle, "transcript.txt", wire.data, wire.length, error);
    bytes_free(&wire);
    if (result == 0 && asprintf(&folder, "%s/output", bundle->path) >= 0 && mkdir(folder, 0777) < 0) {
        seam_error_set(error, "%s can't be made: %s", folder, strerror(errno));
        result = -1;
    }
    free(folder);
    for (size_t i = 0; result == 0 && i < transcript->stream_count; i++) {
        const struct transcript_stream *stream = &transcript->streams[i];
        char name[NAME_BYTES_MAX];
        if (stream->kind == TRANSCRIPT_OUTPUT && stream->bytes.length > 0) {
            snprintf(name, sizeof name, "output/%s", stream->name); /* names of a scenario hold no slash */
            result = write_file(bundle, name, stream->bytes.data, stream->bytes.length, error);
        }
    }
    return result;
}

static int write_result(struct bundle *bundle, struct seam_error *error)
{
    char *line = NULL;
    int result = result_to_json(bundle->request->result, &line) < 0
                     ? -1
                     : write_text(bundle, "result.json", line, error);
    free(line);
    return result;
}

static int write_versions(struct bundle *bundle, struct seam_error *error)
{
    struct utsname system = {0};
    char *text = NULL;
    uname(&system);
    if (asprintf(&text, "seam %s\nlibc %s\n%s %s %s\n", bundle->request->version, gnu_get_libc_version(),
                 system.sysname, system.release, system.machine) < 0) {
        text = NULL;
    }
    int result = write_text(bundle, "versions.txt", text, error);
    free(text);
    return result;
}

/* --- README
 * ------------------------------------------------------------------------------------------------------- */

static void say(struct bytes *out, const char *before, const char *text, const char *after)
{
    bytes_append_text(out, before);
    bytes_append_visible(out, text, strlen(text), BYTES_VISIBLE_TEXT);
    bytes_append_text(out, after);
}

static void shell_quote(struct bytes *out, const char *text)
{
    bytes_append_text(out, "'");
    for (; *text; text++) {
        bytes_append(out, *text == '\'' ? "'\\''" : text, *text == '\'' ? 4 : 1);
    }
    bytes_append_text(out, "'");
}

static int write_readme(struct bundle *bundle, struct seam_error *error)
{
    const struct bundle_request *request = bundle->request;
    const struct result *result = request->result;
    struct bytes out;
    bytes_init(&out, TEXT_BYTES_MAX);
    if (bundle->original) {
        bytes_append_format(&out, "seam run%s ", request->defines);
        shell_quote(&out, bundle->original);
        bytes_append_text(&out, " --filter ");
        shell_quote(&out, request->scenario->name);
        if (result->cut) {
            bytes_append_text(&out, " --cut ");
            shell_quote(&out, result->cut);
        }
    } else {
        bytes_append_format(&out, "seam run%s scenario.json", request->options);
    }
    bytes_append_text(&out, "\n\nThat line, typed in this folder, runs again what failed here:\n\n");
    say(&out, "  ", request->scenario->name, "\n");
    say(&out, "  ", result->message ? result->message : result_status_words[result->status], "\n");
    if (result->why) {
        say(&out, "  why: ", result->why, "\n");
    }
    say(&out, "  from ", result->file ? result->file : request->scenario->path, "");
    bytes_append_format(&out, ":%d:%d\n", result->line, result->column);
    bytes_append_text(
        &out, "\n- scenario.json: all of it in one file, with its segmentation\n"
              "- transcript.txt: what was sent and said, chunk by chunk, with how each boundary was proved\n"
              "- output/: what the programs printed and logged\n"
              "- result.json: the verdict and its details\n"
              "- versions.txt: of Seam, libc and the system\n");
    if (result->kept) {
        bytes_append_text(
            &out, "- kept/: the programs' private folders: their files, sanitizers' reports, core files\n");
    }
    if (bundle->beside.length > 0) {
        bytes_append_text(&out, "\nNot in this folder, and needed or of use:\n\n");
        bytes_append(&out, bundle->beside.data, bundle->beside.length);
    }
    int written = write_file(bundle, "README", out.data, out.length, error);
    bytes_free(&out);
    return written;
}

int bundle_write(const struct bundle_request *request, char **path_out, struct seam_error *error)
{
    struct bundle bundle = {.request = request};
    bytes_init(&bundle.beside, TEXT_BYTES_MAX);
    int result = make_folder(&bundle, error);
    if (result == 0 && request->result->kept) {
        bundle_copy(&bundle, request->result->kept, "kept"); /* what is missing, README says */
    }
    result = result == 0 && write_scenario(&bundle, error) == 0 && write_transcript(&bundle, error) == 0 &&
                     write_result(&bundle, error) == 0 && write_versions(&bundle, error) == 0 &&
                     write_readme(&bundle, error) == 0
                 ? 0
                 : -1;
    bytes_free(&bundle.beside);
    free(bundle.original);
    *path_out = bundle.path;
    return result;
}
