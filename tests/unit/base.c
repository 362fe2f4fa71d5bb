#include <tests/unit/base.h>

/*
 * AddressSanitizer asks this: tests ask malloc for more than there is, and it is to answer NULL as
 * it does elsewhere.
 */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

int main(void)
{
    int failed = 0;

    failed += base_text_tests();
    failed += base_memory_tests();
    failed += base_num_tests();
    failed += base_ordered_tests();
    failed += base_random_tests();
    failed += base_sort_tests();
    failed += base_json_tests();
    failed += base_team_tests();
    failed += base_file_tests();
    return failed > 0;
}
