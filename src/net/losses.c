#include <net/losses.h>

#include <base/num.h>
#include <base/suggest.h>
#include <stdio.h>
#include <string.h>

#define LOSSES(X)                                                                                  \
    X(squared) X(absolute) X(huber) X(quantile) X(epsilon_insensitive) X(squared_epsilon_insensitive)      \
    X(poisson) X(cross_entropy) X(hinge) X(squared_hinge) X(binary_cross_entropy)

#define ROW(name) &mli_loss_##name,
static const struct mli_loss *const losses[] = { LOSSES(ROW) };

#define NAME(name) #name,
static const char *const names[] = { LOSSES(NAME) };

#define LISTED(name) " " #name
#define COUNT (sizeof(losses) / sizeof(losses[0]))

double mli_loss_curvature(const struct mli_loss *loss, size_t outputs)
{
    double largest = loss->sides ? 0 : 1;

    for (size_t i = 0; loss->sides && i < 2 * outputs; i++)
        largest = loss->sides[i] > largest ? loss->sides[i] : largest;
    return largest * loss->curvature(outputs);
}

const char *mli_task_name(enum mli_task task)
{
    switch (task) {
    case MLI_TASK_REGRESSION:
        return "regression";
    case MLI_TASK_CLASSIFICATION:
        return "classification";
    case MLI_TASK_MULTILABEL:
        return "multilabel";
    }
    return "";
}

const struct mli_loss *const *mli_losses(size_t *n)
{
    *n = COUNT;
    return losses;
}

const struct mli_loss *mli_loss_find(const char *name)
{
    for (size_t i = 0; i < COUNT; i++)
        if (strcmp(names[i], name) == 0)
            return losses[i];
    return NULL;
}

static enum ml_status refuse_name(const char *name, struct ml_error *err)
{
    size_t near = mli_suggest(name, names, COUNT);

    if (near < COUNT)
        return ml_error_set(err, ML_EUSAGE, "unknown loss \"%.64s\"; did you mean \"%s\"?", name, names[near]);
    return ml_error_set(err, ML_EUSAGE, "unknown loss \"%.64s\"; expected one of:" LOSSES(LISTED), name);
}

static enum ml_status read_parameter(const char *text, struct mli_loss *loss, struct ml_error *err)
{
    double value;

    if (!loss->parameter_name)
        return ml_error_set(err, ML_EUSAGE, "loss %s takes no parameter, found \":%.40s\"", loss->name, text);
    if (!mli_num_parse(text, strlen(text), &value) || !loss->accepts(value))
        return ml_error_set(err, ML_EUSAGE, "%s of loss %s must be a number %s, found \"%.40s\"",
                            loss->parameter_name, loss->name, loss->range, text);
    loss->parameter = value;
    return ML_OK;
}

enum ml_status mli_loss_parse(const char *text, struct mli_loss *out, bool *given, struct ml_error *err)
{
    size_t length = strcspn(text, ":");
    char name[MLI_LOSS_TEXT] = "";
    bool parameter = text[length] == ':';

    snprintf(name, sizeof(name), "%.*s", (int)(length < sizeof(name) ? length : sizeof(name) - 1), text);
    const struct mli_loss *row = mli_loss_find(name);
    if (!row)
        return refuse_name(name, err);
    struct mli_loss loss = *row;
    enum ml_status status = parameter ? read_parameter(text + length + 1, &loss, err) : ML_OK;
    if (status != ML_OK)
        return status;
    *out = loss;
    if (given)
        *given = parameter;
    return ML_OK;
}

void mli_loss_text(const struct mli_loss *loss, char out[MLI_LOSS_TEXT])
{
    char number[MLI_NUM_MAX] = "";

    if (loss->parameter_name)
        mli_num_format(loss->parameter, number);
    snprintf(out, MLI_LOSS_TEXT, "%s%s%s", loss->name, loss->parameter_name ? ":" : "", number);
}
