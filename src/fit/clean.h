/*
 * Clean file: raw rows as features, and the target where they have one, as CSV. Blocks of rows are worked on side by
 * side and written in order (base/ordered.h), so no matrix of all rows is made and the bytes do not depend on the
 * number of threads.
 */
#ifndef FIT_CLEAN_H
#define FIT_CLEAN_H

#include <prep/pipeline.h>
#include <table/flow.h>

/*
 * The rows of a table that `has` marks, to `path`, with column `target` as the last one; sha256 is the file's digest.
 * ML_EDATA as mli_pipeline_apply(), ML_EIO, ML_ENOMEM; the file is as it was then.
 */
ML_NODISCARD enum ml_status mli_clean_write(const struct mli_pipeline *pipeline, const struct ml_table *table,
                                            size_t target, const uint8_t *has, size_t threads, const char *path,
                                            char sha256[MLI_SHA256_HEX], struct ml_error *err);

/*
 * All rows of a flow under the pipeline's schema, at constant memory; its keep column 0 is the target, if it has that
 * one. *rows counts them. The same errors.
 */
ML_NODISCARD enum ml_status mli_clean_flow(const struct mli_pipeline *pipeline, struct mli_flow *flow,
                                           const char *target, struct mli_output *out, size_t *rows,
                                           struct ml_error *err);
/* What mli_flow_options.grows asks for: how much longer a row may become. */
size_t mli_clean_grows(const struct mli_pipeline *pipeline);

#endif
