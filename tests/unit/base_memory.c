#include <tests/unit/base.h>

#include <base/arena.h>
#include <base/buf.h>
#include <base/limits.h>
#include <base/spool.h>
#include <base/mem.h>
#include <base/tensors.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* ---- mem ---- */

static void sums_and_products_are_checked(void **state)
{
    (void)state;
    size_t out = 5;

    assert_true(mli_mul(SIZE_MAX / 2, 2, &out));
    assert_int_equal(out, SIZE_MAX - 1);
    assert_false(mli_mul(SIZE_MAX / 2 + 1, 2, &out));
    assert_int_equal(out, SIZE_MAX - 1);
    assert_true(mli_mul(0, SIZE_MAX, &out));
    assert_int_equal(out, 0);
    assert_true(mli_add(SIZE_MAX - 1, 1, &out));
    assert_int_equal(out, SIZE_MAX);
    assert_false(mli_add(SIZE_MAX, 1, &out));
    assert_int_equal(out, SIZE_MAX);
}

static void allocation_of_too_much_fails(void **state)
{
    (void)state;
    char *kept = mli_strdup("kept");

    assert_null(mli_alloc(SIZE_MAX / 4, 8));
    assert_null(mli_calloc(SIZE_MAX / 4, 8));
    assert_null(mli_realloc(kept, SIZE_MAX / 4, 8));
    assert_null(mli_strndup("", SIZE_MAX));
    assert_string_equal(kept, "kept");
    free(kept);
}

/* Pages go whole, so both ends of either array stay as they are. */
static void pages_are_handed_on(void **state)
{
    enum { SIZE = 1 << 20, BEGIN = 5000, END = SIZE - 5000 };
    (void)state;
    char *from = mli_alloc(SIZE, 1), *to = mli_alloc(SIZE, 1);

    assert_non_null(from);
    assert_non_null(to);
    memset(from, 'a', SIZE);
    memset(to, 'b', SIZE);
    struct mli_room spent = { from + BEGIN, from + END }, next = { to + BEGIN, to + END };
    assert_true(mli_hand_on(&spent, &next));
    assert_true(spent.begin >= from + BEGIN && spent.begin <= spent.end && spent.end == from + END);
    assert_true(next.begin >= to + BEGIN && next.begin <= next.end && next.end == to + END);
    if (next.begin > to + BEGIN) /* there is such a call here */
        assert_true(next.end - next.begin < 2 * 4096 && to[SIZE / 2] == 'a' && from[SIZE / 2] == 0);
    for (size_t i = 0; i < BEGIN; i++)
        assert_true(from[i] == 'a' && to[i] == 'b' && from[END + i] == 'a' && to[END + i] == 'b');
    memset(from, 'c', SIZE);
    memset(to, 'd', SIZE);
    struct mli_room little = { from, from + 8192 };
    next = (struct mli_room){ to, to + SIZE };
    assert_true(mli_hand_on(&little, &next));
    assert_true(little.begin == from && next.begin == to && from[0] == 'c' && to[0] == 'd');
    free(from);
    free(to);
}

static void allocation_of_nothing_gives_a_pointer(void **state)
{
    (void)state;
    void *a = mli_alloc(0, 8), *b = mli_calloc(8, 0);

    assert_non_null(a);
    assert_non_null(b);
    assert_ptr_not_equal(a, b);
    a = mli_realloc(a, 0, 0);
    assert_non_null(a);
    free(a);
    free(b);
}

static void strings_are_copied(void **state)
{
    (void)state;
    char *part = mli_strndup("abcdef", 3), *empty = mli_strndup(NULL, 0);

    assert_string_equal(part, "abc");
    assert_string_equal(empty, "");
    free(part);
    free(empty);
}

static void arrays_grow_by_doubling(void **state)
{
    (void)state;
    size_t capacity = 0, count = 0;
    void *items = NULL;

    for (; count < 100; count++) {
        assert_true(mli_grow(&items, &capacity, count, sizeof(int)));
        ((int *)items)[count] = (int)count;
    }
    assert_int_equal(capacity, 128);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(((int *)items)[i], i);
    void *before = items;
    assert_false(mli_grow(&items, &capacity, 128, SIZE_MAX / 128));
    assert_ptr_equal(items, before);
    assert_int_equal(capacity, 128);
    free(items);
}

/* ---- arena ---- */

static void arena_memory_is_aligned_and_separate(void **state)
{
    (void)state;
    struct mli_arena arena = MLI_ARENA_INIT;
    unsigned char *pieces[200];

    for (size_t i = 0; i < 200; i++) {
        pieces[i] = mli_arena_alloc(&arena, i * 7, 3);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 64, 0);
        memset(pieces[i], (int)i, i * 21);
    }
    for (size_t i = 0; i < 200; i++)
        for (size_t j = 0; j < i * 21; j++)
            assert_int_equal(pieces[i][j], i);
    assert_ptr_not_equal(pieces[0], pieces[1]);
    mli_arena_release(&arena);
    assert_int_equal(arena.total, 0);
}

static void arena_makes_strings(void **state)
{
    (void)state;
    struct mli_arena arena = MLI_ARENA_INIT;

    const char *part = mli_arena_strndup(&arena, "abcdef", 3);
    const char *line = mli_arena_printf(&arena, "%s-%d", "x", 42);
    const char *longer = mli_arena_printf(&arena, "%010000d", 7);
    const unsigned char *zeros = mli_arena_calloc(&arena, 100, 10);
    assert_string_equal(part, "abc");
    assert_string_equal(line, "x-42");
    assert_int_equal(strlen(longer), 10000);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(zeros[i], 0);
    assert_null(mli_arena_strndup(&arena, "", SIZE_MAX));
    mli_arena_release(&arena);
}

static void arena_keeps_its_limit(void **state)
{
    (void)state;
    struct mli_arena arena;
    size_t taken = 0;

    mli_arena_init(&arena, 100000);
    assert_null(mli_arena_alloc(&arena, 100001, 1));
    assert_null(mli_arena_alloc(&arena, SIZE_MAX / 2, 3));
    assert_null(mli_arena_alloc(&arena, SIZE_MAX, 1));
    assert_null(mli_arena_calloc(&arena, SIZE_MAX, 1));
    while (mli_arena_alloc(&arena, 1000, 1))
        taken += 1000;
    assert_in_range(taken, 80000, 100000);
    assert_true(arena.total <= 100000);
    assert_null(mli_arena_printf(&arena, "%01000d", 7));
    mli_arena_release(&arena);
}

static void arena_reset_keeps_the_largest_chunk(void **state)
{
    (void)state;
    struct mli_arena arena = MLI_ARENA_INIT;

    mli_arena_reset(&arena); /* of an empty one */
    assert_non_null(mli_arena_alloc(&arena, 10, 1));
    assert_non_null(mli_arena_alloc(&arena, 1000000, 1));
    mli_arena_reset(&arena);
    size_t kept = arena.total;
    assert_true(kept >= 1000000);
    assert_non_null(mli_arena_alloc(&arena, 900000, 1));
    assert_int_equal(arena.total, kept);
    mli_arena_release(&arena);
}

static void arena_rewinds_to_a_mark(void **state)
{
    (void)state;
    struct mli_arena arena = MLI_ARENA_INIT;
    struct mli_arena_mark start = mli_arena_mark(&arena);
    const char *kept = mli_arena_strndup(&arena, "kept", 4);
    size_t total = arena.total;
    struct mli_arena_mark mark = mli_arena_mark(&arena);

    void *first = mli_arena_alloc(&arena, 8, 8);
    assert_non_null(mli_arena_alloc(&arena, 1000000, 1));
    mli_arena_rewind(&arena, mark);
    assert_int_equal(arena.total, total);
    assert_string_equal(kept, "kept");
    assert_ptr_equal(mli_arena_alloc(&arena, 8, 8), first);
    mli_arena_rewind(&arena, start);
    assert_int_equal(arena.total, 0);
}

/* ---- buf ---- */

static void buf_collects(void **state)
{
    (void)state;
    struct mli_buf buf;

    mli_buf_init(&buf, 1000);
    mli_buf_str(&buf, "a");
    mli_buf_char(&buf, 'b');
    mli_buf_add(&buf, "c\0d", 3);
    mli_buf_printf(&buf, "%0300d", 5);
    mli_buf_number(&buf, 0.1);
    assert_int_equal(buf.status, ML_OK);
    assert_int_equal(buf.len, 308);
    assert_memory_equal(buf.data, "abc\0d000", 8);
    assert_string_equal(buf.data + 304, "50.1");
    mli_buf_reset(&buf);
    assert_int_equal(buf.len, 0);
    assert_string_equal(buf.data, "");
    mli_buf_release(&buf);
    assert_null(buf.data);
    assert_int_equal(buf.limit, 1000);
}

static void buf_failure_sticks(void **state)
{
    (void)state;
    struct mli_buf buf;

    mli_buf_init(&buf, 5);
    mli_buf_str(&buf, "12345");
    assert_int_equal(buf.status, ML_OK);
    mli_buf_char(&buf, '6');
    assert_int_equal(buf.status, ML_ELIMIT);
    assert_string_equal(buf.data, "12345");
    mli_buf_reset(&buf);
    mli_buf_str(&buf, "123");
    mli_buf_printf(&buf, "%d", 456);
    assert_int_equal(buf.status, ML_ELIMIT);
    mli_buf_add(&buf, "", 0);
    mli_buf_char(&buf, '4'); /* would fit */
    assert_string_equal(buf.data, "123");
    assert_null(mli_buf_detach(&buf));
    assert_null(buf.data);
    assert_int_equal(buf.status, ML_ELIMIT);
}

static void buf_without_a_limit_cannot_overflow(void **state)
{
    (void)state;
    struct mli_buf buf;

    mli_buf_init(&buf, SIZE_MAX);
    mli_buf_char(&buf, 'x');
    mli_buf_add(&buf, "", SIZE_MAX - 1);
    assert_int_equal(buf.status, ML_ELIMIT);
    mli_buf_reset(&buf);
    mli_buf_char(&buf, 'x');
    mli_buf_add(&buf, "", SIZE_MAX / 8); /* an honest request that malloc must refuse */
    assert_int_equal(buf.status, ML_ENOMEM);
    assert_int_equal(buf.len, 1);
    mli_buf_release(&buf);
}

static void buf_is_detached(void **state)
{
    (void)state;
    struct mli_buf buf;

    mli_buf_init(&buf, 100);
    char *empty = mli_buf_detach(&buf);
    assert_string_equal(empty, "");
    free(empty);
    mli_buf_str(&buf, "abc");
    char *text = mli_buf_detach(&buf);
    assert_string_equal(text, "abc");
    free(text);
    assert_int_equal(buf.len, 0);
    mli_buf_str(&buf, "again");
    assert_string_equal(buf.data, "again");
    mli_buf_release(&buf);
}

static void buf_escapes_json_strings(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        size_t n;
        const char *out;
    } cases[] = {
        { "", 0, "\"\"" },
        { "plain", 5, "\"plain\"" },
        { "a\"b\\c/", 6, "\"a\\\"b\\\\c/\"" },
        { "\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"" },
        { "\x00\x01\x1f", 3, "\"\\u0000\\u0001\\u001f\"" },
        { "\x7f", 1, "\"\x7f\"" },
        { "\xc3\xa9\xf0\x9f\x98\x80", 6, "\"\xc3\xa9\xf0\x9f\x98\x80\"" },
        { "a\xff\xc3z", 4, "\"a\\ufffd\\ufffdz\"" },
        { "\xe2\x82", 2, "\"\\ufffd\\ufffd\"" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mli_buf buf;
        mli_buf_init(&buf, 100);
        mli_buf_json_string(&buf, cases[i].in, cases[i].n);
        assert_string_equal(buf.data, cases[i].out);
        mli_buf_release(&buf);
    }
}

/* ---- tensors ---- */

static void tensors_are_copies_found_by_name(void **state)
{
    (void)state;
    struct mli_tensors set;
    struct ml_error err = ML_ERROR_INIT;
    double data[6] = { 1, 2, 3, 4, 5, 6 };
    const double *found;
    char name[] = "net.0.weight";

    mli_tensors_init(&set);
    assert_null(mli_tensors_unused(&set));
    assert_int_equal(mli_tensors_add(&set, name, 2, (size_t[]){ 2, 3 }, data, &err), ML_OK);
    assert_int_equal(mli_tensors_add_vector(&set, "prep.mean", 4, data, &err), ML_OK);
    assert_int_equal(mli_tensors_add(&set, "scalar", 0, NULL, data, &err), ML_OK);
    assert_int_equal(mli_tensors_add_vector(&set, "none", 0, NULL, &err), ML_OK);
    data[0] = 99;
    name[0] = 'x';

    assert_string_equal(mli_tensors_unused(&set)->name, "net.0.weight");
    assert_int_equal(mli_tensors_find(&set, "net.0.weight", 2, (size_t[]){ 2, 3 }, &found, &err),
                     ML_OK);
    assert_true(found[0] == 1 && found[5] == 6);
    assert_string_equal(mli_tensors_unused(&set)->name, "prep.mean");
    assert_int_equal(mli_tensors_find_vector(&set, "prep.mean", 4, &found, &err), ML_OK);
    assert_int_equal(mli_tensors_find(&set, "scalar", 0, NULL, &found, &err), ML_OK);
    assert_true(found[0] == 1);
    assert_int_equal(mli_tensors_find_vector(&set, "none", 0, &found, &err), ML_OK);
    assert_null(mli_tensors_unused(&set));
    mli_tensors_release(&set);
    assert_int_equal(set.count, 0);
}

static void tensors_say_what_is_wrong(void **state)
{
    (void)state;
    struct mli_tensors set;
    const double data[6] = { 0 };
    const double *found = data;

    mli_tensors_init(&set);
    assert_int_equal(mli_tensors_add(&set, "w", 2, (size_t[]){ 2, 3 }, data, NULL), ML_OK);

    struct ml_error twice = ML_ERROR_INIT;
    assert_int_equal(mli_tensors_add_vector(&set, "w", 6, data, &twice), ML_EUSAGE);
    assert_string_equal(twice.text, "tensor \"w\" is there already");

    struct ml_error rank = ML_ERROR_INIT;
    size_t shape[9] = { 1, 1, 1, 1, 1, 1, 1, 1, 1 };
    assert_int_equal(mli_tensors_add(&set, "v", 9, shape, data, &rank), ML_EUSAGE);
    assert_string_equal(rank.text, "tensor \"v\" has 9 dimensions, at most 8 are supported");

    struct ml_error missing = ML_ERROR_INIT;
    assert_int_equal(mli_tensors_find_vector(&set, "v", 6, &found, &missing), ML_EARTIFACT);
    assert_string_equal(missing.text, "tensor \"v\" is missing");

    struct ml_error other = ML_ERROR_INIT;
    assert_int_equal(mli_tensors_find(&set, "w", 2, (size_t[]){ 3, 2 }, &found, &other),
                     ML_EARTIFACT);
    assert_string_equal(other.text, "tensor \"w\" has shape (2, 3), expected (3, 2)");

    struct ml_error flat = ML_ERROR_INIT;
    assert_int_equal(mli_tensors_find_vector(&set, "w", 6, &found, &flat), ML_EARTIFACT);
    assert_string_equal(flat.text, "tensor \"w\" has shape (2, 3), expected (6)");

    assert_ptr_equal(found, data);
    assert_string_equal(mli_tensors_unused(&set)->name, "w");
    mli_tensors_release(&set);
}

static void tensors_too_large_to_count_are_refused(void **state)
{
    (void)state;
    struct mli_tensors set;
    struct ml_error err = ML_ERROR_INIT;
    const double data = 0;

    mli_tensors_init(&set);
    assert_int_equal(mli_tensors_add(&set, "a", 2, (size_t[]){ SIZE_MAX / 2, 3 }, &data, &err),
                     ML_ENOMEM);
    assert_int_equal(mli_tensors_add_vector(&set, "b", SIZE_MAX / 8 + 1, &data, NULL), ML_ENOMEM);
    assert_int_equal(mli_tensors_add_vector(&set, "c", SIZE_MAX / 16, &data, NULL), ML_ENOMEM);
    assert_int_equal(set.count, 0);
    assert_string_equal(err.text, "out of memory for tensor \"a\"");
    mli_tensors_release(&set);
}

static void many_tensors_keep_their_order(void **state)
{
    (void)state;
    struct mli_tensors set;
    char name[32];

    mli_tensors_init(&set);
    for (size_t i = 0; i < 100; i++) {
        double value = (double)i;
        snprintf(name, sizeof(name), "t%zu", i);
        assert_int_equal(mli_tensors_add_vector(&set, name, 1, &value, NULL), ML_OK);
    }
    for (size_t i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "t%zu", i);
        assert_string_equal(set.items[i].name, name);
        assert_true(set.items[i].data[0] == (double)i);
    }
    mli_tensors_release(&set);
}

/* ---- spool ---- */

static void spooled_arrays_hold_what_is_written(void **state)
{
    (void)state;
    struct mli_spool *spool = NULL;

    assert_int_equal(mli_spool_new("/tmp/some-file", &spool, NULL), ML_OK);
    int *a = mli_spool_alloc(spool, 100000, sizeof(*a)), *b = mli_spool_alloc(spool, 10, sizeof(*b));
    assert_true(a && b && a[99999] == 0);
    for (int i = 0; i < 100000; i++)
        a[i] = i;
    mli_spool_rest(spool, a);
    for (int i = 0; i < 100000; i++)
        assert_int_equal(a[i], i);
    mli_spool_give_back(spool, b);
    mli_spool_give_back(spool, NULL);
    assert_null(mli_spool_alloc(spool, SIZE_MAX / 2, 4));
    assert_null(mli_spool_alloc(spool, (size_t)1 << 50, 8)); /* no disk is that large */
    assert_non_null(mli_spool_alloc(spool, 0, 8));
    mli_spool_free(spool);
    mli_spool_free(NULL);
}

/* ---- limits ---- */

static void memory_is_bounded_by_the_address_space(void **state)
{
    (void)state;
    struct rlimit before, lower;
    unsigned long long pages;
    FILE *f = fopen("/proc/self/statm", "re");

    assert_non_null(f);
    assert_int_equal(fscanf(f, "%llu", &pages), 1);
    fclose(f);
    assert_true(mli_memory_available() > 0);
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    lower = before;
    lower.rlim_cur = pages * 4096 + (64u << 20);
    assert_int_equal(setrlimit(RLIMIT_AS, &lower), 0);
    size_t available = mli_memory_available();
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    assert_true(available <= 65u << 20);
}

static void processors_are_those_of_the_affinity(void **state)
{
    (void)state;
    cpu_set_t before, one;

    assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
    assert_in_range(mli_processors(), 1, CPU_COUNT(&before));
    CPU_ZERO(&one);
    for (size_t i = 0; CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &before))
            CPU_SET(i, &one);
    assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
    assert_int_equal(mli_processors(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
}

int base_memory_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_and_products_are_checked),
        cmocka_unit_test(allocation_of_too_much_fails),
        cmocka_unit_test(pages_are_handed_on),
        cmocka_unit_test(allocation_of_nothing_gives_a_pointer),
        cmocka_unit_test(strings_are_copied),
        cmocka_unit_test(arrays_grow_by_doubling),
        cmocka_unit_test(arena_memory_is_aligned_and_separate),
        cmocka_unit_test(arena_makes_strings),
        cmocka_unit_test(arena_keeps_its_limit),
        cmocka_unit_test(arena_reset_keeps_the_largest_chunk),
        cmocka_unit_test(arena_rewinds_to_a_mark),
        cmocka_unit_test(buf_collects),
        cmocka_unit_test(buf_failure_sticks),
        cmocka_unit_test(buf_without_a_limit_cannot_overflow),
        cmocka_unit_test(buf_is_detached),
        cmocka_unit_test(buf_escapes_json_strings),
        cmocka_unit_test(tensors_are_copies_found_by_name),
        cmocka_unit_test(tensors_say_what_is_wrong),
        cmocka_unit_test(tensors_too_large_to_count_are_refused),
        cmocka_unit_test(many_tensors_keep_their_order),
        cmocka_unit_test(memory_is_bounded_by_the_address_space),
        cmocka_unit_test(spooled_arrays_hold_what_is_written),
        cmocka_unit_test(processors_are_those_of_the_affinity),
    };
    return cmocka_run_group_tests_name("base: memory", tests, NULL, NULL);
}
