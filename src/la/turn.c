#include <la/turn.h>

#include <cblas.h>
#include <omp.h>
#include <pthread.h>
#include <stdbool.h>

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static bool is_serial(void)
{
    return openblas_get_parallel() == OPENBLAS_SEQUENTIAL;
}

void mli_turn_begin(void)
{
    if (openblas_get_parallel() == OPENBLAS_OPENMP)
        omp_set_num_threads(1);
    if (is_serial())
        pthread_mutex_lock(&turn);
}

void mli_turn_end(void)
{
    if (is_serial())
        pthread_mutex_unlock(&turn);
}

/* What OpenBLAS itself calls before a fork; the serial one does not have it. */
extern int blas_thread_shutdown_(void) __attribute__((weak));

void mli_blas_end_threads(void)
{
    if (blas_thread_shutdown_)
        blas_thread_shutdown_();
}
