/* Quickselect [Hoare 1961, algorithm 65], the pivot the middle one of three places. */
#include <eval/select.h>

static double middle(double a, double b, double c)
{
    if (a < b)
        return b < c ? b : a < c ? c : a;
    return a < c ? a : b < c ? c : b;
}

double mli_select(size_t n, double *x, size_t k)
{
    ptrdiff_t low = 0, high = (ptrdiff_t)n - 1, place = (ptrdiff_t)k;

    while (low < high) {
        double pivot = middle(x[low], x[low + (high - low) / 2], x[high]);
        ptrdiff_t i = low, j = high;
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
