#include <fit/defaults.h>

#include <math.h>
#include <string.h>

/*
 * Penalties from almost none to one that leaves little but the mean; networks from small to what still trains in seconds,
 * at the step sizes of Adam that neither crawl nor diverge.
 */
static const char *const spaces[] = {
    "linear.l2=1e-6..10:log",
    "logistic.l2=1e-6..1:log",
    "svm.l2=1e-6..1:log",
    "poisson.l2=1e-6..1:log",
    "mlp.hidden=64|128|64,32|128,64|256,128|128,64,32",
    "mlp.rate=5e-4..1e-2:log",
    "mlp.l2=1e-6..1e-2:log",
    "mlp.dropout=0|0.1|0.2",
    "mlp.batch=32|64|128",
};

const char *const *mli_default_spaces(size_t *n)
{
    *n = sizeof spaces / sizeof *spaces;
    return spaces;
}

/* A kind of counts is tried on counts. */
static bool are_counts(const struct mli_target *target)
{
    size_t i = 0;
    while (i < target->n && target->y[i] >= 0 && !(target->y[i] > floor(target->y[i])))
        i++;
    return i == target->n;
}

bool mli_kind_suits(const struct mli_kind *kind, const struct mli_target *target)
{
    const struct mli_loss *loss = mli_kind_loss(kind, target->classes > 0);
    if (!loss)
        return false;
    return loss->predicts != MLI_PREDICTS_MEAN || are_counts(target);
}
