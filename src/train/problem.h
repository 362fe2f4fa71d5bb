/*
 * What is minimised:  1/W sum_i w_i loss_i(theta) + l2/2 |v|^2 + l1 |v|_1,  v the penalised parameters. The l1 part
 * has a kink at 0, so the smooth rest has a gradient of its own and the optimisers that know l1 add what the kink
 * asks for.
 */
#ifndef TRAIN_PROBLEM_H
#define TRAIN_PROBLEM_H

#include <train/blocks.h>

struct mli_problem {
    struct mli_train_data data;
    double l1, l2;
    size_t p;           /* parameters */
    double weight;      /* W */
    uint8_t *penalised; /* (p) */
    double *squares;    /* of a gradient, a sum for each piece of train/pieces.h */
    struct mli_blocks blocks;
};

struct mli_value {
    double loss;      /* mean, without penalties */
    double objective; /* with both */
};

/* largest: most rows that a gradient will be asked for, data->n or those of a batch. ML_ENOMEM. */
ML_NODISCARD enum ml_status
mli_problem_init(struct mli_problem *problem, const struct mli_network *net,
                 const struct mli_loss *loss, const struct mli_train_data *data, double l1,
                 double l2, size_t largest, size_t threads, struct ml_error *err);
void mli_problem_release(struct mli_problem *problem);
size_t mli_problem_memory(const struct mli_network *net, size_t largest, size_t threads);

/* Sum of the rows' weights: n without weights. */
double mli_weight_sum(const struct mli_train_data *data);

/* Value at theta and the gradient (p) of the smooth part. */
struct mli_value mli_problem_at(const struct mli_problem *problem, const mli_real *theta,
                                mli_real *grad);
/* l2/2 |v|^2 + l1 |v|_1 */
double mli_problem_penalty(const struct mli_problem *problem, const mli_real *theta);
/*
 * The part of the loss that `rows` of the n rows are: overwrites grad with an unbiased estimate of the gradient of
 * the smooth part and returns the weighted sum of their losses. Of theta only what is measured and not trained changes.
 * *square: the sum of the squares of grad.
 */
double mli_problem_batch(const struct mli_problem *problem, const struct mli_train_data *rows,
                         const struct mli_pass *pass, mli_real *theta, mli_real *grad, double *square);

/*
 * The subgradient of the objective with the smallest entries, from that of the smooth part; its negative is the
 * steepest way down, and it is 0 at the optimum only [Andrew & Gao 2007, "pseudo-gradient"]. out may be grad.
 */
void mli_problem_subgradient(const struct mli_problem *problem, const mli_real *theta,
                             const mli_real *grad, mli_real *out);

/* x moved towards 0 by size, not past it: the proximal map of size |x|. NaN stays. */
double mli_shrink(double x, double size);
/*
 * How a step takes l1 in: _shrink moves every penalised parameter by size * l1, the proximal map of a step of that
 * size; _shrink_each by rate * l1 / (scale sqrt(square_j) + epsilon), the same in the metric of an optimiser that
 * divides its steps by that [Duchi, Hazan & Singer 2011, section 5]. Nothing happens without l1.
 */
void mli_problem_shrink(const struct mli_problem *problem, double size, mli_real *theta, size_t first, size_t end);
void mli_problem_shrink_each(const struct mli_problem *problem, double rate, const mli_real *square, double scale,
                             double epsilon, mli_real *theta, size_t first, size_t end);

/* Largest absolute entry of that subgradient; infinite when an entry is not finite. */
double mli_problem_largest(const struct mli_problem *problem, const mli_real *theta,
                           const mli_real *grad);

#endif
