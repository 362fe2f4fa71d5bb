/* Layers: the network of a fit, from what the settings say to a stack of layers and where its parameters start. */
#ifndef FIT_LAYERS_H
#define FIT_LAYERS_H

#include <fit/settings.h>
#include <net/network.h>

#define MLI_LAYERS_OPTIMISER "adam"
#define MLI_LAYERS_BATCH 32

/*
 * The kind that the settings of a network ask for: config->kind, or "mlp" where that is auto and a setting of a network is
 * given. ML_EUSAGE: such a setting beside another kind, or --layers beside what it spells out.
 */
ML_NODISCARD enum ml_status mli_layers_kind(const struct ml_fit_config *config, const char **kind, struct ml_error *err);
/* What can be said of --layers, or of --hidden and its like, before there is data: whether they can be read. */
ML_NODISCARD enum ml_status mli_layers_check(const struct ml_fit_config *config, struct ml_error *err);
/* Whether the network will have more than one layer, so that training has no convex problem before it. */
bool mli_layers_deep(const struct ml_fit_config *config);
/*
 * Epochs of several layers over batches when none are given: 30, but more on few rows, until they are 500 steps, and
 * fewer on many, from 100,000 steps on; 10 to 250.
 */
size_t mli_layers_epochs(size_t rows, size_t batch);
/*
 * Network over `inputs` features and the start of theta, 0 for one layer, else drawn with the seed. ML_EUSAGE,
 * ML_ELIMIT: what is wrong with --layers and in which column, or with --hidden and its like.
 */
ML_NODISCARD enum ml_status mli_layers_make(const struct ml_fit_config *config, const struct mli_settings *settings,
                                            size_t classes, size_t inputs, struct mli_network **network, double **theta,
                                            struct ml_error *err);
/* That start: 0 for one layer, else drawn with the seed. */
void mli_layers_start(const struct mli_network *network, uint64_t seed, double *theta);

#endif
