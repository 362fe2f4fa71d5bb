/*
 * Spooled: a table that is larger than the memory that may be used. Its columns are put aside on the disk while the file
 * is read (base/spool.h), and come back into memory when they are looked at.
 */
#ifndef FIT_SPOOLED_H
#define FIT_SPOOLED_H

#include <mlctl/table.h>

/*
 * The table of ml_table_read_files(), in memory if it and what fitting a pipeline on it takes fit into so many bytes,
 * else in a spool in $TMPDIR or the directory of `beside`; the result is the same. 0 bytes: what is free, and then what
 * is no regular file is read into memory, whatever its size; with a number of bytes it is ML_EUSAGE, since nobody knows
 * its size. ML_ELIMIT when what stays in memory does not fit; ML_EIO when the spool cannot be written.
 */
ML_NODISCARD enum ml_status mli_spooled_read(const char *const *paths, size_t n,
                                             const struct ml_read_options *options, size_t memory,
                                             const char *beside, struct ml_table **out, struct ml_error *err);

#endif
