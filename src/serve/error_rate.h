/*
 * Error rate: which share of the requests for predictions of the last minute was answered 5xx, looked at once a second, and
 * whether it has passed a threshold. It passes above it, with 20 requests or more; it is past at three quarters of it
 * or below, and when a minute had no request. What clients did wrong (4xx) does not count, nor what the server does not
 * know how to do (501, 505).
 */
#ifndef SERVE_ERROR_RATE_H
#define SERVE_ERROR_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MLI_ERROR_RATE_SECONDS 60
#define MLI_ERROR_RATE_LEAST ((uint64_t)20) /* requests */

/* Requests that were answered since the start, and how many of them with such an error. */
struct mli_answers {
    uint64_t all, failed;
};

/* All zeros but the threshold at first; that is above 0. */
struct mli_error_rate {
    double threshold;
    bool over;
    size_t looks;
    struct mli_answers at[MLI_ERROR_RATE_SECONDS + 1]; /* the last looks, round and round */
    struct mli_answers minute;                         /* as of the last look */
};

/* A look. True: `over` is another one than before. */
bool mli_error_rate_look(struct mli_error_rate *rate, struct mli_answers now);

#endif
