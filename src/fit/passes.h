/*
 * Passes: a table that is larger than the memory that may be used. The file is read several times, a group of columns
 * at a time, and the columns are put aside in a spool (base/spool.h) until all are there.
 */
#ifndef FIT_PASSES_H
#define FIT_PASSES_H

#include <mlctl/table.h>

/*
 * The table of ml_table_read_files(), in memory if it and what fitting a pipeline on it takes fit into so many bytes,
 * else in a spool in $TMPDIR or the directory of `beside`; the result is the same. 0 bytes: what is free, and then what
 * is no regular file is read into memory, whatever its size; with a number of bytes it is ML_EUSAGE, since it cannot be
 * read twice. ML_ELIMIT when not one column fits; ML_EIO when the spool cannot be written or the file changes meanwhile.
 */
ML_NODISCARD enum ml_status mli_passes_read(const char *const *paths, size_t n,
                                            const struct ml_read_options *options, size_t memory,
                                            const char *beside, struct ml_table **out, struct ml_error *err);

#endif
