/*
 * Members: one training repeated with other seeds, several at once, for a model that is the mean of the networks
 * (net/members.h). Member m, counted from 0, is what the seed plus m trains on the same rows.
 */
#ifndef FIT_MEMBERS_H
#define FIT_MEMBERS_H

#include <fit/run.h>
#include <net/network.h>

/* How many of them train beside each other. */
size_t mli_members_abreast(size_t members, size_t threads);
/*
 * run: as for mli_run(), its callbacks and log for the first member alone, whose history and state it gets. theta: room
 * for the parameters of all members, one behind the other; the first is where its training begins. *done: how many there
 * are in the end, fewer only when the run was interrupted. The error of the first member that has one.
 */
ML_NODISCARD enum ml_status mli_members_run(struct mli_run *run, const struct mli_network *network, size_t members,
                                            double *theta, size_t *done, struct ml_error *err);

#endif
