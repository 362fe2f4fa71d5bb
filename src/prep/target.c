/*
 * Target: a category becomes the mean of the target over the training rows that have it, drawn towards the mean over all
 * rows, the more the fewer rows there are [Micci-Barreca 2001]; classes of three or more have a number each, of the
 * indicator of the class. As scikit-learn's TargetEncoder:
 *
 *   smooth m   value = (sum + m mean) / (count + m)
 *   auto       value = l m_c + (1 - l) mean,  l = n v / (n v + s / n)    empirical Bayes: n rows of the category, m_c and s
 *              their mean and sum of squares about it, v the variance over all rows; mean where that is 0 / 0
 *
 * A category's mean over rows that include a row tells that row's own target, so the rows that train get values of other
 * encodings: they are cut into five folds, and a row's is fitted on the rows that are not in its fold.
 */
#include <prep/encode.h>

#include <base/mem.h>
#include <base/num.h>
#include <base/rng.h>
#include <base/text.h>
#include <math.h>
#include <prep/training.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDS ((size_t)5)
#define LABEL_MAX ((size_t)60) /* bytes of a class's label in the name of a feature */

/* ---- target:SMOOTH ------------------------------------------------------------------------------------------- */

/* NaN for "auto" and "". */
static bool parse_smooth(const char *argument, double *smooth)
{
    *smooth = NAN;
    if (strcmp(argument, "") == 0 || strcmp(argument, "auto") == 0)
        return true;
    return mli_num_parse(argument, strlen(argument), smooth) && *smooth >= 0;
}

enum ml_status mli_target_check(const char *argument, struct ml_error *err)
{
    double smooth;

    if (parse_smooth(argument, &smooth))
        return ML_OK;
    return ml_error_set(err, ML_EUSAGE, "expected target, target:auto or target:SMOOTH, a number from 0");
}

/* ---- the state ----------------------------------------------------------------------------------------------- */

static void target_free(void *state)
{
    struct mli_target_encoder *encoder = state;

    if (!encoder)
        return;
    for (size_t c = 0; encoder->label && c < encoder->outputs; c++)
        free(encoder->label[c]);
    free(encoder->label);
    free(encoder->slot);
    free(encoder->values);
    free(encoder->at);
    free(encoder->smooth);
    free(encoder->value);
    free(encoder);
}

/* Takes slot; everything else is room that is not filled. NULL: no memory. */
static struct mli_target_encoder *target_new(size_t count, size_t *slot, size_t outputs)
{
    struct mli_target_encoder *encoder = mli_calloc(1, sizeof(*encoder));

    if (!encoder) {
        free(slot);
        return NULL;
    }
    *encoder = (struct mli_target_encoder){ .count = count, .slot = slot, .outputs = outputs };
    encoder->values = mli_calloc(count, sizeof(*encoder->values));
    encoder->at = mli_calloc(count, sizeof(*encoder->at));
    encoder->smooth = mli_calloc(count, sizeof(*encoder->smooth));
    encoder->label = mli_calloc(outputs, sizeof(*encoder->label));
    if (encoder->values && encoder->at && encoder->smooth && encoder->label)
        return encoder;
    target_free(encoder);
    return NULL;
}

/* Where each slot's values are, from the number of values; false: too many. */
static bool lay_out(struct mli_target_encoder *encoder)
{
    size_t total = 0, size;

    for (size_t k = 0; k < encoder->count; k++) {
        encoder->at[k] = total;
        if (!mli_add(encoder->values[k], 2, &size) || !mli_mul(size, encoder->outputs, &size) ||
            !mli_add(total, size, &total))
            return false;
    }
    encoder->size = total;
    return true;
}

/* ---- folds --------------------------------------------------------------------------------------------------- */

/*
 * fold (rows of the table): 1 to 5 for rows that train, 0 for others. The rows in random order, put together by class,
 * go to the folds in turn, so that each has its share of every class.
 */
enum ml_status mli_target_folds(const struct mli_fit *fit, uint8_t **out, struct ml_error *err)
{
    size_t n = 0, rows = fit->table->rows, classes = fit->goal->classes, at = 0;
    size_t folds = fit->rows < FOLDS ? fit->rows : FOLDS;
    uint8_t *fold = mli_calloc(rows, 1);
    size_t *order = mli_alloc(fit->rows, sizeof(*order));
    struct mli_rng rng;

    if (!fold || !order) {
        free(fold);
        free(order);
        return mli_step_nomem(err);
    }
    for (size_t i = 0; i < rows; i++)
        if (!fit->train || fit->train[i])
            order[n++] = i;
    mli_rng_init(&rng, fit->goal->seed);
    mli_rng_shuffle(&rng, order, n);
    for (size_t c = 0; c < (classes ? classes : 1); c++)
        for (size_t i = 0; folds > 1 && i < n; i++)
            if (classes == 0 || fit->goal->y[order[i]] == (double)c)
                fold[order[i]] = (uint8_t)(1 + at++ % folds);
    free(order);
    *out = fold;
    return ML_OK;
}

/* ---- fit ----------------------------------------------------------------------------------------------------- */

/* What is known of the rows that an encoding is fitted on; a value's code is its place, missing comes behind them. */
struct tally {
    size_t values, outputs, rows;
    size_t *count;       /* values + 1 */
    double *sum, *about; /* (values + 1, outputs): of y, and of squares about the mean */
    double *mean, *variance; /* outputs: over all of them */
};

static void tally_release(struct tally *t)
{
    free(t->count);
    free(t->sum);
    free(t->about);
    free(t->mean);
    free(t->variance);
}

static bool tally_init(struct tally *t, size_t values, size_t outputs)
{
    size_t size;

    *t = (struct tally){ .values = values, .outputs = outputs };
    if (!mli_mul(values + 1, outputs, &size))
        return false;
    t->count = mli_calloc(values + 1, sizeof(*t->count));
    t->sum = mli_calloc(size, sizeof(*t->sum));
    t->about = mli_calloc(size, sizeof(*t->about));
    t->mean = mli_calloc(outputs, sizeof(*t->mean));
    t->variance = mli_calloc(outputs, sizeof(*t->variance));
    return t->count && t->sum && t->about && t->mean && t->variance;
}

/* Training rows: y, their codes and folds. */
struct rows {
    size_t n;
    const double *y;
    const int32_t *code;
    const uint8_t *fold;
};

static size_t place_of(int32_t code, size_t values)
{
    return code >= 0 && (size_t)code < values ? (size_t)code : values;
}

/* Classes need no second pass: the squares of indicators about their mean follow from the counts. */
static void tally_classes(struct tally *t, const struct rows *rows, size_t without)
{
    for (size_t i = 0; i < rows->n; i++) {
        if (rows->fold[i] == without)
            continue;
        size_t place = place_of(rows->code[i], t->values), class = (size_t)rows->y[i];
        t->rows++;
        t->count[place]++;
        if (t->outputs > 1 || class == 1)
            t->sum[place * t->outputs + (t->outputs > 1 ? class : 0)]++;
    }
    for (size_t p = 0; p <= t->values; p++) {
        for (size_t o = 0; o < t->outputs; o++) {
            double sum = t->sum[p * t->outputs + o], n = (double)t->count[p];
            t->mean[o] += sum;
            t->about[p * t->outputs + o] = n > 0 ? sum * (1 - sum / n) : 0;
        }
    }
    for (size_t o = 0; o < t->outputs; o++) {
        t->mean[o] /= (double)t->rows;
        t->variance[o] = t->mean[o] * (1 - t->mean[o]);
    }
}

static void tally_numbers(struct tally *t, const struct rows *rows, size_t without)
{
    for (size_t i = 0; i < rows->n; i++) {
        if (rows->fold[i] == without)
            continue;
        size_t place = place_of(rows->code[i], t->values);
        t->rows++;
        t->count[place]++;
        t->sum[place] += rows->y[i];
        t->mean[0] += (rows->y[i] - t->mean[0]) / (double)t->rows;
    }
    for (size_t i = 0; i < rows->n; i++) {
        if (rows->fold[i] == without)
            continue;
        size_t place = place_of(rows->code[i], t->values);
        double d = rows->y[i] - t->sum[place] / (double)t->count[place], e = rows->y[i] - t->mean[0];
        t->about[place] += d * d;
        t->variance[0] += e * e;
    }
    t->variance[0] /= (double)t->rows;
}

static double encode(const struct tally *t, size_t place, size_t o, double smooth)
{
    double n = (double)t->count[place], sum = t->sum[place * t->outputs + o];
    double spread = t->variance[o] * n, mean = t->mean[o];

    if (!isnan(smooth))
        return n + smooth > 0 ? (sum + smooth * mean) / (n + smooth) : mean;
    double share = spread / (spread + t->about[place * t->outputs + o] / n);
    return isnan(share) ? mean : share * (sum / n) + (1 - share) * mean;
}

/* The values of slot k by the rows that are not in fold `without`: of every value, of missing, of all others. */
static enum ml_status fit_values(const struct mli_target_encoder *encoder, size_t k, bool classes,
                                 const struct rows *rows, size_t without, double *value,
                                 struct ml_error *err)
{
    struct tally t;
    enum ml_status status = tally_init(&t, encoder->values[k], encoder->outputs) ? ML_OK : mli_step_nomem(err);

    if (status == ML_OK) {
        if (classes)
            tally_classes(&t, rows, without);
        else
            tally_numbers(&t, rows, without);
        for (size_t p = 0; p <= t.values; p++)
            for (size_t o = 0; o < t.outputs; o++)
                *value++ = encode(&t, p, o, encoder->smooth[k]);
        for (size_t o = 0; o < t.outputs; o++)
            *value++ = t.mean[o];
    }
    tally_release(&t);
    return status;
}

static enum ml_status fit_all(const struct mli_fit *fit, struct mli_target_encoder *encoder,
                              const double *y, struct ml_error *err)
{
    size_t size;
    enum ml_status status = ML_OK;

    for (size_t i = 0; i < fit->rows; i++)
        if (fit->training->block.fold[i] > encoder->folds)
            encoder->folds = fit->training->block.fold[i];
    if (!lay_out(encoder) || !mli_mul(encoder->size, encoder->folds + 1, &size) ||
        !(encoder->value = mli_alloc(size, sizeof(*encoder->value))))
        return mli_step_nomem(err);
    for (size_t k = 0; k < encoder->count; k++) {
        const struct rows rows = { fit->rows, y, fit->training->block.code[encoder->slot[k]], fit->training->block.fold };
        for (size_t f = 0; f <= encoder->folds && status == ML_OK; f++) /* no row is in fold 0 but when there is one */
            status = fit_values(encoder, k, fit->goal->classes > 0, &rows,
                                f == 0 ? SIZE_MAX : f,
                                encoder->value + f * encoder->size + encoder->at[k], err);
    }
    return status;
}

static double *training_y(const struct mli_fit *fit)
{
    double *y = mli_alloc(fit->rows, sizeof(*y));
    size_t n = 0;

    for (size_t i = 0; y && i < fit->table->rows; i++)
        if (!fit->train || fit->train[i])
            y[n++] = fit->goal->y[i];
    return y;
}

/* The beginning of a label, whole characters. */
static char *short_label(const char *label)
{
    char text[LABEL_MAX + 1];

    snprintf(text, sizeof(text), "%s", label);
    mli_text_clean(text, strlen(label) > LABEL_MAX);
    return mli_strdup(text);
}

static enum ml_status describe(const struct mli_fit *fit, struct mli_target_encoder *encoder,
                               struct ml_error *err)
{
    for (size_t k = 0; k < encoder->count; k++) {
        const char *how = mli_encode_how(fit->config, mli_slot_column(fit->frame, encoder->slot[k]));
        const struct mli_slot *slot = &fit->frame->slot[encoder->slot[k]];
        encoder->values[k] = mli_dict_count(fit->frame->schema->field[slot->field].dict);
        parse_smooth(mli_encode_argument(how, "target"), &encoder->smooth[k]);
    }
    for (size_t c = 0; encoder->outputs > 1 && c < encoder->outputs; c++) {
        encoder->label[c] = short_label(fit->goal->label[c]);
        if (!encoder->label[c])
            return mli_step_nomem(err);
    }
    return ML_OK;
}

static enum ml_status target_fit(struct mli_fit *fit, void **out, struct ml_error *err)
{
    size_t count, *slot;
    enum ml_status status = mli_encode_slots_new(fit, "target", &count, &slot, err);

    if (status != ML_OK || count == 0)
        return status;
    if (!fit->goal) {
        free(slot);
        return ml_error_set(err, ML_EUSAGE, "--encode target: there is no single target to encode by");
    }
    struct mli_target_encoder *encoder =
        target_new(count, slot, fit->goal->classes > 2 ? fit->goal->classes : 1);
    if (!encoder)
        return mli_step_nomem(err);
    double *y = training_y(fit);
    status = y ? describe(fit, encoder, err) : mli_step_nomem(err);
    if (status == ML_OK)
        status = fit_all(fit, encoder, y, err);
    free(y);
    if (status != ML_OK) {
        target_free(encoder);
        return status;
    }
    *out = encoder;
    return ML_OK;
}

/* ---- the step ------------------------------------------------------------------------------------------------ */

static enum ml_status add_slots(const struct mli_target_encoder *encoder, size_t k,
                                struct mli_frame *frame, struct ml_error *err)
{
    char suffix[LABEL_MAX + 2] = "";
    enum ml_status status = ML_OK;

    for (size_t o = 0; o < encoder->outputs && status == ML_OK; o++) {
        if (encoder->outputs > 1)
            snprintf(suffix, sizeof(suffix), ".%s", encoder->label[o]);
        status = mli_frame_add(frame, encoder->slot[k], suffix, err);
        if (status == ML_OK)
            frame->slot[frame->count - 1].filled = true;
    }
    return status;
}

static enum ml_status target_shape(void *state, struct mli_frame *frame, struct ml_error *err)
{
    struct mli_target_encoder *encoder = state;
    enum ml_status status =
        mli_frame_check(frame, encoder->count, encoder->slot, MLI_SLOT_CATEGORY, err);

    encoder->first = frame->count;
    for (size_t k = 0; k < encoder->count && status == ML_OK; k++) {
        const struct mli_slot *slot = &frame->slot[encoder->slot[k]];
        size_t values = mli_dict_count(frame->schema->field[slot->field].dict);
        if (values != encoder->values[k])
            return ml_error_set(err, ML_EARTIFACT, "\"values[%zu]\" is %zu, but the column has %zu", k,
                                encoder->values[k], values);
        status = add_slots(encoder, k, frame, err);
        mli_frame_retire(frame, encoder->slot[k]);
    }
    return status;
}

static size_t row_of(int32_t code, size_t values)
{
    if (code >= 0)
        return (size_t)code;
    return code == MLI_CODE_MISSING ? values : values + 1;
}

static void target_apply(const void *state, const struct mli_block *block)
{
    const struct mli_target_encoder *encoder = state;

    for (size_t k = 0; k < encoder->count; k++) {
        const int32_t *code = block->code[encoder->slot[k]];
        double **x = block->number + encoder->first + k * encoder->outputs;
        for (size_t i = 0; i < block->rows; i++) {
            size_t fold = block->fold && encoder->folds > 0 ? block->fold[i] : 0;
            const double *value = encoder->value + fold * encoder->size + encoder->at[k] +
                                  row_of(code[i], encoder->values[k]) * encoder->outputs;
            for (size_t o = 0; o < encoder->outputs; o++)
                x[o][i] = value[o];
        }
    }
}

/* ---- file ---------------------------------------------------------------------------------------------------- */

static json_t *labels_to_json(const struct mli_target_encoder *encoder)
{
    json_t *list = json_array();

    for (size_t c = 0; list && encoder->outputs > 1 && c < encoder->outputs; c++) {
        if (json_array_append_new(list, json_string(encoder->label[c])) == 0)
            continue;
        json_decref(list);
        return NULL;
    }
    return list;
}

/* Only the encoding by all rows: others are for the rows of the training table. */
static enum ml_status target_save(const void *state, json_t *doc, struct mli_tensors *set,
                                  struct ml_error *err)
{
    const struct mli_target_encoder *encoder = state;
    json_t *values = json_array(), *smooth = json_array();
    bool done = values && smooth && mli_slots_save(encoder->count, encoder->slot, doc);

    for (size_t k = 0; k < encoder->count && done; k++)
        done = json_array_append_new(values, json_integer((json_int_t)encoder->values[k])) == 0 &&
               json_array_append_new(smooth, mli_json_from(encoder->smooth[k])) == 0;
    done = done && mli_json_put(doc, "values", json_incref(values)) &&
           mli_json_put(doc, "smooth", json_incref(smooth)) &&
           mli_json_put(doc, "classes", labels_to_json(encoder));
    json_decref(values);
    json_decref(smooth);
    if (!done)
        return mli_step_nomem(err);
    return mli_tensors_add_vector(set, "prep.target.value", encoder->size, encoder->value, err);
}

static enum ml_status load_labels(const json_t *list, struct mli_target_encoder *encoder,
                                  struct ml_error *err)
{
    for (size_t c = 0; c < json_array_size(list); c++) {
        const char *text = json_string_value(json_array_get(list, c));
        if (!text || strlen(text) > LABEL_MAX)
            return ml_error_set(err, ML_EARTIFACT, "\"classes[%zu]\" must be a string of at most %zu bytes",
                                c, LABEL_MAX);
        encoder->label[c] = mli_strdup(text);
        if (!encoder->label[c])
            return mli_step_nomem(err);
    }
    return ML_OK;
}

/* A number from 0, or null for auto. */
static enum ml_status load_columns(const json_t *values, const json_t *smooth,
                                   struct mli_target_encoder *encoder, struct ml_error *err)
{
    for (size_t k = 0; k < encoder->count; k++) {
        const json_t *count = json_array_get(values, k), *how = json_array_get(smooth, k);
        if (!json_is_integer(count) || json_integer_value(count) < 0)
            return ml_error_set(err, ML_EARTIFACT, "\"values[%zu]\" must be an integer from 0", k);
        if (!json_is_null(how) && !(json_is_number(how) && json_number_value(how) >= 0))
            return ml_error_set(err, ML_EARTIFACT, "\"smooth[%zu]\" must be a number from 0 or null", k);
        encoder->values[k] = (size_t)json_integer_value(count);
        encoder->smooth[k] = json_is_null(how) ? NAN : json_number_value(how);
    }
    return lay_out(encoder) ? ML_OK : ml_error_set(err, ML_EARTIFACT, "\"values\" are too many");
}

static enum ml_status load_lists(const json_t *doc, size_t count, json_t *list[3], struct ml_error *err)
{
    static const char *const name[] = { "values", "smooth", "classes" };
    enum ml_status status = ML_OK;

    for (size_t i = 0; i < 3 && status == ML_OK; i++) {
        status = mli_json_array(doc, name[i], &list[i], err);
        if (status == ML_OK && i < 2 && json_array_size(list[i]) != count)
            status = ml_error_set(err, ML_EARTIFACT, "\"%s\" has %zu entries for %zu columns", name[i],
                                  json_array_size(list[i]), count);
    }
    if (status == ML_OK && (json_array_size(list[2]) == 1 || json_array_size(list[2]) == 2))
        status = ml_error_set(err, ML_EARTIFACT, "\"classes\" must have none or more than two");
    return status;
}

static enum ml_status target_load(const json_t *doc, struct mli_tensors *set, void **out,
                                  struct ml_error *err)
{
    static const char *const members[] = { "kind", "columns", "values", "smooth", "classes", NULL };
    size_t count, *slot;
    json_t *list[3];
    enum ml_status status = mli_step_members(doc, members, err);

    if (status == ML_OK)
        status = mli_slots_load(doc, &count, &slot, err);
    if (status != ML_OK)
        return status;
    status = load_lists(doc, count, list, err);
    if (status != ML_OK) {
        free(slot);
        return status;
    }
    size_t classes = json_array_size(list[2]);
    struct mli_target_encoder *encoder = target_new(count, slot, classes ? classes : 1);
    if (!encoder)
        return mli_step_nomem(err);
    status = load_labels(list[2], encoder, err);
    if (status == ML_OK)
        status = load_columns(list[0], list[1], encoder, err);
    if (status == ML_OK)
        status = mli_step_numbers(set, "prep.target.value", encoder->size, &encoder->value, err);
    if (status != ML_OK) {
        target_free(encoder);
        return status;
    }
    *out = encoder;
    return ML_OK;
}

const struct mli_step_kind mli_target_step = {
    .name = "target",
    .fit = target_fit,
    .shape = target_shape,
    .apply = target_apply,
    .save = target_save,
    .load = target_load,
    .free = target_free,
};
