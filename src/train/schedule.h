/*
 * Schedules: how the step size changes while training. One const row each, in a file of its own, listed in
 * train/schedule.c. A row is a pure function of where a run stands and of what plateau remembers, so that a run that is
 * taken up again goes on with the same step sizes. Specifications are a name and, after colons, its arguments:
 *
 *   constant       the rate
 *   linear         falls in a straight line to 0, a step at a time: the last iterate is then about as good as a mean over iterates
 *                  could be [Zamani & Glineur 2023]
 *   step:N:F       times F every N epochs
 *   exponential:F  times F every epoch
 *   cosine         half a cosine from the rate to 0, a step at a time [Loshchilov & Hutter 2017, without restarts]
 *   onecycle       up from 1/25 of the rate in the first 0.3 of all steps, then down to 1/250000 of it, along half cosines
 *                  [Smith & Topin 2018; shape and shares as PyTorch's]
 *   plateau:N:F    times F after N epochs without a better loss
 *
 * A warm-up comes before: the rate grows to its full size in equal steps [Goyal et al. 2017], then the schedule begins and
 * has the epochs that are left.
 */
#ifndef TRAIN_SCHEDULE_H
#define TRAIN_SCHEDULE_H

#include <mlctl/status.h>
#include <stdbool.h>
#include <stddef.h>

struct mli_schedule_kind;

/* What a specification says. */
struct mli_schedule {
    const struct mli_schedule_kind *kind;
    size_t every;  /* N */
    double factor; /* F */
    double warmup; /* epochs, below 1 a share of all; 0: none */
};

/* Where a run stands: steps are those of the optimiser. */
struct mli_schedule_place {
    size_t step, steps; /* done, in all */
    size_t per_epoch;   /* steps of an epoch */
};

/* What plateau remembers. */
struct mli_schedule_memory {
    double share; /* of the rate */
    double least; /* best loss so far */
    size_t idle;  /* epochs since */
};

struct mli_schedule_kind {
    const char *name;
    const char *form;   /* as it is written, for messages: "step:N:F" */
    bool every, factor; /* arguments wanted */
    bool watches;       /* wants mli_schedule_watch() after each epoch */
    bool warm;          /* warms up by itself */
    /* Share of the rate for the next step; place counts from the end of the warm-up. */
    double (*share)(const struct mli_schedule *schedule, const struct mli_schedule_place *place,
                    const struct mli_schedule_memory *memory);
};

extern const struct mli_schedule_kind mli_schedule_constant, mli_schedule_linear, mli_schedule_step,
    mli_schedule_exponential, mli_schedule_cosine, mli_schedule_onecycle, mli_schedule_plateau;

/*
 * Reads a specification. ML_EUSAGE names the column of what is wrong, or the nearest name; *out is as it was then.
 */
ML_NODISCARD enum ml_status mli_schedule_parse(const char *text, struct mli_schedule *out, struct ml_error *err);

void mli_schedule_begin(struct mli_schedule_memory *memory);
/* Share of the rate, above 0 and at most 1. */
double mli_schedule_share(const struct mli_schedule *schedule, const struct mli_schedule_place *place,
                          const struct mli_schedule_memory *memory);
/* After an epoch, with its loss: that of the validation rows where there are any. */
void mli_schedule_watch(const struct mli_schedule *schedule, double loss, struct mli_schedule_memory *memory);

/* Whole epochs done, and epochs in all, which a warm-up may leave broken. */
static inline double mli_schedule_epoch(const struct mli_schedule_place *place)
{
    return (double)(place->step / place->per_epoch);
}

static inline double mli_schedule_epochs(const struct mli_schedule_place *place)
{
    return (double)place->steps / (double)place->per_epoch;
}

#endif
