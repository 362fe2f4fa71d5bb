/*
 * Pipeline: ordered steps that turn raw rows into a feature matrix. Each step is fitted on the training rows alone
 * and stored with its statistics; fit sees a table, apply sees a table or one row (a table of one), by the same
 * function.
 *
 *   drop    columns that are constant, identifier-like (texts, nearly all values distinct, row numbers) or too empty;
 *           each is said through the log
 *   flags   a 0/1 feature "name.missing" for numbers and instants of which training saw a missing one
 *   dates   an instant becomes year, month, day, weekday (0 = Monday) and hour, or other parts: those that vary in the
 *           training rows
 *   impute  a missing number becomes mean, median, mode or a constant (of the training rows)
 *   fill    a missing category becomes one that training saw, where that is asked for
 *   clip    a number that is far out becomes the bound
 *   power   a skewed number by the transform of Yeo and Johnson
 *   ordinal a category becomes the place of its value
 *   onehot  a category becomes one 0/1 feature a value, "name=value", and "name=missing" if training saw a missing
 *           one; an unseen value is all zeros and counted, or shares "name=(rare)" with the rare ones
 *   scale   numbers to mean 0 and variance 1 (standard), to [0,1] (minmax), by median and quartiles (robust), or as
 *           they are (none); indicators are not scaled
 *
 * Features stand in the order of the columns they are made of; values of a category in the order of the schema's
 * dictionary: by number if all are numbers, else by bytes. Rows that do not train change nothing.
 *
 * Immutable after _fit or _load, safe to share. Each step kind is a const row in a file of its own (see step.h).
 */
#ifndef PREP_PIPELINE_H
#define PREP_PIPELINE_H

#include <base/arena.h>
#include <base/tensors.h>
#include <mlctl/cleaning.h>
#include <table/schema.h>

struct mli_pipeline;

/* What the columns are to predict, for steps that look at it. */
struct mli_goal {
    const double *y;    /* one a table row: value or class; of rows that do not train it may be anything */
    size_t classes;     /* 0: values */
    char *const *label; /* classes */
    uint64_t seed;      /* of random folds */
};

/*
 * Fits on rows of `table` with train[row] != 0 (NULL: all), using columns[0..n) of it. The pipeline's schema holds
 * only the columns that survive. ML_EUSAGE for a configuration that does not fit (prep/options.h); ML_EDATA when no
 * feature is left or a training row count is 0; ML_ENOMEM.
 */
ML_NODISCARD enum ml_status mli_pipeline_fit(const struct ml_table *table, const size_t *columns,
                                             size_t n, const uint8_t *train,
                                             const struct ml_prep_config *config,
                                             const struct ml_log *log, struct mli_pipeline **out,
                                             struct ml_error *err);
/* The same with a goal, without which a step that needs one is ML_EUSAGE. */
ML_NODISCARD enum ml_status mli_pipeline_fit_to(const struct ml_table *table, const size_t *columns,
                                                size_t n, const uint8_t *train,
                                                const struct ml_prep_config *config,
                                                const struct mli_goal *goal, const struct ml_log *log,
                                                struct mli_pipeline **out, struct ml_error *err);
void mli_pipeline_free(struct mli_pipeline *pipeline);

const struct mli_schema *
mli_pipeline_schema(const struct mli_pipeline *pipeline); /* raw columns it wants, in order */
size_t mli_pipeline_features(const struct mli_pipeline *pipeline);
/* "age", "sex=male", "when.month" */
const char *mli_pipeline_feature(const struct mli_pipeline *pipeline, size_t feature);

struct mli_apply_counts {
    size_t missing, unknown; /* cells imputed, categories unseen in training */
};

/*
 * X (rows, features) row-major. `rows` must follow the pipeline's schema by position (a table read against it, or one
 * from mli_pipeline_view). scratch gives temporary memory, at most some hundred KiB however many the rows unless
 * there are thousands of columns; counts (overwritten) may be NULL. The result of a row does not depend on the rows
 * beside it. ML_EDATA when a value is so far out that scaling it overflows, or rows have other columns; ML_ENOMEM.
 * X is undefined on failure.
 */
ML_NODISCARD enum ml_status mli_pipeline_apply(const struct mli_pipeline *pipeline,
                                               const struct ml_table *rows,
                                               struct mli_arena *scratch, double *X,
                                               struct mli_apply_counts *counts,
                                               struct ml_error *err);

/*
 * A view of `table` by the pipeline's schema: columns found by name, codes translated into the schema's dictionaries.
 * Allocated from arena; shares the table's arrays. A column without a value fits every type. ML_EDATA for a missing
 * column or one of another type.
 */
ML_NODISCARD enum ml_status mli_pipeline_view(const struct mli_pipeline *pipeline,
                                              const struct ml_table *table, struct mli_arena *arena,
                                              const struct ml_table **out, struct ml_error *err);

/*
 * The same for the table that the pipeline was just fitted on: rows that trained are to train a model, so encodings by
 * the target give them values that were fitted without them. Without such a step there is no difference, nor for the
 * other rows, nor with a pipeline that was loaded.
 */
ML_NODISCARD enum ml_status mli_pipeline_view_fitted(const struct mli_pipeline *pipeline,
                                                     const struct ml_table *table,
                                                     struct mli_arena *arena,
                                                     const struct ml_table **out,
                                                     struct ml_error *err);

/*
 * Structure as JSON ({"schema":[...],"steps":[{"kind":"impute",...}],"features":[...]}), statistics as tensors
 * "prep.<step>.<what>". On failure set may hold some of them.
 */
ML_NODISCARD enum ml_status mli_pipeline_save(const struct mli_pipeline *pipeline, json_t **doc,
                                              struct mli_tensors *set, struct ml_error *err);
/*
 * The reverse. ML_EARTIFACT for anything that does not fit together: unknown kinds, wrong counts, a scale that is
 * zero, negative or not finite...
 */
ML_NODISCARD enum ml_status mli_pipeline_load(const json_t *doc, struct mli_tensors *set,
                                              struct mli_pipeline **out, struct ml_error *err);

/* What happened to each column, for export: walk the steps, see prep/step.h. */

#endif
