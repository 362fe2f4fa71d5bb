/*
 * Models for the tests of serve, without a test framework, so that the fuzz target can use them too: a small CSV
 * text, a pipeline fitted on it, parameters set by hand. Any failure ends the process.
 */
#ifndef TESTS_UNIT_SERVE_SAMPLE_H
#define TESTS_UNIT_SERVE_SAMPLE_H

#include <base/mem.h>
#include <model/model.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/unit/model_target.h>

static inline void sample_need(bool holds, const struct ml_error *err)
{
    if (holds)
        return;
    fprintf(stderr, "no sample model: %s\n", err->text);
    abort();
}

/* theta[i] = start + i * step; labels: NULL-terminated, NULL for a regression. */
static inline struct ml_model *sample_of(const char *csv, const char *const *labels,
                                         const char *network, double start, double step)
{
    const struct ml_prep_config config = { .scale = (const char *const[]){ "none", NULL },
                                           .max_missing = 0.95,
                                           .max_categories = 1000,
                                           .keep_all = true };
    const struct mli_loss *loss = labels ? &mli_loss_cross_entropy : &mli_loss_squared;
    struct ml_error err = ML_ERROR_INIT;
    size_t columns[16], classes = 0;
    struct mli_pipeline *pipeline;
    struct mli_network *net;
    struct mli_input *input;
    struct ml_table *table;
    struct ml_model *model;
    char **label = NULL;

    sample_need(mli_input_memory("sample", csv, strlen(csv), &input, &err) == ML_OK, &err);
    sample_need(mli_table_read_input(input, NULL, &table, &err) == ML_OK, &err);
    for (size_t i = 0; i < table->columns; i++)
        columns[i] = i;
    sample_need(mli_pipeline_fit(table, columns, table->columns, NULL, &config, NULL, &pipeline,
                                 &err) == ML_OK,
                &err);
    ml_table_free(table);
    sample_need(mli_network_new(network, mli_pipeline_features(pipeline), &net, &err) == ML_OK,
                &err);
    double *theta = mli_alloc(net->parameters, sizeof(*theta));
    for (size_t i = 0; i < net->parameters; i++)
        theta[i] = start + (double)i * step;
    while (labels && labels[classes])
        classes++;
    label = classes ? mli_calloc(classes, sizeof(*label)) : NULL;
    for (size_t k = 0; k < classes; k++)
        label[k] = mli_strdup(labels[k]);
    sample_need(mli_model_new(pipeline, net, theta, loss, one_target(mli_strdup("target"), classes, label), 1,
                              json_pack("{s:{s:f}}", "metrics", "score", 0.75), &model,
                              &err) == ML_OK,
                &err);
    return model;
}

/* Numbers x and y; the prediction is (x + y) / 2. */
static inline struct ml_model *sample_mean(void)
{
    struct ml_model *model = sample_of("x,y\n1,2\n3,5\n6,4\n", NULL, "dense 1", 0.5, 0);

    model->theta[model->network->parameters - 1] = 0; /* the bias, which is last */
    return model;
}

/* age: number, city: category with Oslo, Rome, true and 7, when: instant; labels no and yes. */
static inline struct ml_model *sample_people(void)
{
    static const char *const labels[] = { "no", "yes \"\xC3\xA9\"", NULL };

    return sample_of("age,city,when\n31,Oslo,2020-01-02\n45,Rome,2021-03-04T05:06:07Z\n,true,2022-"
                     "01-01\n28.5,7,\n",
                     labels, "dense 1", -0.01, 0.003);
}

#endif
