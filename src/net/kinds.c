#include <net/kinds.h>

#include <stdio.h>
#include <string.h>

static const struct mli_kind kinds[] = {
    { "linear", "linear regression (squared loss)", "half the mean squared error", &mli_loss_squared },
    { "logistic", "logistic regression (cross entropy; softmax for more than two classes)",
      "mean cross entropy", &mli_loss_cross_entropy },
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

const struct mli_kind *mli_kind_default(bool classification)
{
    for (size_t i = 0; i < KINDS; i++)
        if (kinds[i].loss->classification == classification)
            return &kinds[i];
    return NULL;
}

bool mli_kind_layers(const struct mli_kind *kind, size_t classes, char *out, size_t size)
{
    int n = snprintf(out, size, "dense %zu", kind->loss->outputs(classes));
    return n > 0 && (size_t)n < size;
}
