/* charts - see charts.h. */
#include "harness/commands/charts.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "harness/exchange/chart.h"

#define CHART_BYTES_MAX ((size_t)16 << 20)

static char *draw(const struct export_run *run)
{
    struct bytes svg;
    char *text = NULL;
    bytes_init(&svg, CHART_BYTES_MAX);
    if (chart_draw(run, &svg)) {
        text = strdup(bytes_text(&svg));
    }
    bytes_free(&svg);
    return text;
}

char *charts_of_run(const struct scenario *scenario, const struct run *run, const struct result *result)
{
    const struct export_item item = {.scenario = scenario};
    struct export_run shown = {
        .item = &item, .transcript = run_transcript(run), .result = result, .version = SEAM_VERSION};
    shown.failed = run_failed_where(run, &shown.failed_step, &shown.failed_after);
    char *svg = draw(&shown);
    json_t *charts = svg ? json_pack("[{s:s, s:s}]", "title", "The conversation", "svg", svg) : NULL;
    char *text = charts ? json_dumps(charts, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    json_decref(charts);
    free(svg);
    return text;
}

char *charts_of_record(const struct scenario *scenario, const struct record *record, const char *message)
{
    const struct export_item item = {.scenario = scenario};
    const struct result result = {.status = message ? RESULT_FAILED : RESULT_PASSED,
                                  .path = (char *)scenario->path,
                                  .message = (char *)message};
    const struct export_run shown = {
        .item = &item, .transcript = &record->transcript, .result = &result, .version = SEAM_VERSION};
    return draw(&shown);
}
