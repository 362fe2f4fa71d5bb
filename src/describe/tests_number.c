/* Tests of number columns: what stands at the ends of their values, and how far the tails reach. */
#include <describe/tests.h>

#include <base/num.h>
#include <math.h>
#include <stdio.h>

#define CONTINUOUS ((size_t)20) /* more distinct values: a limit among them is remarkable */
#define A_FEW ((size_t)10)      /* more distinct values: a quantity rather than a code */
#define ENOUGH ((size_t)50)     /* rows, to speak of a tail */
#define CAP_SHARE 0.02
#define CAP_OVER_BESIDE 3.0
#define SKEW 2.0

static bool equals(double a, double b)
{
    return !(a < b) && !(a > b);
}

static const struct mli_number *number_of(const struct mli_description *d, size_t column)
{
    bool number = d->table->column[column].type == ML_TYPE_NUMBER && d->profile[column].present > 0;
    return number ? &d->profile[column].number : NULL;
}

/* 9, 99, 999 and so on, with either sign, and what programs write for the largest or the least number they have. */
static bool is_code(double value)
{
    double size = fabs(value);

    for (double nines = 9; nines < 1e10; nines = nines * 10 + 9) {
        if (equals(size, nines))
            return true;
    }
    return equals(size, 2147483647) || equals(value, -2147483648.0) || equals(size, 1e20) || equals(size, 1e36);
}

/* The code is further from the other values than those are from each other. */
static bool stands_apart(const struct mli_end *end, double other_end)
{
    return !isnan(end->next) && fabs(end->value - end->next) > fabs(end->next - other_end);
}

/* No other value is near 0, though 0 is where many quantities begin. */
static bool zero_stands_apart(const struct mli_number *n, const struct mli_profile *p)
{
    const struct mli_end *low = &n->low;

    return equals(low->value, 0) && p->values.distinct > A_FEW && n->q05 > 0 && low->next > n->q05 / 2 &&
           low->next > (n->q95 - n->q05) / 4;
}

static bool say_sentinel(const struct mli_end *end, const char *side, struct mli_finding *out)
{
    char value[MLI_NUM_MAX], next[MLI_NUM_MAX];

    mli_num_format(end->value, value);
    mli_num_format(end->next, next);
    snprintf(out->value, sizeof(out->value), "%s", value);
    return mli_found(out, "%s in %zu row%s, all others are %s %s: does it mean missing?", value, end->count,
                     end->count == 1 ? "" : "s", side, next);
}

bool mli_test_sentinel(const struct mli_description *d, size_t column, struct mli_finding *out)
{
    const struct mli_number *n = number_of(d, column);

    if (!n || d->profile[column].values.distinct < 3)
        return false;
    if ((is_code(n->low.value) && stands_apart(&n->low, n->max)) || zero_stands_apart(n, &d->profile[column]))
        return say_sentinel(&n->low, "at least", out);
    if (is_code(n->high.value) && stands_apart(&n->high, n->min))
        return say_sentinel(&n->high, "at most", out);
    return false;
}

/* ---- limits -------------------------------------------------------------------------------------------------- */

static bool is_cap(const struct mli_end *end, const struct mli_profile *p)
{
    return p->values.distinct > CONTINUOUS && (double)end->count > CAP_SHARE * (double)p->present &&
           (double)end->count > CAP_OVER_BESIDE * end->beside;
}

bool mli_test_capped(const struct mli_description *d, size_t column, struct mli_finding *out)
{
    const struct mli_number *n = number_of(d, column);
    char value[MLI_NUM_MAX];

    if (!n)
        return false;
    const struct mli_profile *p = &d->profile[column];
    bool high = is_cap(&n->high, p), low = !equals(n->min, 0) && !equals(n->min, 1) && is_cap(&n->low, p);
    if (!high && !low)
        return false;
    const struct mli_end *end = high ? &n->high : &n->low;
    mli_num_format(end->value, value);
    return mli_found(out, "%.1f%% of the rows hold the %s value, %s", 100 * (double)end->count / (double)p->present,
                     high ? "greatest" : "least", value);
}

/* ---- tails --------------------------------------------------------------------------------------------------- */

static bool is_far(const struct mli_end *end, const struct mli_number *n, const struct mli_profile *p)
{
    double usual = n->q95 - n->q05;

    return p->present >= ENOUGH && p->values.distinct > A_FEW && usual > 0 && fabs(end->value - end->next) > usual &&
           end->count <= 1 + p->present / 100;
}

bool mli_test_extreme(const struct mli_description *d, size_t column, struct mli_finding *out)
{
    const struct mli_number *n = number_of(d, column);
    char value[MLI_NUM_MAX], next[MLI_NUM_MAX];
    struct mli_finding ignored = { 0 };

    if (!n || mli_test_sentinel(d, column, &ignored))
        return false;
    bool high = is_far(&n->high, n, &d->profile[column]);
    if (!high && !is_far(&n->low, n, &d->profile[column]))
        return false;
    const struct mli_end *end = high ? &n->high : &n->low;
    mli_num_format(end->value, value);
    mli_num_format(end->next, next);
    return mli_found(out, "%s in %zu row%s, the next value is %s", value, end->count, end->count == 1 ? "" : "s",
                     next);
}

bool mli_test_skewed(const struct mli_description *d, size_t column, struct mli_finding *out)
{
    const struct mli_number *n = number_of(d, column);
    struct mli_finding ignored = { 0 };

    if (!n || column == d->goal.column || !(fabs(n->skewness) > SKEW) ||
        d->profile[column].values.distinct <= A_FEW || d->profile[column].present < ENOUGH ||
        mli_test_sentinel(d, column, &ignored))
        return false;
    return mli_found(out, "skewness %.1f: half of the values are %s %.6g, the %s is %.6g", n->skewness,
                     n->skewness > 0 ? "at most" : "at least", n->median, n->skewness > 0 ? "greatest" : "least",
                     n->skewness > 0 ? n->max : n->min);
}
