/*
 * The limit that OpenBLAS sets to a linear model: rows a second of y = X w with X (n,d) of floats in row order, one thread,
 * each call on another of some arrays that a cache of 32 MiB does not hold, since a server's rows are new, too.
 *     usage: bench-sgemv ROWS COLUMNS       prints the median of 21 rounds
 */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 21, BYTES = 64 << 20 };

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    size_t n = argc == 3 ? (size_t)atol(argv[1]) : 0, d = argc == 3 ? (size_t)atol(argv[2]) : 0;
    if (n == 0 || d == 0) {
        fprintf(stderr, "usage: %s ROWS COLUMNS\n", argv[0]);
        return 2;
    }
    size_t arrays = BYTES / (n * d * sizeof(float)) + 1;
    float *X = malloc(arrays * n * d * sizeof(*X)), *w = malloc(d * sizeof(*w)), *y = malloc(n * sizeof(*y));
    double rate[ROUNDS];
    if (!X || !w || !y)
        return 1;
    openblas_set_num_threads(1);
    for (size_t i = 0; i < arrays * n * d; i++)
        X[i] = (float)(i % 97) / 97;
    for (size_t j = 0; j < d; j++)
        w[j] = (float)j;
    for (size_t r = 0; r < ROUNDS; r++) {
        double start = now();
        for (size_t a = 0; a < arrays; a++)
            cblas_sgemv(CblasRowMajor, CblasNoTrans, (int)n, (int)d, 1, X + a * n * d, (int)d, w, 1, 0, y, 1);
        rate[r] = (double)(arrays * n) / (now() - start);
    }
    qsort(rate, ROUNDS, sizeof(*rate), compare);
    printf("%.0f\n", rate[ROUNDS / 2]);
    free(X);
    free(w);
    free(y);
    return 0;
}
