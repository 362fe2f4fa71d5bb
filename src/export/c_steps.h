/*
 * Steps of a pipeline (prep/step.h) as C: the functions and tables that they lean on, and the statements that take the
 * cells of one row through them.
 */
#ifndef EXPORT_C_STEPS_H
#define EXPORT_C_STEPS_H

#include <base/buf.h>
#include <prep/step.h>

/* ML_EUSAGE for a step that has no form in C. `name` is the prefix of identifiers. */
ML_NODISCARD enum ml_status mli_c_steps_helpers(const struct mli_pipeline *pipeline, const char *name,
                                                struct mli_buf *out, struct ml_error *err);
/* Of steps for which _helpers has room: from the cells in v and c of their slots to all other slots. */
void mli_c_steps_statements(const struct mli_pipeline *pipeline, const char *name, struct mli_buf *out);

#endif
