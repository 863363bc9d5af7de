/* line_scan - see line_scan.h. */
#include "src/line_scan.h"

#include <assert.h>
#include <string.h>

void line_scan_init(struct line_scan *scan, const void *delimiter, size_t delimiter_bytes)
{
    assert(delimiter_bytes >= 1 && delimiter_bytes <= LINE_SCAN_DELIMITER_BYTES_MAX);
    *scan = (struct line_scan){.delimiter_bytes = (unsigned char)delimiter_bytes};
    memcpy(scan->delimiter, delimiter, delimiter_bytes);
    unsigned char matched = 0;
    for (size_t i = 1; i < delimiter_bytes; i++) {
        while (matched > 0 && scan->delimiter[i] != scan->delimiter[matched])
            matched = scan->fallback[matched - 1];
        if (scan->delimiter[i] == scan->delimiter[matched])
            matched++;
        scan->fallback[i] = matched;
    }
}

size_t line_scan_find(struct line_scan *scan, const char *data, size_t n)
{
    size_t i = 0;
    while (i < n) {
        if (scan->matched == 0) {
            const char *found = memchr(data + i, scan->delimiter[0], n - i);
            if (!found) {
                scan->scanned_bytes += n;
                return 0;
            }
            i = (size_t)(found - data);
        }
        unsigned char byte = (unsigned char)data[i++];
        while (scan->matched > 0 && byte != scan->delimiter[scan->matched])
            scan->matched = scan->fallback[scan->matched - 1];
        if (byte == scan->delimiter[scan->matched])
            scan->matched++;
        if (scan->matched == scan->delimiter_bytes) {
            scan->matched = 0;
            scan->scanned_bytes += i;
            return i;
        }
    }
    scan->scanned_bytes += n;
    return 0;
}
