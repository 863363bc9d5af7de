/* export_chart - a run as a picture: see chart.h. */
#include <stdio.h>

#include "harness/exchange/chart.h"

bool export_chart(const struct export_run *run, struct bytes *out, char why_not[EXPORT_WHY_NOT_BYTES])
{
    if (!chart_draw(run, out)) {
        snprintf(why_not, EXPORT_WHY_NOT_BYTES, "out of memory");
        return false;
    }
    return true;
}
