/*
 * Bracket, then zoom in [Nocedal & Wright 2006, algorithms 3.5 and 3.6], with cubic interpolation kept away from the
 * ends of the interval. Near an optimum the value changes less than its rounding error and says nothing any more;
 * there the slope alone decides, by the approximate Wolfe condition [Hager & Zhang 2005, section 4].
 */
#include <train/linesearch.h>

#include <float.h>
#include <math.h>

#define DECREASE 1e-4
#define FLATTER 0.9
#define ROUNDING 1e-13 /* relative error of a value that is a sum over many rows */
#define EXPAND 4.0
#define EDGE 0.1 /* no nearer to the ends of the interval than this part of it */
#define CALLS 50

struct search {
    const struct mli_line *line;
    struct mli_line_point start;
    int calls;
};

static struct mli_line_point at(struct search *search, double t)
{
    search->calls++;
    return search->line->at(search->line->data, t);
}

/* All comparisons are false for a value that is not a number, so such a point never counts as lower. */
static bool decreases(const struct search *search, const struct mli_line_point *p)
{
    return p->value <= search->start.value + DECREASE * p->t * search->start.slope;
}

static bool accepts(const struct search *search, const struct mli_line_point *p)
{
    const struct mli_line_point *start = &search->start;

    if (decreases(search, p) && fabs(p->slope) <= -FLATTER * start->slope)
        return true;
    return fabs(p->value - start->value) <= ROUNDING * fabs(start->value) &&
           p->slope >= FLATTER * start->slope && p->slope <= (2 * DECREASE - 1) * start->slope;
}

/* Where the cubic through both values and slopes is least [Nocedal & Wright 2006, equation 3.59], NaN if nowhere. */
static double cubic(const struct mli_line_point *a, const struct mli_line_point *b)
{
    double d1 = a->slope + b->slope - 3 * (a->value - b->value) / (a->t - b->t);
    double d2 = copysign(sqrt(d1 * d1 - a->slope * b->slope), b->t - a->t);
    return b->t - (b->t - a->t) * (b->slope + d2 - d1) / (b->slope - a->slope + 2 * d2);
}

static double between(const struct mli_line_point *low, const struct mli_line_point *high)
{
    double width = high->t - low->t, t = cubic(low, high);

    if (!isfinite(high->value) || !isfinite(high->slope))
        return low->t + EDGE * width;
    if (!isfinite(t))
        return low->t + 0.5 * width;
    double part = (t - low->t) / width;
    return low->t + fmin(fmax(part, EDGE), 1 - EDGE) * width;
}

/* low is the lowest point that decreases enough; a step to take lies between it and high. */
static bool zoom(struct search *search, struct mli_line_point low, struct mli_line_point high,
                 struct mli_line_point *out)
{
    while (search->calls < CALLS && fabs(high.t - low.t) > DBL_EPSILON * fabs(high.t)) {
        struct mli_line_point p = at(search, between(&low, &high));
        if (accepts(search, &p)) {
            *out = p;
            return true;
        }
        if (!decreases(search, &p) || p.value >= low.value) {
            high = p;
            continue;
        }
        if (p.slope * (high.t - low.t) >= 0)
            high = low;
        low = p;
    }
    if (!(low.t > 0 && low.value < search->start.value))
        return false;
    *out = at(search, low.t);
    return true;
}

bool mli_line_search(const struct mli_line *line, struct mli_line_point start, double t,
                     struct mli_line_point *out)
{
    struct search search = { line, start, 0 };
    struct mli_line_point before = start;

    for (;;) {
        struct mli_line_point p = at(&search, t);
        if (accepts(&search, &p)) {
            *out = p;
            return true;
        }
        if (!decreases(&search, &p) || (before.t > 0 && p.value >= before.value))
            return zoom(&search, before, p, out);
        if (p.slope >= 0)
            return zoom(&search, p, before, out);
        if (search.calls == CALLS) { /* it goes down without end: far enough */
            *out = p;
            return true;
        }
        before = p;
        t *= EXPAND;
    }
}
