/*
 * Team: threads that wait for jobs of some ten microseconds. OpenMP's wait by spinning for milliseconds, so two of them on
 * a processor that others use as well spend their time on waiting; these spin for a moment, then let others run, then
 * sleep. The caller is one of the team.
 */
#ifndef BASE_TEAM_H
#define BASE_TEAM_H

#include <mlctl/status.h>
#include <stddef.h>

struct mli_team;

/* threads: with the caller, at least 1. Fewer are started when there are no more to be had. NULL: no memory. */
struct mli_team *mli_team_new(size_t threads);
/* Bytes that _new allocates, but for the stacks of the threads. */
size_t mli_team_memory(size_t threads);
void mli_team_free(struct mli_team *team); /* NULL is fine */
/* How many there are; of a team that is NULL: the caller alone. */
size_t mli_team_size(const struct mli_team *team);

/*
 * Calls each(data, item, thread) for every item below n, the items shared out to at most `threads` threads as they come;
 * thread is the number of the one at work, below the size. Returns when all are done. Not to be called by two at once.
 */
void mli_team_run(struct mli_team *team, size_t threads, size_t n,
                  void (*each)(void *data, size_t item, size_t thread), void *data);

#endif
