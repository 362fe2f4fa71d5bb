/*
 * The fit alone, from a matrix in memory, for scripts/bench/train: prints one JSON line.
 *   bench-fit sgemm THREADS BATCH       rate of OpenBLAS on the products of a step of 784-128-64-10, and an epoch of only them
 *   bench-fit mlp BATCH EPOCHS THREADS  that network, adam, 60,000 rows of noise: seconds of each epoch
 *   bench-fit logistic FILE THREADS OPTIMISER EPOCHS TOLERANCE   rows of 28 doubles, then their classes
 */
#include <fit/learn.h>
#include <la/kernels.h>
#include <la/openblas.h>

#include <base/mem.h>
#include <base/rng.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROWS = 60000, INPUTS = 784, CLASSES = 10, FEATURES = 28 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *need(void *p)
{
    if (!p) {
        perror("fit");
        exit(5);
    }
    return p;
}

struct watch {
    double last, objective;
    size_t epochs;
    bool print;
};

static enum ml_status on_epoch(void *data, const struct mli_train_state *state, struct ml_error *err)
{
    struct watch *watch = data;
    double t = now();

    (void)err;
    if (watch->print && state->epoch > 0)
        printf("%s%.4f", state->epoch > 1 ? ", " : "", t - watch->last);
    watch->last = t;
    watch->epochs = state->epoch;
    watch->objective = state->objective;
    return ML_OK;
}

static void check(enum ml_status status, const struct ml_error *err)
{
    if (status) {
        fprintf(stderr, "fit: %s\n", err->text);
        exit(6);
    }
}

static void mlp(size_t batch, size_t epochs, size_t threads)
{
    static const char layers[] = "dense 128, relu, dense 64, relu, dense 10";
    float *X = need(mli_alloc_large(ROWS, INPUTS * sizeof *X));
    double *y = need(mli_alloc_large(ROWS, sizeof *y));
    struct ml_error err = ML_ERROR_INIT;
    struct mli_network *net = NULL;
    struct watch watch = { .print = true };
    struct mli_rng rng;

    mli_rng_init(&rng, 1);
    for (size_t i = 0; i < (size_t)ROWS * INPUTS; i++)
        X[i] = (float)(2 * mli_rng_uniform(&rng) - 1);
    for (size_t i = 0; i < ROWS; i++)
        y[i] = (double)mli_rng_below(&rng, CLASSES);
    check(mli_network_new(layers, INPUTS, &net, &err), &err);
    double *theta = need(calloc(net->parameters, sizeof *theta));
    mli_network_init(net, theta, &rng);
    struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    config.optimiser = "adam";
    config.batch = batch;
    config.epochs = epochs;
    config.threads = threads;
    const struct mli_learn learn = {
        .layers = layers, .inputs = INPUTS, .loss = "cross_entropy", .config = &config,
        .train = { .n = ROWS, .X = X, .y = y }, .epoch = on_epoch, .data = &watch,
    };
    printf("{\"epochs\": [");
    watch.last = now();
    check(mli_learn_f32(&learn, theta, &err), &err);
    printf("]}\n");
    mli_network_free(net);
    free(theta);
    free(X);
    free(y);
}

/* Mean log loss of a result over its rows: what an optimiser over batches tells of an epoch is a mean as it went. */
static double log_loss(size_t n, const double *X, const double *y, const double *theta)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        double z = mli_dot(FEATURES, X + i * FEATURES, theta) + theta[FEATURES], m = y[i] > 0.5 ? z : -z;
        sum += fmax(-m, 0) + log1p(exp(-fabs(m)));
    }
    return sum / (double)n;
}

static void logistic(const char *path, size_t threads, const char *optimiser, size_t epochs, double tolerance)
{
    FILE *f = need(fopen(path, "rb"));
    fseek(f, 0, SEEK_END);
    size_t n = (size_t)ftell(f) / sizeof(double) / (FEATURES + 1);
    double *X = need(mli_alloc_large(n, FEATURES * sizeof *X)), *y = need(mli_alloc_large(n, sizeof *y));
    double theta[FEATURES + 1] = { 0 };
    struct mli_train_config config = MLI_TRAIN_CONFIG_INIT;
    struct ml_error err = ML_ERROR_INIT;
    struct watch watch = { 0 };

    rewind(f);
    if (fread(X, FEATURES * sizeof *X, n, f) != n || fread(y, sizeof *y, n, f) != n)
        exit(3);
    fclose(f);
    config.optimiser = optimiser;
    config.l2 = 1 / (double)n;
    config.threads = threads;
    config.epochs = epochs;
    config.tolerance = tolerance;
    const struct mli_learn learn = {
        .layers = "dense 1", .inputs = FEATURES, .loss = "cross_entropy", .config = &config,
        .train = { .n = n, .X = X, .y = y }, .epoch = on_epoch, .data = &watch,
    };
    double start = now();
    check(mli_learn(&learn, theta, &err), &err);
    double seconds = now() - start;
    printf("{\"seconds\": %.4f, \"epochs\": %zu, \"objective\": %.12g, \"log_loss\": %.12g}\n", seconds,
           watch.epochs, watch.objective, log_loss(n, X, y, theta));
    free(X);
    free(y);
}

struct product {
    CBLAS_TRANSPOSE a, b;
    int m, n, k;
};

/* The products of one step; each is repeated on matrices that stay in the cache, as many times on each thread. */
static void sgemm(size_t threads, int batch)
{
    const struct product all[] = {
        { CblasNoTrans, CblasTrans, batch, 128, 784 }, { CblasNoTrans, CblasTrans, batch, 64, 128 },
        { CblasNoTrans, CblasTrans, batch, 10, 64 },   { CblasTrans, CblasNoTrans, 10, 64, batch },
        { CblasNoTrans, CblasNoTrans, batch, 64, 10 }, { CblasTrans, CblasNoTrans, 64, 128, batch },
        { CblasNoTrans, CblasNoTrans, batch, 128, 64 }, { CblasTrans, CblasNoTrans, 128, 784, batch },
    };
    enum { REPEAT = 200 };
    double flops = 0, start;
    if (mli_blas_prepare(NULL))
        exit(EXIT_FAILURE);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        flops += 2.0 * all[i].m * all[i].n * all[i].k * REPEAT * (double)threads;
    start = now();
#pragma omp parallel num_threads((int)threads)
    {
        size_t largest = (size_t)(batch > 128 ? batch : 128) * 784;
        float *A = need(calloc(3 * largest, sizeof *A)), *B = A + largest, *C = B + largest;
        for (int r = 0; r < REPEAT; r++)
            for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
                const struct product *p = &all[i];
                mli_openblas()->sgemm(CblasRowMajor, p->a, p->b, p->m, p->n, p->k, 1, A, p->a == CblasTrans ? p->m : p->k, B,
                            p->b == CblasTrans ? p->k : p->n, 0, C, p->n);
            }
        free(A);
    }
    double seconds = now() - start;
    printf("{\"gflops\": %.2f, \"epoch\": %.4f}\n", flops / seconds / 1e9,
           seconds / REPEAT / (double)threads * ROWS / batch);
}

int main(int argc, char **argv)
{
    if (argc >= 4 && !strcmp(argv[1], "sgemm"))
        sgemm(strtoul(argv[2], NULL, 10), (int)strtol(argv[3], NULL, 10));
    else if (argc >= 5 && !strcmp(argv[1], "mlp"))
        mlp(strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10), strtoul(argv[4], NULL, 10));
    else if (argc >= 7 && !strcmp(argv[1], "logistic"))
        logistic(argv[2], strtoul(argv[3], NULL, 10), argv[4], strtoul(argv[5], NULL, 10), strtod(argv[6], NULL));
    else
        return 2;
    return 0;
}
