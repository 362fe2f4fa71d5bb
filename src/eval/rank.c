#include <eval/metrics.h>

#include <base/mem.h>
#include <math.h>
#include <stdlib.h>

struct ranked {
    double score;
    bool positive;
};

static int by_score(const void *a, const void *b)
{
    double x = ((const struct ranked *)a)->score, y = ((const struct ranked *)b)->score;

    return (x > y) - (x < y);
}

/*
 * Twice the Mann-Whitney U of the positives: for each, two for every negative below it and one for every negative that
 * ties with it [Fawcett 2006, sections 7 and 8]. Counted in integers, so neither order nor ties cost a digit.
 */
static uint64_t twice_u(size_t n, const struct ranked *rows)
{
    uint64_t u = 0, below = 0;

    for (size_t i = 0, end; i < n; i = end) {
        uint64_t positives = 0, negatives = 0;
        for (end = i; end < n && rows[end].score == rows[i].score; end++)
            *(rows[end].positive ? &positives : &negatives) += 1;
        u += positives * (2 * below + negatives);
        below += negatives;
    }
    return u;
}

enum ml_status mli_roc_auc(size_t n, const uint8_t *positive, const double *score, double *out,
                           struct ml_error *err)
{
    size_t positives = 0;
    struct ranked *rows = mli_alloc(n, sizeof *rows);

    if (!rows)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the ranks of %zu rows", n);
    for (size_t i = 0; i < n; i++) {
        if (isnan(score[i])) {
            free(rows);
            return ml_error_set(err, ML_EDATA, "score of row %zu is not a number: no rank for it",
                                i + 1);
        }
        rows[i] = (struct ranked){ .score = score[i], .positive = positive[i] != 0 };
        positives += rows[i].positive;
    }
    qsort(rows, n, sizeof *rows, by_score);
    /* twice the pairs fit 64 bits up to six thousand million rows; none at all is a class that is missing */
    double pairs = (double)positives * (double)(n - positives);
    *out = pairs > 0 ? (double)twice_u(n, rows) / (2 * pairs) : (double)NAN;
    free(rows);
    return ML_OK;
}
