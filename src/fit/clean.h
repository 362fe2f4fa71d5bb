/*
 * Clean file: raw rows as features, and the target where they have one, as CSV. Blocks of rows are worked on side by
 * side and written in order (base/ordered.h), so no matrix of all rows is made and the bytes do not depend on the
 * number of threads.
 */
#ifndef FIT_CLEAN_H
#define FIT_CLEAN_H

#include <prep/pipeline.h>

/*
 * The rows of a table that `has` marks, to `path`, with column `target` as the last one; sha256 is the file's digest.
 * ML_EDATA as mli_pipeline_apply(), ML_EIO, ML_ENOMEM; the file is as it was then.
 */
ML_NODISCARD enum ml_status mli_clean_write(const struct mli_pipeline *pipeline, const struct ml_table *table,
                                            size_t target, const uint8_t *has, size_t threads, const char *path,
                                            char sha256[MLI_SHA256_HEX], struct ml_error *err);

#endif
