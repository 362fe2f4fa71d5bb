/*
 * Journal: lines that many threads have for one log file, written by a thread of its own. Whoever has a line copies it to a
 * place that is its own and goes on; when the file is slower than the lines come, the place gets full and lines are dropped, and
 * counted. So no request ever waits for a disk.
 */
#ifndef SERVE_JOURNAL_H
#define SERVE_JOURNAL_H

#include <serve/logfile.h>
#include <stdint.h>

#define MLI_JOURNAL_ROOM ((size_t)4 << 20) /* bytes that wait, of each part */

struct mli_journal;

/* Opens the file for so many parts. ML_EIO, ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_journal_open(const struct mli_logfile_config *file, size_t parts,
                                             struct mli_journal **out, struct ml_error *err);
/* Starts its thread; lines may come before. ML_EIO. */
ML_NODISCARD enum ml_status mli_journal_start(struct mli_journal *journal, struct ml_error *err);
/* By the thread of that part: lines, each with its line feed. They are taken all or none. */
void mli_journal_add(struct mli_journal *journal, size_t part, const char *lines, size_t n, size_t count);
/* By the thread of that part: lines that came to nothing before they came here. */
void mli_journal_drop(struct mli_journal *journal, size_t part, size_t count);
/* After the last _add: writes what waits, unless the reader of a pipe does not take it, and ends. NULL is fine. */
void mli_journal_close(struct mli_journal *journal);

/* Lines that were written, and that were not: there was no room for them, or the file did not take them. From any thread. */
uint64_t mli_journal_written(const struct mli_journal *journal);
uint64_t mli_journal_dropped(const struct mli_journal *journal);

#endif
