/* Stages of a pipeline (prep/stage.h) as C: their tables, and the statements that take one row through them. */
#ifndef EXPORT_C_STAGE_H
#define EXPORT_C_STAGE_H

#include <base/buf.h>
#include <prep/stage.h>

/* ML_EUSAGE for a stage that has no form in C. `name` is the prefix of identifiers. */
ML_NODISCARD enum ml_status mli_c_stage_tables(const struct mli_pipeline *pipeline, const char *name,
                                               struct mli_buf *out, struct ml_error *err);
/* ", s0[30], s1[5]": what the slots and all stages but the last make; the last one's is z0. */
void mli_c_stage_arrays(const struct mli_pipeline *pipeline, struct mli_buf *out);
/* From s0 to z0; the statements need size_t i and NAME_dot(). */
void mli_c_stage_statements(const struct mli_pipeline *pipeline, const char *name,
                            struct mli_buf *out);

#endif
