#include <describe/number.h>

#include <math.h>

#define BESIDE 5 /* values next to an end that say what is usual there */

/*
 * Sums about the mean: the second pass takes back the rounding of the first [Chan, Golub & LeVeque 1983]. Skewness is
 * G1 of Joanes & Gill 1998: sqrt(n (n - 1)) / (n - 2) m3 / m2^(3/2); 0 for values that are all equal, as in pandas.
 */
static void moments(struct mli_number *out, const struct mli_order *order)
{
    double n = (double)order->n, sum = 0, rest = 0, m2 = 0, m3 = 0;

    for (size_t i = 0; i < order->n; i++)
        sum += order->value[i];
    double mean = sum / n;
    for (size_t i = 0; i < order->n; i++)
        rest += order->value[i] - mean;
    mean += rest / n;
    if (out->min >= out->max)
        mean = out->min; /* and the sums below are exactly 0 */
    for (size_t i = 0; i < order->n; i++) {
        double d = order->value[i] - mean;
        m2 += d * d;
        m3 += d * d * d;
    }
    out->mean = mean;
    out->std = n > 1 ? sqrt(m2 / (n - 1)) : NAN;
    out->skewness = NAN;
    if (n > 2)
        out->skewness = m2 > 0 ? sqrt(n * (n - 1)) / (n - 2) * (m3 / n) / pow(m2 / n, 1.5) : 0;
}

static void quantiles(struct mli_number *out, const struct mli_order *order)
{
    out->min = order->value[0];
    out->q05 = mli_order_quantile(order, 0.05);
    out->q25 = mli_order_quantile(order, 0.25);
    out->median = mli_order_quantile(order, 0.5);
    out->q75 = mli_order_quantile(order, 0.75);
    out->q95 = mli_order_quantile(order, 0.95);
    out->max = order->value[order->n - 1];
    out->fence_low = out->q25 - 1.5 * (out->q75 - out->q25);
    out->fence_high = out->q75 + 1.5 * (out->q75 - out->q25);
}

static void counts(struct mli_number *out, const struct mli_order *order)
{
    for (size_t i = 0; i < order->n; i++) {
        double v = order->value[i];
        out->negative += v < 0;
        out->zeros += !(v < 0) && !(v > 0);
        out->whole += !(v < trunc(v)) && !(v > trunc(v));
        out->outliers_low += v < out->fence_low;
        out->outliers_high += v > out->fence_high;
    }
}

static struct mli_end low_end(const struct mli_order *order)
{
    size_t first = mli_order_run(order, 0), at = first, values = 0;
    struct mli_end end = { .value = order->value[0], .next = NAN, .count = first };

    if (first < order->n)
        end.next = order->value[first];
    for (; at < order->n && values < BESIDE; values++)
        at = mli_order_run(order, at);
    end.beside = values ? (double)(at - first) / (double)values : 0;
    return end;
}

/* First place of the run that ends before `end`. */
static size_t run_before(const struct mli_order *order, size_t end)
{
    size_t first = end - 1;

    while (first > 0 && !(order->value[first - 1] < order->value[first]))
        first--;
    return first;
}

static struct mli_end high_end(const struct mli_order *order)
{
    size_t first = run_before(order, order->n), at = first, values = 0;
    struct mli_end end = { .value = order->value[first], .next = NAN, .count = order->n - first };

    if (first > 0)
        end.next = order->value[first - 1];
    for (; at > 0 && values < BESIDE; values++)
        at = run_before(order, at);
    end.beside = values ? (double)(first - at) / (double)values : 0;
    return end;
}

static bool differs(double a, double b)
{
    return a < b || a > b;
}

static void along_rows(struct mli_number *out, const double *x, size_t rows, size_t present)
{
    double last = -INFINITY;

    out->rising = true;
    out->start = x[0];
    out->step = rows > 1 ? x[1] - x[0] : 0;
    out->counts_rows = rows > 1 && present == rows && differs(out->step, 0) &&
                       !differs(out->step, trunc(out->step)) && !differs(x[0], trunc(x[0]));
    for (size_t i = 0; i < rows && (out->rising || out->counts_rows); i++) {
        if (isnan(x[i]))
            continue;
        out->rising = out->rising && !(x[i] < last);
        out->counts_rows = out->counts_rows && !differs(x[i], out->start + out->step * (double)i);
        last = x[i];
    }
}

void mli_number_fill(struct mli_number *number, const double *x, size_t rows, const struct mli_order *order)
{
    struct mli_number out = { 0 };

    quantiles(&out, order);
    moments(&out, order);
    counts(&out, order);
    out.low = low_end(order);
    out.high = high_end(order);
    along_rows(&out, x, rows, order->n);
    *number = out;
}
