/*
 * Warm start: a training that goes on from a model, on other rows: with its pipeline, its scale of the target, its classes,
 * network, loss and precision, from its parameters. Nothing of that is fitted again. How to train is chosen anew.
 */
#ifndef FIT_WARM_H
#define FIT_WARM_H

#include <fit/plan.h>
#include <fit/units.h>
#include <model/model.h>

/* A fit that goes on from config->warm: what the caller wants, and what the model has decided in its places. */
struct mli_warm {
    struct ml_fit_config config;
    char loss[MLI_LOSS_TEXT];
};

/*
 * Everything borrowed; out must not move. ML_EUSAGE: config asks for something that the model has decided otherwise;
 * ML_EARTIFACT: the model's record does not say its kind.
 */
ML_NODISCARD enum ml_status mli_warm_init(const struct ml_fit_config *config, struct mli_warm *out, struct ml_error *err);

/* A copy of the model's pipeline. */
ML_NODISCARD enum ml_status mli_warm_pipeline(const struct ml_model *model, struct mli_pipeline **out, struct ml_error *err);
/* ML_EUSAGE unless the pipeline of a prep file is that of the model. */
ML_NODISCARD enum ml_status mli_warm_same(const struct ml_model *model, const struct mli_pipeline *pipeline, const char *prep,
                                          struct ml_error *err);
/* {"center":..,"unit":..}, how the target is scaled, for the record; NULL: not at all, or no memory. */
json_t *mli_warm_scale(const struct mli_units *units);
/*
 * The model's scale of the target in the place of that of the rows here, of which it says how far they are apart. A model
 * without one in its record keeps theirs, which is said too.
 */
void mli_warm_units(const struct ml_model *model, const struct ml_log *log, struct mli_units *units);
/* theta (parameters) gets the start: those of the model, as training sees them. ML_EARTIFACT: another network; ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_warm_start(const struct ml_model *model, const struct mli_network *net,
                                           const struct mli_units *units, bool single, double *theta, struct ml_error *err);
/* Says of each column how many of the rows in any part hold a category that the model has not seen. ML_EDATA: no such column. */
ML_NODISCARD enum ml_status mli_warm_say_unseen(const struct ml_model *model, const struct ml_table *table,
                                                const struct mli_plan *plan, const struct ml_log *log, struct ml_error *err);
/*
 * "age=number", "when=instant:dmy" ...: what the columns that the model takes are to be read as, and its target, for
 * ml_read_options.type. Ended by NULL, from arena; NULL: no memory.
 */
const char **mli_warm_pins(const struct ml_model *model, struct mli_arena *arena);
/* {"path":..,"sha256":..,"data":{"path":..,"sha256":..},"train_rows":..}: the model, for the record. NULL: no memory. */
json_t *mli_warm_origin(const struct ml_fit_config *config);

#endif
