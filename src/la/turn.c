#include <la/turn.h>

#include <la/openblas.h>
#include <omp.h>
#include <pthread.h>

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

void mli_turn_begin(void)
{
    if (mli_openblas()->openmp)
        omp_set_num_threads(1);
    if (mli_openblas()->serial)
        pthread_mutex_lock(&turn);
}

void mli_turn_end(void)
{
    if (mli_openblas()->serial)
        pthread_mutex_unlock(&turn);
}
