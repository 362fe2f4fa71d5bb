/*
 * Rows of a body of JSON lines: one value a line, as row.h has them. CR LF is a line end, too, and the last line may
 * lack its own; a blank line is an error unless nothing follows it, because answers are counted by lines.
 */
#ifndef SERVE_LINES_H
#define SERVE_LINES_H

#include <serve/intake.h>

/* ML_EDATA with the line; what the intake says. */
ML_NODISCARD enum ml_status mli_lines_read(const char *text, size_t len, size_t max_depth,
                                           struct mli_intake *intake, struct ml_error *err);

#endif
