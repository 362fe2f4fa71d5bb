/* Whether the settings of a run make sense, before anything is allocated. */
#ifndef TRAIN_CHECK_H
#define TRAIN_CHECK_H

#include <train/optimiser.h>

/* validation: there are validation rows. ML_EUSAGE names the setting; schedule gets what config->schedule says. */
ML_NODISCARD enum ml_status mli_check_config(const struct mli_train_config *config,
                                             const struct mli_network *net, const struct mli_loss *loss,
                                             const struct mli_optimiser *optimiser,
                                             const struct mli_train_data *data, bool validation,
                                             struct mli_schedule *schedule, struct ml_error *err);

#endif
