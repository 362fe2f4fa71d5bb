#include <net/losses.h>

#include <string.h>

static const struct mli_loss *const losses[] = { &mli_loss_squared, &mli_loss_cross_entropy };

const struct mli_loss *mli_loss_find(const char *name)
{
    for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++)
        if (strcmp(losses[i]->name, name) == 0)
            return losses[i];
    return NULL;
}
