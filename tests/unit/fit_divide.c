/* ml_split: what the program cannot show: memory that runs out at any point. tests/cli/split.bats has the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first */
#include <cmocka.h>

#include <base/file.h>
#include <fcntl.h>
#include <mlctl/split.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/unit/fit.h>
#include <tests/unit/heap.h>
#include <unistd.h>

static char directory[] = "/tmp/mlctl-divide-XXXXXX";
static int before = -1; /* where the other tests are */

static int enter(void **state)
{
    (void)state;
    before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return before >= 0 && mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int leave(void **state)
{
    (void)state;
    unlink("data.csv");
    unlink("more.csv");
    unlink("a.csv");
    unlink("b.csv");
    bool back = fchdir(before) == 0 && rmdir(directory) == 0;
    close(before);
    return back ? 0 : -1;
}

static void put(const char *path, const char *text)
{
    assert_int_equal(mli_file_write(path, text, strlen(text), false, NULL), ML_OK);
}

static void expect_file(const char *path, const char *expected)
{
    struct mli_buf text;
    mli_buf_init(&text, 1 << 16);
    assert_int_equal(mli_file_read(path, &text, NULL), ML_OK);
    assert_string_equal(text.data, expected);
    mli_buf_release(&text);
}

static void a_failed_allocation_leaves_the_outputs(void **state)
{
    (void)state;
    const char *paths[] = { "data.csv", "more.csv" }, *outputs[] = { "a.csv", "b.csv" };
    const struct ml_read_options read = { .threads = 1 };
    const struct ml_split_config config = { .split = "random:0.5", .group = "g", .dedupe = true, .seed = 1, .read = &read };
    put("data.csv", "g,x,y\n1,2,a\n1,3,b\n2,4,a\n2,4,a\n3,5,b\n");
    put("more.csv", "x,g,y\n6,4,a\n7,4,b\n");
    size_t n = 0;
    struct heap_report report;
    do {
        struct ml_error err = ML_ERROR_INIT;
        struct ml_split_report split;
        put("a.csv", "old");
        put("b.csv", "old");
        heap_start(heap_counts() ? n++ : SIZE_MAX);
        enum ml_status status = ml_split(paths, 2, &config, outputs, 2, &split, &err);
        report = heap_stop();
        assert_int_equal(report.blocks, 0);
        if (status) {
            assert_int_equal(status, ML_ENOMEM);
            expect_file("a.csv", "old");
            expect_file("b.csv", "old");
            continue;
        }
        assert_int_equal(split.rows, 7);
        assert_int_equal(split.duplicates, 1);
        assert_int_equal(split.groups, 4);
        assert_int_equal(split.written[0] + split.written[1], 6);
    } while (report.failed);
    assert_true(!heap_counts() || n > 50);
}

int fit_divide_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_failed_allocation_leaves_the_outputs, enter, leave),
    };
    return cmocka_run_group_tests_name("fit/divide", tests, NULL, NULL);
}
