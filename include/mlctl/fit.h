/*
 * Fit: a table and settings in, a model and its report out. Infers task and kind from the target, splits, fits the
 * pipeline on the training rows alone, trains, measures the held-out rows. Everything that was inferred or defaulted is
 * said through the log and stands in the report.
 */
#ifndef MLCTL_FIT_H
#define MLCTL_FIT_H

#include <mlctl/cleaning.h>
#include <mlctl/model.h>
#include <signal.h>
#include <stdint.h>

struct ml_fit_epoch {
    size_t epoch, epochs; /* done, at most */
    double loss;          /* mean training loss without penalties, in the target's units */
    double validation;    /* NaN without early stopping */
    double rate;          /* step size in use */
    double gradient;      /* length of the gradient before clipping, of the epoch's steps the root of their mean square */
    double seconds;       /* since training began */
};

struct ml_fit_config {
    const char *target;    /* NULL: the last column */
    const char *task;      /* auto, regression, classification */
    const char *kind;      /* auto, linear, logistic, svm, poisson, mlp */
    const char *loss;      /* NAME or NAME:PARAMETER, the parameter in the target's unit; NULL: the kind's own */
    const char *layers;    /* the network spelt out, "dense 64, relu, dense 3"; NULL: that of the kind */
    const char *hidden;    /* of kind mlp: units of the hidden layers; NULL: "64,32" */
    const char *activation; /* of kind mlp: relu, leaky_relu, elu, gelu, tanh, sigmoid; NULL: relu */
    double dropout;        /* of kind mlp: share dropped behind each activation in training */
    bool batch_norm;       /* of kind mlp: before each activation */
    size_t members;        /* of kind mlp: networks trained with this seed and the next ones, the model being their mean; 0: 1 */
    const char *split;     /* random:F, every:K, last:F, time:COLUMN:F, column:NAME, none; NULL: random:0.2 */
    const char *group;     /* column of which no value is on both sides, and which is no feature; NULL: none */
    const char *weight;    /* column of numbers of 0 or more that says how much a row counts in training, and which is no
                              feature; metrics count every row once; NULL: all alike */
    const char *class_weight; /* times that: "balanced" (rows / classes / rows of the class) or LABEL=W,..; NULL: none */
    bool dedupe;           /* leave out rows that repeat an earlier one in every column, before the split */
    const char *test;      /* CSV file to measure on instead of held-out rows (all rows train); NULL: none */
    const char *prep;      /* prep file of a table that `mlctl preprocess` wrote; NULL: raw rows */
    const struct ml_read_options *read; /* how the table was read, for the record; NULL: defaults */
    const char *optimiser; /* auto (lbfgs; adam for several layers), gd, sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw, lbfgs */
    const char *precision; /* auto (double for one layer, single for a stack), double, float */
    double rate;           /* step size; 0: chosen by the optimiser */
    const char *schedule;  /* constant, linear, step:N:F, exponential:F, cosine, onecycle, plateau:N:F; NULL: linear over batches, else constant */
    double warmup;         /* epochs before the schedule begins, below 1 a share of all */
    double clip;           /* longest gradient; 0: any */
    double momentum;
    double decay;          /* of adamw */
    double l1;
    double l2;             /* negative: 1 / training rows (scikit-learn's alpha=1, C=1), 0.1 / rows with hashed texts */
    double tolerance;
    size_t epochs;         /* 0: 1000 for lbfgs and gd, 100 for the others; for several layers 10 to 250, by the rows */
    size_t batch;          /* rows a step; 0: 32 */
    const char *shuffle;   /* rows or windows, see docs/stream.md; NULL: rows, windows for prepared rows in a file */
    size_t patience;       /* epochs without a better validation loss; 0: no early stopping */
    double min_delta;      /* what a validation loss must be lower by to be better */
    double time_budget;    /* seconds that training may take: it ends after the step under way; 0: any */
    double validation;     /* share of the training rows set aside for early stopping */
    const struct ml_model *warm; /* go on from this model's parameters, with its pipeline, classes, scale of the target, network, loss
                              and precision: kind, loss, task, target and precision may say nothing else, cleaning, networks and
                              folds nothing at all; NULL: begin anew */
    const char *warm_path; /* its file, for the record */
    const char *checkpoint; /* directory where the state of the training is kept, so that it can go on after a kill; NULL: none */
    double every;          /* seconds between two checkpoints */
    bool resume;           /* go on from the checkpoint that is there, if there is one */
    const char *const *command; /* flags that say the same, for the record, ended by NULL; NULL: not recorded */
    size_t folds;          /* cross-validate with as many folds of the training rows first; 0: not */
    uint64_t seed;
    size_t threads;        /* 0: one a core */
    size_t memory;         /* bytes that may be used; 0: what the machine or the container has free */
    bool spend;            /* nobody needs the table's cells afterwards: their memory is given back as soon as they have become
                              features, and then they say nothing any more */
    const char *cache;     /* file of prepared rows, for ml_prepared_open(); NULL: that of the data's name with .rows */
    struct ml_prep_config clean; /* what the pipeline does with the columns */
    const volatile sig_atomic_t *stop; /* set non-zero by a signal handler: end after this step; NULL: never */
    void (*epoch)(void *data, const struct ml_fit_epoch *epoch); /* NULL: no progress */
    void *data;
    const struct ml_log *log;
};

#define ML_FIT_CONFIG_INIT                                                                         \
    { .task = "auto", .kind = "auto", .optimiser = "auto", .precision = "auto", .momentum = 0.9, .decay = 0.01, \
      .l2 = -1, \
      .tolerance = 1e-8, .validation = 0.1, .seed = 1, .every = 60, .clean = ML_PREP_CONFIG_INIT }

/*
 * Trains on `table` (borrowed). With `stop` set on the way the model is the best so far and the return value is
 * ML_EINTERRUPTED with *out set: the one case in which an output is given beside an error. In the folds, before there is a
 * model, *out stays as it was. ML_EUSAGE: a setting out of range or a name that does not exist; ML_EDATA: the data cannot be
 * trained on; ML_EDIVERGED; ML_ELIMIT: more memory than allowed; ML_ENOMEM.
 */
ML_NODISCARD enum ml_status ml_fit(const struct ml_table *table, const struct ml_fit_config *config,
                                   struct ml_model **out, struct ml_error *err);

/*
 * Prepared rows: what a training needs of CSV files, in a file beside them, so that none of them have to be in memory
 * while a model is trained. The first ml_prepared_open() reads the data (config->read says how) and writes that file, which takes
 * 8 bytes a feature and row; later ones take it as it is, whatever the model, as long as data, cleaning, split and seed
 * are the same, and make it anew, with a warning, when they are not or when it is damaged. The model is that of
 * ml_fit(), bit for bit, if that takes the rows in the same order (config->shuffle).
 *
 * ML_EUSAGE: a pipe, folds, or as ml_fit(); ML_EARTIFACT: there is a file that mlctl did not write; ML_EIO, ML_ELIMIT.
 */
struct ml_prepared;
ML_NODISCARD enum ml_status ml_prepared_open(const char *const *paths, size_t n, const struct ml_fit_config *config,
                                             struct ml_prepared **out, struct ml_error *err);
/* The data's table: names and types of its columns, rows, digest; there are no cells in it. */
const struct ml_table *ml_prepared_table(const struct ml_prepared *rows);
/* As ml_fit(), with the config that the rows were opened with. ML_EIO when they cannot be read. */
ML_NODISCARD enum ml_status ml_fit_prepared(struct ml_prepared *rows, const struct ml_fit_config *config,
                                            struct ml_model **out, struct ml_error *err);
void ml_prepared_free(struct ml_prepared *rows); /* the file stays; NULL is fine */

/* Removes the checkpoint of a directory when its model is safe; one that is not there is fine. ML_EIO, ML_ENOMEM. */
ML_NODISCARD enum ml_status ml_checkpoint_remove(const char *directory, struct ml_error *err);

#endif
