/* src/eval against scikit-learn's numbers (tests/numeric/eval_expected.h), and against what no reference can say. */
#include <base/mem.h>
#include <eval/metrics.h>
#include <eval/sum.h>
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <tests/numeric/eval_expected.h>
#include <tests/numeric/multilabel_expected.h>
#include <tests/numeric/scores_expected.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/*
 * Relative 1e-12: both sides sum in double, scikit-learn pairwise, and differ in the last digits. Absolute 4 eps: the
 * log loss of a sure and right prediction is the rounding error of 1 - eps itself, a few 1e-16, and nothing more.
 */
static void check_close(const char *where, const char *what, double got, double expected)
{
    double tolerance = 1e-12 * fabs(expected) + 4 * DBL_EPSILON;

    if (isnan(expected) ? isnan(got) : fabs(got - expected) <= tolerance)
        return;
    fail_msg("%s: %s is %.17g, expected %.17g", where, what, got, expected);
}

/* ---- against scikit-learn ---------------------------------------------------------------------------------------- */

static void regression_agrees(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(expected_regression); i++) {
        const struct expected_regression *e = &expected_regression[i];
        struct mli_regression got;
        assert_int_equal(mli_eval_regression(e->n, e->y, e->p, NULL, &got, NULL), ML_OK);
        assert_int_equal(got.n, e->n);
        check_close(e->name, "mse", got.mse, e->mse);
        check_close(e->name, "rmse", got.rmse, e->rmse);
        check_close(e->name, "mae", got.mae, e->mae);
        check_close(e->name, "r2", got.r2, e->r2);
    }
}

static void classification_agrees(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(expected_classification); i++) {
        const struct expected_classification *e = &expected_classification[i];
        struct mli_classification got;
        assert_int_equal(mli_eval_classification(e->n, e->classes, e->y, e->P, &got, NULL), ML_OK);
        assert_int_equal(got.n, e->n);
        assert_int_equal(got.classes, e->classes);
        check_close(e->name, "accuracy", got.accuracy, e->accuracy);
        check_close(e->name, "log loss", got.log_loss, e->log_loss);
        check_close(e->name, "roc auc", got.roc_auc, e->roc_auc);
        check_close(e->name, "macro precision", got.macro_precision, e->macro[0]);
        check_close(e->name, "macro recall", got.macro_recall, e->macro[1]);
        check_close(e->name, "macro f1", got.macro_f1, e->macro[2]);
        check_close(e->name, "weighted precision", got.weighted_precision, e->weighted[0]);
        check_close(e->name, "weighted recall", got.weighted_recall, e->weighted[1]);
        check_close(e->name, "weighted f1", got.weighted_f1, e->weighted[2]);
        for (size_t c = 0; c < e->classes; c++) {
            check_close(e->name, "precision", got.of[c].precision, e->precision[c]);
            check_close(e->name, "recall", got.of[c].recall, e->recall[c]);
            check_close(e->name, "f1", got.of[c].f1, e->f1[c]);
            assert_int_equal(got.of[c].support, e->support[c]);
        }
        assert_memory_equal(got.confusion, e->confusion,
                            e->classes * e->classes * sizeof *got.confusion);
        mli_classification_release(&got);
    }
}

static void multilabel_agrees(void **state)
{
    static const char *const names[] = { "subset accuracy", "Hamming loss", "log loss", "area",
                                         "micro precision", "micro recall", "micro F1",
                                         "macro precision", "macro recall", "macro F1",
                                         "weighted precision", "weighted recall", "weighted F1" };
    (void)state;

    for (size_t i = 0; i < COUNT(expected_labels); i++) {
        const struct expected_labels *e = &expected_labels[i];
        struct mli_multilabel s;
        double P[1024];
        for (size_t k = 0; k < e->n * e->labels; k++) {
            P[2 * k] = 1 - e->p[k];
            P[2 * k + 1] = e->p[k];
        }
        assert_int_equal(mli_eval_multilabel(e->n, e->labels, e->y, P, &s, NULL), ML_OK);
        const double got[] = { s.subset_accuracy, s.hamming_loss, s.log_loss, s.roc_auc,
                               s.micro.precision, s.micro.recall, s.micro.f1,
                               s.macro.precision, s.macro.recall, s.macro.f1,
                               s.weighted.precision, s.weighted.recall, s.weighted.f1 };
        for (size_t k = 0; k < COUNT(got); k++)
            check_close(e->name, names[k], got[k], e->scores[k]);
        mli_multilabel_release(&s);
    }
}

static void multilabel_refuses_what_a_class_refuses(void **state)
{
    static const double y[] = { 0, 1, 2, 0 }, P[] = { 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5 };
    struct mli_multilabel s;
    struct ml_error err = ML_ERROR_INIT;
    (void)state;

    assert_int_equal(mli_eval_multilabel(2, 2, y, P, &s, &err), ML_EDATA);
    assert_non_null(strstr(err.text, "class 2"));
    assert_int_equal(mli_eval_multilabel(0, 2, y, P, &s, NULL), ML_EDATA);
}

static void rank_agrees(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(expected_rank); i++) {
        const struct expected_rank *e = &expected_rank[i];
        double area = -1;
        assert_int_equal(mli_roc_auc(e->n, e->positive, e->score, &area, NULL), ML_OK);
        check_close(e->name, "area", area, e->area);
    }
}

/* ---- beyond the reference ---------------------------------------------------------------------------------------- */

/* 1 + 1e100 + 1 - 1e100 is Neumaier's own example: plain and Kahan's sums give 0. */
static void sum_is_compensated(void **state)
{
    const double terms[] = { 1, 1e100, 1, -1e100 };
    struct mli_sum sum = { 0 }, over = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT(terms); i++)
        mli_sum_add(&sum, terms[i]);
    assert_true(mli_sum_total(&sum) == 2);
    mli_sum_add(&over, DBL_MAX);
    mli_sum_add(&over, DBL_MAX);
    assert_true(isinf(mli_sum_total(&over)));
}

/* A million errors of 0.1: added plainly they drift by 1e-11 of their sum, pairwise or compensated they do not. */
static void a_million_rows_lose_no_digit(void **state)
{
    size_t n = 1000000;
    double *y = mli_calloc(n, sizeof *y), *p = mli_alloc(n, sizeof *p);
    struct mli_regression got;

    (void)state;
    assert_non_null(y);
    assert_non_null(p);
    for (size_t i = 0; i < n; i++)
        p[i] = i % 2 ? 0.1 : -0.1;
    assert_int_equal(mli_eval_regression(n, y, p, NULL, &got, NULL), ML_OK);
    assert_true(fabs(got.mae - 0.1) < 2e-17);
    assert_true(fabs(got.mse - 0.1 * 0.1) < 4e-18);
    free(p);
    free(y);
}

/* Deviations of a unit in the last place, where the mean falls between two doubles. */
static void r2_does_not_depend_on_the_mean(void **state)
{
    const double unit = 0x1p-13, y[] = { 1e12, 1e12 + unit, 1e12 + 2 * unit, 1e12 + 4 * unit };
    double p[4];
    struct mli_regression got;

    (void)state;
    for (size_t i = 0; i < 4; i++)
        p[i] = y[i] + (i % 2 ? unit : -unit);
    /* deviations from 7/4 units: 49 + 9 + 1 + 81 sixteenths = 35/4; residuals: 4 */
    assert_int_equal(mli_eval_regression(4, y, p, NULL, &got, NULL), ML_OK);
    assert_true(fabs(got.r2 - (1 - 4 / 8.75)) < 1e-15);
}

/* 0.1 added up and divided by the count is not always 0.1; R2 must not come from that difference. */
static void r2_of_equal_targets_is_nan(void **state)
{
    static double y[5000], p[5000];
    struct mli_regression got;

    (void)state;
    for (size_t i = 0; i < COUNT(y); i++)
        y[i] = 0.1;
    for (size_t n = 1; n <= COUNT(y); n += 7) {
        assert_int_equal(mli_eval_regression(n, y, p, NULL, &got, NULL), ML_OK);
        assert_true(isnan(got.r2));
    }
}

/* The one place where eps shows on the side of 1: scikit-learn does not give 0 here. */
static void sure_and_right_costs_eps(void **state)
{
    const int32_t y[] = { 1 };
    const double P[] = { 0, 1 };
    struct mli_classification got;

    (void)state;
    assert_int_equal(mli_eval_classification(1, 2, y, P, &got, NULL), ML_OK);
    assert_true(got.log_loss == -log(1 - DBL_EPSILON));
    mli_classification_release(&got);
}

static void errors_of_a_purpose_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(expected_errors); i++) {
        const struct expected_errors *e = &expected_errors[i];
        const struct mli_regression_of of = { .quantile = e->q, .counts = !isnan(e->deviance) };
        struct mli_regression got;
        assert_int_equal(mli_eval_regression(e->n, e->y, e->p, &of, &got, NULL), ML_OK);
        check_close(e->name, "median_ae", got.median_ae, e->median_ae);
        check_close(e->name, "max_error", got.max_error, e->max_error);
        check_close(e->name, "pinball", got.pinball, e->pinball);
        check_close(e->name, "d2_pinball", got.d2_pinball, e->d2_pinball);
        check_close(e->name, "poisson_deviance", got.deviance, e->deviance);
        check_close(e->name, "d2_poisson", got.d2_deviance, e->d2_deviance);
    }
}

static void hinge_loss_agrees(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(expected_hinge); i++) {
        const struct expected_hinge *e = &expected_hinge[i];
        struct mli_classification got;
        assert_int_equal(mli_eval_rows(e->n, e->classes, e->y, e->scores, true, &got, NULL), ML_OK);
        check_close(e->name, "hinge_loss", got.hinge_loss, e->hinge_loss);
        assert_true(isnan(got.log_loss));
        mli_classification_release(&got);
    }
}

/* A mean of 0 or below has no deviance; nothing is asked for, nothing is there. */
static void deviance_needs_a_mean(void **state)
{
    const double y[] = { 0, 1 }, p[] = { 0, 1 };
    const struct mli_regression_of of = { .quantile = NAN, .counts = true };
    struct mli_regression got;
    (void)state;

    assert_int_equal(mli_eval_regression(2, y, p, &of, &got, NULL), ML_OK);
    assert_true(isnan(got.deviance) && isnan(got.d2_deviance) && isnan(got.pinball));
}

static void what_is_not_finite_stays_so(void **state)
{
    const double y[] = { 0, 1 }, nan_p[] = { 0, NAN }, inf_p[] = { 0, INFINITY };
    struct mli_regression got;

    (void)state;
    assert_int_equal(mli_eval_regression(2, y, nan_p, NULL, &got, NULL), ML_OK);
    assert_true(isnan(got.mse) && isnan(got.mae) && isnan(got.median_ae) && isnan(got.r2));
    assert_int_equal(mli_eval_regression(2, y, inf_p, NULL, &got, NULL), ML_OK);
    assert_true(isinf(got.mse) && isinf(got.rmse) && isinf(got.mae) && isinf(got.r2));
}

static void the_first_of_equals_is_predicted(void **state)
{
    const double p[] = { 0.2, 0.4, 0.4, -1 };

    (void)state;
    assert_int_equal(mli_argmax(4, p), 1);
    assert_int_equal(mli_argmax(1, p), 0);
    assert_int_equal(mli_argmax(2, p + 2), 0);
}

static void check_refused(size_t n, size_t classes, const int32_t *y, const double *P,
                          enum ml_status status, const char *text)
{
    struct mli_classification out, before;
    struct ml_error err = ML_ERROR_INIT;

    memset(&out, 0x5a, sizeof out);
    memcpy(&before, &out, sizeof out);
    assert_int_equal(mli_eval_classification(n, classes, y, P, &out, &err), status);
    assert_memory_equal(&out, &before, sizeof out);
    assert_int_equal(err.status, status);
    if (!strstr(err.text, text))
        fail_msg("\"%s\" does not say \"%s\"", err.text, text);
}

static void bad_input_is_refused(void **state)
{
    const int32_t good[] = { 0, 1 }, high[] = { 0, 2 }, low[] = { -1, 0 };
    const double P[] = { 0.5, 0.5, 0.5, 0.5 }, nan_P[] = { 0.5, 0.5, 0.5, NAN };
    const uint8_t positive[] = { 0, 1 };
    struct ml_error err = ML_ERROR_INIT;
    double area = 7;

    (void)state;
    check_refused(0, 2, good, P, ML_EDATA, "0 rows");
    check_refused(2, 0, good, P, ML_EDATA, "0 classes");
    check_refused(2, 2, high, P, ML_EDATA, "row 2 has class 2, expected 0 to 1");
    check_refused(2, 2, low, P, ML_EDATA, "row 1 has class -1");
    check_refused(2, 2, good, nan_P, ML_EDATA, "row 2");
    assert_int_equal(mli_roc_auc(2, positive, nan_P + 2, &area, &err), ML_EDATA);
    assert_non_null(strstr(err.text, "row 2"));
    assert_true(area == 7);
}

/* ---- documents --------------------------------------------------------------------------------------------------- */

static const char *const labels[] = { "no", "yes", "perhaps \xe2\x9c\x93" };

/* The document of the given classes count, 0 for regression. NULL when memory is out. */
static json_t *document(size_t classes)
{
    static const double y[] = { 1, 2, 4 }, p[] = { 1, 2, 3 };
    static const int32_t actual[] = { 0, 1, 0, 1 };
    static const double P[] = { 0.75, 0.25, 0.5, 0.5, 0.25, 0.75, 0.25, 0.75 };
    static const int32_t actual3[] = { 0, 0, 1, 1 };
    static const double P3[] = { 0.5, 0.25, 0.25, 0.25, 0.5, 0.25, 0.25, 0.5, 0.25, 0.25, 0.75, 0 };
    struct mli_classification scores;
    struct mli_regression errors;

    if (classes == 0) {
        assert_int_equal(mli_eval_regression(3, y, p, NULL, &errors, NULL), ML_OK);
        return mli_regression_json(&errors);
    }
    assert_int_equal(mli_eval_classification(4, classes, classes == 2 ? actual : actual3,
                                             classes == 2 ? P : P3, &scores, NULL),
                     ML_OK);
    json_t *made = mli_classification_json(&scores, labels);
    mli_classification_release(&scores);
    return made;
}

static void check_document(size_t classes, const char *expected)
{
    json_t *made = document(classes);
    char *text = json_dumps(made, JSON_COMPACT | JSON_REAL_PRECISION(6));

    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
    json_decref(made);
}

static void documents_have_their_shape(void **state)
{
    (void)state;
    check_document(0, "{\"mse\":0.333333,\"rmse\":0.57735,\"mae\":0.333333,\"median_ae\":0,\"max_error\":1,\"r2\":0.785714,\"rows\":3}");
    /* every number by hand: predicted 0 0 1 1 for 0 1 0 1; log loss (2 ln 4/3 + ln 2 + ln 4) / 4 */
    check_document(2, "{\"accuracy\":0.5,\"log_loss\":0.663701,\"roc_auc\":0.625,"
                      "\"precision\":0.5,\"recall\":0.5,\"f1\":0.5,"
                      "\"macro\":{\"precision\":0.5,\"recall\":0.5,\"f1\":0.5},"
                      "\"weighted\":{\"precision\":0.5,\"recall\":0.5,\"f1\":0.5},\"classes\":["
                      "{\"label\":\"no\",\"precision\":0.5,\"recall\":0.5,\"f1\":0.5,\"support\":2},"
                      "{\"label\":\"yes\",\"precision\":0.5,\"recall\":0.5,\"f1\":0.5,\"support\":2}],"
                      "\"confusion\":[[1,1],[1,1]],\"rows\":4}");
    /* predicted 0 1 1 1 for 0 0 1 1, the third class nowhere; log loss (ln 2 + ln 4 + ln 2 + ln 4/3) / 4 */
    check_document(3, "{\"accuracy\":0.75,\"log_loss\":0.765068,\"roc_auc\":null,"
                      "\"macro\":{\"precision\":0.833333,\"recall\":0.75,\"f1\":0.733333},"
                      "\"weighted\":{\"precision\":0.833333,\"recall\":0.75,\"f1\":0.733333},\"classes\":["
                      "{\"label\":\"no\",\"precision\":1,\"recall\":0.5,\"f1\":0.666667,\"support\":2},"
                      "{\"label\":\"yes\",\"precision\":0.666667,\"recall\":1,\"f1\":0.8,\"support\":2},"
                      "{\"label\":\"perhaps \xe2\x9c\x93\",\"precision\":0,\"recall\":0,\"f1\":0,\"support\":0}],"
                      "\"confusion\":[[1,1,0],[0,2,0],[0,0,0]],\"rows\":4}");
}

/* Documents of one set of rows and two predictions for them, that between them have every metric. */
enum { NUMBERS, PROBABILITIES, SCORES, LABELS, DOCUMENTS };

/* One label is right in all rows, the other as `sample` has it. */
static json_t *label_sample(const double *p)
{
    static const double y[] = { 0, 1, 1, 0, 0, 0, 1, 1, 1, 0 }; /* (row, label) */
    static const struct mli_label_names names[] = { { "a", labels }, { "b", labels } };
    struct mli_multilabel scores;
    double P[20];

    for (size_t i = 0; i < 5; i++) {
        memcpy(P + 4 * i, p + 2 * i, 2 * sizeof *P);
        P[4 * i + 2] = 0.9 - 0.8 * y[2 * i + 1];
        P[4 * i + 3] = 0.1 + 0.8 * y[2 * i + 1];
    }
    assert_int_equal(mli_eval_multilabel(5, 2, y, P, &scores, NULL), ML_OK);
    json_t *made = mli_multilabel_json(&scores, names);
    mli_multilabel_release(&scores);
    return made;
}

static json_t *sample(size_t which, bool good)
{
    static const double y[] = { 1, 2, 4 }, p[2][3] = { { 3, 3, 1 }, { 1, 2, 4.5 } };
    static const int32_t actual[] = { 0, 1, 0, 1, 1 };
    static const double P[2][10] = { { 0.1, 0.9, 0.9, 0.1, 0.1, 0.9, 0.1, 0.9, 0.9, 0.1 },
                                     { 0.9, 0.1, 0.1, 0.9, 0.9, 0.1, 0.1, 0.9, 0.6, 0.4 } };
    static const double S[2][10] = { { -1, 1, 2, -2, -1, 1, -1, 1, 1, -1 }, { 1, -1, -2, 2, 1, -1, -1, 1, 1, -1 } };
    struct mli_classification scores;
    struct mli_regression errors;

    if (which == LABELS)
        return label_sample(P[good]);
    if (which == NUMBERS) {
        assert_int_equal(mli_eval_regression(3, y, p[good], &(struct mli_regression_of){ .quantile = 0.7, .counts = true }, &errors, NULL), ML_OK);
        return mli_regression_json(&errors);
    }
    assert_int_equal(which == SCORES ? mli_eval_rows(5, 2, actual, S[good], true, &scores, NULL)
                                     : mli_eval_classification(5, 2, actual, P[good], &scores, NULL),
                     ML_OK);
    json_t *made = mli_classification_json(&scores, labels);
    mli_classification_release(&scores);
    return made;
}

/* Each row of the table names a number of a document of its task, and of none of the other task. */
static void every_metric_is_found_by_its_name(void **state)
{
    size_t count;
    const struct mli_metric *rows = mli_metrics(&count);

    (void)state;
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        size_t found = 0;
        for (size_t d = 0; d < DOCUMENTS; d++) {
            json_t *document = sample(d, true);
            double value;
            bool has = mli_metric_value(document, rows[i].name, &value);
            bool suits = d == NUMBERS  ? !rows[i].classification && !rows[i].multilabel
                         : d == LABELS ? rows[i].multilabel
                                       : rows[i].classification;
            assert_true(suits || !has);
            found += has;
            json_decref(document);
        }
        assert_true(found > 0 && strlen(rows[i].meaning) > 0);
    }
}

static void assert_row(const char *name)
{
    size_t count, seen = 0;
    const struct mli_metric *rows = mli_metrics(&count);

    for (size_t i = 0; i < count; i++)
        seen += strcmp(rows[i].name, name) == 0;
    if (seen != 1)
        fail_msg("%s has %zu rows", name, seen);
}

/* And each number that stands at the top of a document, or in its two averages, has a row: none is out of reach. */
static void every_number_has_a_row(void **state)
{
    static const char *const averages[] = { "micro", "macro", "weighted" };
    char name[64];
    const char *key;
    json_t *value;

    (void)state;
    for (size_t d = 0; d < DOCUMENTS; d++) {
        json_t *document = sample(d, true);
        json_object_foreach (document, key, value)
            if (json_is_number(value) && strcmp(key, "rows") != 0)
                assert_row(key);
        for (size_t a = 0; a < COUNT(averages); a++) {
            json_object_foreach (json_object_get(document, averages[a]), key, value) {
                snprintf(name, sizeof name, "%s.%s", averages[a], key);
                assert_row(name);
            }
        }
        json_decref(document);
    }
}

static void better_is_what_a_better_model_does(void **state)
{
    size_t count;
    const struct mli_metric *rows = mli_metrics(&count);

    (void)state;
    for (size_t d = 0; d < DOCUMENTS; d++) {
        json_t *of[2] = { sample(d, false), sample(d, true) };
        for (size_t i = 0; i < count; i++) {
            double worse, better;
            if (!mli_metric_value(of[0], rows[i].name, &worse))
                continue;
            assert_true(mli_metric_value(of[1], rows[i].name, &better));
            if (rows[i].larger_is_better ? better <= worse : better >= worse)
                fail_msg("%s: %g for the better model, %g for the worse", rows[i].name, better, worse);
        }
        json_decref(of[0]);
        json_decref(of[1]);
    }
}

static void what_is_no_number_is_not_found(void **state)
{
    static const char *const names[] = { "",         ".",          "macro",     "macro.",
                                         "macro.F1", "macro.f1.x", "roc_auc",   "rmse",
                                         "f1",       "classes",    "classes.0", "accuracy." };
    json_t *made = document(3);
    double value = 7;

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++)
        if (mli_metric_value(made, names[i], &value))
            fail_msg("\"%s\" was found", names[i]);
    assert_false(mli_metric_value(NULL, "rmse", &value));
    assert_true(value == 7);
    assert_true(mli_metric_value(made, "macro.recall", &value));
    assert_true(value == 0.75);
    json_decref(made);
}

static size_t allocations_left;

static void *limited(size_t size)
{
    if (allocations_left == 0)
        return NULL;
    allocations_left--;
    return malloc(size);
}

/* Fails the first, second, third ... allocation of a document: NULL each time, and nothing leaks (LeakSanitizer). */
static void a_document_without_memory_is_null(void **state)
{
    static const size_t classes[] = { 0, 2, 3 };
    json_malloc_t was_malloc;
    json_free_t was_free;

    (void)state;
    json_get_alloc_funcs(&was_malloc, &was_free);
    json_set_alloc_funcs(limited, free);
    for (size_t i = 0; i < COUNT(classes); i++) {
        json_t *made = NULL;
        size_t n = 0;
        for (; !made; n++) {
            assert_true(n < 10000);
            allocations_left = n;
            made = document(classes[i]);
        }
        assert_true(n > 10);
        json_decref(made);
    }
    json_set_alloc_funcs(was_malloc, was_free);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regression_agrees),
        cmocka_unit_test(classification_agrees),
        cmocka_unit_test(multilabel_agrees),
        cmocka_unit_test(multilabel_refuses_what_a_class_refuses),
        cmocka_unit_test(rank_agrees),
        cmocka_unit_test(sum_is_compensated),
        cmocka_unit_test(a_million_rows_lose_no_digit),
        cmocka_unit_test(r2_does_not_depend_on_the_mean),
        cmocka_unit_test(r2_of_equal_targets_is_nan),
        cmocka_unit_test(sure_and_right_costs_eps),
        cmocka_unit_test(errors_of_a_purpose_agree),
        cmocka_unit_test(hinge_loss_agrees),
        cmocka_unit_test(deviance_needs_a_mean),
        cmocka_unit_test(what_is_not_finite_stays_so),
        cmocka_unit_test(the_first_of_equals_is_predicted),
        cmocka_unit_test(bad_input_is_refused),
        cmocka_unit_test(documents_have_their_shape),
        cmocka_unit_test(every_metric_is_found_by_its_name),
        cmocka_unit_test(every_number_has_a_row),
        cmocka_unit_test(better_is_what_a_better_model_does),
        cmocka_unit_test(what_is_no_number_is_not_found),
        cmocka_unit_test(a_document_without_memory_is_null),
    };

    return cmocka_run_group_tests_name("eval", tests, NULL, NULL);
}
