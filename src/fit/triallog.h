/*
 * Trial log: what a search has measured, one JSON document a line, so that a search that was ended at any moment goes on
 * where it was. A line is written whole and is on the disk before the next one begins; a last line that is torn is cut
 * off when the log is opened again.
 *
 *   {"search":ID,"begin":{..}}                                         once a search; what ID is the digest of
 *   {"search":ID,"settings":{..},"share":S,"seconds":T,"scores":{"rmse":[..], ..}}   a number (or null) a fold
 *   {"search":ID,"settings":{..},"share":S,"seconds":T,"failed":"reason"}
 *
 * and "again":N, from 1 on, where the rows were dealt out to the folds in another way.
 *
 * ID says which search a line belongs to: the same data, settings, folds and seed. Lines of others stay and are passed
 * over, so one file may serve many.
 */
#ifndef FIT_TRIALLOG_H
#define FIT_TRIALLOG_H

#include <base/json.h>
#include <mlctl/log.h>

struct mli_triallog;

/*
 * Opens or makes the file and reads it. begin: a new reference, taken. ML_EUSAGE: no regular file, or another process has
 * it open; ML_EIO, ML_ENOMEM, ML_ELIMIT.
 */
ML_NODISCARD enum ml_status mli_triallog_open(const char *path, const char *id, json_t *begin, size_t folds,
                                              const struct ml_log *log, struct mli_triallog **out, struct ml_error *err);
/* The line of a trial, borrowed; NULL: not measured yet. */
const json_t *mli_triallog_find(const struct mli_triallog *log, const json_t *settings, double share, size_t again);
/* Appends a trial: the line without "search"; the log keeps a reference. ML_EIO, ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_triallog_add(struct mli_triallog *log, json_t *line, struct ml_error *err);
size_t mli_triallog_count(const struct mli_triallog *log); /* trials of this search in it */
void mli_triallog_close(struct mli_triallog *log);         /* NULL is fine */

/*
 * The lines of a search among the bytes of a log, by settings and share, and how much of it is whole lines; `bad` counts
 * lines that are none of a log. What the fuzz target calls. ML_ENOMEM.
 */
struct mli_triallog_text {
    json_t *lines; /* owned by the caller */
    size_t whole, bad;
    bool begun;
};
ML_NODISCARD enum ml_status mli_triallog_parse(const char *bytes, size_t n, const char *id, size_t folds,
                                               struct mli_triallog_text *out, struct ml_error *err);

#endif
