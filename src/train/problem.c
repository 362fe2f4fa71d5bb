#include <train/problem.h>

#include <base/clones.h>
#include <base/mem.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <train/pieces.h>

#define STRIP ((size_t)1024)

size_t mli_problem_memory(const struct mli_network *net, size_t largest, size_t threads)
{
    return net->parameters + mli_pieces_count(net->parameters) * sizeof(double) + mli_blocks_memory(net, largest, threads);
}

enum ml_status mli_problem_init(struct mli_problem *problem, const struct mli_network *net,
                                const struct mli_loss *loss, const struct mli_train_data *data,
                                double l1, double l2, size_t largest, size_t threads,
                                struct ml_error *err)
{
    *problem = (struct mli_problem){
        .data = *data,
        .l1 = l1,
        .l2 = l2,
        .p = net->parameters,
        .weight = mli_weight_sum(data),
        .penalised = mli_alloc(net->parameters, 1),
        .squares = mli_alloc(mli_pieces_count(net->parameters), sizeof(double)),
    };
    if (!problem->penalised || !problem->squares) {
        mli_problem_release(problem);
        return ml_error_set(err, ML_ENOMEM, "out of memory for %zu parameters", net->parameters);
    }
    mli_network_penalised(net, problem->penalised);
    enum ml_status status = mli_blocks_init(&problem->blocks, net, loss, largest, threads, err);
    if (status == ML_OK && data->supply)
        status = mli_blocks_supply(&problem->blocks, err);
    if (status != ML_OK)
        mli_problem_release(problem);
    return status;
}

void mli_problem_release(struct mli_problem *problem)
{
    mli_blocks_release(&problem->blocks);
    free(problem->penalised);
    free(problem->squares);
    problem->penalised = NULL;
    problem->squares = NULL;
}

double mli_weight_sum(const struct mli_train_data *data)
{
    if (!data->weight)
        return (double)data->n;
    double sum = 0;
    for (size_t i = 0; i < data->n; i++)
        sum += data->weight[data->gather ? data->gather->row[i] : i];
    return sum;
}

struct finish {
    const struct mli_problem *problem;
    struct mli_parts parts;
    const mli_real *theta;
    mli_real *grad, scale;
};

MLI_CLONES
static void scale_range(const struct finish *finish, size_t first, size_t end)
{
    const uint8_t *restrict penalised = finish->problem->penalised;
    const mli_real *restrict theta = finish->theta, scale = finish->scale, l2 = finish->problem->l2;
    mli_real *restrict grad = finish->grad;

    for (size_t j = first; l2 == 0 && j < end; j++)
        grad[j] *= scale;
    for (size_t j = first; l2 != 0 && j < end; j++)
        grad[j] = scale * grad[j] + (penalised[j] ? l2 * theta[j] : 0);
}

/* One pass over memory for all that is done to the parts of a gradient: each strip stays in the first cache. */
static void finish_range(void *data, size_t first, size_t end)
{
    const struct finish *finish = data;
    double square = 0;

    for (size_t at = first, next; at < end; at = next) {
        next = end - at < STRIP ? end : at + STRIP;
        mli_parts_add(&finish->parts, finish->problem->p, at, next, finish->grad);
        scale_range(finish, at, next);
        square += mli_dot(next - at, finish->grad + at, finish->grad + at);
    }
    finish->problem->squares[first / MLI_PIECE] = square;
}

/* grad = scale * (sum of the parts) + l2 v; the sum of its squares. */
static double finish_gradient(const struct mli_problem *problem, const struct mli_parts *parts, const mli_real *theta,
                              double scale, mli_real *grad)
{
    struct finish finish = { problem, *parts, theta, grad, scale };
    double square = 0;

    mli_pieces(problem->p, problem->blocks.team, finish_range, &finish);
    for (size_t i = 0; i < mli_pieces_count(problem->p); i++)
        square += problem->squares[i];
    return square;
}

double mli_problem_penalty(const struct mli_problem *problem, const mli_real *theta)
{
    double squares = 0, sizes = 0;

    if (problem->l1 == 0 && problem->l2 == 0)
        return 0;
    for (size_t j = 0; j < problem->p; j++) {
        if (!problem->penalised[j])
            continue;
        squares += theta[j] * theta[j];
        sizes += fabs(theta[j]);
    }
    return 0.5 * problem->l2 * squares + problem->l1 * sizes;
}

struct mli_value mli_problem_at(const struct mli_problem *problem, const mli_real *theta,
                                mli_real *grad)
{
    struct mli_value value;
    struct mli_parts parts;

    value.loss = mli_blocks_parts(&problem->blocks, &problem->data, NULL, theta, grad, &parts) / problem->weight;
    value.objective = value.loss + mli_problem_penalty(problem, theta);
    if (grad)
        finish_gradient(problem, &parts, theta, 1 / problem->weight, grad);
    return value;
}

double mli_problem_batch(const struct mli_problem *problem, const struct mli_train_data *rows,
                         const struct mli_pass *pass, mli_real *theta, mli_real *grad, double *square)
{
    double share = (double)rows->n / (double)problem->data.n;
    struct mli_parts parts;
    double sum = mli_blocks_parts(&problem->blocks, rows, pass, theta, grad, &parts);

    if (problem->blocks.net->statistics) /* one part then */
        mli_network_settle(problem->blocks.net, theta, grad);
    *square = finish_gradient(problem, &parts, theta, 1 / (problem->weight * share), grad);
    return sum;
}

static double subgradient(const struct mli_problem *problem, size_t j, double x, double g)
{
    if (!problem->penalised[j])
        return g;
    return x != 0 ? g + copysign(problem->l1, x) : mli_shrink(g, problem->l1);
}

void mli_problem_subgradient(const struct mli_problem *problem, const mli_real *theta,
                             const mli_real *grad, mli_real *out)
{
    for (size_t j = 0; j < problem->p; j++)
        out[j] = subgradient(problem, j, theta[j], grad[j]);
}

double mli_problem_largest(const struct mli_problem *problem, const mli_real *theta,
                           const mli_real *grad)
{
    double largest = 0;

    for (size_t j = 0; j < problem->p; j++) {
        double size = fabs(subgradient(problem, j, theta[j], grad[j]));
        if (!(size <= DBL_MAX))
            return INFINITY;
        largest = size > largest ? size : largest;
    }
    return largest;
}

double mli_shrink(double x, double size)
{
    if (x > size)
        return x - size;
    if (x < -size)
        return x + size;
    return x - x;
}

void mli_problem_shrink(const struct mli_problem *problem, double size, mli_real *theta, size_t first, size_t end)
{
    for (size_t j = first; problem->l1 > 0 && j < end; j++)
        if (problem->penalised[j])
            theta[j] = mli_shrink(theta[j], size * problem->l1);
}

void mli_problem_shrink_each(const struct mli_problem *problem, double rate, const mli_real *square, double scale,
                             double epsilon, mli_real *theta, size_t first, size_t end)
{
    for (size_t j = first; problem->l1 > 0 && j < end; j++)
        if (problem->penalised[j])
            theta[j] = mli_shrink(theta[j], rate * problem->l1 / (scale * sqrt(square[j]) + epsilon));
}

enum ml_status mli_objective(const struct mli_network *net, const struct mli_loss *loss,
                             const struct mli_train_data *data, double l1, double l2,
                             size_t threads, const mli_real *theta, mli_real *grad, double *value,
                             struct ml_error *err)
{
    struct mli_problem problem;
    enum ml_status status =
        mli_problem_init(&problem, net, loss, data, l1, l2, data->n, threads, err);
    if (status != ML_OK)
        return status;
    *value = mli_problem_at(&problem, theta, grad).objective;
    if (grad && l1 > 0)
        mli_problem_subgradient(&problem, theta, grad, grad);
    mli_problem_release(&problem);
    return ML_OK;
}
