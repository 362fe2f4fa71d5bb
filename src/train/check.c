#include <train/check.h>

#include <math.h>
#include <net/layers.h>
#include <train/interior.h>

#define THREADS_MAX ((size_t)1024)

static bool at_least(double x, double low)
{
    return x >= low && isfinite(x);
}

static enum ml_status check_numbers(const struct mli_train_config *c,
                                    const struct mli_optimiser *optimiser, struct ml_error *err)
{
    if (!at_least(c->rate, 0))
        return ml_error_set(err, ML_EUSAGE,
                            "the step size (rate) must be 0 (chosen) or more, not %g", c->rate);
    if (c->rate > 0 && !optimiser->step && !optimiser->rate)
        return ml_error_set(
            err, ML_EUSAGE,
            "%s finds its step sizes by itself; leave the step size (rate) away or choose another "
            "optimiser",
            optimiser->name);
    if (!at_least(c->momentum, 0) || c->momentum >= 1)
        return ml_error_set(err, ML_EUSAGE, "momentum must be at least 0 and below 1, not %g",
                            c->momentum);
    if (!at_least(c->decay, 0) || (optimiser->decays && c->decay * c->rate >= 1))
        return ml_error_set(err, ML_EUSAGE,
                            "the decay must be 0 or more and below 1 / step size, not %g", c->decay);
    if (!at_least(c->l1, 0) || !at_least(c->l2, 0))
        return ml_error_set(err, ML_EUSAGE,
                            "the penalties l1 and l2 must be 0 or more, not %g and %g", c->l1,
                            c->l2);
    if (!at_least(c->tolerance, 0))
        return ml_error_set(err, ML_EUSAGE, "the tolerance must be 0 or more, not %g",
                            c->tolerance);
    if (c->epochs == 0)
        return ml_error_set(err, ML_EUSAGE, "the number of epochs must be at least 1");
    if (c->batch == 0)
        return ml_error_set(err, ML_EUSAGE, "a batch must have at least 1 row");
    if (c->windows && !optimiser->step)
        return ml_error_set(err, ML_EUSAGE, "%s takes all rows at a time: no order of them (shuffle) goes with it",
                            optimiser->name);
    if (c->threads == 0 || c->threads > THREADS_MAX)
        return ml_error_set(err, ML_EUSAGE, "the number of threads must be from 1 to %zu, not %zu",
                            THREADS_MAX, c->threads);
    if (!at_least(c->clip, 0))
        return ml_error_set(err, ML_EUSAGE, "the length that gradients are clipped to must be 0 (any) or more, not %g",
                            c->clip);
    if (!at_least(c->min_delta, 0))
        return ml_error_set(err, ML_EUSAGE, "min-delta must be 0 or more, not %g", c->min_delta);
    return ML_OK;
}

static enum ml_status check_schedule(const struct mli_train_config *c, const struct mli_optimiser *optimiser,
                                     struct mli_schedule *out, struct ml_error *err)
{
    bool steps = optimiser->step || optimiser->rate; /* not of its own finding */
    enum ml_status status =
        mli_schedule_parse(c->schedule ? c->schedule : optimiser->step ? "linear" : "constant", out, err);

    if (status != ML_OK)
        return status;
    if (!steps && (c->schedule || c->warmup > 0 || c->clip > 0))
        return ml_error_set(err, ML_EUSAGE, "%s finds its step sizes by itself: no %s goes with it", optimiser->name,
                            c->schedule ? "schedule" : c->warmup > 0 ? "warm-up" : "clipping");
    if (!at_least(c->warmup, 0) || c->warmup > (double)c->epochs)
        return ml_error_set(err, ML_EUSAGE,
                            "the warm-up must be a number of epochs up to all %zu, or a share below 1, not %g",
                            c->epochs, c->warmup);
    if (c->warmup > 0 && out->kind->warm)
        return ml_error_set(err, ML_EUSAGE, "schedule %s warms up by itself; leave the warm-up away", out->kind->name);
    out->warmup = c->warmup;
    return ML_OK;
}

/* Kinks hide the optimum from gradients over all rows; noise over batches with falling steps comes near it. */
static enum ml_status check_loss(const struct mli_network *net, const struct mli_loss *loss,
                                 const struct mli_optimiser *optimiser, struct ml_error *err)
{
    if (!optimiser->kinks && (optimiser->step || !loss->kinks))
        return ML_OK;
    if (!optimiser->kinks)
        return ml_error_set(err, ML_EUSAGE,
                            "%s needs a smooth loss and %s has kinks; use interior or an optimiser over batches such as adam",
                            optimiser->name, loss->name);
    if (!loss->kinks)
        return ml_error_set(err, ML_EUSAGE, "interior is for losses with kinks and %s is smooth; use lbfgs", loss->name);
    if (sizeof(mli_real) < sizeof(double))
        return ml_error_set(err, ML_EUSAGE, "interior computes in double precision; leave --precision float away");
    if (net->layers > 1 || net->layer[0].kind != &mli_layer_dense)
        return ml_error_set(err, ML_EUSAGE, "interior is for a single dense layer, not for \"%s\"; use adam", net->spec);
    if (net->inputs > MLI_INTERIOR_WIDEST)
        return ml_error_set(err, ML_EUSAGE,
                            "%zu features are over the %zu that interior can take; fewer of them, a smooth loss or the optimiser adam can do",
                            net->inputs, MLI_INTERIOR_WIDEST);
    return ML_OK;
}

/* What changes from step to step would mislead a line search, and a network that measures needs batches to measure. */
static enum ml_status check_network(const struct mli_network *net, const struct mli_optimiser *optimiser,
                                    struct ml_error *err)
{
    if (optimiser->step || !(net->drops || net->statistics))
        return ML_OK;
    return ml_error_set(err, ML_EUSAGE,
                        "%s takes all rows at a time and %s needs batches; choose an optimiser over batches such as adam",
                        optimiser->name, net->drops ? "dropout" : "batch_norm");
}

/* What a disk can give: all rows one after the other, or the order of windows. */
static enum ml_status check_supply(const struct mli_train_config *config, const struct mli_optimiser *optimiser,
                                   struct ml_error *err)
{
    if (optimiser->kept)
        return ml_error_set(err, ML_EUSAGE,
                            "%s keeps numbers of every row in memory and cannot stream them; choose an optimiser over batches such as adam, or a smooth loss",
                            optimiser->name);
    if (optimiser->step && !config->windows)
        return ml_error_set(err, ML_EUSAGE, "rows that are streamed come in windows, not one by one (shuffle windows)");
    return ML_OK;
}

enum ml_status mli_check_config(const struct mli_train_config *config, const struct mli_network *net, const struct mli_loss *loss,
                                const struct mli_optimiser *optimiser, const struct mli_train_data *data, bool validation,
                                struct mli_schedule *schedule, struct ml_error *err)
{
    enum ml_status status = check_numbers(config, optimiser, err);
    if (status == ML_OK)
        status = check_loss(net, loss, optimiser, err);
    if (status == ML_OK && data->supply)
        status = check_supply(config, optimiser, err);
    if (status == ML_OK && config->patience > 0 && !validation)
        return ml_error_set(err, ML_EUSAGE, "early stopping (patience) needs validation rows");
    if (status == ML_OK)
        status = check_schedule(config, optimiser, schedule, err);
    return status == ML_OK ? check_network(net, optimiser, err) : status;
}
