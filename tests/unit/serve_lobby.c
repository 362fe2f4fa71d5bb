/* When a refusal is said, by a clock that the test turns, and those who wait for theirs. */
#include <tests/unit/serve.h>

#include <semaphore.h>
#include <serve/lobby.h>
#include <serve/metrics.h>

#define START ((uint64_t)1000000000000)

static struct mli_lobby *lobby(void)
{
    struct mli_lobby *lobby = NULL;

    assert_int_equal(mli_lobby_open(&lobby, NULL), ML_OK);
    return lobby;
}

static void test_when(void **state)
{
    struct mli_lobby *in = lobby();
    uint64_t now = START;

    (void)state;
    for (unsigned i = 0; i < MLI_LOBBY_PROMPT; i++)
        assert_int_equal(mli_lobby_when(in, 0, now++), 0);
    /* more than that wait as long as they are told to stay away, */
    assert_int_equal(mli_lobby_when(in, 0, now), now + MLI_LOBBY_AWAY);
    /* and who does not stay away until that is over, */
    now = START + MLI_LOBBY_AWAY;
    assert_int_equal(mli_lobby_when(in, now + 5, now), now + 5);
    /* without being one of the next second's hundred; who stays away is */
    for (unsigned i = 0; i < MLI_LOBBY_PROMPT; i++) {
        assert_int_equal(mli_lobby_when(in, now + 5, now), now + 5);
        assert_int_equal(mli_lobby_when(in, now, now), 0);
    }
    assert_int_not_equal(mli_lobby_when(in, now, now), 0);
    mli_lobby_close(in);
    assert_int_equal(mli_lobby_when(in, now + 5, now), 0);
    mli_lobby_free(in);
}

static void leave(void *data)
{
    sem_post(data);
}

static void test_wait(void **state)
{
    struct mli_lobby *in = lobby();
    sem_t early, late;
    int left;

    (void)state;
    assert_int_equal(sem_init(&early, 0, 0), 0);
    assert_int_equal(sem_init(&late, 0, 0), 0);
    struct mli_guest hour = { .until = mli_clock() + 3600 * MLI_LOBBY_AWAY, .done = leave, .data = &late };
    struct mli_guest soon = { .until = mli_clock() + MLI_LOBBY_AWAY / 20, .done = leave, .data = &early };
    struct mli_guest after = { .done = leave, .data = &late };
    mli_lobby_wait(in, &hour);
    mli_lobby_wait(in, &soon);
    assert_int_equal(sem_wait(&early), 0);
    assert_true(mli_clock() >= soon.until);
    assert_int_equal(sem_getvalue(&late, &left), 0);
    assert_int_equal(left, 0);
    mli_lobby_close(in);
    mli_lobby_wait(in, &after);
    assert_int_equal(sem_getvalue(&late, &left), 0);
    assert_int_equal(left, 2);
    mli_lobby_free(in);
    sem_destroy(&early);
    sem_destroy(&late);
}

int run_lobby_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_when),
        cmocka_unit_test(test_wait),
    };
    return cmocka_run_group_tests_name("lobby", tests, NULL, NULL);
}
