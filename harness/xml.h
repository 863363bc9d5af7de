/*
 * xml - texts as XML 1.0 and HTML have them: in elements and in attributes between double quotes.
 *
 * A text is UTF-8 whose control characters, but newlines, were made visible before; the two code points that
 * XML 1.0 can't hold (section 2.2) become their bytes, \xef\xbf\xbe.
 */
#ifndef SEAM_HARNESS_XML_H
#define SEAM_HARNESS_XML_H

#include "src/bytes.h"

enum bytes_result xml_append(struct bytes *out, const char *text, size_t length);

#endif
