#include <model/output.h>

#include <base/mem.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

size_t mli_prediction_class(const double *p, size_t classes)
{
    size_t best = 0;

    for (size_t k = 1; k < classes; k++) {
        if (p[k] > p[best])
            best = k;
    }
    return best;
}

static void write_label_header(struct mli_csv_writer *writer, struct mli_buf *name, const struct ml_model *model,
                               const char *label)
{
    mli_buf_reset(name);
    mli_buf_printf(name, "%s:%s", model->loss.predicts == MLI_PREDICTS_SCORE ? "score" : "probability", label);
    if (name->status == ML_OK)
        mli_csv_write_text(writer, name->data, name->len);
    else if (writer->out->status == ML_OK)
        writer->out->status = name->status;
}

void mli_prediction_write_header(struct mli_csv_writer *writer, const struct ml_model *model)
{
    const struct mli_model_target *target = &model->target[0];
    struct mli_buf name;

    mli_buf_init(&name, SIZE_MAX);
    mli_csv_write_text(writer, "prediction", strlen("prediction"));
    for (size_t k = 0; k < target->classes; k++)
        write_label_header(writer, &name, model, target->label[k]);
    mli_buf_release(&name);
}

void mli_prediction_write_row(struct mli_csv_writer *writer, const struct ml_model *model,
                              const double *p)
{
    const struct mli_model_target *target = &model->target[0];

    if (target->classes == 0) {
        mli_csv_write_number(writer, isfinite(p[0]) ? p[0] : NAN);
        return;
    }
    const char *label = target->label[mli_prediction_class(p, target->classes)];
    mli_csv_write_text(writer, label, strlen(label));
    for (size_t k = 0; k < target->classes; k++)
        mli_csv_write_number(writer, isfinite(p[k]) ? p[k] : NAN);
}

static void add_number(struct mli_buf *out, double value)
{
    if (isfinite(value))
        mli_buf_number(out, value);
    else
        mli_buf_str(out, "null");
}

/* {"no":0.88,"yes":0.12} */
static void add_classes(struct mli_buf *out, size_t classes, char *const *label_json, const double *p)
{
    for (size_t k = 0; k < classes; k++) {
        mli_buf_char(out, k == 0 ? '{' : ',');
        mli_buf_str(out, label_json[k]);
        mli_buf_char(out, ':');
        add_number(out, p[k]);
    }
    mli_buf_char(out, '}');
}

void mli_prediction_write_json(struct mli_buf *out, const struct ml_model *model,
                               char *const *label_json, const double *p)
{
    const struct mli_model_target *target = &model->target[0];

    mli_buf_str(out, "{\"prediction\":");
    if (target->classes == 0) {
        add_number(out, p[0]);
        mli_buf_char(out, '}');
        return;
    }
    mli_buf_str(out, label_json[mli_prediction_class(p, target->classes)]);
    mli_buf_str(out, model->loss.predicts == MLI_PREDICTS_SCORE ? ",\"scores\":" : ",\"probabilities\":");
    add_classes(out, target->classes, label_json, p);
    mli_buf_char(out, '}');
}

char **mli_prediction_labels_json(const struct ml_model *model)
{
    const struct mli_model_target *target = &model->target[0];
    char **labels = mli_calloc(target->classes + 1, sizeof *labels);

    for (size_t k = 0; labels && k < target->classes; k++) {
        struct mli_buf text;
        mli_buf_init(&text, SIZE_MAX);
        mli_buf_json_string(&text, target->label[k], strlen(target->label[k]));
        labels[k] = mli_buf_detach(&text);
        if (!labels[k]) {
            mli_prediction_labels_free(labels);
            return NULL;
        }
    }
    return labels;
}

void mli_prediction_labels_free(char **label_json)
{
    for (size_t k = 0; label_json && label_json[k]; k++)
        free(label_json[k]);
    free(label_json);
}
