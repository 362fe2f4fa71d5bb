/* What the groups of tests of src/net share; each group returns the number of tests that failed. */
#ifndef TESTS_UNIT_NET_H
#define TESTS_UNIT_NET_H

#include <math.h>
#include <net/kinds.h>
#include <net/layers.h>
#include <net/losses.h>
#include <net/network.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

int net_gradient_tests(void); /* every layer and loss against central differences */
int net_layer_tests(void);    /* what each layer computes */

struct mli_network *net_make(const char *spec, size_t inputs);

#endif
