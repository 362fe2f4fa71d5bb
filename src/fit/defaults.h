/* What is searched when nothing is asked for: which kinds, and of each kind which settings. */
#ifndef FIT_DEFAULTS_H
#define FIT_DEFAULTS_H

#include <fit/target.h>
#include <net/kinds.h>

/* "KIND.NAME=SPACE", count in *n. */
const char *const *mli_default_spaces(size_t *n);
/* Whether a kind is tried on that target when none is asked for. */
bool mli_kind_suits(const struct mli_kind *kind, const struct mli_target *target);

#endif
