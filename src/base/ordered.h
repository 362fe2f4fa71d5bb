/*
 * Ordered work: jobs are made one after the other, worked on side by side, and committed one after the other in the
 * order in which they were made. So the result is the same for every number of threads: what is read in order is
 * written in order, and of several failures the first one in order is the one that is reported.
 *
 * There is no thread of a kind: whoever is free commits the next job if it is done, else works on one that is made, else
 * makes one. That keeps all threads busy whether making, working or committing is what takes longest, and a thread
 * never waits with a finished job in its hands: with one thread a job is committed before the next is made.
 */
#ifndef BASE_ORDERED_H
#define BASE_ORDERED_H

#include <mlctl/status.h>
#include <stdbool.h>

/*
 * A job lives in a slot, 0 to slots - 1, whose memory is the caller's: made by `make`, used by `work`, and free again
 * when `commit` has returned. Calls of `make` never run beside each other, nor do those of `commit`; make, work and
 * commit do run beside each other, on different slots, and any thread may run any of them.
 *
 *   make    sets *made, or leaves it false at the end of the input; may block
 *   work    NULL: there is none
 *   commit  in the order of making
 *
 * An error of any of them ends the run: the jobs before it are still worked on and committed, nothing behind it is
 * committed, and its error is the one that is reported.
 */
struct mli_ordered {
    size_t threads; /* the caller's among them; 0 counts as 1 */
    size_t slots;   /* jobs under way at most; 0: mli_ordered_slots(threads) */
    enum ml_status (*make)(void *data, size_t slot, bool *made, struct ml_error *err);
    enum ml_status (*work)(void *data, size_t slot, struct ml_error *err);
    enum ml_status (*commit)(void *data, size_t slot, struct ml_error *err);
    void *data;
};

/* One job in each thread's hands, one that is ready for each, and one to be committed; 1 for one thread. */
size_t mli_ordered_slots(size_t threads);

/*
 * Runs until the input has ended and everything is committed, or to the first error. Where the system gives fewer
 * threads, it runs with those. ML_ENOMEM, or what the three return.
 */
ML_NODISCARD enum ml_status mli_ordered_run(const struct mli_ordered *plan, struct ml_error *err);

#endif
