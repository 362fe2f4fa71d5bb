/*
 * Every allocation of every call fails once: the call must say ML_ENOMEM and free what it had taken.
 */
#include <tests/unit/heap.h>
#include <tests/unit/prep.h>

#include <prep/explain.h>
#include <prep/stage.h>
#include <stdlib.h>
#include <table/table.h>

struct world {
    const struct ml_prep_config *config;
    struct ml_table *table;
    struct mli_pipeline *pipeline;
    json_t *doc;
    struct mli_tensors set;
};

/* Runs until the call gets all it wants; everything it took must be back after each run. */
static void exhaust(enum ml_status (*call)(struct world *world, struct ml_error *err),
                    struct world *world)
{
    struct heap_report report;
    enum ml_status status;
    size_t n = 0;

    do {
        struct ml_error err = ML_ERROR_INIT;
        heap_start_one(n++);
        status = call(world, &err);
        report = heap_stop();
        assert_int_equal(report.blocks, 0);
        assert_int_equal(status, report.failed ? ML_ENOMEM : ML_OK);
        assert_int_equal(err.status, status);
    } while (report.failed);
    assert_true(n > 1);
}

static enum ml_status fit(struct world *world, struct ml_error *err)
{
    struct mli_pipeline *pipeline = NULL;
    enum ml_status status = fit_all(world->table, NULL, world->config, NULL, &pipeline, err);

    assert_true((status == ML_OK) == (pipeline != NULL));
    mli_pipeline_free(pipeline);
    return status;
}

/* Three rows, and everything that is learned by a target or is a stage. */
static const double goal_y[] = { 0, 1, 2 };
static char *goal_label[] = { "a", "b", "c" };
static const struct mli_goal goal = { .y = goal_y, .classes = 3, .label = goal_label, .seed = 1 };

static enum ml_status add_stages(struct mli_pipeline *pipeline, struct ml_error *err)
{
    static const double score[64] = { 0 };
    static const uint8_t keep[64] = { 1, 1, 1 };
    size_t inputs = mli_pipeline_features(pipeline);
    struct mli_select *select = mli_select_new(MLI_SELECT_F, 3, inputs, score, keep);
    enum ml_status status = select ? mli_pipeline_append(pipeline, &mli_select_stage, select, err)
                                   : ml_error_set(err, ML_ENOMEM, "no memory");
    struct mli_pca *pca = status == ML_OK ? mli_pca_new(3, 1) : NULL;

    if (status == ML_OK && !pca)
        status = ml_error_set(err, ML_ENOMEM, "no memory");
    if (!pca)
        return status;
    for (size_t i = 0; i < 3; i++)
        pca->mean[i] = pca->component[i] = 0.5;
    pca->variance[0] = pca->ratio[0] = 0.5;
    return mli_pipeline_append(pipeline, &mli_pca_stage, pca, err);
}

static enum ml_status fit_goal(const struct world *world, struct mli_pipeline **out, struct ml_error *err)
{
    static const size_t columns[] = { 0, 1, 2, 3 };
    struct mli_pipeline *pipeline = NULL;
    enum ml_status status = mli_pipeline_fit_to(world->table, columns, world->table->columns, NULL,
                                                world->config, &goal, NULL, &pipeline, err);

    if (status == ML_OK)
        status = add_stages(pipeline, err);
    if (status == ML_OK)
        *out = pipeline;
    else
        mli_pipeline_free(pipeline);
    return status;
}

static enum ml_status fit_to(struct world *world, struct ml_error *err)
{
    struct mli_pipeline *pipeline = NULL;
    enum ml_status status = fit_goal(world, &pipeline, err);

    mli_pipeline_free(pipeline);
    return status;
}

static enum ml_status apply(struct world *world, struct ml_error *err)
{
    struct mli_arena arena = MLI_ARENA_INIT;
    const struct ml_table *view;
    double X[64];
    enum ml_status status = mli_pipeline_view(world->pipeline, world->table, &arena, &view, err);

    assert_true(world->table->rows * mli_pipeline_features(world->pipeline) <= COUNT(X));
    if (status == ML_OK)
        status = mli_pipeline_apply(world->pipeline, view, &arena, X, NULL, err);
    mli_arena_release(&arena);
    return status;
}

static enum ml_status save(struct world *world, struct ml_error *err)
{
    struct mli_tensors set;
    json_t *doc = NULL;

    mli_tensors_init(&set);
    enum ml_status status = mli_pipeline_save(world->pipeline, &doc, &set, err);
    assert_true((status == ML_OK) == (doc != NULL));
    json_decref(doc);
    mli_tensors_release(&set);
    return status;
}

static enum ml_status explain(struct world *world, struct ml_error *err)
{
    json_t *doc = mli_explain(world->pipeline);

    json_decref(doc);
    return doc ? ML_OK : ml_error_set(err, ML_ENOMEM, "no memory");
}

static enum ml_status load(struct world *world, struct ml_error *err)
{
    struct mli_pipeline *pipeline = NULL;
    enum ml_status status = mli_pipeline_load(world->doc, &world->set, &pipeline, err);

    assert_true((status == ML_OK) == (pipeline != NULL));
    mli_pipeline_free(pipeline);
    return status;
}

static void survive(const char *text, const struct ml_prep_config *config)
{
    struct world world = { .config = config, .table = table_of(text) };

    world.pipeline = pipeline_of(world.table, NULL, config);
    mli_tensors_init(&world.set);
    assert_int_equal(mli_pipeline_save(world.pipeline, &world.doc, &world.set, NULL), ML_OK);
    exhaust(fit, &world);
    exhaust(apply, &world);
    exhaust(save, &world);
    exhaust(explain, &world);
    exhaust(load, &world);
    json_decref(world.doc);
    mli_tensors_release(&world.set);
    mli_pipeline_free(world.pipeline);
    ml_table_free(world.table);
}

static void survive_goal(const char *text, const struct ml_prep_config *config)
{
    struct world world = { .config = config, .table = table_of(text) };

    assert_int_equal(fit_goal(&world, &world.pipeline, NULL), ML_OK);
    mli_tensors_init(&world.set);
    assert_int_equal(mli_pipeline_save(world.pipeline, &world.doc, &world.set, NULL), ML_OK);
    exhaust(fit_to, &world);
    exhaust(apply, &world);
    exhaust(save, &world);
    exhaust(explain, &world);
    exhaust(load, &world);
    json_decref(world.doc);
    mli_tensors_release(&world.set);
    mli_pipeline_free(world.pipeline);
    ml_table_free(world.table);
}

static void calls_survive(void **state)
{
    struct ml_prep_config config = ML_PREP_CONFIG_INIT;

    (void)state;
    if (!heap_counts())
        skip();
    survive("n,c,t,same\n1.5,red,2024-01-05,1\n-3,blue,2024-02-06,1\n,,,1\n", NULL);
    config.missing_flags = (const char *const[]){ "yes", NULL };
    config.impute = (const char *const[]){ "mean", "c=mode", NULL };
    config.outliers = (const char *const[]){ "zscore:1", NULL };
    config.power = (const char *const[]){ "n=yeo-johnson", NULL };
    config.encode = (const char *const[]){ "o=ordinal", NULL };
    config.min_count = (const char *const[]){ "2", NULL };
    config.scale = (const char *const[]){ "robust", "n=minmax", NULL };
    survive("n,c,t,o\n1.5,red,2024-01-05,p\n-3,blue,2024-02-06,q\n,,,\n", &config);
    config = (struct ml_prep_config)ML_PREP_CONFIG_INIT;
    config.text = (const char *const[]){ "w=hash:3:1-2", NULL };
    config.encode = (const char *const[]){ "target", "h=hash:2", NULL };
    survive_goal("w,c,h,n\nsome W\303\226RDS,red,p,1\nother words,blue,q,2\n,,p,4\n", &config);
    config.text = (const char *const[]){ "w=tfidf:3", "h=tfidf:5:chars", NULL };
    config.encode = (const char *const[]){ "target", NULL };
    survive_goal("w,c,h,n\nsome W\303\226RDS,red,p,1\nother words,blue,q,2\n,,p,4\n", &config);
}

int prep_memory_tests(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(calls_survive) };

    return cmocka_run_group_tests_name("prep: memory", tests, NULL, NULL);
}
