#include <serve/error_rate.h>

#define PAST 0.75 /* of the threshold */

bool mli_error_rate_look(struct mli_error_rate *rate, struct mli_answers now)
{
    const size_t room = sizeof(rate->at) / sizeof(rate->at[0]);
    const bool before = rate->over;

    rate->at[rate->looks % room] = now;
    const size_t first = rate->looks < room ? 0 : (rate->looks + 1) % room;
    rate->looks++;
    rate->minute = (struct mli_answers){ now.all - rate->at[first].all, now.failed - rate->at[first].failed };
    const double all = (double)rate->minute.all, failed = (double)rate->minute.failed;
    if (before)
        rate->over = failed > PAST * rate->threshold * all;
    else
        rate->over = rate->minute.all >= MLI_ERROR_RATE_LEAST && failed > rate->threshold * all;
    return rate->over != before;
}
