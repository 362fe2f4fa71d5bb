/* Pipelines as files: the way there and back, and files that lie. */
#include <tests/unit/prep.h>

#include <base/rng.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <table/table.h>

static const char source[] = "n,c,t,m,same,d\n"
                             "1.5,red,2024-01-05,,1,x\n"
                             "-3,blue,2024-02-06T10:00:00Z,7,1,y\n"
                             ",red,,8.25,1,x\n"
                             "4,,2023-03-07,9,1,x\n"
                             "0.1,green,2024-03-31,1e3,1,y\n";

struct saved {
    json_t *doc;
    struct mli_tensors set;
};

static struct mli_pipeline *fit_source(void)
{
    struct ml_table *table = table_of(source);
    struct mli_pipeline *pipeline = pipeline_of(table, NULL, NULL);

    ml_table_free(table);
    return pipeline;
}

static struct saved save(const struct mli_pipeline *pipeline)
{
    struct saved saved = { 0 };

    mli_tensors_init(&saved.set);
    assert_int_equal(mli_pipeline_save(pipeline, &saved.doc, &saved.set, NULL), ML_OK);
    return saved;
}

static void release(struct saved *saved)
{
    json_decref(saved->doc);
    mli_tensors_release(&saved->set);
}

static struct saved save_source(void)
{
    struct mli_pipeline *pipeline = fit_source();
    struct saved saved = save(pipeline);

    mli_pipeline_free(pipeline);
    return saved;
}

/* By way of the text, as a file does it. */
static struct mli_pipeline *load_again(struct saved *saved)
{
    char *text = mli_json_text(saved->doc, false);
    struct ml_error err = ML_ERROR_INIT;
    struct mli_pipeline *pipeline = NULL;
    json_t *doc = NULL;

    assert_non_null(text);
    assert_int_equal(mli_json_parse(text, strlen(text), 16, "test", &doc, NULL), ML_OK);
    if (mli_pipeline_load(doc, &saved->set, &pipeline, &err) != ML_OK)
        fail_msg("%s", err.text);
    free(text);
    json_decref(doc);
    return pipeline;
}

static void round_trip(void **state)
{
    static const char *const files[] = { "datasets/weather.csv", "datasets/penguins.csv",
                                         "datasets/iris.csv" };

    (void)state;
    static const char *const scales[][4] = {
        { "standard" }, { "minmax" }, { "robust" }, { "none" }, { "robust", "COLUMN=minmax" }
    };
    static const char *const mixed[] = { "temp=minmax", "year=minmax", "petal_width=minmax" };
    for (size_t f = 0; f < COUNT(scales) * COUNT(files); f++) {
        struct ml_prep_config config = ML_PREP_CONFIG_INIT;
        struct ml_table *table = NULL;
        const char *scale[] = { scales[f / COUNT(files)][0],
                                scales[f / COUNT(files)][1] ? mixed[f % COUNT(files)] : NULL, NULL };
        config.scale = scale;
        assert_int_equal(ml_table_read(files[f % COUNT(files)], NULL, &table, NULL), ML_OK);
        struct mli_pipeline *fitted = pipeline_of(table, NULL, &config);
        struct saved saved = save(fitted);
        struct mli_pipeline *loaded = load_again(&saved);
        assert_null(mli_tensors_unused(&saved.set));
        double *X = matrix_of(fitted, table, NULL), *Y = matrix_of(loaded, table, NULL);
        assert_memory_equal(X, Y, table->rows * mli_pipeline_features(fitted) * sizeof(*X));
        struct saved again = save(loaded);
        assert_true(json_equal(saved.doc, again.doc));
        free(X);
        free(Y);
        release(&again);
        release(&saved);
        mli_pipeline_free(fitted);
        mli_pipeline_free(loaded);
        ml_table_free(table);
    }
}

/* Every step there is, so that each is saved and loaded and its file mutated. */
static const char rich[] = "n,c,t,m,r,o\n"
                           "1.5,red,2024-01-05,,x,p\n"
                           "-3,blue,2024-02-06T10:30:00Z,7,x,q\n"
                           ",red,,8.25,x,p\n"
                           "4,,2023-03-07,9,y,\n"
                           "0.1,green,2024-03-31,1e3,z,r\n";

static struct mli_pipeline *fit_rich(void)
{
    struct ml_prep_config config = ML_PREP_CONFIG_INIT;
    struct ml_table *table = table_of(rich);

    config.missing_flags = (const char *const[]){ "yes", NULL };
    config.dates = (const char *const[]){ "month+minute+yearday+epoch", NULL };
    config.impute = (const char *const[]){ "mean", "n=0", "c=mode", NULL };
    config.outliers = (const char *const[]){ "iqr", "m=zscore:1", NULL };
    config.power = (const char *const[]){ "yeo-johnson", NULL };
    config.encode = (const char *const[]){ "o=ordinal", NULL };
    config.min_count = (const char *const[]){ "r=2", NULL };
    config.scale = (const char *const[]){ "robust", "n=minmax", NULL };
    struct mli_pipeline *pipeline = pipeline_of(table, NULL, &config);
    ml_table_free(table);
    return pipeline;
}

static void round_trip_of_all_steps(void **state)
{
    struct mli_pipeline *fitted = fit_rich();
    struct saved saved = save(fitted);
    struct mli_pipeline *loaded = load_again(&saved);
    struct ml_table *table = table_of("n,c,t,m,r,o\n,,,,,\n9,new,2030-01-01T23:59:59Z,-9,new,new\n"
                                      "1,red,2024-02-29,8,y,r\n");
    struct saved again = save(loaded);
    double *X = matrix_of(fitted, table, NULL), *Y = matrix_of(loaded, table, NULL);

    (void)state;
    assert_int_equal(mli_pipeline_steps(fitted), 9);
    assert_null(mli_tensors_unused(&saved.set));
    assert_true(json_equal(saved.doc, again.doc));
    assert_string_equal(features_of(fitted),
                        "n n.missing c=blue c=green c=red t.missing t.month t.minute t.yearday t.epoch "
                        "m m.missing r=x r=(rare) o ");
    assert_memory_equal(X, Y, 3 * mli_pipeline_features(fitted) * sizeof(*X));
    free(X);
    free(Y);
    ml_table_free(table);
    release(&again);
    release(&saved);
    mli_pipeline_free(fitted);
    mli_pipeline_free(loaded);
}

static void structure(void **state)
{
    struct saved saved = save_source();
    char *steps = mli_json_text(json_object_get(saved.doc, "steps"), false);

    (void)state;
    assert_string_equal(
        steps,
        "[{\"kind\":\"drop\",\"columns\":[{\"name\":\"same\",\"reason\":\"always 1 (constant)\"}]},"
        "{\"kind\":\"dates\",\"columns\":[2],\"parts\":[[\"year\",\"month\",\"day\",\"weekday\","
        "\"hour\"]]},"
        "{\"kind\":\"impute\",\"method\":\"median\",\"columns\":[0,3,5,6,7,8,9]},"
        "{\"kind\":\"onehot\",\"columns\":[1,4],\"missing\":[true,false]},"
        "{\"kind\":\"scale\",\"method\":\"standard\",\"columns\":[0,3,5,6,7,8,9]}]");
    assert_int_equal(saved.set.count, 3);
    assert_string_equal(saved.set.items[0].name, "prep.impute.value");
    assert_string_equal(saved.set.items[1].name, "prep.scale.mean");
    assert_string_equal(saved.set.items[2].name, "prep.scale.deviation");
    free(steps);
    release(&saved);
}

/* ---- lies ---------------------------------------------------------------------------------------------------- */

static void expect_refused(struct saved *saved, const char *what, const char *part)
{
    struct ml_error err = ML_ERROR_INIT;
    struct mli_pipeline *pipeline = NULL;

    if (mli_pipeline_load(saved->doc, &saved->set, &pipeline, &err) != ML_EARTIFACT)
        fail_msg("%s: not refused", what);
    assert_null(pipeline);
    if (err.status != ML_EARTIFACT || !strstr(err.text, part))
        fail_msg("%s: expected \"%s\", got \"%s\"", what, part, err.text);
}

static char *replace(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    if (!at)
        fail_msg("the pipeline's text has no %s", from);
    size_t room = strlen(text) + strlen(to) + 1;
    char *out = malloc(room);
    assert_non_null(out);
    snprintf(out, room, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return out;
}

static void wrong_words(void **state)
{
    static const struct {
        const char *from, *to, *part;
    } cases[] = {
        { "\"steps\":", "\"more\":1,\"steps\":", "\"more\" is a member" },
        { "\"kind\":\"drop\"", "\"kind\":\"erase\"",
          "\"steps[0].kind\" is \"erase\", which this version" },
        { "\"kind\":\"drop\"", "\"kind\":7", "\"steps[0].kind\" is an integer" },
        { "\"kind\":\"dates\"", "\"kind\":\"drop\"",
          "\"steps[1].kind\" is \"drop\", which cannot stand behind \"drop\"" },
        { "\"kind\":\"scale\"", "\"kind\":\"impute\"", "cannot stand behind \"onehot\"" },
        { "\"kind\":\"scale\"", "\"clip\":1,\"kind\":\"scale\"", "\"steps[4].clip\" is a member" },
        { "{\"name\":\"same\",", "{\"name\":\"n\",",
          "\"steps[0].columns[0].name\" is \"n\", which stands elsewhere" },
        { "\"reason\":", "\"because\":", "\"steps[0].columns[0].reason\" is missing" },
        { "[2],\"parts\"", "[1],\"parts\"",
          "\"steps[1].columns[0]\" is 1, which is not an instant" },
        { "[2],\"parts\"", "[99],\"parts\"",
          "\"steps[1].columns[0]\" is 99, but there are 5 columns" },
        { "[2],\"parts\"", "[],\"parts\"", "\"steps[1].columns\" is empty" },
        { "[2],\"parts\"", "[-2],\"parts\"", "\"steps[1].columns[0]\" must be an integer" },
        { "[2],\"parts\"", "[2.0],\"parts\"", "\"steps[1].columns[0]\" must be an integer" },
        { "[\"year\",\"month\"", "[\"month\",\"year\"", "\"steps[1].parts[0]\" must list" },
        { "[\"year\",\"month\"", "[\"year\",\"year\"", "\"steps[1].parts[0]\" must list" },
        { "[[\"year\",\"month\",\"day\",\"weekday\",\"hour\"]]", "[[]]",
          "\"steps[1].parts[0]\" must list" },
        { "[[\"year\",\"month\",\"day\",\"weekday\",\"hour\"]]", "[]",
          "\"steps[1].parts\" has 0 entries for 1" },
        { "\"method\":\"median\"", "\"method\":\"guess\"", "\"steps[2].method\" is \"guess\"" },
        { "\"columns\":[0,3,5", "\"columns\":[0,0,5",
          "\"steps[2].columns[1]\" must be an integer above" },
        { "\"columns\":[0,3,5", "\"columns\":[0,1,5",
          "\"steps[2].columns[1]\" is 1, which is not a number" },
        { "\"columns\":[0,3,5", "\"columns\":[0,2,5",
          "\"steps[2].columns[1]\" is 2, which is not a number" },
        { "\"columns\":[0,3,5", "\"columns\":[0,5",
          "tensor \"prep.impute.value\" has shape (7), expected (6)" },
        { "[\"x\",\"y\"],\"histogram\":{\"rows\":[3,2]}", "[]", "\"steps[3].columns[1]\" is a category without a value" },
        { "\"missing\":[true,false]", "\"missing\":[true]",
          "\"steps[3].missing\" has 1 entries for 2" },
        { "\"missing\":[true,false]", "\"missing\":[1,0]",
          "\"steps[3].missing[0]\" must be true or false" },
        { "\"missing\":[true,false]", "\"missing\":[true,true]",
          "\"features\" has 13 names, the steps make 14" },
        { "\"method\":\"standard\"", "\"method\":\"none\"", "\"steps[4].method\" is \"none\"" },
        { "\"method\":\"standard\"", "\"method\":\"minmax\"",
          "tensor \"prep.scale.min\" is missing" },
        { "{\"kind\":\"onehot\",\"columns\":[1,4],\"missing\":[true,false]},", "",
          "column \"c\" of the schema: no step makes a feature of it" },
        { "\"c=green\",\"c=red\"", "\"c=red\",\"c=green\"", "\"features[2]\" is not the feature" },
        { "\"c=green\"", "null", "\"features[2]\" is not the feature" },
        { "\"features\":[\"n\"", "\"features\":[\"nn\"", "\"features[0]\" is not the feature" },
        { "\"features\":[\"n\",", "\"features\":[", "\"features\" has 12 names" },
        { "\"type\":\"number\"", "\"type\":\"real\"", "schema[0]" },
        { "\"histogram\":{\"edges\"", "\"histogram\":{\"ends\"", "schema[0]: \"edges\" is missing" },
        { "\"name\":\"n\"", "\"name\":\"c\"", "schema[1]" },
    };
    struct saved saved = save_source();
    char *text = mli_json_text(saved.doc, false);

    (void)state;
    json_decref(saved.doc);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *other = replace(text, cases[i].from, cases[i].to);
        assert_int_equal(mli_json_parse(other, strlen(other), 16, "test", &saved.doc, NULL), ML_OK);
        expect_refused(&saved, cases[i].to, cases[i].part);
        json_decref(saved.doc);
        free(other);
    }
    free(text);
    saved.doc = json_pack("[]");
    expect_refused(&saved, "an array", "expected an object");
    json_decref(saved.doc);
    saved.doc = json_pack("{s:[],s:[],s:[]}", "schema", "steps", "features");
    expect_refused(&saved, "nothing", "\"schema\" is empty");
    release(&saved);
}

static void wrong_numbers(void **state)
{
    static const struct {
        const char *tensor;
        double value;
        const char *part;
    } cases[] = {
        { "prep.impute.value", NAN,
          "tensor \"prep.impute.value\": element 1 is not a finite number" },
        { "prep.scale.mean", INFINITY,
          "tensor \"prep.scale.mean\": element 1 is not a finite number" },
        { "prep.scale.deviation", 0, "element 1 is 0, expected more than 0" },
        { "prep.scale.deviation", -1, "element 1 is -1, expected more than 0" },
        { "prep.scale.deviation", NAN, "element 1 is not a finite number" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct saved saved = save_source();
        for (size_t k = 0; k < saved.set.count; k++) {
            if (strcmp(saved.set.items[k].name, cases[i].tensor) == 0)
                saved.set.items[k].data[1] = cases[i].value;
        }
        expect_refused(&saved, cases[i].tensor, cases[i].part);
        release(&saved);
    }
}

/* A name of half a megabyte times many categories is memory without end, unless the file spells the features out. */
static void long_name_many_categories(void **state)
{
    static const char *const tail = "\",\"type\":\"category\",\"missing\":0,\"categories\":[";
    size_t name = 1 << 19, categories = 50000, room = name + categories * 12 + 4096;
    char *text = malloc(room);
    struct saved saved = { 0 };

    (void)state;
    assert_non_null(text);
    size_t used = (size_t)snprintf(text, room, "{\"schema\":[{\"name\":\"");
    memset(text + used, 'x', name);
    used += name;
    used += (size_t)snprintf(text + used, room - used, "%s", tail);
    for (size_t i = 0; i < categories; i++)
        used += (size_t)snprintf(text + used, room - used, "%s\"%zu\"", i ? "," : "", i);
    used += (size_t)snprintf(text + used, room - used,
                             "]}],\"steps\":[{\"kind\":\"onehot\",\"columns\":[0],\"missing\":["
                             "false]}],\"features\":[\"");
    for (size_t i = 0; i < 3; i++)
        used += (size_t)snprintf(text + used, room - used, "x%s", i < 2 ? "\",\"" : "\"]}");
    assert_int_equal(mli_json_parse(text, used, 16, "test", &saved.doc, NULL), ML_OK);
    expect_refused(&saved, "long name", "\"features\" has 3 names, the steps make 50000");
    release(&saved);
    free(text);
}

/* ---- mutations ----------------------------------------------------------------------------------------------- */

static json_t *any_node(json_t *doc, struct mli_rng *rng)
{
    for (;;) {
        if (json_is_object(doc) && json_object_size(doc) > 0) {
            void *at = json_object_iter(doc);
            for (size_t k = mli_rng_below(rng, json_object_size(doc)); k > 0; k--)
                at = json_object_iter_next(doc, at);
            json_t *next = json_object_iter_value(at);
            if (!json_is_object(next) && !json_is_array(next))
                return doc;
            doc = next;
        } else if (json_is_array(doc) && json_array_size(doc) > 0) {
            json_t *next = json_array_get(doc, mli_rng_below(rng, json_array_size(doc)));
            if ((!json_is_object(next) && !json_is_array(next)) || mli_rng_below(rng, 4) == 0)
                return doc;
            doc = next;
        } else {
            return doc;
        }
    }
}

static json_t *any_value(struct mli_rng *rng)
{
    static const char *const words[] = { "",      "n",      "kind",   "median", "minmax",  "drop",
                                         "scale", "number", "c=blue", "year",   "\xc3\xa9" };
    static const double numbers[] = { 0, 1, -1, 3, 4, 9, 0.5, 1e300, 9007199254740993.0 };

    switch (mli_rng_below(rng, 7)) {
    case 0:
        return json_string(words[mli_rng_below(rng, COUNT(words))]);
    case 1:
        return json_integer((json_int_t)numbers[mli_rng_below(rng, COUNT(numbers) - 2)]);
    case 2:
        return json_real(numbers[mli_rng_below(rng, COUNT(numbers))]);
    case 3:
        return json_boolean(mli_rng_below(rng, 2));
    case 4:
        return json_array();
    case 5:
        return json_object();
    default:
        return json_null();
    }
}

static void mutate_object(json_t *object, struct mli_rng *rng)
{
    void *at = json_object_iter(object);

    if (json_object_size(object) == 0 || mli_rng_below(rng, 8) == 0) {
        json_object_set_new(object, "extra", any_value(rng));
        return;
    }
    for (size_t k = mli_rng_below(rng, json_object_size(object)); k > 0; k--)
        at = json_object_iter_next(object, at);
    if (mli_rng_below(rng, 3) == 0)
        json_object_del(object, json_object_iter_key(at));
    else
        json_object_iter_set_new(object, at, any_value(rng));
}

static void mutate_array(json_t *array, struct mli_rng *rng)
{
    size_t n = json_array_size(array), i = mli_rng_below(rng, n + 1), j = mli_rng_below(rng, n + 1);

    switch (mli_rng_below(rng, 5)) {
    case 0:
        json_array_insert_new(array, i, any_value(rng));
        break;
    case 1:
        json_array_remove(array, i);
        break;
    case 2:
        json_array_set_new(array, i, any_value(rng));
        break;
    case 3: /* an element twice */
        json_array_insert_new(array, i, json_deep_copy(json_array_get(array, j)));
        break;
    default: /* two in the other order */
        json_array_insert_new(array, i, json_deep_copy(json_array_get(array, j)));
        json_array_remove(array, j + (i <= j));
    }
}

/* What is refused must leave nothing behind; what is taken must work: a sanitizer and finite numbers say so. */
static void mutate(const char *text, struct saved saved)
{
    struct ml_table *table = table_of(text);
    size_t refused = 0, rounds = 20000;
    struct mli_rng rng;

    mli_rng_init(&rng, 7);
    for (size_t round = 0; round < rounds; round++) {
        json_t *doc = json_deep_copy(saved.doc);
        struct mli_pipeline *pipeline = NULL;
        struct mli_arena arena = MLI_ARENA_INIT;
        const struct ml_table *view;
        struct ml_error err = ML_ERROR_INIT;
        for (size_t k = 1 + mli_rng_below(&rng, 3); k > 0; k--) {
            json_t *node = any_node(doc, &rng);
            if (json_is_object(node))
                mutate_object(node, &rng);
            else
                mutate_array(node, &rng);
        }
        if (mli_pipeline_load(doc, &saved.set, &pipeline, &err) != ML_OK) {
            assert_int_equal(err.status, ML_EARTIFACT);
            assert_null(pipeline);
            refused++;
        } else if (mli_pipeline_view(pipeline, table, &arena, &view, NULL) == ML_OK) {
            size_t d = mli_pipeline_features(pipeline);
            double *X = calloc(table->rows * d, sizeof(*X));
            assert_int_equal(mli_pipeline_apply(pipeline, view, &arena, X, NULL, NULL), ML_OK);
            for (size_t i = 0; i < table->rows * d; i++)
                assert_true(isfinite(X[i]));
            free(X);
        }
        mli_arena_release(&arena);
        mli_pipeline_free(pipeline);
        json_decref(doc);
    }
    assert_in_range(refused, rounds / 2,
                    rounds - 1); /* some changes do no harm: a range, a reason */
    release(&saved);
    ml_table_free(table);
}

static void mutations(void **state)
{
    struct mli_pipeline *pipeline = fit_rich();

    (void)state;
    mutate(source, save_source());
    mutate(rich, save(pipeline));
    mli_pipeline_free(pipeline);
}

/* What the steps of the rich pipeline refuse. */
static void wrong_words_of_all_steps(void **state)
{
    static const struct {
        const char *from, *to, *part;
    } cases[] = {
        { "\"kind\":\"flags\",\"columns\":[0", "\"kind\":\"flags\",\"columns\":[1",
          "\"steps[0].columns[0]\" is 1, which is not a number" },
        { "\"kind\":\"flags\",\"columns\":[0,2,3]", "\"kind\":\"flags\",\"columns\":[0,2,99]",
          "\"steps[0].columns[2]\" is 99, but there are 6 columns" },
        { "\"kind\":\"flags\"", "\"more\":1,\"kind\":\"flags\"", "\"steps[0].more\" is a member" },
        { "\"method\":[\"constant\",", "\"method\":[7,", "\"steps[2].method\" must be a name or a list" },
        { "\"method\":[\"constant\",", "\"method\":[", "\"steps[2].method\" has 5 entries for 6" },
        { "\"codes\":[2]", "\"codes\":[3]", "\"steps[3].codes[0]\" is 3, but the column has 3 values" },
        { "\"codes\":[2]", "\"codes\":[-1]", "\"steps[3].codes[0]\" must be the place of a value" },
        { "\"codes\":[2]", "\"codes\":[]", "\"steps[3].codes\" has 0 entries for 1" },
        { "\"method\":[\"iqr\",\"zscore\"]", "\"method\":\"none\"", "\"steps[4].method\" is \"none\"" },
        { "\"method\":\"yeo-johnson\"", "\"method\":\"box-cox\"", "\"steps[5].method\" is \"box-cox\"" },
        { "\"kind\":\"ordinal\",\"columns\":[5]", "\"kind\":\"ordinal\",\"columns\":[0]",
          "\"steps[6].columns[0]\" is 0, which is not a category" },
        { "\"rare\":[null,[1,2]]", "\"rare\":[null,[2,1]]", "\"steps[7].rare\" must hold ascending places" },
        { "\"rare\":[null,[1,2]]", "\"rare\":[null,[1,3]]", "\"steps[7].rare\" names value 3 of 3" },
        { "\"rare\":[null,[1,2]]", "\"rare\":[null,1]", "\"steps[7].rare\" must hold lists" },
        { "\"rare\":[null,[1,2]]", "\"rare\":[null]", "\"steps[7].rare\" has 1 entries for 2" },
        { "\"rare\":[null,[1,2]]", "\"rare\":[null,[1]]", "\"features\" has 15 names, the steps make 16" },
    };
    struct mli_pipeline *pipeline = fit_rich();
    struct saved saved = save(pipeline);
    char *text = mli_json_text(saved.doc, false);

    (void)state;
    json_decref(saved.doc);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *other = replace(text, cases[i].from, cases[i].to);
        assert_int_equal(mli_json_parse(other, strlen(other), 16, "test", &saved.doc, NULL), ML_OK);
        expect_refused(&saved, cases[i].to, cases[i].part);
        json_decref(saved.doc);
        free(other);
    }
    free(text);
    saved.doc = NULL;
    release(&saved);
    saved = save(pipeline);
    for (size_t k = 0; k < saved.set.count; k++) {
        if (strcmp(saved.set.items[k].name, "prep.clip.low") == 0)
            saved.set.items[k].data[1] = 1e6;
    }
    expect_refused(&saved, "bounds", "tensor \"prep.clip.low\": element 1 is 1e+06, above the upper bound");
    release(&saved);
    mli_pipeline_free(pipeline);
}

int prep_saved_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(structure),
        cmocka_unit_test(wrong_words),
        cmocka_unit_test(wrong_words_of_all_steps),
        cmocka_unit_test(round_trip_of_all_steps),
        cmocka_unit_test(wrong_numbers),
        cmocka_unit_test(long_name_many_categories),
        cmocka_unit_test(mutations),
    };

    return cmocka_run_group_tests_name("prep: saved", tests, NULL, NULL);
}
