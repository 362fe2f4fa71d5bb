#include <serve/results.h>

static void keep(void *data, const double *P, size_t n)
{
    struct mli_worker *worker = data;

    mli_buf_add(&worker->results, P, n * ml_model_width(worker->desk->model) * sizeof(*P));
}

void mli_results_begin(struct mli_intake *intake)
{
    mli_buf_reset(&intake->worker->results);
    intake->emit = keep;
    intake->data = intake->worker;
}

enum ml_status mli_results_end(struct mli_intake *intake, const double **P, struct ml_error *err)
{
    const struct mli_buf *results = &intake->worker->results;
    enum ml_status status = mli_intake_end(intake, err);

    if (status != ML_OK)
        return status;
    if (results->status == ML_ELIMIT)
        return ml_error_set(err, ML_ELIMIT,
                            "the answer would be longer than %zu bytes; send fewer rows",
                            MLI_RESULTS_MAX);
    if (results->status != ML_OK)
        return ml_error_set(err, results->status, "out of memory for the predictions");
    *P = (const double *)(const void *)results->data; /* of malloc, so aligned */
    return ML_OK;
}
