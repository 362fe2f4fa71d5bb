#include <net/parts.h>

#include <stdio.h>

static void put_name(char *out, size_t size, size_t index, const char *part)
{
    snprintf(out, size, "net.%zu.%s", index, part);
}

enum ml_status mli_part_save(struct mli_tensors *set, size_t index, const char *part, size_t rank,
                             const size_t *shape, const double *data, struct ml_error *err)
{
    char name[64];

    put_name(name, sizeof(name), index, part);
    return mli_tensors_add(set, name, rank, shape, data, err);
}

enum ml_status mli_part_find(struct mli_tensors *set, size_t index, const char *part, size_t rank,
                             const size_t *shape, const double **out, struct ml_error *err)
{
    char name[64];

    put_name(name, sizeof(name), index, part);
    return mli_tensors_find(set, name, rank, shape, out, err);
}
