/* The one target of a model in tests; name and label (classes strings) on the heap, and taken. */
#ifndef TESTS_UNIT_MODEL_TARGET_H
#define TESTS_UNIT_MODEL_TARGET_H

#include <base/mem.h>
#include <model/model.h>
#include <stdlib.h>

static inline struct mli_model_target *one_target(char *name, size_t classes, char **label)
{
    struct mli_model_target *target = mli_calloc(1, sizeof(*target));

    if (!target)
        abort();
    *target = (struct mli_model_target){ .name = name, .classes = classes, .label = label };
    return target;
}

#endif
