/* src/la/plain.c once more under other names, without its clones. */
#include <tests/unit/la.h>

#define CLONES
#define mli_kernels_plain kernels_baseline
#define mli_dot dot_baseline
#include <la/plain.c>
