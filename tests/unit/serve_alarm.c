/* When the share of requests that fail is said to have passed its threshold, and to be past it. */
#include <tests/unit/serve.h>

#include <serve/error_rate.h>

static void test_error_rate(void **state)
{
    struct mli_error_rate rate = { .threshold = 0.05 };
    struct mli_answers now = { 1000, 900 }; /* before anybody looked: that counts for nothing */

    (void)state;
    assert_false(mli_error_rate_look(&rate, now));
    now = (struct mli_answers){ 1019, 919 }; /* all of them, but too few */
    assert_false(mli_error_rate_look(&rate, now));
    now.all += 1;
    assert_true(mli_error_rate_look(&rate, now));
    assert_true(rate.over && rate.minute.all == 20 && rate.minute.failed == 19);
    assert_false(mli_error_rate_look(&rate, now)); /* once */
    now.all += 475; /* 19 of 495 are 0.0384, which is above three quarters of it */
    assert_false(mli_error_rate_look(&rate, now));
    now.all += 15; /* 0.0373 */
    assert_true(mli_error_rate_look(&rate, now));
    assert_false(rate.over);
    for (int second = 0; second < MLI_ERROR_RATE_SECONDS; second++)
        assert_false(mli_error_rate_look(&rate, now));
    assert_true(rate.minute.all == 0 && rate.minute.failed == 0);
    now.all += 100, now.failed += 5; /* at it and not above */
    assert_false(mli_error_rate_look(&rate, now));
    now.all += 1, now.failed += 1;
    assert_true(mli_error_rate_look(&rate, now));
    for (int second = 1; second < MLI_ERROR_RATE_SECONDS; second++)
        assert_false(mli_error_rate_look(&rate, now));
    assert_true(mli_error_rate_look(&rate, now)); /* a minute later those that failed count no more, nor does anything */
    assert_true(!rate.over && rate.minute.all == 0);
}

int run_alarm_tests(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_error_rate) };

    return cmocka_run_group_tests_name("alarm", tests, NULL, NULL);
}
