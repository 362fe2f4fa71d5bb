#include <net/kinds.h>

#include <stdio.h>
#include <string.h>

static const struct mli_loss *const linear[] = { &mli_loss_squared, &mli_loss_absolute, &mli_loss_huber,
                                                &mli_loss_quantile, NULL };
static const struct mli_loss *const logistic[] = { &mli_loss_cross_entropy, &mli_loss_binary_cross_entropy, NULL };
static const struct mli_loss *const svm[] = { &mli_loss_squared_hinge, &mli_loss_hinge, &mli_loss_epsilon_insensitive,
                                             &mli_loss_squared_epsilon_insensitive, NULL };
static const struct mli_loss *const poisson[] = { &mli_loss_poisson, NULL };

static const struct mli_loss *const any[] = { &mli_loss_squared, &mli_loss_cross_entropy, &mli_loss_absolute,
                                              &mli_loss_huber, &mli_loss_quantile, &mli_loss_epsilon_insensitive,
                                              &mli_loss_squared_epsilon_insensitive, &mli_loss_poisson,
                                              &mli_loss_hinge, &mli_loss_squared_hinge, &mli_loss_binary_cross_entropy, NULL };

static const struct mli_kind kinds[] = {
    { "linear", "linear regression", false, linear },
    { "logistic", "logistic regression (softmax for more than two classes)", false, logistic },
    { "svm", "linear support vector machine", false, svm },
    { "poisson", "Poisson regression of counts and rates", false, poisson },
    { "mlp", "multi-layer perceptron", true, any },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

const struct mli_kind *mli_kinds(size_t *n)
{
    *n = KINDS;
    return kinds;
}

const struct mli_kind *mli_kind_find(const char *name)
{
    for (size_t i = 0; i < KINDS; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

const struct mli_kind *mli_kind_default(enum mli_task task)
{
    for (size_t i = 0; i < KINDS; i++)
        if (mli_kind_loss(&kinds[i], task))
            return &kinds[i];
    return NULL;
}

const struct mli_loss *mli_kind_loss(const struct mli_kind *kind, enum mli_task task)
{
    for (size_t i = 0; kind->losses[i]; i++)
        if (kind->losses[i]->task == task)
            return kind->losses[i];
    return NULL;
}

bool mli_kind_takes(const struct mli_kind *kind, const struct mli_loss *loss)
{
    for (size_t i = 0; kind->losses[i]; i++)
        if (strcmp(kind->losses[i]->name, loss->name) == 0)
            return true;
    return false;
}

bool mli_kind_layers(const struct mli_kind *kind, const struct mli_loss *loss, size_t classes, char *out,
                     size_t size)
{
    (void)kind; /* one layer of all of them */
    int n = snprintf(out, size, "dense %zu", loss->outputs(classes));
    return n > 0 && (size_t)n < size;
}
