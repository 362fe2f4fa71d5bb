#include <fit/evaluate.h>

#include <base/mem.h>
#include <base/num.h>
#include <eval/metrics.h>
#include <fit/gather.h>
#include <fit/target.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The quantile that a loss aims at, NaN: none. The median is that of absolute errors. */
static double quantile_of(const struct mli_loss *loss)
{
    if (strcmp(loss->name, "quantile") == 0)
        return loss->parameter;
    return strcmp(loss->name, "absolute") == 0 ? 0.5 : (double)NAN;
}

enum ml_status mli_evaluate_arrays(const struct ml_model *model, size_t n, const double *y,
                                   const double *P, json_t **metrics, struct ml_error *err)
{
    json_t *doc = NULL;
    if (model->classes) {
        struct mli_classification scores;
        int32_t *code = mli_alloc(n, sizeof *code);
        if (!code)
            return ml_error_set(err, ML_ENOMEM, "out of memory");
        for (size_t i = 0; i < n; i++)
            code[i] = (int32_t)y[i];
        enum ml_status status = ml_model_gives_scores(model)
                                    ? mli_eval_scores(n, model->classes, code, P, &scores, err)
                                    : mli_eval_classification(n, model->classes, code, P, &scores, err);
        free(code);
        if (status)
            return status;
        doc = mli_classification_json(&scores, (const char *const *)model->label);
        mli_classification_release(&scores);
    } else {
        struct mli_regression scores;
        const struct mli_regression_of of = { .quantile = quantile_of(&model->loss),
                                              .counts = model->loss.predicts == MLI_PREDICTS_MEAN };
        enum ml_status status = mli_eval_regression(n, y, P, &of, &scores, err);
        if (status)
            return status;
        doc = mli_regression_json(&scores);
    }
    if (!doc)
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    *metrics = doc;
    return ML_OK;
}

enum ml_status mli_evaluate_files(const struct ml_model *model, const char *const *paths, size_t n,
                                  const struct mli_flow_options *options, json_t **metrics,
                                  struct ml_error *err)
{
    struct mli_gathered rows = { 0 };
    enum ml_status status = mli_gather(model, paths, n, options, &rows, err);
    if (!status && rows.n == 0)
        status = ml_error_at(err, ML_EDATA, n == 1 ? paths[0] : NULL, 0, 0, "no row has a target \"%s\" to compare with",
                             model->target);
    if (!status)
        status = mli_evaluate_arrays(model, rows.n, rows.y, rows.P, metrics, err);
    mli_gathered_release(&rows);
    return status;
}
