#include <serve/outputs.h>

#include <base/mem.h>
#include <endian.h>
#include <math.h>
#include <model/output.h>
#include <stdlib.h>
#include <string.h>

static char *make_name(const char *kind, const struct mli_served *served,
                       const struct mli_model_target *target)
{
    struct mli_buf name;

    if (served->model->targets == 1)
        return mli_strdup(kind);
    mli_buf_init(&name, SIZE_MAX);
    mli_buf_str(&name, kind);
    mli_buf_char(&name, ':');
    mli_buf_str(&name, target->name);
    return mli_buf_detach(&name);
}

static char **make_labels(const struct mli_model_target *target)
{
    char **labels = mli_calloc(target->classes + 1, sizeof(*labels));

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

static bool add(struct mli_served *served, const struct mli_model_target *target, size_t first,
                bool label)
{
    struct mli_output *output = &served->output[served->outputs++];
    const char *numbers = ml_model_gives_scores(served->model) ? "scores" : "probabilities";

    *output = (struct mli_output){ .target = target, .first = first, .label = label, .width = 1 };
    output->datatype = label ? "BYTES" : "FP64";
    if (target->classes > 0 && !label)
        output->width = target->classes;
    if (label)
        output->label_json = make_labels(target);
    output->name = make_name(target->classes == 0 || label ? "predict" : numbers, served, target);
    return output->name && (!label || output->label_json);
}

bool mli_outputs_make(struct mli_served *served)
{
    const struct ml_model *model = served->model;
    size_t first = 0;

    served->output = mli_calloc(2 * model->targets, sizeof(*served->output));
    if (!served->output)
        return false;
    for (size_t t = 0; t < model->targets; t++) {
        const struct mli_model_target *target = &model->target[t];
        if (target->classes > 0 && !add(served, target, first, true))
            return false;
        if (!add(served, target, first, false))
            return false;
        first += mli_model_target_width(target);
    }
    return true;
}

void mli_outputs_free(struct mli_served *served)
{
    for (size_t i = 0; i < served->outputs; i++) {
        mli_prediction_labels_free(served->output[i].label_json);
        free(served->output[i].name);
    }
    free(served->output);
    served->output = NULL;
    served->outputs = 0;
}

const struct mli_output *mli_output_find(const struct mli_served *served, const char *name)
{
    for (size_t i = 0; i < served->outputs; i++) {
        if (strcmp(served->output[i].name, name) == 0)
            return &served->output[i];
    }
    return NULL;
}

void mli_output_json(struct mli_buf *out, const struct mli_output *output, const double *p)
{
    p += output->first;
    if (output->label) {
        mli_buf_str(out, output->label_json[mli_prediction_class(p, output->target->classes)]);
        return;
    }
    for (size_t k = 0; k < output->width; k++) {
        if (k > 0)
            mli_buf_char(out, ',');
        mli_buf_json_number(out, p[k]);
    }
}

static void add_label(struct mli_buf *out, const struct mli_model_target *target, const double *p)
{
    const char *label = target->label[mli_prediction_class(p, target->classes)];
    uint32_t len = htole32((uint32_t)strlen(label));

    mli_buf_add(out, &len, sizeof(len));
    mli_buf_str(out, label);
}

static void add_numbers(struct mli_buf *out, const double *p, size_t width, size_t n, size_t step)
{
    size_t bytes = n * width * sizeof(*p); /* no more than the predictions have */
    char *room = mli_buf_room(out, bytes);

    for (size_t r = 0; room && r < n; r++, p += step) {
        for (size_t k = 0; k < width; k++, room += sizeof(*p)) {
            uint64_t bits;
            memcpy(&bits, &p[k], sizeof(bits));
            bits = htole64(bits);
            memcpy(room, &bits, sizeof(bits));
        }
    }
    if (room)
        out->len += bytes;
}

void mli_output_bytes(struct mli_buf *out, const struct mli_output *output, const double *P, size_t n, size_t width)
{
    P += output->first;
    if (!output->label)
        add_numbers(out, P, output->width, n, width);
    for (size_t r = 0; output->label && r < n; r++)
        add_label(out, output->target, P + r * width);
}
