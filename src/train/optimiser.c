#include <train/optimiser.h>

#include <base/suggest.h>
#include <string.h>

#define OPTIMISERS(X) X(gd) X(sgd) X(momentum) X(nesterov) X(adagrad) X(rmsprop) X(adam) X(adamw) X(lbfgs) X(interior)

#define ROW(name) &mli_optimiser_##name,
static const struct mli_optimiser *const rows[] = { OPTIMISERS(ROW) };

#define NAME(name) #name,
static const char *const names[] = { OPTIMISERS(NAME) NULL };

#define LISTED(name) " " #name
#define COUNT (sizeof(rows) / sizeof(rows[0]))

const char *const *mli_optimiser_names(void)
{
    return names;
}

enum ml_status mli_optimiser_find(const char *name, const struct mli_optimiser **out,
                                  struct ml_error *err)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (strcmp(names[i], name) == 0) {
            *out = rows[i];
            return ML_OK;
        }
    }
    size_t near = mli_suggest(name, names, COUNT);
    if (near < COUNT)
        return ml_error_set(err, ML_EUSAGE, "unknown optimiser \"%.64s\"; did you mean \"%s\"?",
                            name, names[near]);
    return ml_error_set(err, ML_EUSAGE,
                        "unknown optimiser \"%.64s\"; expected one of:" OPTIMISERS(LISTED), name);
}
