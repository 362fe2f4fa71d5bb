#include <eval/metrics.h>

#include <string.h>

static const struct mli_metric metrics[] = {
    { "mse", "mean squared error", false, false, false },
    { "rmse", "root of the mean squared error, in the target's unit", false, false, false },
    { "mae", "mean absolute error, in the target's unit", false, false, false },
    { "median_ae", "median of the absolute errors, in the target's unit", false, false, false },
    { "max_error", "largest absolute error, in the target's unit", false, false, false },
    { "r2", "share of the target's variance that is explained", true, false, false },
    { "pinball", "mean pinball loss of the quantile, in the target's unit", false, false, false },
    { "d2_pinball", "share of the best constant's pinball loss that is gone", true, false, false },
    { "poisson_deviance", "mean Poisson deviance", false, false, false },
    { "d2_poisson", "share of the mean's Poisson deviance that is explained", true, false, false },
    { "subset_accuracy", "share of rows of which every label is right", true, false, true },
    { "hamming_loss", "share of labels that are wrong", false, false, true },
    { "accuracy", "share of rows whose class is right", true, true, false },
    { "log_loss", "mean negative logarithm of the true class's probability", false, true, true },
    { "hinge_loss", "mean of what the true class's score lacks to 1 above the others", false, true, false },
    { "roc_auc", "area under the ROC curve, mean of each class against the rest or of the labels", true, true, true },
    { "precision", "share of right ones among the rows given that class, the second of two", true, true, false },
    { "recall", "share of the rows of that class that were found, the second of two", true, true, false },
    { "f1", "harmonic mean of precision and recall, second of two classes", true, true, false },
    { "micro.precision", "precision of all labels together", true, false, true },
    { "micro.recall", "recall of all labels together", true, false, true },
    { "micro.f1", "F1 of all labels together", true, false, true },
    { "macro.precision", "precision, mean over the classes or labels", true, true, true },
    { "macro.recall", "recall, mean over the classes or labels", true, true, true },
    { "macro.f1", "F1, mean over the classes or labels", true, true, true },
    { "weighted.precision", "precision, mean over the classes or labels weighted by their rows", true, true, true },
    { "weighted.recall", "recall, mean over the classes or labels weighted by their rows", true, true, true },
    { "weighted.f1", "F1, mean over the classes or labels weighted by their rows", true, true, true },
};

const struct mli_metric *mli_metrics(size_t *count)
{
    *count = sizeof metrics / sizeof *metrics;
    return metrics;
}

bool mli_metric_value(const json_t *document, const char *name, double *out)
{
    const json_t *value = document;

    for (const char *end; value && name; name = *end ? end + 1 : NULL) {
        end = strchrnul(name, '.');
        value = json_object_getn(value, name, (size_t)(end - name));
    }
    if (!json_is_number(value))
        return false;
    *out = json_number_value(value);
    return true;
}

/* ---- documents: every builder below returns NULL, with nothing left behind, when memory is out ------------------- */

static json_t *keep_if(bool complete, json_t *document)
{
    if (complete)
        return document;
    json_decref(document);
    return NULL;
}

static bool put_number(json_t *object, const char *key, double value)
{
    return mli_json_put(object, key, mli_json_from(value));
}

static bool put_scores(json_t *object, double precision, double recall, double f1)
{
    return put_number(object, "precision", precision) && put_number(object, "recall", recall) &&
           put_number(object, "f1", f1);
}

/* What was asked for besides. */
static bool put_purpose(json_t *document, const struct mli_regression *scores)
{
    bool ok = true;

    if (scores->quantile > 0)
        ok = put_number(document, "pinball", scores->pinball) && put_number(document, "d2_pinball", scores->d2_pinball);
    if (ok && scores->counts)
        ok = put_number(document, "poisson_deviance", scores->deviance) &&
             put_number(document, "d2_poisson", scores->d2_deviance);
    return ok;
}

json_t *mli_regression_json(const struct mli_regression *scores)
{
    json_t *document = json_object();

    return keep_if(put_number(document, "mse", scores->mse) &&
                       put_number(document, "rmse", scores->rmse) &&
                       put_number(document, "mae", scores->mae) &&
                       put_number(document, "median_ae", scores->median_ae) &&
                       put_number(document, "max_error", scores->max_error) &&
                       put_number(document, "r2", scores->r2) && put_purpose(document, scores) &&
                       put_number(document, "rows", (double)scores->n),
                   document);
}

static json_t *average(double precision, double recall, double f1)
{
    json_t *object = json_object();

    return keep_if(put_scores(object, precision, recall, f1), object);
}

static json_t *one_class(const struct mli_class_scores *of, const char *label)
{
    json_t *object = json_object();

    return keep_if(mli_json_put(object, "label", json_string(label)) &&
                       put_scores(object, of->precision, of->recall, of->f1) &&
                       put_number(object, "support", (double)of->support),
                   object);
}

static json_t *all_classes(const struct mli_classification *scores, const char *const *labels)
{
    json_t *list = json_array();
    bool complete = list != NULL;

    for (size_t c = 0; complete && c < scores->classes; c++)
        complete = json_array_append_new(list, one_class(&scores->of[c], labels[c])) == 0;
    return keep_if(complete, list);
}

static json_t *confusion_row(size_t classes, const size_t *counts)
{
    json_t *row = json_array();
    bool complete = row != NULL;

    for (size_t c = 0; complete && c < classes; c++)
        complete = json_array_append_new(row, mli_json_from((double)counts[c])) == 0;
    return keep_if(complete, row);
}

static json_t *confusion(size_t classes, const size_t *counts)
{
    json_t *rows = json_array();
    bool complete = rows != NULL;

    for (size_t c = 0; complete && c < classes; c++)
        complete = json_array_append_new(rows, confusion_row(classes, counts + c * classes)) == 0;
    return keep_if(complete, rows);
}

static bool put_classification(json_t *document, const struct mli_classification *scores, const char *const *labels)
{
    const struct mli_class_scores *second = scores->classes == 2 ? &scores->of[1] : NULL;

    return put_number(document, "accuracy", scores->accuracy) &&
           (scores->scores ? put_number(document, "hinge_loss", scores->hinge_loss)
                           : put_number(document, "log_loss", scores->log_loss)) &&
           put_number(document, "roc_auc", scores->roc_auc) &&
           (!second || put_scores(document, second->precision, second->recall, second->f1)) &&
           mli_json_put(document, "macro", average(scores->macro_precision, scores->macro_recall, scores->macro_f1)) &&
           mli_json_put(document, "weighted",
                        average(scores->weighted_precision, scores->weighted_recall, scores->weighted_f1)) &&
           mli_json_put(document, "classes", all_classes(scores, labels)) &&
           mli_json_put(document, "confusion", confusion(scores->classes, scores->confusion));
}

json_t *mli_classification_json(const struct mli_classification *scores, const char *const *labels)
{
    json_t *document = json_object();

    return keep_if(put_classification(document, scores, labels) && put_number(document, "rows", (double)scores->n), document);
}

static json_t *one_label(const struct mli_classification *scores, const struct mli_label_names *names)
{
    json_t *document = json_object();

    return keep_if(mli_json_put(document, "target", json_string(names->target)) &&
                       put_classification(document, scores, names->labels),
                   document);
}

static json_t *all_labels(const struct mli_multilabel *scores, const struct mli_label_names *names)
{
    json_t *list = json_array();
    bool complete = list != NULL;

    for (size_t t = 0; complete && t < scores->labels; t++)
        complete = json_array_append_new(list, one_label(&scores->of[t], &names[t])) == 0;
    return keep_if(complete, list);
}

static json_t *averaged(const struct mli_class_scores *of)
{
    return average(of->precision, of->recall, of->f1);
}

json_t *mli_multilabel_json(const struct mli_multilabel *scores, const struct mli_label_names *names)
{
    json_t *document = json_object();

    return keep_if(put_number(document, "subset_accuracy", scores->subset_accuracy) &&
                       put_number(document, "hamming_loss", scores->hamming_loss) &&
                       put_number(document, "log_loss", scores->log_loss) &&
                       put_number(document, "roc_auc", scores->roc_auc) &&
                       mli_json_put(document, "micro", averaged(&scores->micro)) &&
                       mli_json_put(document, "macro", averaged(&scores->macro)) &&
                       mli_json_put(document, "weighted", averaged(&scores->weighted)) &&
                       mli_json_put(document, "targets", all_labels(scores, names)) &&
                       put_number(document, "rows", (double)scores->n),
                   document);
}
