/*
 * Flow: CSV files read under a pinned schema as in stream.h, at constant memory, their rows worked on by all threads
 * and committed in file order (chunks.h). What a job commits does not depend on the number of threads if the result of
 * a row does not depend on the rows beside it.
 */
#ifndef TABLE_FLOW_H
#define TABLE_FLOW_H

#include <table/bound.h>

struct mli_flow_options {
    struct ml_csv_options csv;
    const char *missing;
    const char *const *keep; /* as in bound.h */
    const char *const *optional, *const *known;
    bool quiet_extra; /* do not log columns that are ignored */
    size_t threads;   /* 0: one a processor */
    size_t grows;     /* how many times as large as its text a row's result is at most, about; 0: as large */
    size_t chunk;     /* bytes of text that a thread takes at once, for tests; 0: by threads and `grows` */
    const struct ml_log *log;
};

struct mli_flow;
/* n >= 1 paths or "-", as in mli_chunks_open(). */
ML_NODISCARD enum ml_status mli_flow_open(const char *const *paths, size_t n, const struct mli_schema *schema,
                                          const struct mli_flow_options *options, struct mli_flow **out,
                                          struct ml_error *err);
void mli_flow_close(struct mli_flow *flow); /* NULL is fine */
/* Whether the files have keep column k: false for an optional one that is absent. */
bool mli_flow_has_kept(const struct mli_flow *flow, size_t k);
const char *mli_flow_source(const struct mli_flow *flow);
/* Stored bytes read so far, and in all (0 when not known). Any thread, at any time. */
uint64_t mli_flow_taken(const struct mli_flow *flow);
uint64_t mli_flow_size(const struct mli_flow *flow);

struct mli_flow_job {
    void *shared; /* handed to all; work() may only read it, commit() has it alone among commits */
    void *(*state_new)(void *shared); /* NULL: no memory. In the caller's thread */
    void (*state_free)(void *state);  /* NULL is fine */
    /* In any thread: some rows, after those of the calls before it since the state was committed. */
    enum ml_status (*work)(void *shared, void *state, const struct mli_bound *rows, struct ml_error *err);
    /* In any thread, one at a time, in file order, once the rows that the state has seen were all in order. */
    enum ml_status (*commit)(void *shared, void *state, struct ml_error *err);
};
/* All rows through the job, once. The first error in file order ends it; nothing behind it is committed. */
ML_NODISCARD enum ml_status mli_flow_run(struct mli_flow *flow, const struct mli_flow_job *job,
                                         struct ml_error *err);

#endif
