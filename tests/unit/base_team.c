/* base/team: every item is done once, whatever the number of threads, and the threads come back to it after sleeping. */
#include <tests/unit/base.h>

#include <base/team.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum { ITEMS = 1000, THREADS = 5 };

struct tally {
    atomic_uint done[ITEMS];
    atomic_uint wrong;
    size_t threads;
};

static void count(void *data, size_t item, size_t thread)
{
    struct tally *tally = data;
    tally->done[item]++;
    if (thread >= tally->threads)
        tally->wrong++;
}

static void check_run(struct mli_team *team, size_t threads, size_t n)
{
    struct tally tally = { .threads = threads };
    mli_team_run(team, threads, n, count, &tally);
    assert_int_equal(tally.wrong, 0);
    for (size_t i = 0; i < ITEMS; i++)
        assert_int_equal(tally.done[i], i < n);
}

static void every_item_is_done_once(void **state)
{
    (void)state;
    for (size_t size = 1; size <= THREADS; size++) {
        struct mli_team *team = mli_team_new(size);
        assert_non_null(team);
        assert_int_equal(mli_team_size(team), size);
        for (size_t turn = 0; turn < 300; turn++)
            check_run(team, 1 + turn % THREADS, turn % 7 == 0 ? 0 : turn % 40);
        check_run(team, size, ITEMS);
        mli_team_free(team);
    }
}

static void sleepers_wake_up(void **state)
{
    const struct timespec moment = { .tv_nsec = 20 * 1000 * 1000 };
    struct mli_team *team = mli_team_new(3);
    (void)state;

    for (int i = 0; i < 5; i++) {
        nanosleep(&moment, NULL);
        check_run(team, 3, ITEMS);
    }
    mli_team_free(team);
}

static void no_team_is_the_caller_alone(void **state)
{
    (void)state;
    assert_int_equal(mli_team_size(NULL), 1);
    check_run(NULL, 1, 10);
    mli_team_free(NULL);
}

int base_team_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_is_done_once),
        cmocka_unit_test(sleepers_wake_up),
        cmocka_unit_test(no_team_is_the_caller_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
