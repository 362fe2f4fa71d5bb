#include <tests/unit/base.h>

#include <base/rng.h>
#include <base/sha256.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ---- rng ---- */

/* Sequences from a second implementation, in Python; the first one is also that of the authors'
 * ports. */

static void generator_follows_the_reference(void **state)
{
    (void)state;
    static const uint64_t expected[] = { 11520,
                                         0,
                                         1509978240,
                                         1215971899390074240u,
                                         1216172134540287360u,
                                         607988272756665600u,
                                         16172922978634559625u,
                                         8476171486693032832u,
                                         10595114339597558777u,
                                         2904607092377533576u };
    struct mli_rng rng = { .state = { 1, 2, 3, 4 } };

    for (size_t i = 0; i < 10; i++)
        assert_true(mli_rng_next(&rng) == expected[i]);
}

static void seeding_follows_the_reference(void **state)
{
    (void)state;
    struct mli_rng rng;

    mli_rng_init(&rng, 1234567);
    assert_true(rng.state[0] == 6457827717110365317u);
    assert_true(rng.state[1] == 3203168211198807973u);
    assert_true(rng.state[2] == 9817491932198370423u);
    assert_true(rng.state[3] == 4593380528125082431u);
    mli_rng_init(&rng, 42);
    assert_true(mli_rng_next(&rng) == 0x15780b2e0c2ec716u);
    assert_true(mli_rng_next(&rng) == 0x6104d9866d113a7eu);
    mli_rng_init(&rng, 0);
    assert_true((rng.state[0] | rng.state[1] | rng.state[2] | rng.state[3]) != 0);
}

static void derived_values_follow_the_reference(void **state)
{
    (void)state;
    static const size_t shuffled[10] = { 9, 1, 4, 2, 8, 7, 6, 5, 3, 0 };
    static const double uniform[3] = { 0x1.66b1f5ee9df2ep-1, 0x1.1d70f6593d20ap-2,
                                       0x1.ade3a6932a58fp-1 };
    static const double normal[3] = { 0.9643618527255184, -0.3039301238656567,
                                      0.30479435832638674 };
    size_t items[10] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 };
    struct mli_rng rng;

    mli_rng_init(&rng, 42);
    mli_rng_shuffle(&rng, items, 10);
    assert_memory_equal(items, shuffled, sizeof(items));
    mli_rng_init(&rng, 7);
    for (size_t i = 0; i < 3; i++)
        assert_true(mli_rng_uniform(&rng) == uniform[i]);
    mli_rng_init(&rng, 7);
    for (size_t i = 0; i < 3; i++) /* log() may differ in the last place between C libraries */
        assert_true(fabs(mli_rng_normal(&rng) - normal[i]) < 1e-15);
}

static void shuffles_are_the_same_in_32_bits(void **state)
{
    (void)state;
    size_t wide[1000];
    uint32_t narrow[1000];
    struct mli_rng a, b;

    for (size_t i = 0; i < 1000; i++)
        narrow[i] = (uint32_t)(wide[i] = i);
    mli_rng_init(&a, 9);
    mli_rng_init(&b, 9);
    mli_rng_shuffle(&a, wide, 1000);
    mli_rng_shuffle_32(&b, narrow, 1000);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(wide[i], narrow[i]);
}

static void below_is_even(void **state)
{
    (void)state;
    enum { BINS = 7, DRAWS = 70000 };
    size_t counts[BINS] = { 0 };
    double chi2 = 0;
    struct mli_rng rng;

    mli_rng_init(&rng, 1);
    for (size_t i = 0; i < DRAWS; i++) {
        size_t x = mli_rng_below(&rng, BINS);
        assert_true(x < BINS);
        counts[x]++;
    }
    for (size_t i = 0; i < BINS; i++)
        chi2 += pow((double)counts[i] - DRAWS / BINS, 2) / (DRAWS / BINS);
    assert_true(chi2 < 22.5); /* 99.9 % of chi-squared with 6 degrees of freedom */
    assert_int_equal(mli_rng_below(&rng, 1), 0);
}

/*
 * Four draws onto three values: without the rejection every third value would come up in half of
 * the draws.
 */
static void below_rejects_what_is_over_represented(void **state)
{
    (void)state;
    const size_t n = (size_t)3 << 62;
    size_t thirds[3] = { 0 };
    struct mli_rng rng;

    mli_rng_init(&rng, 3);
    for (size_t i = 0; i < 60000; i++)
        thirds[mli_rng_below(&rng, n) % 3]++;
    for (size_t i = 0; i < 3; i++) /* 5 standard deviations of sqrt(60000 * 1/3 * 2/3) */
        assert_in_range(thirds[i], 20000 - 577, 20000 + 577);
}

static void normal_has_its_moments(void **state)
{
    (void)state;
    enum { DRAWS = 100000 };
    double sum = 0, squares = 0, fourths = 0;
    struct mli_rng rng;

    mli_rng_init(&rng, 5);
    for (size_t i = 0; i < DRAWS; i++) {
        double x = mli_rng_normal(&rng);
        sum += x;
        squares += x * x;
        fourths += x * x * x * x;
    }
    /* four standard errors of each: 1, sqrt 2 and sqrt 96 over sqrt 100000 */
    assert_true(fabs(sum / DRAWS) < 0.0127);
    assert_true(fabs(squares / DRAWS - 1) < 0.0179);
    assert_true(fabs(fourths / DRAWS - 3) < 0.124);
}

static void shuffle_keeps_the_items(void **state)
{
    (void)state;
    enum { N = 1000 };
    size_t items[N], moved = 0;
    bool seen[N] = { false };
    struct mli_rng rng;

    for (size_t i = 0; i < N; i++)
        items[i] = i;
    mli_rng_init(&rng, 9);
    mli_rng_shuffle(&rng, items, N);
    for (size_t i = 0; i < N; i++) {
        assert_true(items[i] < N && !seen[items[i]]);
        seen[items[i]] = true;
        moved += items[i] != i;
    }
    assert_true(moved > 980);
    mli_rng_shuffle(&rng, NULL, 0);
    mli_rng_shuffle(&rng, items, 1);
}

/* ---- sha256: examples of FIPS 180-4 ---- */

static void digests_follow_the_standard(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
    };
    char hex[MLI_SHA256_HEX];
    struct mli_sha256 sha;

    for (size_t i = 0; i < 3; i++) {
        mli_sha256_init(&sha);
        mli_sha256_add(&sha, cases[i][0], strlen(cases[i][0]));
        mli_sha256_hex(&sha, hex);
        assert_string_equal(hex, cases[i][1]);
    }
}

static void digest_does_not_depend_on_the_pieces(void **state)
{
    (void)state;
    static const char a[1000] = { 0 };
    char letters[1000], hex[MLI_SHA256_HEX];
    size_t left = 1000000;
    struct mli_sha256 sha;

    memset(letters, 'a', sizeof(letters));
    mli_sha256_init(&sha);
    for (size_t piece = 1; left > 0; piece = piece % 997 + 1) {
        size_t n = piece < left ? piece : left;
        mli_sha256_add(&sha, letters, n);
        mli_sha256_add(&sha, a, 0);
        left -= n;
    }
    mli_sha256_hex(&sha, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

int base_random_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generator_follows_the_reference),
        cmocka_unit_test(seeding_follows_the_reference),
        cmocka_unit_test(derived_values_follow_the_reference),
        cmocka_unit_test(shuffles_are_the_same_in_32_bits),
        cmocka_unit_test(below_is_even),
        cmocka_unit_test(below_rejects_what_is_over_represented),
        cmocka_unit_test(normal_has_its_moments),
        cmocka_unit_test(shuffle_keeps_the_items),
        cmocka_unit_test(digests_follow_the_standard),
        cmocka_unit_test(digest_does_not_depend_on_the_pieces),
    };
    return cmocka_run_group_tests_name("base: random and digests", tests, NULL, NULL);
}
