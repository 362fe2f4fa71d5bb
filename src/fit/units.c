#include <fit/units.h>

#include <base/mem.h>
#include <math.h>
#include <stdlib.h>

static double mean_of(size_t n, const double *y)
{
    double mean = 0;

    for (size_t i = 0; i < n; i++)
        mean += (y[i] - mean) / (double)(i + 1);
    return mean;
}

static double deviation_of(size_t n, const double *y, double mean)
{
    double squares = 0;

    for (size_t i = 0; i < n; i++)
        squares += (y[i] - mean) * (y[i] - mean);
    double deviation = sqrt(squares / (double)n);
    return deviation > 0 && isfinite(deviation) ? deviation : 1;
}

enum ml_status mli_units_find(const struct mli_loss *loss, bool stack, size_t n, const double *y,
                              struct mli_units *out, struct ml_error *err)
{
    struct mli_units units = { .predicts = loss->predicts, .unit = 1, .stack = stack, .loss = 1 };

    if (loss->predicts == MLI_PREDICTS_VALUE) {
        units.center = mean_of(n, y);
        units.unit = deviation_of(n, y, units.center);
    } else if (loss->predicts == MLI_PREDICTS_MEAN) {
        units.unit = mean_of(n, y);
        if (!(units.unit > 0))
            return ml_error_set(err, ML_EDATA,
                                "the target is 0 in all %zu rows to train on: there is nothing to learn", n);
    }
    mli_units_set(loss, units.center, units.unit, &units);
    *out = units;
    return ML_OK;
}

void mli_units_set(const struct mli_loss *loss, double center, double unit, struct mli_units *out)
{
    out->center = center;
    out->unit = unit;
    out->loss = pow(unit, loss->power);
}

/* What the weights in training are multiplied by: those of a logarithm have no unit. */
static double weight_unit(const struct mli_units *units)
{
    return units->predicts == MLI_PREDICTS_VALUE ? units->unit : 1;
}

double mli_units_l2(const struct mli_units *units, double n)
{
    double standard = units->predicts == MLI_PREDICTS_VALUE && !units->stack ? units->loss / (units->unit * units->unit) : 1;

    return standard / n;
}

void mli_units_scale(const struct mli_units *units, size_t n, double *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] = (y[i] - units->center) / units->unit;
}

double mli_units_back(const struct mli_units *units, double y)
{
    return y * units->unit + units->center;
}

/* With the objective divided by `loss` and weights by their unit, both penalties keep what they weigh against it. */
void mli_units_train(const struct mli_units *units, struct mli_train_config *config, struct mli_loss *loss)
{
    double weight = weight_unit(units);

    if (!units->stack) {
        config->l2 *= weight * weight / units->loss;
        config->l1 *= weight / units->loss;
    }
    config->min_delta /= units->loss;
    if (loss->in_units)
        loss->parameter /= units->unit;
}

/* Of the last layer: x becomes a x, and a x + b where it is no weight. */
static enum ml_status map_last(const struct mli_network *net, double a, double b, double *theta, struct ml_error *err)
{
    const struct mli_layer *last = &net->layer[net->layers - 1];
    uint8_t *is_weight = mli_alloc(last->parameters, 1);

    if (!is_weight)
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    last->kind->penalised(last, is_weight);
    for (size_t i = 0; i < last->parameters; i++)
        theta[last->offset + i] = theta[last->offset + i] * a + (is_weight[i] ? 0 : b);
    free(is_weight);
    return ML_OK;
}

/* What the bias is moved by, in the unit of the output that predicts. */
static double bias_of(const struct mli_units *units)
{
    return units->predicts == MLI_PREDICTS_MEAN ? log(units->unit) : units->center;
}

enum ml_status mli_units_theta(const struct mli_units *units, const struct mli_network *net, double *theta,
                               struct ml_error *err)
{
    return map_last(net, weight_unit(units), bias_of(units), theta, err);
}

enum ml_status mli_units_start(const struct mli_units *units, const struct mli_network *net, double *theta,
                               struct ml_error *err)
{
    double weight = weight_unit(units);

    return map_last(net, 1 / weight, -bias_of(units) / weight, theta, err);
}
