#include <la/openblas.h>

#include <dlfcn.h>
#include <la/kernels.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct mli_openblas blas;
static char fault[256]; /* why it is not there; "": it is */

struct symbol {
    const char *name;
    void *at; /* of the pointer to it */
};

/* How a function's address gets from dlsym() to a pointer to functions [POSIX.1-2017, dlsym, "Application usage"]. */
static bool find(void *library, const struct symbol *symbol)
{
    void *address = dlsym(library, symbol->name);

    memcpy(symbol->at, &address, sizeof(address));
    return address != NULL;
}

/* What there is now is asked before the library is loaded, and only then; the environment of others is not touched. */
static void *open_with_one_thread(void)
{
    static const char name[] = "OPENBLAS_NUM_THREADS";
    const char *given = getenv(name);
    char *before = given ? strdup(given) : NULL;

    setenv(name, "1", 1);
    void *library = dlopen("libopenblas.so.0", RTLD_LAZY | RTLD_LOCAL);
    if (before)
        setenv(name, before, 1);
    else
        unsetenv(name);
    free(before);
    return library;
}

static void load(void)
{
    __typeof__(openblas_set_num_threads) *set_threads;
    __typeof__(openblas_get_corename) *core;
    __typeof__(openblas_get_parallel) *parallel;
    const struct symbol symbols[] = {
        { "cblas_sgemm", &blas.sgemm },
        { "cblas_dgemm", &blas.dgemm },
        { "cblas_dsyrk", &blas.dsyrk },
        { "dpotrf_", &blas.dpotrf },
        { "dpotrs_", &blas.dpotrs },
        { "dsyevr_", &blas.dsyevr },
        { "openblas_set_num_threads", &set_threads },
        { "openblas_get_corename", &core },
        { "openblas_get_parallel", &parallel },
    };
    void *library = open_with_one_thread();
    bool found = library != NULL;

    for (size_t i = 0; found && i < sizeof(symbols) / sizeof(*symbols); i++)
        found = find(library, &symbols[i]);
    if (!found) {
        const char *why = dlerror();
        snprintf(fault, sizeof(fault), "%s", why ? why : "a function is missing");
        return;
    }
    set_threads(1);
    blas.core = core();
    blas.serial = parallel() == OPENBLAS_SEQUENTIAL;
    blas.openmp = parallel() == OPENBLAS_OPENMP;
}

const struct mli_openblas *mli_openblas(void)
{
    pthread_once(&once, load);
    if (*fault) {
        fprintf(stderr, "OpenBLAS cannot be loaded: %s\n", fault);
        abort();
    }
    return &blas;
}

enum ml_status mli_blas_prepare(struct ml_error *err)
{
    pthread_once(&once, load);
    if (*fault)
        return ml_error_set(err, ML_EIO,
                            "OpenBLAS, which training needs, cannot be loaded: %s; Debian has it in libopenblas0-pthread", fault);
    return ML_OK;
}

const char *mli_blas_core(void)
{
    return mli_openblas()->core;
}
