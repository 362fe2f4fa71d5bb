#include <tests/unit/base.h>

#include <base/ordered.h>
#include <stdatomic.h>
#include <time.h>

#define JOBS 400
#define SLOTS 9
#define NEVER SIZE_MAX

/* Jobs whose work takes unequal time; every rule of ordered.h is checked on the way. */
struct play {
    size_t slots, jobs;
    size_t made, committed; /* by make and commit alone */
    size_t job[SLOTS];      /* which one a slot holds */
    size_t result[SLOTS];
    atomic_int making, committing;
    atomic_bool used[SLOTS], broken;
    size_t fail_make, fail_work[2], fail_commit; /* jobs */
};

static void pause_for(size_t job)
{
    struct timespec time = { .tv_nsec = (long)(job * 7919 % 13) * 10000 };
    nanosleep(&time, NULL);
}

static enum ml_status say(const char *what, size_t job, struct ml_error *err)
{
    return ml_error_at(err, ML_EDATA, what, job, 0, "failed");
}

static enum ml_status make(void *data, size_t slot, bool *made, struct ml_error *err)
{
    struct play *play = data;
    size_t job = play->made;

    if (atomic_fetch_add(&play->making, 1) != 0 || slot >= play->slots)
        play->broken = true;
    enum ml_status status = job == play->fail_make ? say("make", job, err) : ML_OK;
    if (status == ML_OK && job < play->jobs) {
        if (atomic_exchange(&play->used[slot], true))
            play->broken = true;
        play->job[slot] = job;
        play->made++;
        *made = true;
    }
    atomic_fetch_sub(&play->making, 1);
    return status;
}

static enum ml_status work(void *data, size_t slot, struct ml_error *err)
{
    struct play *play = data;
    size_t job = play->job[slot];

    pause_for(job);
    play->result[slot] = job * job;
    return job == play->fail_work[0] || job == play->fail_work[1] ? say("work", job, err) : ML_OK;
}

static enum ml_status commit(void *data, size_t slot, struct ml_error *err)
{
    struct play *play = data;
    size_t job = play->job[slot];

    if (atomic_fetch_add(&play->committing, 1) != 0 || job != play->committed ||
        play->result[slot] != job * job)
        play->broken = true;
    enum ml_status status = job == play->fail_commit ? say("commit", job, err) : ML_OK;
    play->committed += status == ML_OK;
    play->used[slot] = false;
    atomic_fetch_sub(&play->committing, 1);
    return status;
}

static struct play play_new(size_t slots)
{
    return (struct play){ .slots = slots,
                          .jobs = JOBS,
                          .fail_make = NEVER,
                          .fail_work = { NEVER, NEVER },
                          .fail_commit = NEVER };
}

static enum ml_status run(struct play *play, size_t threads, struct ml_error *err)
{
    struct mli_ordered plan = { .threads = threads,
                                .slots = play->slots,
                                .make = make,
                                .work = work,
                                .commit = commit,
                                .data = play };
    enum ml_status status = mli_ordered_run(&plan, err);
    assert_false(play->broken);
    return status;
}

static void all_jobs_in_order(void **state)
{
    (void)state;
    for (size_t threads = 0; threads <= 4; threads++) {
        struct ml_error err = ML_ERROR_INIT;
        struct play play = play_new(1 + 2 * threads);
        assert_int_equal(run(&play, threads, &err), ML_OK);
        assert_int_equal(play.committed, JOBS);
        assert_int_equal(err.status, ML_OK);
    }
}

static void no_job_at_all(void **state)
{
    (void)state;
    struct play play = play_new(3);

    play.jobs = 0;
    assert_int_equal(run(&play, 3, NULL), ML_OK);
    assert_int_equal(play.committed, 0);
}

/* Whatever the threads do, the job of the lowest number is the one that is reported, and all before it are committed. */
static void first_failure_in_order_wins(void **state)
{
    (void)state;
    static const struct {
        const char *source;
        size_t make, work[2], commit, first;
    } cases[] = {
        { "make", 0, { NEVER, NEVER }, NEVER, 0 },
        { "make", 17, { NEVER, NEVER }, NEVER, 17 },
        { "work", NEVER, { 0, NEVER }, NEVER, 0 },
        { "work", NEVER, { 12, 13 }, NEVER, 12 },
        { "work", NEVER, { 13, 12 }, NEVER, 12 },
        { "work", 15, { 12, 14 }, NEVER, 12 },
        { "commit", 13, { 12, NEVER }, 11, 11 },
        { "work", 13, { 11, NEVER }, 12, 11 },
        { "make", JOBS, { NEVER, NEVER }, NEVER, JOBS },
    };

    for (size_t threads = 1; threads <= 4; threads++) {
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            struct ml_error err = ML_ERROR_INIT;
            struct play play = play_new(1 + 2 * threads);
            play.fail_make = cases[i].make;
            play.fail_work[0] = cases[i].work[0];
            play.fail_work[1] = cases[i].work[1];
            play.fail_commit = cases[i].commit;
            assert_int_equal(run(&play, threads, &err), ML_EDATA);
            assert_string_equal(err.source, cases[i].source);
            assert_int_equal(err.line, cases[i].first);
            assert_int_equal(play.committed, cases[i].first);
        }
    }
}

static enum ml_status commit_one(void *data, size_t slot, struct ml_error *err)
{
    struct play *play = data;
    (void)err;
    play->broken = play->broken || slot != 0 || play->made != play->committed + 1;
    play->committed++;
    play->used[slot] = false;
    return ML_OK;
}

/* So that a row that comes in through a pipe goes out before the next one is waited for. */
static void one_thread_commits_before_it_makes(void **state)
{
    (void)state;
    struct play play = play_new(mli_ordered_slots(1));
    struct mli_ordered plan = { .threads = 1, .make = make, .commit = commit_one, .data = &play };

    assert_int_equal(mli_ordered_run(&plan, NULL), ML_OK);
    assert_false(play.broken);
    assert_int_equal(play.committed, JOBS);
}

int base_ordered_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_jobs_in_order),
        cmocka_unit_test(no_job_at_all),
        cmocka_unit_test(first_failure_in_order_wins),
        cmocka_unit_test(one_thread_commits_before_it_makes),
    };
    return cmocka_run_group_tests_name("ordered", tests, NULL, NULL);
}
