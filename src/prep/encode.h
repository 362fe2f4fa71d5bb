/*
 * Encoders: the ways in which a category becomes features, one row and one step each. "HOW" of --encode is a name, or
 * "NAME:ARGUMENT" for an encoder that has an argument.
 */
#ifndef PREP_ENCODE_H
#define PREP_ENCODE_H

#include <prep/step.h>

/* The argument when `how` is the encoder `name` ("" when it stands alone); NULL for another one. */
const char *mli_encode_argument(const char *how, const char *name);
/* How a column is encoded; never NULL. */
const char *mli_encode_how(const struct ml_prep_config *config, const char *column);
/* Whether an entry of --encode is that encoder. */
bool mli_encode_any(const struct ml_prep_config *config, const char *name);
/* The live CATEGORY slots that are to be encoded by `name`; as mli_slots_new(). */
ML_NODISCARD enum ml_status mli_encode_slots_new(const struct mli_fit *fit, const char *name,
                                                 size_t *count, size_t **slot,
                                                 struct ml_error *err);
/* The values of an encoder that is laid out (step.h), by all training rows and by those outside of each fold. ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_target_fit(const struct mli_fit *fit, struct mli_target_encoder *encoder, struct ml_error *err);

#endif
