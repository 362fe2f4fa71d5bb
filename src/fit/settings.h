/* Settings of a fit, checked and with every "auto" resolved before any work is done. */
#ifndef FIT_SETTINGS_H
#define FIT_SETTINGS_H

#include <mlctl/fit.h>
#include <net/kinds.h>
#include <prep/pipeline.h>
#include <table/split.h>
#include <train/trainer.h>

struct mli_settings {
    struct mli_split split;
    const char *split_text, *group; /* group NULL: none */
    const char *weight, *class_weight; /* column; "balanced" or LABEL=W,..; NULL: none */
    bool dedupe;
    const struct ml_model *known; /* the target and its classes are those of this model; NULL: found in the table */
    const char *held_out; /* rows of a prepared file that its prep file holds out; NULL: found by the split */
    const struct ml_prep_config *prep; /* of the configuration */
    const struct ml_read_options *read; /* the same; NULL: defaults */
    struct mli_train_config train; /* epochs 0 for those of mli_layers_epochs(), l2 still negative for "1 / training rows" */
    const struct mli_kind *kind;   /* NULL until the task is known */
    struct mli_loss loss;          /* from then on; its parameter still that of the row unless given */
    bool parameter_given;
    const char *task;              /* of the configuration, or "quantity" (fit/target.h) if it is auto and kind or loss ask for that */
    double validation;
    size_t members; /* networks whose mean is the model, from 1 */
    size_t memory;
};

/* Everything that needs no data. ML_EUSAGE names the setting, its range and the value found. */
ML_NODISCARD enum ml_status mli_settings_check(const struct ml_fit_config *config,
                                               struct mli_settings *out, struct ml_error *err);
/* What needs the target: kind, loss and the optimiser that suits it; classes as of mli_target_classes(). ML_EUSAGE when
 * they and the task do not go together. */
ML_NODISCARD enum ml_status mli_settings_kind(const struct ml_fit_config *config, enum mli_task task, size_t classes,
                                              struct mli_settings *settings, struct ml_error *err);

/* Whether the network trains in single precision: the convex kinds, one layer, want the optimum to all digits. */
bool mli_settings_single(const struct ml_fit_config *config, const struct mli_network *network);

#endif
