/* Text: words and n-grams of free text to hashed features [Weinberger et al. 2009]. Nothing is learned from the rows. */
#include <prep/hashing.h>

#include <prep/encode.h>
#include <string.h>

enum ml_status mli_text_check(const char *how, unsigned column, struct ml_error *err)
{
    struct mli_hashing hashing;

    const char *argument = mli_encode_argument(how, "hash");

    (void)column;
    if (strcmp(how, "none") == 0)
        return ML_OK;
    return mli_hashing_parse(argument ? argument : "", MLI_HASHING_WORDS, &hashing, err);
}

static enum ml_status text_fit(struct mli_fit *fit, void **out, struct ml_error *err)
{
    return mli_hashed_fit(fit, MLI_HASHING_WORDS, out, err);
}

static enum ml_status text_load(const json_t *doc, struct mli_tensors *set, void **out,
                                struct ml_error *err)
{
    (void)set;
    return mli_hashed_load(doc, MLI_HASHING_WORDS, out, err);
}

const struct mli_step_kind mli_text_step = {
    .name = "text",
    .fit = text_fit,
    .shape = mli_hashed_shape,
    .save = mli_hashed_save,
    .load = text_load,
    .free = mli_hashed_free,
};
