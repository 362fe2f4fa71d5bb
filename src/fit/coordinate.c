/*
 * Cyclic coordinate descent with an active set [Friedman, Hastie & Tibshirani 2010]: rounds over the entries that are
 * not 0, which are few, until they settle; then one over all, which lets others in or ends it.
 */
#include <fit/coordinate.h>

#include <math.h>

#define ROUNDS 100000

static double shrink(double x, double by)
{
    return x > by ? x - by : x < -by ? x + by : 0;
}

/* Sets entry j to its best value with the others as they are; how far that was. */
static double improve(const struct mli_quadratic *f, size_t j, double *u)
{
    const double *row = f->H + j * f->d;
    double curve = row[j];

    if (!(curve > 0))
        return 0;
    double best = shrink(curve * u[j] - f->q[j], f->penalty[j]) / curve, by = best - u[j];
    if (!(fabs(by) > 0))
        return 0;
    u[j] = best;
    for (size_t i = 0; i < f->d; i++)
        f->q[i] += by * row[i];
    return fabs(by) * sqrt(curve);
}

/* The longest step of one round. */
static double go_round(const struct mli_quadratic *f, bool all, double *u)
{
    double longest = 0;

    for (size_t j = 0; j < f->d; j++)
        if (all || fabs(u[j]) > 0)
            longest = fmax(longest, improve(f, j, u));
    return longest;
}

bool mli_coordinate_minimise(const struct mli_quadratic *f, double tolerance, double *u)
{
    bool all = true;

    for (size_t round = 0; round < ROUNDS; round++) {
        bool settled = go_round(f, all, u) <= tolerance;
        if (settled && all)
            return true;
        all = settled;
    }
    return false;
}

void mli_coordinate_mirror(size_t d, double factor, double *C)
{
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j <= i; j++)
            C[j * d + i] = C[i * d + j] *= factor;
}
