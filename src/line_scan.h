/*
 * line_scan - finds the next delimiter in bytes that were not looked at before.
 *
 * Sans-IO. This is the one place where line bytes are searched, so that a faster scan has to replace nothing
 * else. A delimiter of one byte is found with memchr; a longer one with Knuth-Morris-Pratt, whose state is
 * kept between calls, so that each byte is looked at a constant number of times and a match may begin in one
 * chunk and end in another (delimiter "\r\n" in "\r\r\n", delimiter "aab" in "aaab").
 */
#ifndef SEAM_LINE_SCAN_H
#define SEAM_LINE_SCAN_H

#include <stddef.h>
#include <stdint.h>

enum { LINE_SCAN_DELIMITER_BYTES_MAX = 16 };

/* Private but for scanned_bytes: how many bytes were ever looked at (tests hold it against the bytes fed). */
struct line_scan {
    unsigned char delimiter[LINE_SCAN_DELIMITER_BYTES_MAX];
    unsigned char fallback[LINE_SCAN_DELIMITER_BYTES_MAX]; /* bytes still matched when the next one differs */
    unsigned char delimiter_bytes;
    unsigned char matched; /* bytes of the delimiter that the scanned bytes end with */
    uint64_t scanned_bytes;
};

/* The delimiter is copied; 1 to LINE_SCAN_DELIMITER_BYTES_MAX bytes, any values. */
void line_scan_init(struct line_scan *scan, const void *delimiter, size_t delimiter_bytes);

/*
 * Continues the search in the next n bytes of the stream. Returns how many of them there are up to and with
 * the last byte of the first delimiter (then the search starts anew behind it), or 0 when no delimiter ends
 * in them.
 */
size_t line_scan_find(struct line_scan *scan, const char *data, size_t n);

#endif
