#include <base/tensors.h>

#include <base/mem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void mli_tensors_init(struct mli_tensors *set)
{
    *set = (struct mli_tensors){ 0 };
}

void mli_tensors_release(struct mli_tensors *set)
{
    for (size_t i = 0; i < set->count; i++) {
        free(set->items[i].name);
        free(set->items[i].data);
    }
    free(set->items);
    mli_tensors_init(set);
}

static struct mli_tensor *lookup(const struct mli_tensors *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->items[i].name, name) == 0)
            return &set->items[i];
    return NULL;
}

static bool element_count(size_t rank, const size_t *shape, size_t *out)
{
    size_t count = 1;
    for (size_t i = 0; i < rank; i++)
        if (!mli_mul(count, shape[i], &count))
            return false;
    *out = count;
    return true;
}

enum ml_status mli_tensors_add(struct mli_tensors *set, const char *name, size_t rank,
                               const size_t *shape, const double *data, struct ml_error *err)
{
    struct mli_tensor tensor = { .rank = rank };
    void *items = set->items;
    size_t count, bytes;

    if (rank > MLI_TENSOR_RANK)
        return ml_error_set(err, ML_EUSAGE,
                            "tensor \"%s\" has %zu dimensions, at most %d are supported", name,
                            rank, MLI_TENSOR_RANK);
    if (lookup(set, name))
        return ml_error_set(err, ML_EUSAGE, "tensor \"%s\" is there already", name);
    if (!element_count(rank, shape, &count) || !mli_mul(count, sizeof(*data), &bytes) ||
        !mli_grow(&items, &set->capacity, set->count, sizeof(*set->items)))
        goto nomem;
    set->items = items;
    tensor.name = mli_strdup(name);
    tensor.data = mli_alloc(bytes, 1);
    if (!tensor.name || !tensor.data)
        goto nomem;
    if (rank > 0)
        memcpy(tensor.shape, shape, rank * sizeof(*shape));
    if (bytes > 0)
        memcpy(tensor.data, data, bytes);
    set->items[set->count++] = tensor;
    return ML_OK;

nomem:
    free(tensor.name);
    free(tensor.data);
    return ml_error_set(err, ML_ENOMEM, "out of memory for tensor \"%s\"", name);
}

enum ml_status mli_tensors_add_vector(struct mli_tensors *set, const char *name, size_t n,
                                      const double *data, struct ml_error *err)
{
    return mli_tensors_add(set, name, 1, &n, data, err);
}

#define SHAPE_TEXT (MLI_TENSOR_RANK * 22 + 8)

/* "(3, 4)"; only as much of a rank that is too high as fits. */
static const char *shape_text(char out[SHAPE_TEXT], size_t rank, const size_t *shape)
{
    size_t used = 0;
    out[used++] = '(';
    for (size_t i = 0; i < rank && i < MLI_TENSOR_RANK; i++)
        used +=
            (size_t)snprintf(out + used, SHAPE_TEXT - used, "%s%zu", i > 0 ? ", " : "", shape[i]);
    snprintf(out + used, SHAPE_TEXT - used, ")");
    return out;
}

enum ml_status mli_tensors_find(struct mli_tensors *set, const char *name, size_t rank,
                                const size_t *shape, const double **out, struct ml_error *err)
{
    struct mli_tensor *tensor = lookup(set, name);
    char found[SHAPE_TEXT], expected[SHAPE_TEXT];

    if (!tensor)
        return ml_error_set(err, ML_EARTIFACT, "tensor \"%s\" is missing", name);
    if (tensor->rank != rank ||
        (rank > 0 && memcmp(tensor->shape, shape, rank * sizeof(*shape)) != 0))
        return ml_error_set(err, ML_EARTIFACT, "tensor \"%s\" has shape %s, expected %s", name,
                            shape_text(found, tensor->rank, tensor->shape),
                            shape_text(expected, rank, shape));
    tensor->used = true;
    *out = tensor->data;
    return ML_OK;
}

enum ml_status mli_tensors_find_vector(struct mli_tensors *set, const char *name, size_t n,
                                       const double **out, struct ml_error *err)
{
    return mli_tensors_find(set, name, 1, &n, out, err);
}

const struct mli_tensor *mli_tensors_unused(const struct mli_tensors *set)
{
    for (size_t i = 0; i < set->count; i++)
        if (!set->items[i].used)
            return &set->items[i];
    return NULL;
}
