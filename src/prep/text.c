/* Text: words and n-grams of free text to hashed features [Weinberger et al. 2009]. Nothing is learned from the rows. */
#include <prep/hashing.h>

#include <prep/encode.h>
#include <prep/tfidf.h>
#include <string.h>

enum ml_status mli_text_check(const char *how, unsigned column, struct ml_error *err)
{
    static const char *const ways[] = { "tfidf:N", "hash:N", "none" };
    struct mli_hashing hashing;
    struct mli_terms terms;
    const char *argument = mli_encode_argument(how, "hash");

    (void)column;
    if (strcmp(how, "none") == 0)
        return ML_OK;
    if (argument)
        return mli_hashing_parse(argument, MLI_HASHING_WORDS, &hashing, err);
    argument = mli_encode_argument(how, "tfidf");
    if (argument)
        return mli_tfidf_parse(argument, &terms, err);
    return mli_choice_refuse(how, "way to take texts", ways, sizeof(ways) / sizeof(*ways), NULL, err);
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
