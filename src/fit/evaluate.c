#include <fit/evaluate.h>

#include <base/mem.h>
#include <base/num.h>
#include <eval/metrics.h>
#include <fit/gather.h>
#include <fit/target.h>
#include <math.h>
#include <model/predicted.h>
#include <stdlib.h>
#include <string.h>

#define MANY ((size_t)1 << 14) /* rows that are worth a second thread */

/* The quantile that a loss aims at, NaN: none. The median is that of absolute errors. */
static double quantile_of(const struct mli_loss *loss)
{
    if (strcmp(loss->name, "quantile") == 0)
        return loss->parameter;
    return strcmp(loss->name, "absolute") == 0 ? 0.5 : (double)NAN;
}

/* The ranks beside the sums. */
static enum ml_status score_classes(const struct ml_model *model, size_t n, const int32_t *code, const double *P,
                                    size_t threads, struct mli_classification *out, struct ml_error *err)
{
    size_t classes = model->target[0].classes;
    struct mli_classification scores;
    struct ml_error error = ML_ERROR_INIT;
    enum ml_status status, sorted;
    double area = NAN;
#pragma omp parallel sections num_threads(2) if (threads != 1 && n >= MANY)
    {
#pragma omp section
        status = mli_eval_rows(n, classes, code, P, ml_model_gives_scores(model), &scores, err);
#pragma omp section
        sorted = mli_eval_area(n, classes, code, P, &area, &error);
    }
    if (status)
        return status;
    if (sorted) {
        mli_classification_release(&scores);
        return ml_error_set(err, sorted, "%s", error.text);
    }
    scores.roc_auc = area;
    *out = scores;
    return ML_OK;
}

static enum ml_status evaluate_classes(const struct ml_model *model, size_t n, const double *y, const double *P,
                                       size_t threads, json_t **metrics, struct ml_error *err)
{
    const struct mli_model_target *target = &model->target[0];
    struct mli_classification scores;
    int32_t *code = mli_alloc(n, sizeof *code);
    if (!code)
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++)
        code[i] = (int32_t)y[i];
    enum ml_status status = score_classes(model, n, code, P, threads, &scores, err);
    free(code);
    if (status)
        return status;
    *metrics = mli_classification_json(&scores, (const char *const *)target->label);
    mli_classification_release(&scores);
    return ML_OK;
}

static enum ml_status evaluate_numbers(const struct ml_model *model, size_t n, const double *y, const double *P,
                                       json_t **metrics, struct ml_error *err)
{
    struct mli_regression scores;
    const struct mli_regression_of of = { .quantile = quantile_of(&model->loss),
                                          .counts = model->loss.predicts == MLI_PREDICTS_MEAN };
    enum ml_status status = mli_eval_regression(n, y, P, &of, &scores, err);
    if (!status)
        *metrics = mli_regression_json(&scores);
    return status;
}

static enum ml_status evaluate_labels(const struct ml_model *model, size_t n, const double *y, const double *P,
                                      json_t **metrics, struct ml_error *err)
{
    struct mli_multilabel scores;
    struct mli_label_names *names = mli_alloc(model->targets, sizeof *names);
    enum ml_status status = names ? mli_eval_multilabel(n, model->targets, y, P, &scores, err)
                                  : ml_error_set(err, ML_ENOMEM, "out of memory");
    for (size_t t = 0; !status && t < model->targets; t++)
        names[t] = (struct mli_label_names){ model->target[t].name, (const char *const *)model->target[t].label };
    if (!status) {
        *metrics = mli_multilabel_json(&scores, names);
        mli_multilabel_release(&scores);
    }
    free(names);
    return status;
}

enum ml_status mli_evaluate_arrays(const struct ml_model *model, size_t n, const double *y,
                                   const double *P, size_t threads, json_t **metrics, struct ml_error *err)
{
    json_t *doc = NULL;
    enum ml_status status = ML_OK;

    switch (model->loss.task) {
    case MLI_TASK_REGRESSION:
        status = evaluate_numbers(model, n, y, P, &doc, err);
        break;
    case MLI_TASK_CLASSIFICATION:
        status = evaluate_classes(model, n, y, P, threads, &doc, err);
        break;
    case MLI_TASK_MULTILABEL:
        status = evaluate_labels(model, n, y, P, &doc, err);
        break;
    }
    if (!status && !doc)
        status = ml_error_set(err, ML_ENOMEM, "out of memory");
    if (!status)
        *metrics = doc;
    return status;
}

enum ml_status mli_evaluate_files(const struct ml_model *model, const char *const *paths, size_t n,
                                  const struct mli_flow_options *options, json_t **metrics,
                                  struct ml_error *err)
{
    return mli_evaluate_files_spread(model, paths, n, options, metrics, NULL, err);
}

enum ml_status mli_evaluate_files_spread(const struct ml_model *model, const char *const *paths, size_t n,
                                         const struct mli_flow_options *options, json_t **metrics, json_t **predicted,
                                         struct ml_error *err)
{
    struct mli_gathered rows = { 0 };
    enum ml_status status = mli_gather(model, paths, n, options, &rows, err);
    if (!status && rows.n == 0)
        status = ml_error_at(err, ML_EDATA, n == 1 ? paths[0] : NULL, 0, 0, "no row has a target \"%s\" to compare with",
                             model->target_names);
    if (!status)
        status = mli_evaluate_arrays(model, rows.n, rows.y, rows.P, options->threads, metrics, err);
    if (!status && predicted)
        status = mli_predicted_json(model, rows.n, rows.P, predicted, err);
    mli_gathered_release(&rows);
    return status;
}
