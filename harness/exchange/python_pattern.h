/*
 * python_pattern - a PCRE2 pattern as one of Python's re that matches the same units, or none.
 *
 * Only what is known to mean the same in both passes: literals, classes of them, \d \w \s \b, groups (named
 * ones too, if no quantifier stands over them), look-ahead, greedy and lazy quantifiers, and (?i) (?s). What
 * is left is refused: back references, possessive and atomic groups, (*VERBS), POSIX classes, \R \h \p{..},
 * (?x) and the like. Python matches it with bytes and fullmatch.
 */
#ifndef SEAM_HARNESS_EXCHANGE_PYTHON_PATTERN_H
#define SEAM_HARNESS_EXCHANGE_PYTHON_PATTERN_H

#include "harness/exchange/python_literal.h"

/* source: of PCRE2; variables in it stand for quoted values. False: why says what can't be said in Python. */
bool python_pattern(const struct python_parts *source, struct python_parts *out, char why[100]);

#endif
