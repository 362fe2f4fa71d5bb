/* What the groups of tests of src/train share; each group returns the number of tests that failed. */
#ifndef TESTS_UNIT_TRAIN_H
#define TESTS_UNIT_TRAIN_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <train/trainer.h>

#include <cmocka.h>

/* Whether the optimiser takes the loss: interior those with kinks, lbfgs and gd those without. */
bool suits(const char *optimiser, const struct mli_loss *loss);

#define COUNT(array) (sizeof(array) / sizeof *(array))

int train_gradient_tests(void); /* objective, gradients, line search */
int train_optimum_tests(
    void);                   /* every optimiser on every problem, scikit-learn's optima, threads */
int train_steps_tests(void); /* PyTorch's steps and schedules, clipping, pauses */
int train_state_tests(void); /* a run that is taken up again */
int train_epoch_tests(void); /* settings, state, divergence, early stopping, memory */
int train_supply_tests(void); /* rows that are not in memory */

/* Rows and a network to train on them; released by problem_release. */
struct problem {
    struct mli_network *net;
    struct mli_loss *loss;
    struct mli_train_data data;
    double *X, *y, *weight;
};

/*
 * Random rows: X normal, column j times spread^j; y by a hidden linear model with noise: a number, a whole number of 0 or
 * more for a loss that predicts a mean, a class (outputs of them, two for one output), or
 * the code of labels, one an output. loss: "huber:1.5".
 */
struct problem problem_new(const char *spec, const char *loss, size_t n, size_t d, double spread,
                           uint64_t seed);
/* A table of datasets/, columns standardised; classes numbered in alphabetical order. */
struct problem problem_read(const char *path, const char *loss, size_t outputs, bool weighted);
void problem_release(struct problem *problem);

/* Trains from 0 (one layer) or the seed's start to the end; theta (parameters) gets the result. */
struct mli_train_state problem_train(const struct problem *problem,
                                     const struct mli_train_config *config, double *theta);
double problem_value(const struct problem *problem, const struct mli_train_config *config,
                     const double *theta, double *grad);

#endif
