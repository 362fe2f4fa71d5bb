/*
 * Rows of a JSON object of columns: {"age":[31,45],"city":["Oslo","Rome"]}, all of one length, in any order; columns
 * that the model does not know are passed over.
 */
#ifndef SERVE_COLUMNS_H
#define SERVE_COLUMNS_H

#include <serve/intake.h>
#include <serve/scan.h>

/* The object that `scan` stands before. ML_EDATA: not JSON, lengths that differ, no rows, a column missing (a fault). */
ML_NODISCARD enum ml_status mli_columns_read(struct mli_scan *scan, struct mli_intake *intake,
                                             struct ml_error *err);

#endif
