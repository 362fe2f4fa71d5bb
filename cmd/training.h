/* Options that train and tune share: what a fit takes besides reading and cleaning (cmd/reading.h), and its model file. */
#ifndef CMD_TRAINING_H
#define CMD_TRAINING_H

#include <cmd/reading.h>
#include <signal.h>

struct training {
    struct reading reading;
    char *model, *prep, *memory, *rate;
    int no_prep, batch_norm;
    double l2; /* -DBL_MAX: not given */
    long epochs, batch, patience, threads, members;
};

/* Every default; the counts are those of ML_FIT_CONFIG_INIT. */
struct training training_init(void);

enum {
    TRAINING_STRING = POPT_ARG_STRING | POPT_ARGFLAG_SHOW_DEFAULT,
    TRAINING_COUNT = POPT_ARG_LONG | POPT_ARGFLAG_SHOW_DEFAULT,
    TRAINING_NUMBER = POPT_ARG_DOUBLE | POPT_ARGFLAG_SHOW_DEFAULT,
};

#define TRAINING_FILES(f) \
    { \
        { "model", 'm', TRAINING_STRING, &(f).model, 0, "model file to write", "FILE" }, \
        { "test", 0, POPT_ARG_STRING, &(f).reading.fit.test, 0, "measure on this file; all rows of the data train", "FILE" }, \
        { "prep", 0, POPT_ARG_STRING, &(f).prep, 0, "prep file of the data (DATA.prep.json if it is there)", "FILE" }, \
        { "no-prep", 0, POPT_ARG_NONE, &(f).no_prep, 0, "take the data as raw rows even if a prep file is beside it", NULL }, \
        POPT_TABLEEND \
    }

#define TRAINING_ROWS(f) \
    { \
        { "kind", 'k', TRAINING_STRING, &(f).reading.fit.kind, 0, "auto, linear, logistic, svm, poisson or mlp", "KIND" }, \
        { "loss", 0, POPT_ARG_STRING, &(f).reading.fit.loss, 0, "of the kind, e.g. huber:1.35 (that of the kind if not given)", "NAME[:PARAMETER]" }, \
        { "l1", 0, TRAINING_NUMBER, &(f).reading.fit.l1, 0, "penalty l1 |w|", "NUMBER" }, \
        { "l2", 0, POPT_ARG_DOUBLE, &(f).l2, 0, "penalty l2/2 |w|^2 (1 / training rows if not given: scikit-learn's alpha=1, C=1; a tenth of it with --text)", "NUMBER" }, \
        { "optimiser", 'o', TRAINING_STRING, &(f).reading.fit.optimiser, 0, "auto (lbfgs; interior for losses with kinks; adam for several layers), gd, sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw, lbfgs or interior", "NAME" }, \
        { "precision", 0, TRAINING_STRING, &(f).reading.fit.precision, 0, "auto (double for one layer, float for a stack), double or float", "NAME" }, \
        { "rate", 'r', TRAINING_STRING, &(f).rate, 0, "step size, or auto: chosen and said", "NUMBER" }, \
        { "weight", 0, POPT_ARG_STRING, &(f).reading.fit.weight, 0, "column of numbers of 0 or more that says how much a row counts in training; it is no feature", "COLUMN" }, \
        { "class-weight", 0, POPT_ARG_STRING, &(f).reading.fit.class_weight, 0, "of the rows of a class in training: balanced (rows / classes / rows of the class), or LABEL=W,... (others 1)", "SPEC" }, \
        { "schedule", 0, POPT_ARG_STRING, &(f).reading.fit.schedule, 0, "of the step size: constant, linear, step:N:F, exponential:F, cosine, onecycle or plateau:N:F (linear over batches, constant for gd if not given)", "SPEC" }, \
        { "warmup", 0, TRAINING_NUMBER, &(f).reading.fit.warmup, 0, "epochs, or below 1 a share of all, in which the step size grows to the full one", "EPOCHS" }, \
        { "clip", 0, TRAINING_NUMBER, &(f).reading.fit.clip, 0, "cut longer gradients to this length, 0: none", "NORM" }, \
        { "momentum", 0, TRAINING_NUMBER, &(f).reading.fit.momentum, 0, "of momentum and nesterov", "NUMBER" }, \
        { "decay", 0, TRAINING_NUMBER, &(f).reading.fit.decay, 0, "of adamw: a step takes rate * decay of every weight", "NUMBER" }, \
        { "tolerance", 0, TRAINING_NUMBER, &(f).reading.fit.tolerance, 0, "converged when no gradient entry is larger", "NUMBER" }, \
        { "epochs", 'e', TRAINING_COUNT, &(f).epochs, 0, "passes at most, 0: 1000 for lbfgs and gd, 100 for the others (for several layers 30, or as many as are 500 to 100,000 steps)", "COUNT" }, \
        { "batch", 'b', TRAINING_COUNT, &(f).batch, 0, "rows a step (of all but gd and lbfgs), 0: 32", "ROWS" }, \
        { "patience", 0, TRAINING_COUNT, &(f).patience, 0, "stop after this many epochs without a better validation loss, 0: never", "EPOCHS" }, \
        { "min-delta", 0, TRAINING_NUMBER, &(f).reading.fit.min_delta, 0, "what a validation loss must be lower by to count as better", "NUMBER" }, \
        { "validation", 0, TRAINING_NUMBER, &(f).reading.fit.validation, 0, "share of the training rows that --patience sets aside", "SHARE" }, \
        { "threads", 0, TRAINING_COUNT, &(f).threads, 0, "0: one a core; the result does not depend on it", "COUNT" }, \
        { "memory", 0, POPT_ARG_STRING, &(f).memory, 0, "most memory to use, e.g. 2G (what is free if not given)", "SIZE" }, \
        POPT_TABLEEND \
    }

#define TRAINING_NETWORK(f) \
    { \
        { "layers", 0, POPT_ARG_STRING, &(f).reading.fit.layers, 0, "the network spelt out, e.g. \"dense 64, relu, dropout 0.1, dense 3\"; layers: dense N, relu, leaky_relu, elu, gelu, tanh, sigmoid, dropout P, batch_norm", "SPEC" }, \
        { "hidden", 0, POPT_ARG_STRING, &(f).reading.fit.hidden, 0, "units of the hidden layers of kind mlp, e.g. 128,64 (64,32 if not given)", "LIST" }, \
        { "activation", 0, POPT_ARG_STRING, &(f).reading.fit.activation, 0, "behind each hidden layer: relu, leaky_relu, elu, gelu, tanh or sigmoid (relu if not given)", "NAME" }, \
        { "dropout", 0, TRAINING_NUMBER, &(f).reading.fit.dropout, 0, "share of each hidden layer that is dropped in training", "SHARE" }, \
        { "members", 0, TRAINING_COUNT, &(f).members, 0, "networks of this shape, trained with the seed and the next ones, of which the model is the mean; 0: 1", "COUNT" }, \
        { "batch-norm", 0, POPT_ARG_NONE, &(f).batch_norm, 0, "batch normalisation before each activation", NULL }, \
        POPT_TABLEEND \
    }

/* Checks the flags and moves them to reading.fit and its read options; CMD_CONTINUE or the exit code. */
int training_flags(struct cmd_context *ctx, struct training *f);
/* The model may be written to standard output (-), then a document may not. True, with an error said, when both are wanted. */
bool training_output_refused(const struct cmd_context *ctx, const struct training *f);
/* Behind the model: a report on stderr then, none with -q. True when there is nothing more to print. */
bool training_is_silent(const struct cmd_context *ctx, const struct training *f);
/* DATA.csv.prep.json beside the data, unless told otherwise or there are several files. Heap, NULL: none. */
char *training_prep(const struct cmd_context *ctx, const struct training *f);

/* The signal that asked to stop, 0: none; for ml_fit_config.stop. A second one ends the program at once. */
extern volatile sig_atomic_t training_stopped;
void training_catch_signals(void);

#endif
