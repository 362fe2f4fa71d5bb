#include <eval/metrics.h>

#include <base/mem.h>
#include <base/sort.h>
#include <math.h>
#include <stdlib.h>

/* Those of x from *at on that are below a bound, and behind them those that equal it; moves *at on behind both. */
static uint64_t pass_below(const double *x, size_t n, size_t *at, double bound, uint64_t *equal)
{
    size_t begin = *at, i = begin;

    while (i < n && x[i] < bound)
        i++;
    size_t end = i;
    while (end < n && x[end] == bound)
        end++;
    *at = end;
    *equal = end - i;
    return i - begin;
}

/*
 * Twice the Mann-Whitney U of the positives: for each, two for every negative below it and one for every negative that
 * ties with it [Fawcett 2006, sections 7 and 8]. Counted in integers, so neither order nor ties cost a digit.
 */
static uint64_t twice_u(const double *positive, size_t positives, const double *negative, size_t negatives)
{
    uint64_t u = 0, below = 0, ties;

    for (size_t i = 0, end, at = 0; i < positives; i = end) {
        for (end = i + 1; end < positives && positive[end] == positive[i];)
            end++;
        below += pass_below(negative, negatives, &at, positive[i], &ties);
        u += (uint64_t)(end - i) * (2 * below + ties);
        below += ties;
    }
    return u;
}

/* The scores of the positives go to the front, those of the negatives to the back, the last one first. */
static size_t part(size_t n, const uint8_t *positive, const double *score, double *to)
{
    size_t front = 0, back = n;

    for (size_t i = 0; i < n; i++)
        to[positive[i] ? front++ : --back] = score[i];
    return front;
}

enum ml_status mli_roc_auc(size_t n, const uint8_t *positive, const double *score, double *out,
                           struct ml_error *err)
{
    double *rows = mli_alloc(n, 2 * sizeof *rows); /* and room to sort them */

    if (!rows)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the ranks of %zu rows", n);
    for (size_t i = 0; i < n; i++) {
        if (isnan(score[i])) {
            free(rows);
            return ml_error_set(err, ML_EDATA, "score of row %zu is not a number: no rank for it",
                                i + 1);
        }
    }
    size_t positives = part(n, positive, score, rows), negatives = n - positives;
    /* twice the pairs fit 64 bits up to six thousand million rows; none at all is a class that is missing */
    double pairs = (double)positives * (double)negatives;
    if (pairs > 0) {
        mli_sort(rows, rows + n, positives);
        mli_sort(rows + positives, rows + n, negatives);
    }
    *out = pairs > 0 ? (double)twice_u(rows, positives, rows + positives, negatives) / (2 * pairs) : (double)NAN;
    free(rows);
    return ML_OK;
}
