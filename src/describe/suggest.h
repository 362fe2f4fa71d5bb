/* The flags of mlctl train that the warnings ask for and that can be taken without a second thought. */
#ifndef DESCRIBE_SUGGEST_H
#define DESCRIBE_SUGGEST_H

#include <describe/describe.h>

#define MLI_SUGGESTIONS ((size_t)16)

/*
 * One flag each with its argument ("--drop-columns a,b"), quoted for a shell; --target is the first of them if it was given,
 * or if the last column cannot be trained on and one other could be. Then --text, when texts are all there is to learn from.
 * None when there is no target.
 */
struct mli_suggestion {
    size_t n;
    struct mli_buf flag[MLI_SUGGESTIONS];
};

/* ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_suggestion_make(const struct mli_description *d, struct mli_suggestion *out,
                                                struct ml_error *err);
void mli_suggestion_release(struct mli_suggestion *suggestion);

#endif
