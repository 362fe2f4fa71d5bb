/* What is said of a pipeline. */
#include <tests/unit/prep.h>

#include <prep/explain.h>
#include <stdio.h>
#include <stdlib.h>
#include <table/table.h>

static json_t *explained(const char *text, const struct ml_prep_config *config)
{
    struct ml_table *table = table_of(text);
    struct mli_pipeline *pipeline = pipeline_of(table, NULL, config);
    json_t *doc = mli_explain(pipeline);

    assert_non_null(doc);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
    return doc;
}

static void documents(void **state)
{
    struct ml_prep_config config = ML_PREP_CONFIG_INIT;

    (void)state;
    config.missing_flags = (const char *const[]){ "yes", NULL };
    config.outliers = (const char *const[]){ "quantile:0.25", NULL };
    config.min_count = (const char *const[]){ "2", NULL };
    config.scale = (const char *const[]){ "minmax", NULL };
    json_t *doc = explained("n,c,same\n1,x,7\n2,x,7\n,y,7\n3,z,7\n2,x,7\n", &config);
    char *text = mli_json_text(doc, false);
    assert_string_equal(
        text,
        "{\"columns\":[{\"column\":\"n\",\"type\":\"number\",\"missing\":1,\"steps\":["
        "{\"step\":\"flags\",\"text\":\"n.missing is 1 where it is missing, else 0\"},"
        "{\"step\":\"impute\",\"method\":\"median\",\"value\":2,\"text\":\"missing becomes 2 (median)\"},"
        "{\"step\":\"scale\",\"method\":\"minmax\",\"shift\":1,\"scale\":2,"
        "\"text\":\"becomes (x - 1) / 2 (minmax)\"}],\"features\":[\"n\",\"n.missing\"]},"
        "{\"column\":\"c\",\"type\":\"category\",\"missing\":0,\"steps\":["
        "{\"step\":\"onehot\",\"values\":1,\"missing\":false,\"rare\":2,"
        "\"text\":\"becomes 2 features of 0 or 1: one for each value, one for 2 rare and all unseen values\"}],"
        "\"features\":[\"c=x\",\"c=(rare)\"]}],"
        "\"dropped\":[{\"column\":\"same\",\"reason\":\"always 7 (constant)\"}],"
        "\"stages\":[],\"features\":4}");
    free(text);
    json_decref(doc);
}

/* Each step has its say. */
static void every_step(void **state)
{
    static const char *const steps[] = { "flags",   "impute", "fill", "clip", "power",
                                         "ordinal", "onehot", "dates" };
    struct ml_prep_config config = ML_PREP_CONFIG_INIT;

    (void)state;
    config.missing_flags = (const char *const[]){ "yes", NULL };
    config.impute = (const char *const[]){ "c=mode", NULL };
    config.outliers = (const char *const[]){ "zscore:1", NULL };
    config.power = (const char *const[]){ "yeo-johnson", NULL };
    config.encode = (const char *const[]){ "o=ordinal", NULL };
    json_t *doc = explained("n,c,t,o\n1.5,red,2024-01-05,p\n-3,blue,2024-02-06,q\n,,,\n", &config);
    char *text = mli_json_text(json_object_get(doc, "columns"), false);
    for (size_t i = 0; i < COUNT(steps); i++) {
        char part[40];
        snprintf(part, sizeof(part), "\"step\":\"%s\"", steps[i]);
        if (!strstr(text, part))
            fail_msg("no %s in %s", part, text);
    }
    assert_non_null(strstr(text, "\"slot\":\"t.month\""));
    free(text);
    json_decref(doc);
}

int prep_explain_tests(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(documents), cmocka_unit_test(every_step) };

    return cmocka_run_group_tests_name("prep: explain", tests, NULL, NULL);
}
