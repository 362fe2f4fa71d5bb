/*
 * The lasso of a regression by the covariance C of the features and their products c with the target,
 *
 *   1/2n |y - X v - b|^2 + strength |v|_1  =  1/2 v' C v - c' v + strength |v|_1 + a constant, at the best b:
 *
 * two passes over the rows, then coordinate descent on d numbers ["covariance updates", Friedman et al. 2010].
 */
#include <fit/l1.h>

#include <base/mem.h>
#include <fit/centre.h>
#include <fit/coordinate.h>
#include <la/eigen.h>
#include <la/kernels.h>
#include <math.h>
#include <stdlib.h>

#define TOLERANCE 1e-10 /* of the fitted values, in deviations of y */

struct gram {
    struct mli_centre centre;
    const double *y;  /* of the rows to come */
    double *C;        /* (d,d) */
    double *c;        /* d */
    double *penalty;  /* d */
};

static void gram_release(struct gram *gram)
{
    free(gram->penalty);
    free(gram->c);
    free(gram->C);
    free(gram->centre.mean);
}

static bool gram_alloc(const struct mli_l1 *l1, struct gram *gram)
{
    size_t size;

    gram->centre.d = l1->d;
    gram->y = l1->y;
    gram->centre.mean = mli_calloc(l1->d, sizeof(*gram->centre.mean));
    gram->C = mli_mul(l1->d, l1->d, &size) ? mli_calloc(size, sizeof(*gram->C)) : NULL;
    gram->c = mli_calloc(l1->d, sizeof(*gram->c));
    gram->penalty = mli_alloc(l1->d, sizeof(*gram->penalty));
    return gram->centre.mean && gram->C && gram->c && gram->penalty;
}

static enum ml_status add_products(void *data, size_t n, double *X, struct ml_error *err)
{
    struct gram *gram = data;

    (void)err;
    mli_centre_take(&gram->centre, n, X);
    mli_gram_add(n, gram->centre.d, X, gram->C);
    mli_kernels_plain.multiply_tn(n, 1, gram->centre.d, gram->y, X, 1, gram->c);
    gram->y += n;
    return ML_OK;
}

static enum ml_status fill(const struct mli_l1 *l1, struct gram *gram, struct ml_error *err)
{
    double share = 1 / (double)l1->rows->n;
    const struct mli_matrix_rows matrix = mli_reduce_matrix(l1->pipeline, l1->rows);
    enum ml_status status = mli_matrix_each(&matrix, mli_centre_add, &gram->centre, err);

    if (status == ML_OK)
        status = mli_matrix_each(&matrix, add_products, gram, err);
    mli_coordinate_mirror(l1->d, share, gram->C);
    for (size_t j = 0; j < l1->d; j++)
        gram->c[j] *= -share; /* the gradient where all weights are 0 */
    return status;
}

static double largest(const double *c, size_t d)
{
    double most = 0;

    for (size_t j = 0; j < d; j++)
        most = fmax(most, fabs(c[j]));
    return most;
}

enum ml_status mli_l1_gram(struct mli_l1 *l1, double *score, struct ml_error *err)
{
    struct gram gram = { 0 };
    enum ml_status status = gram_alloc(l1, &gram) ? fill(l1, &gram, err)
                                                  : ml_error_set(err, ML_ENOMEM, "out of memory");

    if (status == ML_OK) {
        const struct mli_quadratic f = { l1->d, gram.C, gram.penalty, gram.c };
        if (isnan(l1->strength))
            l1->strength = MLI_L1_OF_LARGEST * largest(gram.c, l1->d);
        for (size_t j = 0; j < l1->d; j++) {
            gram.penalty[j] = l1->strength;
            score[j] = 0;
        }
        if (!mli_coordinate_minimise(&f, TOLERANCE, score))
            mli_l1_unsettled(l1);
        for (size_t j = 0; j < l1->d; j++)
            score[j] = fabs(score[j]);
    }
    gram_release(&gram);
    return status;
}
