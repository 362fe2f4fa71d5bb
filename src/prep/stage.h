/*
 * Stages: what follows the steps. Steps (prep/step.h) work on slots and make a row of features; a stage turns a row of
 * features into another, shorter one. Stage i takes what stage i - 1 gives, the first what the slots give, the last
 * gives the features of the pipeline. For whoever must repeat the arithmetic elsewhere: walk
 * mli_pipeline_stage(0..n) and read the states below.
 *
 * A stage is fitted on the whole training matrix, by src/fit, which has solvers that predictions do without, and
 * appended to the pipeline here. To add one: write its file, declare row and state here, put the row into
 * mli_stage_kinds (pipeline.c) at the place in the order where it runs.
 */
#ifndef PREP_STAGE_H
#define PREP_STAGE_H

#include <prep/pipeline.h>

struct mli_stage_kind {
    const char *name;
    /* Features it makes of `inputs`. ML_EARTIFACT when the state is not for so many. */
    enum ml_status (*shape)(const void *state, size_t inputs, size_t *outputs, struct ml_error *err);
    /*
     * X (n,inputs), which it may spoil, to out (n,outputs). Allocates nothing, cannot fail, and the result of a row does
     * not depend on the rows beside it.
     */
    void (*apply)(const void *state, size_t n, double *X, double *out);
    /* The input that an output is, and whose name it keeps; NULL: outputs are named "<stem>1", "<stem>2".. */
    size_t (*source)(const void *state, size_t output);
    const char *stem;
    /* As those of a step: members into `doc`, tensors "prep.<name>.<what>". */
    enum ml_status (*save)(const void *state, json_t *doc, struct mli_tensors *set,
                           struct ml_error *err);
    enum ml_status (*load)(const json_t *doc, struct mli_tensors *set, void **out,
                           struct ml_error *err);
    void (*free)(void *state);
};

struct mli_stage {
    const struct mli_stage_kind *kind; /* compare with &mli_..._stage to know what state is */
    void *state;
    size_t inputs, outputs;
};

/* Stages in order; borrowed. Behind mli_pipeline_made() features of the slots. */
size_t mli_pipeline_stages(const struct mli_pipeline *pipeline);
const struct mli_stage *mli_pipeline_stage(const struct mli_pipeline *pipeline, size_t stage);
size_t mli_pipeline_made(const struct mli_pipeline *pipeline);
/* As mli_pipeline_apply(), but without the stages: X (rows, mli_pipeline_made()). */
ML_NODISCARD enum ml_status mli_pipeline_apply_steps(const struct mli_pipeline *pipeline, const struct ml_table *rows,
                                                     struct mli_arena *scratch, double *X, struct ml_error *err);

/*
 * Appends a stage to a pipeline that nobody shares yet; takes state in any case. ML_EUSAGE when a stage of a later kind
 * or the same one is there, ML_EARTIFACT when it does not fit, ML_ENOMEM; the pipeline is unchanged then.
 */
ML_NODISCARD enum ml_status mli_pipeline_append(struct mli_pipeline *pipeline,
                                                const struct mli_stage_kind *kind, void *state,
                                                struct ml_error *err);

/* ---- select: mli_select_stage, struct mli_select ------------------------------------------------------------- */

enum mli_select_method {
    MLI_SELECT_VARIANCE, /* score: population variance; kept if above the bound */
    MLI_SELECT_F,        /* score: F statistic of the feature and the target; the best `bound` are kept */
    MLI_SELECT_L1,       /* score: sum of |weight| in a model with the L1 penalty `bound`; kept if not 0 */
};
#define MLI_SELECT_METHODS 3
extern const char *const mli_select_name[MLI_SELECT_METHODS]; /* "variance", "f", "l1" */

/*
 * "variance:T", "k:N", "l1" (*bound is NaN) or "l1:STRENGTH". ML_EUSAGE. _check is for prep/options.h.
 */
ML_NODISCARD enum ml_status mli_select_parse(const char *how, enum mli_select_method *method,
                                             double *bound, struct ml_error *err);
enum ml_status mli_select_check(const char *how, unsigned column, struct ml_error *err);

/* out[j] = x[keep[j]] */
struct mli_select {
    enum mli_select_method method;
    double bound;
    size_t inputs, count;
    size_t *keep;  /* count entries, ascending */
    double *score; /* one an input */
};
extern const struct mli_stage_kind mli_select_stage;

/* State for _append out of copies of score (inputs) and keep (inputs marks, at least one set). NULL: no memory. */
struct mli_select *mli_select_new(enum mli_select_method method, double bound, size_t inputs,
                                  const double *score, const uint8_t *keep);

/* ---- pca: mli_pca_stage, struct mli_pca ---------------------------------------------------------------------- */

/* A count (*share 0), or a share of the variance between 0 and 1 (*count 0). ML_EUSAGE. */
ML_NODISCARD enum ml_status mli_pca_parse(const char *how, size_t *count, double *share,
                                          struct ml_error *err);
enum ml_status mli_pca_check(const char *how, unsigned column, struct ml_error *err);

/* out[j] = sum over i of (x[i] - mean[i]) * component[j * inputs + i] */
struct mli_pca {
    size_t inputs, count;
    double *mean;      /* inputs */
    double *component; /* (count,inputs), orthonormal rows; the largest absolute entry of each is positive */
    double *variance;  /* count: of each output over the training rows, by n - 1; descending */
    double *ratio;     /* count: its share of the variance of all inputs together */
};
extern const struct mli_stage_kind mli_pca_stage;

/* State with room for all four arrays, not filled. NULL: no memory. For _append, or mli_pca_stage.free. */
struct mli_pca *mli_pca_new(size_t inputs, size_t count);

#endif
