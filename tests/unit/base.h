/* The groups of unit tests of src/base, one a file; each returns the number of tests that failed.
 */
#ifndef TESTS_UNIT_BASE_H
#define TESTS_UNIT_BASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

int base_text_tests(void);   /* error, log, text, suggest */
int base_memory_tests(void); /* mem, arena, buf, tensors, limits */
int base_num_tests(void);
int base_ordered_tests(void);
int base_random_tests(void); /* rng, sha256 */
int base_sort_tests(void); /* sort, select */
int base_json_tests(void);
int base_team_tests(void);
int base_file_tests(void); /* input, output, file */

#endif
