/*
 * Members: several networks of one shape side by side as one stack, whose outputs are the mean of theirs. Networks that
 * begin at other weights err in other places, so their mean errs less [Hansen & Salamon 1990; Breiman 1996]. Hidden layers
 * have the units of all members, dense ones between them blocks on the diagonal and 0 elsewhere, and the last layer
 * divides by their number: nothing that reads a network needs to know.
 */
#ifndef NET_MEMBERS_H
#define NET_MEMBERS_H

#include <net/network.h>

/* Whether it can be: a stack of at least two layers of which the first is dense. */
bool mli_members_suit(const struct mli_network *member);
/* The stack of so many. ML_ELIMIT, ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_members_network(const struct mli_network *member, size_t members,
                                                struct mli_network **out, struct ml_error *err);
/* Its parameters, of those of the members, one behind the other. */
void mli_members_join(const struct mli_network *member, size_t members, const double *theta, double *out);

#endif
