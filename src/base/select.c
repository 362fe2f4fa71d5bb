/* Quickselect [Hoare 1961, algorithm 65], the pivot the middle one of three places that no pattern of values goes by. */
#include <base/select.h>

#include <stdint.h>

static size_t next_place(uint64_t *random, ptrdiff_t n)
{
    *random = *random * 6364136223846793005U + 1442695040888963407U;
    return (size_t)((*random >> 33) % (uint64_t)n);
}

static double middle(double a, double b, double c)
{
    if (a < b)
        return b < c ? b : a < c ? c : a;
    return a < c ? a : b < c ? c : b;
}

double mli_select(size_t n, double *x, size_t k)
{
    ptrdiff_t low = 0, high = (ptrdiff_t)n - 1, place = (ptrdiff_t)k;
    uint64_t random = n;

    while (low < high) {
        ptrdiff_t i = low, j = high, some = high - low + 1;
        const double *from = x + low;
        double pivot = middle(from[next_place(&random, some)], from[next_place(&random, some)],
                              from[next_place(&random, some)]);
        while (i <= j) {
            while (x[i] < pivot)
                i++;
            while (x[j] > pivot)
                j--;
            if (i > j)
                break;
            double other = x[i];
            x[i++] = x[j];
            x[j--] = other;
        }
        /* up to j none is above the pivot, from i on none below, and between them all equal it */
        if (place <= j)
            high = j;
        else if (place >= i)
            low = i;
        else
            break;
    }
    return x[place];
}
