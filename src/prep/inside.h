/* The inside of struct mli_pipeline, for the files of this folder that fit, apply and load one. */
#ifndef PREP_INSIDE_H
#define PREP_INSIDE_H

#include <prep/step.h>

#define MLI_STEP_KINDS 5

/* In the order in which they run and stand in a file. The first is drop, which sees the table and not the frame. */
extern const struct mli_step_kind *const mli_step_kinds[MLI_STEP_KINDS];

struct mli_pipeline {
    struct mli_schema *schema;
    struct mli_frame frame;
    struct mli_step step[MLI_STEP_KINDS];
    size_t steps;
    size_t *output; /* the live slots in the order of their features */
    size_t outputs;
    char **name; /* of the features */
    size_t features;
};

/*
 * Behind the last step: gives the features their places and names. `listed`: NULL, or the names by the file, which
 * must be the same. ML_EARTIFACT when a slot is left that is no feature, or a name differs; ML_ENOMEM.
 */
ML_NODISCARD enum ml_status mli_pipeline_finish(struct mli_pipeline *pipeline, const json_t *listed,
                                                struct ml_error *err);

#endif
