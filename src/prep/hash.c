/* Hash: a category's value as one hashed token, so that values which training did not see have a place, too. */
#include <prep/hashing.h>

enum ml_status mli_hash_check(const char *argument, struct ml_error *err)
{
    struct mli_hashing hashing;

    return mli_hashing_parse(argument, MLI_HASHING_VALUE, &hashing, err);
}

static enum ml_status hash_fit(struct mli_fit *fit, void **out, struct ml_error *err)
{
    return mli_hashed_fit(fit, MLI_HASHING_VALUE, out, err);
}

static enum ml_status hash_load(const json_t *doc, struct mli_tensors *set, void **out,
                                struct ml_error *err)
{
    (void)set;
    return mli_hashed_load(doc, MLI_HASHING_VALUE, out, err);
}

const struct mli_step_kind mli_hash_step = {
    .name = "hash",
    .fit = hash_fit,
    .shape = mli_hashed_shape,
    .save = mli_hashed_save,
    .load = hash_load,
    .free = mli_hashed_free,
};
