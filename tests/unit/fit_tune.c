/* What a search stands on: spaces, points, rounds, the log of trials. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first */
#include <cmocka.h>

#include <base/file.h>
#include <base/rng.h>
#include <fit/search.h>
#include <fit/triallog.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/numeric/search_expected.h>
#include <tests/unit/fit.h>
#include <unistd.h>

/* ---- spaces ---- */

static void refuse_space(const char *text, const char *part)
{
    struct mli_arena arena = MLI_ARENA_INIT;
    struct mli_space space;
    struct ml_error err = ML_ERROR_INIT;
    assert_int_equal(mli_space_parse(text, &arena, &space, &err), ML_EUSAGE);
    if (!strstr(err.text, part))
        fail_msg("%s: \"%s\" is not in \"%s\"", text, part, err.text);
    mli_arena_release(&arena);
}

static void spaces_that_cannot_be(void **state)
{
    (void)state;
    refuse_space("", "column 1: expected NAME=SPACE");
    refuse_space("l2", "column 3: expected NAME=SPACE");
    refuse_space("l3=1", "column 1: no setting \"l3\"; did you mean \"l");
    refuse_space("mlp.ratte=1", "column 5: no setting \"ratte\"; did you mean \"rate\"");
    refuse_space("l2=", "column 4: expected a value, found nothing more");
    refuse_space("l2=1|", "column 6: expected a value");
    refuse_space("l2=1|x|3", "column 6: expected a number or LOW..HIGH, found \"x\"");
    refuse_space("l2=1e-4..x:log", "column 10: expected a number after .., found \"x\"");
    refuse_space("l2=..1", "column 4: expected a number before ..");
    refuse_space("l2=2..1", "column 7: expected a number above");
    refuse_space("l2=0..1:log", "column 4: expected a number above 0");
    refuse_space("l2=0..1:lgo", "column 9: expected log, int or a number of points");
    refuse_space("l2=0..1:1", "column 9: expected log, int");
    refuse_space("l2=-1e308..1e308", "narrower");
    refuse_space("epochs=1.5..7", "whole numbers");
    refuse_space("epochs=7.5", "column 8: expected a whole number");
}

static struct mli_space parsed(const char *text, struct mli_arena *arena)
{
    struct mli_space space;
    struct ml_error err = ML_ERROR_INIT;
    if (mli_space_parse(text, arena, &space, &err))
        fail_msg("%s", err.text);
    return space;
}

static void expect_grid(const char *text, const char *expected)
{
    struct mli_arena arena = MLI_ARENA_INIT;
    struct mli_space space = parsed(text, &arena);
    json_t *list = json_array();
    for (size_t i = 0; i < mli_space_points(&space); i++)
        json_array_append_new(list, mli_space_point(&space, i));
    char *made = mli_json_text(list, false);
    assert_string_equal(made, expected);
    free(made);
    json_decref(list);
    mli_arena_release(&arena);
}

static void grids_of_spaces(void **state)
{
    (void)state;
    expect_grid("l2=1e-4..1:log", "[0.0001,0.001,0.01,0.1,1]");
    expect_grid("l2=0|0.1..0.3:3", "[0,0.1,0.2,0.3]");
    expect_grid("momentum=0.5..0.9:2", "[0.5,0.9]");
    expect_grid("epochs=10..12", "[10,11,12]");
    expect_grid("epochs=10..1000:log:3", "[10,100,1000]");
    expect_grid("pca=2..4", "[\"2\",\"2.5\",\"3\",\"3.5\",\"4\"]");
    expect_grid("pca=2..4:int", "[\"2\",\"3\",\"4\"]");
    expect_grid("optimiser=lbfgs|adam", "[\"lbfgs\",\"adam\"]");
    expect_grid("scale=standard|age=none,robust", "[\"standard\",\"age=none,robust\"]");
    expect_grid("keep-all=yes|no", "[\"yes\",\"no\"]");
}

static void draws_are_of_seed_trial_and_name(void **state)
{
    (void)state;
    struct mli_arena arena = MLI_ARENA_INIT;
    struct mli_space l2 = parsed("l2=1e-4..1:log", &arena), l1 = parsed("l1=1e-4..1:log", &arena);
    struct mli_space epochs = parsed("epochs=3..5", &arena);
    size_t below = 0, seen[6] = { 0 }, equal = 0;
    for (size_t trial = 0; trial < 3000; trial++) {
        json_t *a = mli_space_draw(&l2, 7, trial), *b = mli_space_draw(&l2, 7, trial);
        json_t *c = mli_space_draw(&l1, 7, trial), *d = mli_space_draw(&epochs, 7, trial);
        double value = json_number_value(a);
        assert_true(json_equal(a, b));
        assert_true(value >= 1e-4 && value <= 1);
        below += value < 1e-2;
        equal += json_equal(a, c) != 0;
        assert_true(json_number_value(d) >= 3 && json_number_value(d) <= 5);
        seen[(size_t)json_number_value(d)]++;
        json_decref(a);
        json_decref(b);
        json_decref(c);
        json_decref(d);
    }
    assert_true(below > 1350 && below < 1650); /* half of the orders of magnitude */
    assert_true(equal < 30);
    for (size_t k = 3; k <= 5; k++)
        assert_true(seen[k] > 850 && seen[k] < 1150);
    mli_arena_release(&arena);
}

/* Any bytes are a space or refused in one line. */
static void hostile_spaces(void **state)
{
    (void)state;
    static const char alphabet[] = "l2=1.e-:|intog..5 \xFF,";
    struct mli_rng rng;
    char text[40];
    mli_rng_init(&rng, 1);
    for (size_t i = 0; i < 20000; i++) {
        struct mli_arena arena = MLI_ARENA_INIT;
        struct mli_space space;
        struct ml_error err = ML_ERROR_INIT;
        size_t n = mli_rng_below(&rng, sizeof text - 4);
        snprintf(text, sizeof text, "l2=");
        for (size_t c = 0; c < n; c++)
            text[c + 3] = alphabet[mli_rng_below(&rng, sizeof alphabet - 1)];
        text[n + 3] = '\0';
        if (mli_space_parse(text, &arena, &space, &err) == ML_OK) {
            json_t *value = mli_space_draw(&space, i, i), *first = mli_space_point(&space, 0);
            assert_true(json_is_number(value) && json_is_number(first));
            json_decref(value);
            json_decref(first);
        } else {
            assert_int_equal(err.status, ML_EUSAGE);
            assert_non_null(strstr(err.text, "column"));
        }
        mli_arena_release(&arena);
    }
}

/* ---- points ---- */

static void expect_point(json_t *point, const char *expected)
{
    char *text = mli_json_text(point, false);
    assert_string_equal(text, expected);
    free(text);
    json_decref(point);
}

static void a_grid_is_every_combination_of_each_kind(void **state)
{
    (void)state;
    struct mli_arena arena = MLI_ARENA_INIT;
    struct mli_space spaces[] = { parsed("kind=linear|huber", &arena), parsed("l2=1|2", &arena),
                                  parsed("epochs=5|6|7", &arena), parsed("huber.l2=3", &arena) };
    struct mli_search search = { .space = spaces, .spaces = 4 };
    assert_int_equal(mli_search_grid_size(&search), 2 * 3 + 3);
    expect_point(mli_search_grid(&search, 0), "{\"kind\":\"linear\",\"l2\":1,\"epochs\":5}");
    expect_point(mli_search_grid(&search, 4), "{\"kind\":\"linear\",\"l2\":2,\"epochs\":6}");
    expect_point(mli_search_grid(&search, 8), "{\"kind\":\"huber\",\"epochs\":7,\"l2\":3}");
    search = (struct mli_search){ .space = spaces + 1, .spaces = 3, .kind = "linear" };
    assert_int_equal(mli_search_grid_size(&search), 6);
    expect_point(mli_search_grid(&search, 5), "{\"l2\":2,\"epochs\":7}");
    search = (struct mli_search){ .kind = "linear" };
    assert_int_equal(mli_search_grid_size(&search), 1);
    expect_point(mli_search_grid(&search, 0), "{}");
    struct mli_space wide[8];
    for (size_t i = 0; i < 8; i++)
        wide[i] = parsed(i % 2 ? "l1=0..1:1000" : "l2=0..1:1000", &arena);
    wide[2] = parsed("rate=0..1:1000", &arena);
    search = (struct mli_search){ .space = wide, .spaces = 8, .kind = "linear" };
    assert_int_equal(mli_search_grid_size(&search), MLI_SEARCH_GRID_MAX + 1);
    mli_arena_release(&arena);
}

static void expect_rounds(size_t trials, size_t rows, const size_t (*expected)[2], size_t n)
{
    struct mli_round round[MLI_ROUNDS_MAX];
    assert_int_equal(mli_halving_rounds(trials, rows, 10, round), n);
    for (size_t r = 0; r < n; r++) {
        assert_int_equal(round[r].trials, expected[r][0]);
        if (r + 1 < n)
            assert_int_equal((size_t)floor(round[r].share * (double)rows + 0.5), expected[r][1]);
    }
    assert_true(!(round[n - 1].share < 1)); /* where scikit-learn stops at a multiple, this ends on all rows */
}

static void rounds_are_those_of_scikit_learn(void **state)
{
    (void)state;
    struct mli_round round[MLI_ROUNDS_MAX];
    expect_rounds(40, 2000, halving_forty, sizeof halving_forty / sizeof *halving_forty);
    expect_rounds(9, 300, halving_nine, sizeof halving_nine / sizeof *halving_nine);
    expect_rounds(200, 1000, halving_many, sizeof halving_many / sizeof *halving_many);
    assert_int_equal(mli_halving_rounds(40, 50, 100, round), 1);
    assert_int_equal(round[0].trials, 40);
    assert_int_equal(mli_halving_rounds(1, 1000, 10, round), 1);
}

/* ---- log ---- */

static json_t *trial(double l2, const char *failed)
{
    return failed ? json_pack("{s{sf}sfss}", "settings", "l2", l2, "share", 1.0, "failed", failed)
                  : json_pack("{s{sf}sfs{s[fn]}}", "settings", "l2", l2, "share", 1.0, "scores", "rmse", l2 / 3);
}

static struct mli_triallog *open_log(const char *path, const char *id)
{
    struct mli_triallog *log = NULL;
    struct ml_error err = ML_ERROR_INIT;
    if (mli_triallog_open(path, id, json_pack("{ss}", "data", "x"), 2, NULL, &log, &err))
        fail_msg("%s", err.text);
    return log;
}

static void add_trial(struct mli_triallog *log, double l2, const char *failed)
{
    json_t *line = trial(l2, failed);
    assert_int_equal(mli_triallog_add(log, line, NULL), ML_OK);
    json_decref(line);
}

static bool has_trial(const struct mli_triallog *log, double l2)
{
    json_t *settings = json_pack("{sf}", "l2", l2);
    const json_t *line = mli_triallog_find(log, settings, 1, 0);
    json_decref(settings);
    return line != NULL;
}

static void a_log_is_found_again(void **state)
{
    (void)state;
    char folder[] = "/tmp/mlctl-log-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/trials.jsonl", folder);
    struct mli_triallog *log = open_log(path, "one"), *second = NULL;
    struct ml_error err = ML_ERROR_INIT;
    add_trial(log, 0.1, NULL);
    add_trial(log, 1.0 / 3, "diverged \"here\"\n");
    assert_int_equal(mli_triallog_open(path, "one", json_object(), 2, NULL, &second, &err), ML_EUSAGE);
    assert_non_null(strstr(err.text, "in use"));
    mli_triallog_close(log);
    log = open_log(path, "two");
    assert_int_equal(mli_triallog_count(log), 0);
    add_trial(log, 0.1, NULL);
    mli_triallog_close(log);
    FILE *f = fopen(path, "ab");
    fputs("{\"search\":\"one\",\"settings\":{\"l2\":0.5}\n\n[3]\n{\"search\":\"one\",\"sett", f);
    fclose(f);
    log = open_log(path, "one"); /* what is torn is cut off, so the next line stands alone */
    assert_int_equal(mli_triallog_count(log), 2);
    assert_true(has_trial(log, 0.1));
    assert_true(has_trial(log, 1.0 / 3));
    assert_false(has_trial(log, 0.5));
    add_trial(log, 0.7, NULL);
    mli_triallog_close(log);
    log = open_log(path, "one");
    assert_int_equal(mli_triallog_count(log), 3);
    mli_triallog_close(log);
    unlink(path);
    rmdir(folder);
}

/* A line is taken when it says all that a trial says, and nothing else is. */
static void lines_that_are_no_trials(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "", "x", "7", "{}", "{\"search\":\"a\"}", "{\"search\":\"a\",\"settings\":{},\"share\":1}",
        "{\"search\":\"a\",\"settings\":{},\"share\":2,\"failed\":\"x\"}",
        "{\"search\":\"a\",\"settings\":{},\"share\":0,\"failed\":\"x\"}",
        "{\"search\":\"a\",\"settings\":{},\"share\":1,\"again\":0,\"failed\":\"x\"}",
        "{\"search\":\"a\",\"settings\":{},\"share\":1,\"again\":\"1\",\"failed\":\"x\"}",
        "{\"search\":\"a\",\"settings\":{\"l2\":[1]},\"share\":1,\"failed\":\"x\"}",
        "{\"search\":\"a\",\"settings\":{},\"share\":1,\"scores\":{}}",
        "{\"search\":\"a\",\"settings\":{},\"share\":1,\"scores\":{\"rmse\":[1]}}",
        "{\"search\":\"a\",\"settings\":{},\"share\":1,\"scores\":{\"rmse\":[1,\"2\"]}}",
        "{\"search\":\"a\",\"settings\":{},\"settings\":{},\"share\":1,\"failed\":\"x\"}",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct mli_triallog_text text;
        struct mli_buf bytes;
        mli_buf_init(&bytes, 1 << 12);
        mli_buf_printf(&bytes, "%s\n{\"search\":\"a\",\"settings\":{},\"share\":1,\"scores\":{\"rmse\":[1,null]}}\n", lines[i]);
        assert_int_equal(mli_triallog_parse(bytes.data, bytes.len, "a", 2, &text, NULL), ML_OK);
        assert_int_equal(text.bad, 1);
        assert_int_equal(json_object_size(text.lines), 1);
        assert_int_equal(text.whole, bytes.len);
        json_decref(text.lines);
        mli_buf_release(&bytes);
    }
}

int fit_tune_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spaces_that_cannot_be),
        cmocka_unit_test(grids_of_spaces),
        cmocka_unit_test(draws_are_of_seed_trial_and_name),
        cmocka_unit_test(hostile_spaces),
        cmocka_unit_test(a_grid_is_every_combination_of_each_kind),
        cmocka_unit_test(rounds_are_those_of_scikit_learn),
        cmocka_unit_test(a_log_is_found_again),
        cmocka_unit_test(lines_that_are_no_trials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
