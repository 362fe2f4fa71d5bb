/* Select: some of the features, in their order. Which ones is found out by src/fit. */
#include <prep/stage.h>

#include <base/mem.h>
#include <base/num.h>
#include <math.h>
#include <prep/choice.h>
#include <prep/step.h>
#include <stdlib.h>
#include <string.h>

const char *const mli_select_name[MLI_SELECT_METHODS] = {
    [MLI_SELECT_VARIANCE] = "variance",
    [MLI_SELECT_F] = "f",
    [MLI_SELECT_L1] = "l1",
};

/* The text behind "word:" or, with nothing behind it, ""; NULL when it begins with another word. */
static const char *behind(const char *text, const char *word)
{
    size_t n = strlen(word);

    if (strncmp(text, word, n) != 0 || (text[n] != ':' && text[n] != '\0'))
        return NULL;
    return text[n] == ':' ? text + n + 1 : "";
}

static bool parse(const char *how, enum mli_select_method *method, double *bound)
{
    const char *rest;
    size_t count;

    if ((rest = behind(how, "variance"))) {
        *method = MLI_SELECT_VARIANCE;
        return mli_num_parse(rest, strlen(rest), bound) && *bound >= 0;
    }
    if ((rest = behind(how, "k")) && mli_num_parse_size(rest, strlen(rest), &count)) {
        *method = MLI_SELECT_F;
        *bound = (double)count;
        return count > 0;
    }
    if (!(rest = behind(how, "l1")))
        return false;
    *method = MLI_SELECT_L1;
    *bound = NAN;
    return strcmp(how, "l1") == 0 || (mli_num_parse(rest, strlen(rest), bound) && *bound > 0);
}

enum ml_status mli_select_parse(const char *how, enum mli_select_method *method, double *bound,
                                struct ml_error *err)
{
    enum mli_select_method found;
    double value;

    if (!parse(how, &found, &value))
        return ml_error_set(err, ML_EUSAGE,
                            "\"%.60s\" is no way to select features; expected variance:T (T from 0), "
                            "k:N (N from 1), l1 or l1:STRENGTH (above 0)",
                            how);
    *method = found;
    *bound = value;
    return ML_OK;
}

enum ml_status mli_select_check(const char *how, unsigned column, struct ml_error *err)
{
    enum mli_select_method method;
    double bound;

    (void)column; /* it is for all of them together */
    return mli_select_parse(how, &method, &bound, err);
}

static void select_free(void *state)
{
    struct mli_select *select = state;

    if (!select)
        return;
    free(select->keep);
    free(select->score);
    free(select);
}

struct mli_select *mli_select_new(enum mli_select_method method, double bound, size_t inputs,
                                  const double *score, const uint8_t *keep)
{
    struct mli_select *select = mli_calloc(1, sizeof(*select));

    if (!select)
        return NULL;
    *select = (struct mli_select){ .method = method, .bound = bound, .inputs = inputs };
    select->keep = mli_alloc(inputs, sizeof(*select->keep));
    select->score = mli_alloc(inputs, sizeof(*select->score));
    if (!select->keep || !select->score) {
        select_free(select);
        return NULL;
    }
    memcpy(select->score, score, inputs * sizeof(*score));
    for (size_t i = 0; i < inputs; i++) {
        if (keep[i])
            select->keep[select->count++] = i;
    }
    return select;
}

static enum ml_status select_shape(const void *state, size_t inputs, size_t *outputs,
                                   struct ml_error *err)
{
    const struct mli_select *select = state;

    if (select->inputs != inputs)
        return ml_error_set(err, ML_EARTIFACT, "\"inputs\" is %zu, but there are %zu features",
                            select->inputs, inputs);
    *outputs = select->count;
    return ML_OK;
}

static void select_apply(const void *state, size_t n, double *X, double *out)
{
    const struct mli_select *select = state;

    for (size_t i = 0; i < n; i++) {
        const double *x = X + i * select->inputs;
        for (size_t j = 0; j < select->count; j++)
            out[j] = x[select->keep[j]];
        out += select->count;
    }
}

static size_t select_source(const void *state, size_t output)
{
    return ((const struct mli_select *)state)->keep[output];
}

/* ---- file ---------------------------------------------------------------------------------------------------- */

static enum ml_status select_save(const void *state, json_t *doc, struct mli_tensors *set,
                                  struct ml_error *err)
{
    const struct mli_select *select = state;

    if (!mli_json_put(doc, "method", json_string(mli_select_name[select->method])) ||
        !mli_json_put(doc, "bound", mli_json_from(select->bound)) ||
        !mli_json_put(doc, "inputs", json_integer((json_int_t)select->inputs)) ||
        !mli_slots_save(select->count, select->keep, doc))
        return mli_step_nomem(err);
    return mli_tensors_add_vector(set, "prep.select.score", select->inputs, select->score, err);
}

static enum ml_status load_method(const json_t *doc, enum mli_select_method *out,
                                  struct ml_error *err)
{
    const char *word;
    enum ml_status status = mli_json_str(doc, "method", &word, err);

    if (status != ML_OK)
        return status;
    size_t method = mli_choice_word(word, mli_select_name, MLI_SELECT_METHODS);
    if (method == MLI_SELECT_METHODS)
        return ml_error_set(err, ML_EARTIFACT,
                            "\"method\" is \"%s\", which this version does not know", word);
    *out = (enum mli_select_method)method;
    return ML_OK;
}

static enum ml_status select_load(const json_t *doc, struct mli_tensors *set, void **out,
                                  struct ml_error *err)
{
    static const char *const members[] = { "kind", "method", "bound", "inputs", "columns", NULL };
    struct mli_select *select = mli_calloc(1, sizeof(*select));
    enum ml_status status = select ? mli_step_members(doc, members, err) : mli_step_nomem(err);

    if (status == ML_OK)
        status = load_method(doc, &select->method, err);
    if (status == ML_OK)
        status = mli_json_number(doc, "bound", &select->bound, err);
    if (status == ML_OK)
        status = mli_json_size(doc, "inputs", &select->inputs, err);
    if (status == ML_OK)
        status = mli_slots_load(doc, &select->count, &select->keep, err);
    if (status == ML_OK && select->keep[select->count - 1] >= select->inputs)
        status = ml_error_set(err, ML_EARTIFACT, "\"columns\" has %zu, but there are %zu inputs",
                              select->keep[select->count - 1], select->inputs);
    if (status == ML_OK)
        status = mli_step_numbers(set, "prep.select.score", select->inputs, &select->score, err);
    if (status != ML_OK) {
        select_free(select);
        return status;
    }
    *out = select;
    return ML_OK;
}

const struct mli_stage_kind mli_select_stage = {
    .name = "select",
    .shape = select_shape,
    .apply = select_apply,
    .source = select_source,
    .save = select_save,
    .load = select_load,
    .free = select_free,
};
