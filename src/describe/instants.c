#include <describe/instants.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <table/table.h>

#define DAY 86400.0

static const char *const part_names[MLI_INSTANT_PARTS] = { "year", "month", "day", "hour", "minute", "second" };

const char *mli_instant_part_name(size_t part)
{
    return part_names[part];
}

static void parts_of(double seconds, int64_t part[MLI_INSTANT_PARTS])
{
    double day = floor(seconds / DAY), within = seconds - day * DAY;

    mli_instant_date((int64_t)day, &part[0], &part[1], &part[2]);
    part[3] = (int64_t)(within / 3600);
    part[4] = (int64_t)(within / 60) % 60;
    part[5] = (int64_t)(fmod(within, 60) * 1e9); /* fractions of a second vary too */
}

static unsigned varying(const struct mli_order *order)
{
    int64_t first[MLI_INSTANT_PARTS], part[MLI_INSTANT_PARTS];
    const unsigned all = (1U << MLI_INSTANT_PARTS) - 1;
    unsigned varies = 0;

    parts_of(order->value[0], first);
    for (size_t i = 1; i < order->n && varies != all; i++) {
        parts_of(order->value[i], part);
        for (size_t p = 0; p < MLI_INSTANT_PARTS; p++)
            varies |= part[p] != first[p] ? 1U << p : 0;
    }
    return varies;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The most frequent of n sorted values, the smallest of equals. */
static double mode(const double *sorted, size_t n)
{
    double most = sorted[0];
    size_t rows = 0;

    for (size_t i = 0; i < n;) {
        size_t end = i + 1;
        while (end < n && !(sorted[end] > sorted[i]))
            end++;
        if (end - i > rows) {
            rows = end - i;
            most = sorted[i];
        }
        i = end;
    }
    return most;
}

void mli_instants_fill(struct mli_instants *instants, const struct mli_order *order, double *scratch)
{
    struct mli_instants out = { .first = order->value[0], .last = order->value[order->n - 1] };
    size_t steps = 0;

    out.varies = varying(order);
    out.gap_from = out.gap_to = out.first;
    for (size_t i = 1; i < order->n; i++) {
        double distance = order->value[i] - order->value[i - 1];
        if (!(distance > 0))
            continue;
        scratch[steps++] = distance;
        if (distance > out.gap_to - out.gap_from) {
            out.gap_from = order->value[i - 1];
            out.gap_to = order->value[i];
        }
    }
    if (steps > 0) {
        qsort(scratch, steps, sizeof(*scratch), compare);
        out.step = mode(scratch, steps);
    }
    for (size_t i = 0; i < steps; i++)
        out.gaps += scratch[i] > 1.5 * out.step;
    *instants = out;
}
