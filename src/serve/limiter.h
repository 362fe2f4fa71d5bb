/*
 * Limiter: how many requests a second each client may make, by the generic cell rate algorithm (virtual scheduling,
 * ITU-T I.371, annex A): per client one number is kept, the time at which its allowance will be whole again. A client
 * whose time has passed is as good as unknown, so forgetting it loses nothing.
 *
 * The table has a fixed size. Should more clients be busy at one time than a set of it has places, the one that is
 * nearest to a whole allowance is forgotten. Any thread may ask; clients are spread over locks.
 */
#ifndef SERVE_LIMITER_H
#define SERVE_LIMITER_H

#include <mlctl/status.h>
#include <stdbool.h>
#include <stdint.h>

#define MLI_RATE_MAX 1e6 /* requests a second, and of a burst */

struct mli_rate {
    double per_second; /* 0: no limit */
    unsigned burst;    /* requests at once after a pause, at least 1 */
};

/* The rate, with a burst of a second's requests where none is given (0). False: out of range. */
bool mli_rate_make(double per_second, unsigned burst, struct mli_rate *out);

struct mli_limiter;
ML_NODISCARD enum ml_status mli_limiter_new(struct mli_limiter **out, struct ml_error *err);
void mli_limiter_free(struct mli_limiter *limiter); /* NULL is fine */

/* One request of client `id` at `now`, nanoseconds of the monotonic clock: 0, or the nanoseconds to wait until the next. */
uint64_t mli_limiter_take(struct mli_limiter *limiter, const unsigned char id[16],
                          const struct mli_rate *rate, uint64_t now);

#endif
