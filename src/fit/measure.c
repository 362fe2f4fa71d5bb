/* Metrics of rows of a job: its features through its network. */
#include <fit/job.h>

#include <base/mem.h>
#include <fit/evaluate.h>
#include <fit/matrix.h>
#include <model/predicted.h>
#include <omp.h>
#include <stdlib.h>

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory");
}

struct measuring {
    const struct ml_model *model;
    double *P;
    double *workspace; /* (threads, stride) */
    size_t stride;
};

static void predict_rows(const struct measuring *m, size_t first, size_t n, const double *X, size_t thread)
{
    const struct mli_network *net = m->model->network;
    double *P = m->P + first * ml_model_width(m->model), *workspace = m->workspace + thread * m->stride;
    for (size_t rows; n > 0; n -= rows) {
        rows = n < MLI_MATRIX_BLOCK ? n : MLI_MATRIX_BLOCK;
        const double *Z = mli_network_forward(net, &mli_kernels_plain, m->model->theta, rows, X, NULL, workspace);
        m->model->loss.predict(rows, net->outputs, Z, P);
        P += rows * ml_model_width(m->model);
        X += rows * net->inputs;
    }
}

/* Features that are there already. */
static void predict_all(const struct measuring *m, size_t n, const double *X, size_t threads)
{
    size_t blocks = n / MLI_MATRIX_BLOCK + (n % MLI_MATRIX_BLOCK != 0);
#pragma omp parallel for schedule(dynamic) num_threads((int)threads) if (threads > 1)
    for (size_t b = 0; b < blocks; b++) {
        size_t first = b * MLI_MATRIX_BLOCK, rest = n - first;
        predict_rows(m, first, rest < MLI_MATRIX_BLOCK ? rest : MLI_MATRIX_BLOCK,
                     X + first * m->model->network->inputs, (size_t)omp_get_thread_num());
    }
}

static enum ml_status predict_block(void *data, const struct mli_matrix_block *block, struct ml_error *err)
{
    (void)err;
    predict_rows(data, block->first, block->n, block->X, block->thread);
    return ML_OK;
}

/* The same of rows in a file. */
static enum ml_status predict_prepared(const struct measuring *m, struct ml_prepared *rows, enum mli_part part,
                                       size_t threads, struct ml_error *err)
{
    struct mli_prepared_part from = rows->part[part];
    size_t d = rows->features, blocks = from.n / MLI_MATRIX_BLOCK + (from.n % MLI_MATRIX_BLOCK != 0), size;
    double *X = mli_mul(threads, MLI_MATRIX_BLOCK, &size) ? mli_alloc(size, d * sizeof *X) : NULL;
    from.rows = rows;
    from.single = false;
    if (!X)
        return no_memory(err);
#pragma omp parallel for schedule(dynamic) num_threads((int)threads) if (threads > 1)
    for (size_t b = 0; b < blocks; b++) {
        size_t first = b * MLI_MATRIX_BLOCK, thread = (size_t)omp_get_thread_num();
        size_t n = from.n - first < MLI_MATRIX_BLOCK ? from.n - first : MLI_MATRIX_BLOCK;
        double *block = X + thread * MLI_MATRIX_BLOCK * d;
        mli_prepared_rows(&from, first, n, block);
        predict_rows(m, first, n, block, thread);
    }
    free(X);
    return mli_prepared_check(rows, err);
}

enum ml_status mli_job_measure(const struct mli_job *job, const struct ml_model *model, enum mli_part part,
                               json_t **metrics, json_t **predicted, struct ml_error *err)
{
    struct mli_matrix_rows rows = mli_job_matrix(job, part);
    size_t n = job->plan.rows[part], width = ml_model_width(model);
    size_t stride = mli_network_workspace(model->network, MLI_MATRIX_BLOCK, false), size;
    double *P = mli_alloc(n, width * sizeof *P), *y = mli_alloc(n, job->plan.target.columns * sizeof *y), *workspace = NULL;
    if (mli_mul(stride, rows.threads, &size))
        workspace = mli_alloc(size, sizeof *workspace);
    struct measuring measuring = { model, P, workspace, stride };
    rows.pipeline = model->pipeline;
    enum ml_status status = P && y && workspace ? ML_OK : no_memory(err);
    if (!status && job->rows)
        status = predict_prepared(&measuring, job->rows, part, rows.threads, err);
    else if (!status && job->test && part == MLI_PART_TEST)
        predict_all(&measuring, n, job->test, rows.threads);
    else if (!status)
        status = mli_matrix_share(&rows, predict_block, &measuring, err);
    if (!status)
        status = mli_job_targets(job, part, y, err);
    if (!status)
        status = mli_evaluate_arrays(model, n, y, P, rows.threads, metrics, err);
    if (!status && predicted)
        status = mli_predicted_json(model, n, P, predicted, err);
    free(workspace);
    free(y);
    free(P);
    return status;
}
