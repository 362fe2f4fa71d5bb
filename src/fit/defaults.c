#include <fit/defaults.h>

#include <math.h>
#include <string.h>

/*
 * Penalties from almost none to one that leaves little but the mean; networks from small to what still trains in seconds,
 * at the step sizes of Adam that neither crawl nor diverge. The step size falls to 0 at the last epoch, so the number of
 * epochs is how long a network learns; 0 is what mlctl train chooses by the rows. relu alone: gelu and tanh take many times
 * as long for the same score, and a search lives of many trials.
 */
static const char *const spaces[] = {
    "power=none|yeo-johnson",
    "linear.l2=1e-6..10:log",
    "logistic.l2=1e-6..1:log",
    "svm.l2=1e-6..1:log",
    "poisson.l2=1e-6..1:log",
    "mlp.hidden=32|64|64,32|128,64|256,128|128,64,32",
    "mlp.rate=1e-3..1e-2:log",
    "mlp.l2=1e-6..1e-1:log",
    "mlp.dropout=0|0|0|0.1|0.3",
    "mlp.batch=32|64|128",
    "mlp.epochs=0|20..120:log",
};

const char *const *mli_default_spaces(size_t *n)
{
    *n = sizeof spaces / sizeof *spaces;
    return spaces;
}

/* Whole numbers from 0 or 1 on: prices are whole too, but are no counts. */
static bool are_counts(const struct mli_target *target)
{
    double least = INFINITY;
    size_t i = 0;
    for (; i < target->n && target->y[i] >= 0 && !(target->y[i] > floor(target->y[i])); i++)
        least = fmin(least, target->y[i]);
    return i == target->n && least <= 1;
}

bool mli_kind_suits(const struct mli_kind *kind, const struct mli_target *target)
{
    const struct mli_loss *loss = mli_kind_loss(kind, target->task);
    if (!loss)
        return false;
    return loss->predicts != MLI_PREDICTS_MEAN || are_counts(target);
}
