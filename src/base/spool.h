/*
 * Spool: large arrays in temporary files that have no name any more, mapped into memory, so that the kernel can write
 * them out when memory is short. What a process maps of a file does not count as its own data (RLIMIT_DATA, a cgroup
 * that reclaims). The disk space is taken when an array is made, so that a full disk is an error and not a signal.
 */
#ifndef BASE_SPOOL_H
#define BASE_SPOOL_H

#include <mlctl/status.h>

struct mli_spool;
/* In $TMPDIR, else in the directory that `beside` is in or would be in. ML_EIO when nothing can be made there. */
ML_NODISCARD enum ml_status mli_spool_new(const char *beside, struct mli_spool **out, struct ml_error *err);
void mli_spool_free(struct mli_spool *spool); /* and all arrays; NULL is fine */
const char *mli_spool_directory(const struct mli_spool *spool);
/* Any thread. Zeros, at the start of a page; NULL: the disk is full, or no memory. */
void *mli_spool_alloc(struct mli_spool *spool, size_t count, size_t size);
/* Gives one back before the end; NULL is fine. Any thread. */
void mli_spool_give_back(struct mli_spool *spool, void *array);
/* It is not needed for a while: its pages may leave memory. */
void mli_spool_rest(struct mli_spool *spool, void *array);
/* Nor are the whole pages of bytes [from, to) of one. Any thread, for bytes that it alone uses. */
void mli_spool_leave(const void *from, const void *to);
/* None of them is. Any thread, while others use them: they come back when they are touched. NULL is fine. */
void mli_spool_rest_all(struct mli_spool *spool);

#endif
