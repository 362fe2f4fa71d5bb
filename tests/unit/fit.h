/* Groups of the unit tests of src/fit, one a file. */
#ifndef TESTS_UNIT_FIT_H
#define TESTS_UNIT_FIT_H

int fit_crossval_tests(void);
int fit_divide_tests(void);
int fit_learn_tests(void);
int fit_network_tests(void);
int fit_reduce_tests(void);
int fit_tune_tests(void);
int fit_warm_tests(void);

#endif
