/* The inside of struct mli_pipeline, for the files of this folder that fit, apply and load one. */
#ifndef PREP_INSIDE_H
#define PREP_INSIDE_H

#include <prep/stage.h>
#include <prep/step.h>

#define MLI_STAGE_KINDS 2
#define MLI_PIPELINE_FEATURES ((size_t)4 << 20) /* of the slots, at most: 32 MiB a row */

/* In the order in which they run and stand in a file. The first is drop, which sees the table and not the frame. */
#define MLI_STEPS(X)                                                                               \
    X(drop)                                                                                        \
    X(flags)                                                                                       \
    X(dates)                                                                                       \
    X(impute)                                                                                      \
    X(fill)                                                                                        \
    X(clip)                                                                                        \
    X(power)                                                                                       \
    X(text)                                                                                        \
    X(tfidf)                                                                                       \
    X(hash)                                                                                        \
    X(target)                                                                                      \
    X(ordinal)                                                                                     \
    X(onehot)                                                                                      \
    X(scale)

#define MLI_STEP_COUNT(name) +1
enum { MLI_STEP_KINDS = 0 MLI_STEPS(MLI_STEP_COUNT) };

extern const struct mli_step_kind *const mli_step_kinds[MLI_STEP_KINDS];
/* The same for stages, which all stand behind the steps. */
extern const struct mli_stage_kind *const mli_stage_kinds[MLI_STAGE_KINDS];

/*
 * What all steps together make of a number that none but impute and scale touch: such a slot goes from the table to its
 * feature at once, ((isnan(v) ? fill : v) - shift) / scale, and its number[] in a block is NULL.
 */
struct mli_line {
    bool straight;
    double fill, shift, scale;
};

struct mli_pipeline {
    struct mli_schema *schema;
    struct mli_frame frame;
    struct mli_step step[MLI_STEP_KINDS];
    size_t steps;
    size_t *output; /* the live slots in the order of their features */
    size_t outputs;
    size_t made; /* features of the slots: what the first stage takes */
    struct mli_line *line; /* of each slot */
    bool straight;         /* all slots are: what the steps make is made of the table's numbers, one by one */
    struct mli_stage stage[MLI_STAGE_KINDS];
    size_t stages;
    uint8_t *fold; /* of the rows of the table that it was fitted on; NULL: no step cares, or it was loaded */
    char **name; /* of the features */
    size_t features;
};

/* Behind the last step: gives the features of the slots their places. ML_EARTIFACT for a slot that is none; ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_pipeline_place(struct mli_pipeline *pipeline, struct ml_error *err);
/* Fills in pipeline->line, for _place. ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_pipeline_straighten(struct mli_pipeline *pipeline, struct ml_error *err);
/* Puts a stage behind those that are there. Takes state; on failure the pipeline is unchanged. ML_EARTIFACT. */
ML_NODISCARD enum ml_status mli_pipeline_stack(struct mli_pipeline *pipeline,
                                               const struct mli_stage_kind *kind, void *state,
                                               struct ml_error *err);
/*
 * Names what the last stage gives. `listed`: NULL, or the names by a file, which must be the same, else ML_EARTIFACT;
 * ML_ENOMEM.
 */
ML_NODISCARD enum ml_status mli_pipeline_name(struct mli_pipeline *pipeline, const json_t *listed,
                                              struct ml_error *err);

/*
 * Warns of entries that named a column to no effect: it was dropped, or became what the step does not touch. For a
 * pipeline that was just fitted. ML_ENOMEM.
 */
ML_NODISCARD enum ml_status mli_prep_say_idle(const struct mli_pipeline *pipeline,
                                              const struct ml_prep_config *config,
                                              const struct ml_log *log, struct ml_error *err);
/* ML_EDATA when two features of the slots have one name, which names both columns. ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_pipeline_check_names(const struct mli_pipeline *pipeline, struct ml_error *err);

#endif
