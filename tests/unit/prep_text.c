/* Hashed texts and categories, and encodings by the target, against scikit-learn's (tests/numeric/text_reference.py). */
#include <tests/unit/prep.h>

#include <math.h>
#include <prep/grams.h>
#include <prep/murmur.h>
#include <prep/words.h>
#include <stdio.h>
#include <stdlib.h>
#include <table/rows.h>

struct hashed {
    const char *column, *how;
    size_t features, rows, step, cells;
    const double *cell; /* of every step-th row: row, feature and value of what is not 0 */
};

struct terms {
    const char *how, *min_count, *first, *last; /* its first and last term */
    size_t features, rows, step, cells;
    const double *cell; /* as that of struct hashed */
};

struct encoded {
    const char *target, *how;
    size_t rows, step, outputs;
    const double *whole, *crossed; /* every step-th row: by all rows, and as those that train get it */
    const double *other;           /* a city that is not there */
};

#include <tests/numeric/text_expected.h>

static struct ml_table *texts(void)
{
    struct ml_error err = ML_ERROR_INIT;
    struct ml_table *table = NULL;
    const char *const type[] = { "body=text", "city=category", NULL };
    struct ml_read_options options = ML_READ_OPTIONS_INIT;

    options.type = type;
    if (ml_table_read("tests/numeric/texts.csv", &options, &table, &err) != ML_OK)
        fail_msg("%s (run in the root of the repository)", err.text);
    return table;
}

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* ---- tokens -------------------------------------------------------------------------------------------------- */

/* Values by sklearn.utils.murmurhash3_32(token, 0, positive=True). */
static void murmur(void **state)
{
    static const struct {
        const char *token;
        uint32_t hash;
    } cases[] = {
        { "", 0 },
        { "a", 0x3c2569b2 },
        { "ab", 0x9bbfd75f },
        { "abc", 0xb3dd93fa },
        { "abcd", 0x43ed676a },
        { "hello, world", 0x149bbb7f },
        { "The quick brown fox jumps over the lazy dog", 0x2e4ff723 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(mli_murmur3(cases[i].token, strlen(cases[i].token)), cases[i].hash);
}

static void words(void **state)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        { "", "" },
        { "a I", "" },
        { "Hello, WORLD!", "hello world " },
        { "x x1 _ __ a_b", "x1 __ a_b " },
        { "don't e-mail 3.14", "don mail 14 " },
        { "\xc3\x89t\xc3\xa9 STRASSE Stra\xc3\x9f" "e", "\xc3\xa9t\xc3\xa9 strasse stra\xc3\x9f" "e " },
        { "\xce\x9f\xce\x94\xce\x9f\xce\xa3", "\xce\xbf\xce\xb4\xce\xbf\xcf\x82 " },    /* final sigma */
        { "\xc4\xb0stanbul", "stanbul " }, /* its lower case is i and a combining dot, which is no letter */
        { "\xc8\xba\xc8\xba", "\xe2\xb1\xa5\xe2\xb1\xa5 " },               /* longer in lower case */
        { "\xe6\x9d\xb1\xe4\xba\xac\xe3\x80\x82\xf0\x9f\x99\x82 ab", "\xe6\x9d\xb1\xe4\xba\xac ab " },
        { "ok\xff" "BAD \xc3", "ok bad " }, /* not UTF-8 */
    };
    struct mli_words found = MLI_WORDS_INIT;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_true(mli_words_split(&found, cases[i].text));
        size_t used = found.count > 0 ? found.start[found.count] : 0;
        if (used != strlen(cases[i].words) || memcmp(found.text, cases[i].words, used) != 0)
            fail_msg("\"%s\": \"%.*s\"", cases[i].text, (int)used, found.text);
    }
    mli_words_release(&found);
}

/* ---- hashing ------------------------------------------------------------------------------------------------- */

static struct mli_pipeline *fit_hashed(const struct ml_table *table, const struct hashed *c)
{
    struct ml_prep_config config = ML_PREP_CONFIG_INIT;
    struct mli_pipeline *pipeline = NULL;
    struct ml_error err = ML_ERROR_INIT;
    size_t column = ml_table_find(table, c->column);
    char entry[64];
    const char *list[] = { entry, NULL };

    snprintf(entry, sizeof(entry), "%s=%s", c->column, c->how);
    if (strcmp(c->column, "body") == 0)
        config.text = list;
    else
        config.encode = list;
    if (mli_pipeline_fit(table, &column, 1, NULL, &config, NULL, &pipeline, &err) != ML_OK)
        fail_msg("%s: %s", entry, err.text);
    return pipeline;
}

/* To a few units in the last place: a sum of squares in another order. */
static void compare_cells(const struct hashed *c, double most, const double *X)
{
    const double *cell = c->cell, *end = cell + 3 * c->cells;

    for (size_t i = 0; i < c->rows; i += c->step) {
        for (size_t j = 0; j < c->features; j++) {
            bool here = cell < end && (size_t)cell[0] == i && (size_t)cell[1] == j;
            double wanted = here ? cell[2] : 0, found = X[i * c->features + j];
            if (!(fabs(found - wanted) <= most))
                fail_msg("%s %s: row %zu, feature %zu: %.17g instead of %.17g", c->column, c->how, i, j,
                         found, wanted);
            cell += here ? 3 : 0;
        }
    }
    assert_ptr_equal(cell, end);
}

static void compare_hashed(const struct hashed *c, const double *X)
{
    compare_cells(c, 1e-15, X);
}

static void hashing_against_scikit_learn(void **state)
{
    struct ml_table *table = texts();

    (void)state;
    for (size_t k = 0; k < COUNT(hashed); k++) {
        const struct hashed *c = &hashed[k];
        struct mli_pipeline *pipeline = fit_hashed(table, c);
        char name[64];
        assert_int_equal(table->rows, c->rows);
        assert_int_equal(mli_pipeline_features(pipeline), c->features);
        snprintf(name, sizeof(name), "%s#%zu", c->column, c->features - 1);
        assert_string_equal(mli_pipeline_feature(pipeline, c->features - 1), name);
        double *X = matrix_of(pipeline, table, NULL);
        compare_hashed(c, X);
        free(X);
        mli_pipeline_free(pipeline);
    }
    ml_table_free(table);
}

/* Cells set one by one in a row builder make the same features; the schema holds no text of the table. */
static void rows_of_text(void **state)
{
    struct ml_table *table = texts();
    struct mli_pipeline *pipeline = fit_hashed(table, &hashed[1]);
    const struct mli_schema *schema = mli_pipeline_schema(pipeline);
    struct mli_arena arena = MLI_ARENA_INIT;
    struct mli_rows *rows = NULL;
    size_t d = mli_pipeline_features(pipeline);
    double *X = matrix_of(pipeline, table, NULL), *x = calloc(d, sizeof(*x));

    (void)state;
    assert_non_null(x);
    assert_int_equal(schema->field[0].type, ML_TYPE_TEXT);
    assert_null(schema->field[0].dict);
    assert_int_equal(mli_rows_new(schema, NULL, 1, &rows, NULL), ML_OK);
    for (size_t i = 0; i < table->rows; i++) {
        char text[2048];
        struct mli_apply_counts counts;
        ml_table_text(table, i, 0, text, sizeof(text));
        mli_rows_reset(rows);
        assert_true(mli_rows_append(rows));
        assert_int_equal(mli_rows_set_text(rows, 0, text, strlen(text)),
                         text[0] ? MLI_CELL_OK : MLI_CELL_MISSING);
        assert_int_equal(mli_rows_text(rows), text[0] ? strlen(text) + 1 : 0);
        assert_int_equal(mli_pipeline_apply(pipeline, mli_rows_table(rows), &arena, x, &counts, NULL), ML_OK);
        assert_memory_equal(x, X + i * d, d * sizeof(*x));
        assert_int_equal(counts.missing, !text[0]);
        mli_arena_reset(&arena);
    }
    assert_int_equal(mli_rows_set_number(rows, 0, 1.5), MLI_CELL_OK);
    assert_string_equal(mli_rows_table(rows)->column[0].text[0], "1.5");
    assert_int_equal(mli_rows_set_bool(rows, 0, true), MLI_CELL_OK);
    assert_string_equal(mli_rows_table(rows)->column[0].text[0], "true");
    mli_rows_free(rows);
    mli_arena_release(&arena);
    free(x);
    free(X);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

/* ---- terms --------------------------------------------------------------------------------------------------- */

static void terms_against_scikit_learn(void **state)
{
    struct ml_table *table = texts();

    (void)state;
    for (size_t k = 0; k < COUNT(terms); k++) {
        const struct terms *t = &terms[k];
        const struct hashed c = { "body", t->how, t->features, t->rows, t->step, t->cells, t->cell };
        struct ml_prep_config config = ML_PREP_CONFIG_INIT;
        struct mli_pipeline *pipeline = NULL;
        size_t column = ml_table_find(table, "body");
        char first[80], last[80];
        config.text = (const char *const[]){ t->how, NULL };
        config.min_count = (const char *const[]){ t->min_count, NULL };
        assert_int_equal(mli_pipeline_fit(table, &column, 1, NULL, &config, NULL, &pipeline, NULL), ML_OK);
        assert_int_equal(mli_pipeline_features(pipeline), t->features);
        snprintf(first, sizeof(first), "body~%s", t->first);
        snprintf(last, sizeof(last), "body~%s", t->last);
        assert_string_equal(mli_pipeline_feature(pipeline, 0), first);
        assert_string_equal(mli_pipeline_feature(pipeline, t->features - 1), last);
        double *X = matrix_of(pipeline, table, NULL);
        compare_cells(&c, 1e-14, X);
        free(X);
        mli_pipeline_free(pipeline);
    }
    ml_table_free(table);
}

static bool list_gram(void *data, const char *gram, size_t n)
{
    char *out = data;
    size_t used = strlen(out);

    snprintf(out + used, 400 - used, "%.*s|", (int)n, gram);
    return true;
}

/* Values by CountVectorizer(ngram_range=(J, K), analyzer=..).build_analyzer(). */
static void grams(void **state)
{
    static const struct {
        struct mli_grams grams;
        const char *text, *found;
    } cases[] = {
        { { MLI_UNIT_WORDS, 1, 2 }, "One two, three", "one|two|three|one two|two three|" },
        { { MLI_UNIT_WORDS, 2, 3 }, "alone", "" },
        { { MLI_UNIT_CHARS, 2, 3 }, " ab  !\n", " a|ab|b | ab|ab | !|! | ! |" },
        { { MLI_UNIT_CHARS, 4, 8 }, "a abcd", " a | abc|abcd|bcd | abcd|abcd | abcd |" },
        { { MLI_UNIT_CHARS, 3, 3 }, "a\xc2\xa0\xc3\x89z\x1c.", " a | \xc3\xa9z|\xc3\xa9z | . |" },
        { { MLI_UNIT_CHARS, 2, 2 }, "x\xff\xe6\x9d\xb1\xe4\xba\xac", " x|x | \xe6\x9d\xb1|\xe6\x9d\xb1\xe4\xba\xac|\xe4\xba\xac |" },
        { { MLI_UNIT_CHARS, 1, 1 }, "  \t", "" },
    };
    struct mli_words memory = MLI_WORDS_INIT;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char found[400] = "";
        assert_true(mli_grams_each(&cases[i].grams, &memory, cases[i].text, list_gram, found));
        assert_string_equal(found, cases[i].found);
    }
    mli_words_release(&memory);
}

/* A vocabulary is of the rows that train; long texts get one unasked, short ones and those that are none do not. */
static void texts_unasked(void **state)
{
    static const char *const type[] = { "b=text", NULL };
    static const struct {
        const char *texts, *features;
    } cases[] = {
        { "a b c d e,1\na b c d e f,2\n", "[a]~ a b~ b" },
        { "a b c d,1\na b c d e,2\n", "n " },
    };
    struct ml_prep_config config = ML_PREP_CONFIG_INIT;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char source[80];
        snprintf(source, sizeof(source), "b,n\n%s", cases[i].texts);
        struct ml_table *table = table_typed(source, type);
        struct mli_pipeline *pipeline = pipeline_of(table, NULL, &config);
        assert_true((mli_pipeline_features(pipeline) > 1) == (i == 0));
        mli_pipeline_free(pipeline);
        ml_table_free(table);
    }
    struct ml_table *table = table_typed("b,n\nred red blue,1\nred green,2\ngrey,4\n", type);
    config.text = LIST("tfidf:2");
    struct mli_pipeline *pipeline = pipeline_of(table, (const uint8_t[]){ 1, 1, 0 }, &config);
    assert_string_equal(features_of(pipeline), "b~blue b~red n ");
    double *X = matrix_of(pipeline, table, NULL);
    double blue = log(3.0 / 2) + 1, length = sqrt(4 + blue * blue);
    assert_true(fabs(X[0] - blue / length) < 1e-15 && fabs(X[1] - 2 / length) < 1e-15);
    assert_true(X[3] == 0 && X[4] == 1 && X[6] == 0 && X[7] == 0);
    free(X);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

static void no_term_is_left(void **state)
{
    struct ml_table *table = table_of("b,n\nred,1\nblue,2\ngreen,3\n");
    struct ml_prep_config config = ML_PREP_CONFIG_INIT;
    struct mli_pipeline *pipeline = NULL;
    struct ml_error err = ML_ERROR_INIT;

    (void)state;
    config.text = (const char *const[]){ "b=tfidf:8", NULL };
    config.min_count = (const char *const[]){ "2", NULL };
    assert_int_equal(fit_all(table, NULL, &config, NULL, &pipeline, &err), ML_EDATA);
    expect_error(&err, ML_EDATA, "column \"b\": no word is in enough texts to learn from (--min-count 2)");
    ml_table_free(table);
}

/* ---- which columns ------------------------------------------------------------------------------------------- */

static void choices(void **state)
{
    static const char source[] = "body,city,flag,n\nsome words,Oslo,yes,1\nother words,Rome,no,2\n,Oslo,yes,4\n";
    static const char *const type[] = { "body=text", NULL };
    const struct {
        const char *const *text, *const *encode;
        const char *features;
    } cases[] = {
        { LIST("hash:3"), NULL, "body#0 body#1 body#2 city=Oslo city=Rome flag=no flag=yes n " },
        { LIST("hash:3", "body=hash:2"), LIST("hash:2"), "body#0 body#1 city#0 city#1 flag=no flag=yes n " },
        { LIST("city=hash:2"), LIST("ordinal"), "body city#0 city#1 flag n " },
        { LIST("tfidf:2"), LIST("hash:2"), "body~other body~words city#0 city#1 flag=no flag=yes n " },
        { LIST("tfidf:2", "body=hash:2", "city=tfidf:9"), LIST("hash:2"),
          "body#0 body#1 city~oslo city~rome flag=no flag=yes n " },
        { LIST("tfidf:2"), LIST("body=hash:2"), "body#0 body#1 city=Oslo city=Rome flag=no flag=yes n " },
        { LIST("body=none"), LIST("body=hash:2"), "body#0 body#1 city=Oslo city=Rome flag=no flag=yes n " },
    };
    struct ml_table *table = table_typed(source, type);

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ml_prep_config config = ML_PREP_CONFIG_INIT;
        config.text = cases[i].text;
        config.encode = cases[i].encode;
        config.keep_all = true; /* a text that is not hashed is a category */
        struct mli_pipeline *pipeline = pipeline_of(table, NULL, &config);
        assert_string_equal(features_of(pipeline), cases[i].features);
        mli_pipeline_free(pipeline);
    }
    ml_table_free(table);
}

static void refusals(void **state)
{
    const struct {
        const char *const *text, *const *encode;
        const char *part;
    } cases[] = {
        { LIST("hash"), NULL, "--text hash: expected hash:N or hash:N:J-K" },
        { LIST("hash:1"), NULL, "N from 2 to 1048576" },
        { LIST("hash:1048577"), NULL, "N from 2 to 1048576" },
        { LIST("hash:8:0"), NULL, "expected hash:N" },
        { LIST("hash:8:3-2"), NULL, "expected hash:N" },
        { LIST("hash:8:1-9"), NULL, "from 1 to 8" },
        { LIST("hash:8:"), NULL, "expected hash:N" },
        { LIST("words"), NULL, "is no way to take texts; expected tfidf:N, hash:N or none" },
        { LIST("tfidf"), NULL, "--text tfidf: expected tfidf:N, tfidf:N:J-K, tfidf:N:chars or tfidf:N:chars:J-K" },
        { LIST("tfidf:1"), NULL, "N from 2 to 65536" },
        { LIST("tfidf:65537"), NULL, "N from 2 to 65536" },
        { LIST("tfidf:8:"), NULL, "expected tfidf:N" },
        { LIST("tfidf:8:char"), NULL, "expected tfidf:N" },
        { LIST("tfidf:8:chars:"), NULL, "expected tfidf:N" },
        { LIST("tfidf:8:chars:3-2"), NULL, "expected tfidf:N" },
        { LIST("tfidf:8:1-9"), NULL, "from 1 to 8" },
        { LIST("n=hash:8"), NULL, "--text n=hash:8: column \"n\" holds numbers" },
        { LIST("boby=hash:8"), NULL, "did you mean \"body\"?" },
        { NULL, LIST("hash:8:1"), "--encode hash:8:1: expected hash:N" },
        { NULL, LIST("target:-1"), "expected target, target:auto or target:SMOOTH" },
        { NULL, LIST("target"), "there is no single target to encode by" },
    };
    struct ml_table *table = table_of("body,c,n\nx,a,1\ny,b,2\nx,a,3\n");

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ml_prep_config config = ML_PREP_CONFIG_INIT;
        struct mli_pipeline *pipeline = NULL;
        struct ml_error err = ML_ERROR_INIT;
        config.text = cases[i].text;
        config.encode = cases[i].encode;
        assert_int_equal(fit_all(table, NULL, &config, NULL, &pipeline, &err), ML_EUSAGE);
        expect_error(&err, ML_EUSAGE, cases[i].part);
    }
    ml_table_free(table);
}

/* ---- by the target ------------------------------------------------------------------------------------------- */

static char *yes_labels[] = { "f", "t" }, *kind_labels[] = { "high", "low", "mid" };

/* y and what is known of it; the caller frees y. */
static struct mli_goal goal_of(const struct ml_table *table, const char *target)
{
    size_t column = ml_table_find(table, target);
    bool yes = strcmp(target, "yes") == 0, kind = strcmp(target, "kind") == 0;
    double *y = calloc(table->rows, sizeof(*y));
    struct mli_goal goal = { .y = y, .classes = yes ? 2 : kind ? 3 : 0, .seed = 1 };

    assert_non_null(y);
    goal.label = yes ? yes_labels : kind_labels;
    for (size_t i = 0; i < table->rows; i++) {
        char text[64];
        ml_table_text(table, i, column, text, sizeof(text));
        y[i] = goal.classes ? 0 : strtod(text, NULL);
        for (size_t c = 0; c < goal.classes; c++)
            y[i] += strcmp(text, goal.label[c]) == 0 ? (double)c : 0;
    }
    return goal;
}

static struct mli_pipeline *fit_encoded(const struct ml_table *table, const struct encoded *c)
{
    struct ml_prep_config config = ML_PREP_CONFIG_INIT;
    struct mli_goal goal = goal_of(table, c->target);
    struct mli_pipeline *pipeline = NULL;
    struct ml_error err = ML_ERROR_INIT;
    size_t column = ml_table_find(table, "city");
    const char *list[] = { c->how, NULL }, *none[] = { "none", NULL };

    config.encode = list;
    config.scale = none;
    if (mli_pipeline_fit_to(table, &column, 1, NULL, &config, &goal, NULL, &pipeline, &err) != ML_OK)
        fail_msg("%s: %s", c->how, err.text);
    free((double *)(uintptr_t)goal.y);
    return pipeline;
}

static double *crossed_of(const struct mli_pipeline *pipeline, const struct ml_table *table)
{
    struct mli_arena arena = MLI_ARENA_INIT;
    const struct ml_table *view;
    double *X = calloc(table->rows * mli_pipeline_features(pipeline), sizeof(*X));

    assert_non_null(X);
    assert_int_equal(mli_pipeline_view_fitted(pipeline, table, &arena, &view, NULL), ML_OK);
    assert_int_equal(mli_pipeline_apply(pipeline, view, &arena, X, NULL, NULL), ML_OK);
    mli_arena_release(&arena);
    return X;
}

static void compare_encoded(const struct encoded *c, const char *what, const double *wanted, const double *X)
{
    for (size_t i = 0; i < c->rows; i += c->step) {
        for (size_t o = 0; o < c->outputs; o++, wanted++) {
            if (!(fabs(X[i * c->outputs + o] - *wanted) <= 1e-12 * (1 + fabs(*wanted))))
                fail_msg("%s of %s, %s: row %zu: %.17g instead of %.17g", c->how, c->target, what, i,
                         X[i * c->outputs + o], *wanted);
        }
    }
}

static void target_against_scikit_learn(void **state)
{
    struct ml_table *table = texts(), *other = table_of("city\nnever seen\nOslo\n");

    (void)state;
    for (size_t k = 0; k < COUNT(encoded); k++) {
        const struct encoded *c = &encoded[k];
        struct mli_pipeline *pipeline = fit_encoded(table, c);
        double *whole = matrix_of(pipeline, table, NULL), *crossed = crossed_of(pipeline, table);
        double *unseen = matrix_of(pipeline, other, NULL);
        assert_int_equal(mli_pipeline_features(pipeline), c->outputs);
        assert_string_equal(features_of(pipeline), c->outputs == 1 ? "city " : "city.high city.low city.mid ");
        compare_encoded(c, "all rows", c->whole, whole);
        compare_encoded(c, "folds", c->crossed, crossed);
        for (size_t o = 0; o < c->outputs; o++)
            assert_true(fabs(unseen[o] - c->other[o]) < 1e-12 * (1 + fabs(c->other[o])));
        free(whole);
        free(crossed);
        free(unseen);
        mli_pipeline_free(pipeline);
    }
    ml_table_free(other);
    ml_table_free(table);
}

/* A category of one row: its own target must not come back to the row. */
static void a_row_does_not_see_its_own_target(void **state)
{
    struct ml_table *table = table_of("c\na\nb\nc\nd\ne\nf\n");
    static const double y[] = { 1, 2, 4, 8, 16, 32 };
    const struct mli_goal goal = { .y = y, .seed = 3 };
    struct ml_prep_config config = ML_PREP_CONFIG_INIT;
    struct mli_pipeline *pipeline = NULL;
    size_t column = 0;

    (void)state;
    config.encode = LIST("target:0");
    config.scale = LIST("none");
    assert_int_equal(mli_pipeline_fit_to(table, &column, 1, NULL, &config, &goal, NULL, &pipeline, NULL), ML_OK);
    double *whole = matrix_of(pipeline, table, NULL), *crossed = crossed_of(pipeline, table);
    for (size_t i = 0; i < 6; i++) {
        assert_true(whole[i] == y[i]);
        assert_true(crossed[i] > 5 && crossed[i] < 13); /* a mean of four or five of the others */
    }
    free(whole);
    free(crossed);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

/* ---- files --------------------------------------------------------------------------------------------------- */

struct lies {
    const char *from, *to, *part;
};

static void expect_lies(const struct mli_pipeline *pipeline, const struct lies *cases, size_t n)
{
    struct mli_tensors set;
    json_t *doc = NULL;

    mli_tensors_init(&set);
    assert_int_equal(mli_pipeline_save(pipeline, &doc, &set, NULL), ML_OK);
    char *text = mli_json_text(doc, false), *other = malloc(strlen(text) + 200);
    json_decref(doc);
    assert_non_null(other);
    for (size_t i = 0; i < n; i++) {
        struct mli_pipeline *loaded = NULL;
        struct ml_error err = ML_ERROR_INIT;
        const char *at = strstr(text, cases[i].from);
        if (!at)
            fail_msg("no %s in %s", cases[i].from, text);
        snprintf(other, strlen(text) + 200, "%.*s%s%s", (int)(at - text), text, cases[i].to,
                 at + strlen(cases[i].from));
        assert_int_equal(mli_json_parse(other, strlen(other), 16, "test", &doc, NULL), ML_OK);
        if (mli_pipeline_load(doc, &set, &loaded, &err) == ML_OK)
            fail_msg("%s was not refused", cases[i].to);
        if (!strstr(err.text, cases[i].part))
            fail_msg("%s: expected \"%s\", got \"%s\"", cases[i].to, cases[i].part, err.text);
        json_decref(doc);
    }
    free(other);
    free(text);
    mli_tensors_release(&set);
}

static struct mli_pipeline *again(const struct mli_pipeline *pipeline)
{
    struct mli_pipeline *loaded = NULL;
    struct mli_tensors set;
    struct ml_error err = ML_ERROR_INIT;
    json_t *doc = NULL;

    mli_tensors_init(&set);
    assert_int_equal(mli_pipeline_save(pipeline, &doc, &set, NULL), ML_OK);
    if (mli_pipeline_load(doc, &set, &loaded, &err) != ML_OK)
        fail_msg("%s", err.text);
    json_decref(doc);
    mli_tensors_release(&set);
    return loaded;
}

static void hashed_files(void **state)
{
    static const struct lies cases[] = {
        { "\"buckets\":[3]", "\"buckets\":[1]", "\"steps[1].buckets[0]\" must be an integer from 2" },
        { "\"buckets\":[3]", "\"buckets\":[2097152]", "from 2 to 1048576" },
        { "\"buckets\":[3]", "\"buckets\":[4]", "\"features\" has" },
        { "\"buckets\":[3]", "\"buckets\":[3,3]", "\"steps[1].buckets\" has 2 entries for 1" },
        { "\"buckets\":[3]", "\"buckets\":3", "\"steps[1].buckets\"" },
        { "\"words_from\":[1]", "\"words_from\":[0]", "\"steps[1].words_from[0]\" must be an integer from 1" },
        { "\"words_from\":[1]", "\"words_from\":[3]", "is above" },
        { "\"words_to\":[2]", "\"words_to\":[9]", "from 1 to 8" },
        { "\"kind\":\"text\"", "\"kind\":\"hash\"", "\"steps[1].words_from\" is a member" },
        { "\"columns\":[0]", "\"columns\":[2]", "is not a text at this step" },
        { "\"b#1\"", "\"b#2\"", "\"features[1]\" is not the feature" },
        { "\"type\":\"text\"", "\"type\":\"text\",\"categories\":[\"x\"]", "is not a text at this step" },
        { "{\"kind\":\"text\",\"columns\":[0],\"buckets\":[3],\"words_from\":[1],\"words_to\":[2]},", "",
          "no step makes a feature of it" },
    };
    struct ml_table *table = table_of("b,c,n\nsome words,x,1\nno words,y,2\nwords,x,4\n");
    struct ml_prep_config config = ML_PREP_CONFIG_INIT;

    (void)state;
    config.text = LIST("b=hash:3:1-2");
    config.encode = LIST("c=hash:2");
    struct mli_pipeline *pipeline = pipeline_of(table, NULL, &config), *loaded = again(pipeline);
    assert_string_equal(features_of(loaded), "b#0 b#1 b#2 c#0 c#1 n ");
    double *X = matrix_of(pipeline, table, NULL), *Y = matrix_of(loaded, table, NULL);
    assert_memory_equal(X, Y, table->rows * 6 * sizeof(*X));
    expect_lies(pipeline, cases, COUNT(cases));
    free(X);
    free(Y);
    mli_pipeline_free(loaded);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

static void terms_files(void **state)
{
    static const struct lies cases[] = {
        { "\"unit\":\"words\"", "\"unit\":\"lines\"", "\"steps[1].vocabularies[0].unit\" is \"lines\"" },
        { "\"unit\":\"words\"", "\"unit\":3", "\"steps[1].vocabularies[0].unit\"" },
        { "\"from\":1", "\"from\":0", "must be integers from 1 to 8" },
        { "\"from\":1", "\"from\":3", "must be integers from 1 to 8" },
        { "\"to\":1", "\"to\":9", "must be integers from 1 to 8" },
        { "\"to\":1", "\"to\":1,\"more\":1", "\"steps[1].vocabularies[0].more\" is a member" },
        { "[\"no\",\"some\"", "[\"some\",\"no\"", "\"steps[1].vocabularies[0].terms[1]\" must be a text behind" },
        { "[\"no\",\"some\"", "[\"some\",\"some\"", "terms[1]\" must be a text behind" },
        { "[\"no\",\"some\"", "[\"\",\"some\"", "terms[0]\" must be a text behind" },
        { "[\"no\",\"some\"", "[1,\"some\"", "terms[0]\" must be a text behind" },
        { "[\"no\",\"some\"", "[\"some\"", "tensor \"prep.tfidf.idf\" has shape (3), expected (2)" },
        { "\"terms\":[\"no\",\"some\",\"words\"]", "\"terms\":[]", "must be a list of 1 to 65536 terms" },
        { "\"columns\":[0]", "\"columns\":[1]", "is not a text at this step" },
        { "\"vocabularies\":[", "\"vocabularies\":[7,", "\"steps[1].vocabularies\" has 2 entries for 1" },
        { "\"b~some\"", "\"b~same\"", "\"features[1]\" is not the feature" },
        { "\"kind\":\"tfidf\"", "\"kind\":\"text\"", "\"steps[1].vocabularies\" is a member" },
    };
    static const double weights[] = { 0.5, -1, 101, NAN, INFINITY };
    struct ml_table *table = table_of("b,n\nsome words,1\nno words,2\nwords,4\n");
    struct ml_prep_config config = ML_PREP_CONFIG_INIT;
    struct mli_tensors set;
    struct mli_pipeline *refused = NULL;
    struct ml_error err = ML_ERROR_INIT;
    json_t *doc = NULL;

    (void)state;
    config.text = LIST("b=tfidf:3:1-2");
    struct mli_pipeline *pipeline = pipeline_of(table, NULL, &config), *loaded = again(pipeline);
    assert_string_equal(features_of(loaded), "b~no b~no words b~words n ");
    double *X = matrix_of(pipeline, table, NULL), *Y = matrix_of(loaded, table, NULL);
    assert_memory_equal(X, Y, table->rows * 4 * sizeof(*X));
    mli_pipeline_free(loaded);
    mli_pipeline_free(pipeline);
    config.text = LIST("b=tfidf:3");
    pipeline = pipeline_of(table, NULL, &config);
    expect_lies(pipeline, cases, COUNT(cases));
    mli_tensors_init(&set);
    assert_int_equal(mli_pipeline_save(pipeline, &doc, &set, NULL), ML_OK);
    for (size_t i = 0; i < COUNT(weights); i++) {
        err = (struct ml_error)ML_ERROR_INIT;
        for (size_t k = 0; k < set.count; k++)
            if (strcmp(set.items[k].name, "prep.tfidf.idf") == 0)
                set.items[k].data[1] = weights[i];
        assert_int_equal(mli_pipeline_load(doc, &set, &refused, &err), ML_EARTIFACT);
        expect_error(&err, ML_EARTIFACT, "tensor \"prep.tfidf.idf\": element 1 is not");
    }
    json_decref(doc);
    mli_tensors_release(&set);
    free(X);
    free(Y);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

static void target_files(void **state)
{
    static const struct lies cases[] = {
        { "\"values\":[8]", "\"values\":[7]", "tensor \"prep.target.value\" has shape (30), expected (27)" },
        { "\"values\":[8]", "\"values\":[-1]", "\"steps[0].values[0]\" must be an integer from 0" },
        { "\"values\":[8]", "\"values\":[9223372036854775807]", "too many" },
        { "\"values\":[8]", "\"values\":[]", "\"steps[0].values\" has 0 entries for 1" },
        { "\"smooth\":[null]", "\"smooth\":[-1]", "\"steps[0].smooth[0]\" must be a number from 0" },
        { "\"classes\":[\"high\",\"low\",\"mid\"]", "\"classes\":[\"high\",\"mid\"]", "none or more than two" },
        { "\"classes\":[\"high\",\"low\",\"mid\"]", "\"classes\":[]", "has shape (30), expected (10)" },
        { "\"classes\":[\"high\"", "\"classes\":[7", "\"steps[0].classes[0]\" must be a string" },
        { "\"classes\":[\"high\"", "\"classes\":[\"hihg\"", "\"features[0]\" is not the feature" },
        { "\"kind\":\"target\"", "\"kind\":\"target\",\"folds\":5", "\"steps[0].folds\" is a member" },
    };
    struct ml_table *table = texts();
    struct mli_pipeline *pipeline = NULL;

    (void)state;
    for (size_t k = 0; k < COUNT(encoded) && !pipeline; k++)
        if (strcmp(encoded[k].target, "kind") == 0)
            pipeline = fit_encoded(table, &encoded[k]);
    struct mli_pipeline *loaded = again(pipeline);
    double *X = matrix_of(pipeline, table, NULL), *Y = matrix_of(loaded, table, NULL), *Z = crossed_of(loaded, table);
    assert_memory_equal(X, Y, table->rows * 3 * sizeof(*X));
    assert_memory_equal(X, Z, table->rows * 3 * sizeof(*X)); /* a loaded one knows no folds */
    expect_lies(pipeline, cases, COUNT(cases));
    free(X);
    free(Y);
    free(Z);
    mli_pipeline_free(loaded);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

int prep_text_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(murmur),
        cmocka_unit_test(words),
        cmocka_unit_test(hashing_against_scikit_learn),
        cmocka_unit_test(grams),
        cmocka_unit_test(terms_against_scikit_learn),
        cmocka_unit_test(texts_unasked),
        cmocka_unit_test(no_term_is_left),
        cmocka_unit_test(terms_files),
        cmocka_unit_test(rows_of_text),
        cmocka_unit_test(choices),
        cmocka_unit_test(refusals),
        cmocka_unit_test(target_against_scikit_learn),
        cmocka_unit_test(a_row_does_not_see_its_own_target),
        cmocka_unit_test(hashed_files),
        cmocka_unit_test(target_files),
    };

    return cmocka_run_group_tests_name("prep: text", tests, NULL, NULL);
}
