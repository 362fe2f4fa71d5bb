#include <tests/unit/model_sample.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/mem.h>
#include <base/rng.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <tests/unit/model_target.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

struct recipe {
    const char *name;
    enum ml_type type;
    double missing; /* share of cells */
    double centre, spread;
    const char *const *values;
    size_t count;
};

static const char *const sexes[] = { "female", "male" };
static const char *const ports[] = { "S", "C", "Q" };
static const char *const awkward[] = {
    "say \"hi\"", "back\\slash",          "two\nlines", "caf\303\251",
    "what?\?/",   "*/ printf(\"%s\") /*", "\t",         "100%",
};

static const struct recipe columns[] = {
    { "age", ML_TYPE_NUMBER, 0.2, 30, 14, NULL, 0 },
    { "Fare paid", ML_TYPE_NUMBER, 0, 33, 50, NULL, 0 },
    { "fare_paid", ML_TYPE_NUMBER, 0.01, 1e9, 1e6, NULL, 0 },
    { "class", ML_TYPE_NUMBER, 0, 0, 1e-7, NULL, 0 },
    { "2nd */ \"x\" ?\?/", ML_TYPE_NUMBER, 0, -5, 1, NULL, 0 },
    { "\303\251t\303\251", ML_TYPE_NUMBER, 0.5, 0, 1, NULL, 0 },
    { "sex", ML_TYPE_CATEGORY, 0, 0, 0, sexes, LENGTH(sexes) },
    { "port", ML_TYPE_CATEGORY, 0.1, 0, 0, ports, LENGTH(ports) },
    { "remark", ML_TYPE_CATEGORY, 0.05, 0, 0, awkward, LENGTH(awkward) },
    { "when", ML_TYPE_INSTANT, 0.1, 1e9, 3e8, NULL, 0 },
    { "day", ML_TYPE_INSTANT, 0, -2e9, 5e9, NULL, 0 },
};

static void fill_numbers(struct mli_column *column, const struct recipe *recipe, size_t rows,
                         struct mli_rng *rng)
{
    column->number = mli_alloc(rows, sizeof(double));
    assert_non_null(column->number);
    for (size_t i = 0; i < rows; i++) {
        double value = recipe->centre + recipe->spread * mli_rng_normal(rng);
        if (recipe->type == ML_TYPE_INSTANT)
            value = floor(value);
        column->number[i] = mli_rng_uniform(rng) < recipe->missing ? NAN : value;
    }
}

static void fill_codes(struct mli_column *column, const struct recipe *recipe, size_t rows,
                       bool unknown, struct mli_rng *rng)
{
    int32_t code;

    column->dict = mli_dict_new();
    column->code = mli_alloc(rows, sizeof(int32_t));
    assert_non_null(column->code);
    for (size_t k = 0; k < recipe->count; k++)
        assert_int_equal(
            mli_dict_add(column->dict, recipe->values[k], strlen(recipe->values[k]), &code), ML_OK);
    if (unknown)
        assert_int_equal(mli_dict_add(column->dict, "never seen", 10, &code), ML_OK);
    for (size_t i = 0; i < rows; i++) {
        column->code[i] = (int32_t)mli_rng_below(rng, mli_dict_count(column->dict));
        if (mli_rng_uniform(rng) < recipe->missing)
            column->code[i] = MLI_CODE_MISSING;
    }
}

static struct ml_table *make_table(const struct recipe *recipe, size_t n, size_t rows,
                                   uint64_t seed, bool unknown)
{
    struct ml_table *table = mli_calloc(1, sizeof(*table));
    struct mli_rng rng;

    mli_rng_init(&rng, seed);
    assert_non_null(table);
    table->rows = rows;
    table->columns = n;
    table->source = mli_strdup("sample");
    table->column = mli_calloc(n, sizeof(*table->column));
    assert_non_null(table->column);
    for (size_t j = 0; j < n; j++) {
        struct mli_column *column = &table->column[j];
        column->name = mli_strdup(recipe[j].name);
        column->type = recipe[j].type;
        if (recipe[j].values)
            fill_codes(column, &recipe[j], rows, unknown, &rng);
        else
            fill_numbers(column, &recipe[j], rows, &rng);
    }
    return table;
}

struct ml_table *sample_table(size_t rows, uint64_t seed, bool unknown)
{
    return make_table(columns, LENGTH(columns), rows, seed, unknown);
}

static char **make_labels(size_t classes)
{
    static const char *const names[] = { "no", "yes \"?\?/\"", "m\303\251tier\n" };
    char **label = mli_calloc(classes, sizeof(*label));

    for (size_t k = 0; k < classes; k++)
        label[k] = mli_strdup(names[k]);
    return label;
}

static struct mli_model_target *three_targets(void)
{
    static const char *const names[] = { "survived", "a \"*/?\?/\n", "crew, paid" };
    struct mli_model_target *target = mli_calloc(3, sizeof(*target));

    for (size_t t = 0; target && t < 3; t++)
        target[t] = (struct mli_model_target){ mli_strdup(names[t]), 2, make_labels(2) };
    return target;
}

/* Any numbers, but what a layer measures is no variance below 0. */
static void draw_theta(const struct mli_network *network, double *theta)
{
    struct mli_rng rng;

    mli_rng_init(&rng, 7);
    for (size_t i = 0; i < network->parameters; i++)
        theta[i] = mli_rng_normal(&rng);
    for (size_t l = 0; l < network->layers; l++) {
        const struct mli_layer *layer = &network->layer[l];
        for (size_t i = layer->parameters - layer->statistics; i < layer->parameters; i++)
            theta[layer->offset + i] = 0.1 + fabs(theta[layer->offset + i]);
    }
}

static struct ml_model *fit_model(struct ml_table *table, enum sample_kind kind, const char *layers,
                                  const struct ml_prep_config *config, const char *note)
{
    static const size_t classes_of[] = { 0, 2, 3, 2 };
    bool several = kind == SAMPLE_MULTILABEL;
    const struct mli_loss *loss =
        kind == SAMPLE_REGRESSION ? &mli_loss_squared
        : several                 ? &mli_loss_binary_cross_entropy
                                  : &mli_loss_cross_entropy;
    struct ml_prep_config defaults = ML_PREP_CONFIG_INIT;
    struct ml_error err = ML_ERROR_INIT;
    struct mli_pipeline *pipeline;
    struct mli_network *network;
    struct ml_model *model;
    size_t index[LENGTH(columns)], classes = classes_of[kind];

    for (size_t j = 0; j < table->columns; j++)
        index[j] = j;
    assert_int_equal(mli_pipeline_fit(table, index, table->columns, NULL,
                                      config ? config : &defaults, NULL, &pipeline, &err),
                     ML_OK);
    assert_int_equal(mli_network_new(layers ? layers : kind >= SAMPLE_MULTICLASS ? "dense 3" : "dense 1",
                                     mli_pipeline_features(pipeline), &network, &err),
                     ML_OK);
    double *theta = mli_alloc(network->parameters, sizeof(*theta));
    assert_non_null(theta);
    draw_theta(network, theta);
    assert_int_equal(mli_model_new(pipeline, network, theta, loss,
                                   several ? three_targets() : one_target(mli_strdup("survived"), classes, make_labels(classes)),
                                   several ? 3 : 1, json_pack("{s:s}", "note", note), &model,
                                   &err),
                     ML_OK);
    ml_table_free(table);
    return model;
}

struct ml_model *sample_model(enum sample_kind kind, const struct ml_prep_config *config,
                              const char *note)
{
    return fit_model(sample_table(200, 1, false), kind, NULL, config, note);
}

struct ml_model *sample_stack(enum sample_kind kind, const char *layers)
{
    return fit_model(sample_table(200, 1, false), kind, layers, NULL, "");
}

static struct ml_model *small(enum sample_kind kind, const char *note)
{
    static const struct recipe few[] = {
        { "age", ML_TYPE_NUMBER, 0.2, 30, 14, NULL, 0 },
        { "port", ML_TYPE_CATEGORY, 0.1, 0, 0, ports, LENGTH(ports) },
        { "when", ML_TYPE_INSTANT, 0.1, 1e9, 3e8, NULL, 0 },
    };
    return fit_model(make_table(few, LENGTH(few), 200, 1, false), kind, NULL, NULL, note);
}

struct ml_model *sample_model_small(const char *note)
{
    return small(SAMPLE_BINARY, note);
}

struct ml_model *sample_labels_small(const char *note)
{
    return small(SAMPLE_MULTILABEL, note);
}

struct mli_buf sample_bytes(const struct ml_model *model)
{
    struct ml_error err = ML_ERROR_INIT;
    char sha256[MLI_SHA256_HEX];
    struct mli_buf out;

    mli_buf_init(&out, (size_t)1 << 26);
    assert_int_equal(mli_model_encode(model, &out, sha256, &err), ML_OK);
    return out;
}
