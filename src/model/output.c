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

/* A column's name of parts: what, and of what. */
static void write_name(struct mli_csv_writer *writer, struct mli_buf *name, const char *what, const char *of,
                       const char *label)
{
    mli_buf_reset(name);
    mli_buf_printf(name, "%s:%s%s%s", what, of, label ? "=" : "", label ? label : "");
    if (name->status == ML_OK)
        mli_csv_write_text(writer, name->data, name->len);
    else if (writer->out->status == ML_OK)
        writer->out->status = name->status;
}

static const char *kind_of(const struct ml_model *model)
{
    return model->loss.predicts == MLI_PREDICTS_SCORE ? "score" : "probability";
}

void mli_prediction_write_header(struct mli_csv_writer *writer, const struct ml_model *model)
{
    const struct mli_model_target *target = model->target;
    struct mli_buf name;

    mli_buf_init(&name, SIZE_MAX);
    if (model->targets == 1)
        mli_csv_write_text(writer, "prediction", strlen("prediction"));
    for (size_t k = 0; model->targets == 1 && k < target->classes; k++)
        write_name(writer, &name, kind_of(model), target->label[k], NULL);
    for (size_t t = 0; model->targets > 1 && t < model->targets; t++)
        write_name(writer, &name, "prediction", target[t].name, NULL);
    for (size_t t = 0; model->targets > 1 && t < model->targets; t++)
        write_name(writer, &name, kind_of(model), target[t].name, target[t].label[1]);
    mli_buf_release(&name);
}

static void write_number(struct mli_csv_writer *writer, double value)
{
    mli_csv_write_number(writer, isfinite(value) ? value : NAN);
}

static void write_label(struct mli_csv_writer *writer, const struct mli_model_target *target, const double *p)
{
    const char *label = target->label[mli_prediction_class(p, target->classes)];

    mli_csv_write_text(writer, label, strlen(label));
}

void mli_prediction_write_row(struct mli_csv_writer *writer, const struct ml_model *model,
                              const double *p)
{
    const struct mli_model_target *target = model->target;

    if (model->targets == 1 && target->classes == 0) {
        write_number(writer, p[0]);
        return;
    }
    for (size_t t = 0; t < model->targets; t++)
        write_label(writer, &target[t], p + 2 * t);
    for (size_t k = 0; model->targets == 1 && k < target->classes; k++)
        write_number(writer, p[k]);
    for (size_t t = 0; model->targets > 1 && t < model->targets; t++)
        write_number(writer, p[2 * t + 1]);
}

/* {"no":0.88,"yes":0.12} */
static void add_classes(struct mli_buf *out, size_t classes, char *const *label_json, const double *p)
{
    for (size_t k = 0; k < classes; k++) {
        mli_buf_char(out, k == 0 ? '{' : ',');
        mli_buf_str(out, label_json[k]);
        mli_buf_char(out, ':');
        mli_buf_json_number(out, p[k]);
    }
    mli_buf_char(out, '}');
}

/* "a": behind { or a comma */
static void add_key(struct mli_buf *out, size_t t, const char *name)
{
    mli_buf_char(out, t == 0 ? '{' : ',');
    mli_buf_str(out, name);
    mli_buf_char(out, ':');
}

/* Labels stand as the numbers of p do, names behind them all. */
static void write_labels_json(struct mli_buf *out, const struct ml_model *model, char *const *label_json,
                              const double *p)
{
    char *const *name = label_json + 2 * model->targets;

    for (size_t t = 0; t < model->targets; t++) {
        add_key(out, t, name[t]);
        mli_buf_str(out, label_json[2 * t + mli_prediction_class(p + 2 * t, 2)]);
    }
    mli_buf_str(out, "},\"probabilities\":");
    for (size_t t = 0; t < model->targets; t++) {
        add_key(out, t, name[t]);
        add_classes(out, 2, label_json + 2 * t, p + 2 * t);
    }
    mli_buf_str(out, "}}");
}

void mli_prediction_write_json(struct mli_buf *out, const struct ml_model *model,
                               char *const *label_json, const double *p)
{
    const struct mli_model_target *target = &model->target[0];

    mli_buf_str(out, "{\"prediction\":");
    if (model->targets > 1) {
        write_labels_json(out, model, label_json, p);
        return;
    }
    if (target->classes == 0) {
        mli_buf_json_number(out, p[0]);
        mli_buf_char(out, '}');
        return;
    }
    mli_buf_str(out, label_json[mli_prediction_class(p, target->classes)]);
    mli_buf_str(out, model->loss.predicts == MLI_PREDICTS_SCORE ? ",\"scores\":" : ",\"probabilities\":");
    add_classes(out, target->classes, label_json, p);
    mli_buf_char(out, '}');
}

static char *json_text(const char *text)
{
    struct mli_buf json;

    mli_buf_init(&json, SIZE_MAX);
    mli_buf_json_string(&json, text, strlen(text));
    return mli_buf_detach(&json);
}

char **mli_prediction_labels_json(const struct ml_model *model)
{
    size_t n = 0, count = model->targets;

    for (size_t t = 0; t < model->targets; t++)
        count += model->target[t].classes;
    char **texts = mli_calloc(count + 1, sizeof *texts);
    for (size_t t = 0; texts && t < model->targets; t++)
        for (size_t k = 0; k < model->target[t].classes; k++)
            texts[n++] = json_text(model->target[t].label[k]);
    for (size_t t = 0; texts && t < model->targets; t++)
        texts[n++] = json_text(model->target[t].name);
    for (size_t i = 0; texts && i < count; i++)
        if (!texts[i]) {
            for (size_t k = 0; k < count; k++)
                free(texts[k]);
            free(texts);
            return NULL;
        }
    return texts;
}

void mli_prediction_labels_free(char **label_json)
{
    for (size_t k = 0; label_json && label_json[k]; k++)
        free(label_json[k]);
    free(label_json);
}

bool mli_prediction_put_targets(json_t *doc, const struct ml_model *model)
{
    if (model->targets == 1)
        return mli_json_put(doc, "target", json_string(model->target[0].name));
    json_t *names = json_array();
    for (size_t t = 0; names && t < model->targets; t++)
        if (json_array_append_new(names, json_string(model->target[t].name)) != 0) {
            json_decref(names);
            return false;
        }
    return mli_json_put(doc, "targets", names);
}
