/*
 * The width is 2 IQR / n^(1/3) [Freedman & Diaconis 1981], between 5 and 20 bins: fewer hide the shape, more do not fit
 * beside a name. When the quartiles are equal, log2 n + 1 bins [Sturges 1926].
 */
#include <describe/histogram.h>

#include <math.h>

#define FEWEST 5.0

static size_t bins_for(const struct mli_order *order, double range)
{
    double n = (double)order->n;
    double iqr = mli_order_quantile(order, 0.75) - mli_order_quantile(order, 0.25);
    double bins = iqr > 0 ? ceil(range / (2 * iqr / cbrt(n))) : ceil(log2(n)) + 1;

    bins = fmax(bins, FEWEST);
    return bins < (double)MLI_HISTOGRAM_BINS ? (size_t)bins : MLI_HISTOGRAM_BINS;
}

/* Bins of a whole width, each whole number in the middle of its place when there is one bin for each. */
static void whole_bins(struct mli_histogram *h, double high, size_t bins)
{
    double values = high - h->low + 1;

    h->width = values <= (double)MLI_HISTOGRAM_BINS ? 1 : ceil(values / (double)bins);
    h->bins = (size_t)ceil(values / h->width);
}

void mli_histogram_fill(struct mli_histogram *histogram, const struct mli_order *order, bool whole)
{
    struct mli_histogram h = { 0 };

    if (order->n > 0) {
        double high = order->value[order->n - 1], range = high - order->value[0];
        h.low = order->value[0];
        h.bins = 1;
        if (range > 0 && isfinite(range)) {
            size_t bins = bins_for(order, range);
            h.bins = bins;
            h.width = range / (double)bins;
            if (whole && range < 1e15)
                whole_bins(&h, high, bins);
        }
    }
    for (size_t i = 0, bin = 0; i < order->n; i++) {
        while (bin + 1 < h.bins && order->value[i] >= h.low + (double)(bin + 1) * h.width)
            bin++;
        h.count[bin]++;
    }
    *histogram = h;
}
