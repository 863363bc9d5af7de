/*
 * rot13 - the protocol of the upgrade family, as far as it is not about framing: a relative of STARTTLS.
 *
 * Each line is answered with "ok" and the line. "UPGRADE" is answered with "go ahead"; from then on letters
 * travel in ROT13, both ways. What came with UPGRADE in one read came before the answer, and in the clear:
 * nobody may act on it.
 */
#ifndef SEAM_TESTS_SWEEP_UPGRADE_ROT13_H
#define SEAM_TESTS_SWEEP_UPGRADE_ROT13_H

#include "tests/sweep/serve.h"

/* Turns the letters in place. */
void rot13(char *bytes, size_t length);

/* Answers "ok" and a line that is in the clear, in ROT13 if session->state says so. */
void rot13_answer(struct session *session, const char *line, size_t length);

/* The line, not its newline, asks for the upgrade. */
bool rot13_is_upgrade(const struct session *session, const char *line, size_t length);

#endif
