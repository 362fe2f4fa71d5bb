/*
 * Rows that are left out of a reading because they are malformed (--bad-rows): counted, the first of them named in the
 * log, and, for the quarantine, written to a CSV file with the columns line, reason, text (as it stands in the file,
 * without its line end) and file. That file appears when all has been read, also if nothing was left out.
 */
#ifndef TABLE_BAD_ROWS_H
#define TABLE_BAD_ROWS_H

#include <mlctl/table.h>

struct mli_bad_rows;
/* `quarantine`: path, NULL for none. The log lives as long. NULL: no memory. */
struct mli_bad_rows *mli_bad_rows_new(const char *quarantine, const struct ml_log *log);
/* `where` names file and line and says why. */
ML_NODISCARD enum ml_status mli_bad_rows_add(struct mli_bad_rows *bad, const struct ml_error *where, const char *text,
                                             size_t len, struct ml_error *err);
/* After the last row: says how many there were, and puts the quarantine in place. */
ML_NODISCARD enum ml_status mli_bad_rows_end(struct mli_bad_rows *bad, struct ml_error *err);
void mli_bad_rows_free(struct mli_bad_rows *bad); /* NULL is fine. Without _end nothing is written */

#endif
