#include <table/flow.h>

#include <base/limits.h>
#include <base/mem.h>
#include <base/ordered.h>
#include <stdlib.h>
#include <table/chunks.h>

/*
 * Texts and results under way share a budget, whatever the number of threads: texts are cut so small that all fit.
 * Buffers that grow by doubling may be twice as large as what they hold.
 */
#define BUDGET ((size_t)16 << 20)
#define CHUNK_MIN ((size_t)16 << 10)
#define CHUNK_MAX ((size_t)1 << 20)
#define BLOCK_CELLS ((size_t)65536) /* half a MiB of numbers */
#define BLOCK_ROWS ((size_t)4096)

struct mli_flow {
    struct mli_chunks *chunks;
    struct mli_missing *missing;
    struct mli_binding binding;
    size_t rows; /* at once */
    const struct mli_flow_job *job;
};

static size_t chunk_size(const struct mli_flow_options *options)
{
    size_t threads = options->threads ? options->threads : mli_processors();
    size_t size = BUDGET / mli_ordered_slots(threads) / (1 + (options->grows ? options->grows : 1));

    return size < CHUNK_MIN ? CHUNK_MIN : size > CHUNK_MAX ? CHUNK_MAX : size;
}

static size_t rows_at_once(const struct mli_schema *schema)
{
    size_t rows = BLOCK_CELLS / (schema->count + 1);
    return rows < 1 ? 1 : rows > BLOCK_ROWS ? BLOCK_ROWS : rows;
}

enum ml_status mli_flow_open(const char *const *paths, size_t n, const struct mli_schema *schema,
                             const struct mli_flow_options *options, struct mli_flow **out,
                             struct ml_error *err)
{
    struct ml_csv_options csv = options->csv;
    const struct mli_chunks_options chunks = { .csv = &csv,
                                               .undigested = true,
                                               .threads = options->threads,
                                               .size = options->chunk ? options->chunk
                                                                      : chunk_size(options),
                                               .log = options->log };
    struct mli_flow *flow = mli_calloc(1, sizeof(*flow));
    enum ml_status status = ML_OK;

    if (!csv.log)
        csv.log = options->log;
    if (!flow || !(flow->missing = mli_missing_new(options->missing)))
        status = ml_error_set(err, ML_ENOMEM, "out of memory for a CSV reader");
    if (status == ML_OK)
        status = mli_chunks_open(paths, n, &chunks, &flow->chunks, err);
    if (status == ML_OK)
        status = mli_binding_init(&flow->binding, schema, mli_chunks_header(flow->chunks),
                                  mli_chunks_source(flow->chunks), options->keep, options->optional, options->known,
                                  options->quiet_extra ? NULL : options->log, err);
    if (status == ML_OK) {
        const struct ml_csv_options *found = mli_chunks_csv(flow->chunks);
        flow->binding.numerals = (struct mli_numerals){ found->decimal, found->thousands };
    }
    if (status != ML_OK) {
        mli_flow_close(flow);
        return status;
    }
    flow->rows = rows_at_once(schema);
    *out = flow;
    return ML_OK;
}

void mli_flow_close(struct mli_flow *flow)
{
    if (!flow)
        return;
    mli_binding_release(&flow->binding);
    mli_missing_free(flow->missing);
    mli_chunks_close(flow->chunks);
    free(flow);
}

bool mli_flow_has_kept(const struct mli_flow *flow, size_t k)
{
    return flow->binding.keep[k] != MLI_NO_COLUMN;
}

const char *mli_flow_source(const struct mli_flow *flow)
{
    return flow->binding.source;
}

uint64_t mli_flow_taken(const struct mli_flow *flow)
{
    return mli_chunks_taken(flow->chunks);
}

uint64_t mli_flow_size(const struct mli_flow *flow)
{
    return mli_chunks_size(flow->chunks);
}

/* ---- running --------------------------------------------------------------------------------- */

struct state {
    const struct mli_flow_job *job;
    struct mli_bound bound;
    void *own; /* the job's */
};

static void state_free(void *data)
{
    struct state *state = data;

    if (!state)
        return;
    mli_bound_release(&state->bound);
    state->job->state_free(state->own);
    free(state);
}

static void *state_new(void *shared)
{
    const struct mli_flow *flow = shared;
    struct state *state = mli_calloc(1, sizeof(*state));

    if (!state)
        return NULL;
    state->job = flow->job;
    state->own = flow->job->state_new(flow->job->shared);
    if (state->own && mli_bound_init(&state->bound, &flow->binding, flow->missing, flow->rows,
                                     NULL) == ML_OK)
        return state;
    state_free(state);
    return NULL;
}

static enum ml_status add(struct mli_chunk *chunk, struct mli_bound *bound,
                          const struct mli_csv_record *record, struct ml_error *err)
{
    size_t column = 0;
    enum ml_status status = mli_bound_add(bound, record, mli_chunk_source(chunk), &column, err);

    if (status == ML_EDATA && err)
        err->column = mli_chunk_field(chunk, column);
    return status;
}

/* Rows until the block is full; more is false at the end of the chunk. */
static enum ml_status fill(struct mli_chunk *chunk, struct mli_bound *bound, bool *more,
                           struct ml_error *err)
{
    struct mli_csv_record record = { 0 };
    enum ml_status status = ML_OK;

    mli_bound_reset(bound);
    *more = true;
    while (status == ML_OK && *more && !mli_bound_is_full(bound)) {
        status = mli_chunk_next(chunk, &record, err);
        *more = record.count > 0;
        if (status == ML_OK && *more)
            status = add(chunk, bound, &record, err);
    }
    return status;
}

static enum ml_status work(void *shared, void *data, struct mli_chunk *chunk, struct ml_error *err)
{
    const struct mli_flow *flow = shared;
    struct state *state = data;
    enum ml_status status = ML_OK;

    for (bool more = true; more && status == ML_OK;) {
        status = fill(chunk, &state->bound, &more, err);
        if (status == ML_OK && mli_rows_count(state->bound.rows) > 0)
            status = flow->job->work(flow->job->shared, state->own, &state->bound, err);
    }
    if (status != ML_OK)
        ml_error_source(err, mli_chunk_source(chunk));
    return status;
}

static enum ml_status commit(void *shared, void *data, struct ml_error *err)
{
    const struct mli_flow *flow = shared;
    return flow->job->commit(flow->job->shared, ((struct state *)data)->own, err);
}

enum ml_status mli_flow_run(struct mli_flow *flow, const struct mli_flow_job *job,
                            struct ml_error *err)
{
    const struct mli_chunk_job chunk_job = {
        .shared = flow, .state_new = state_new, .state_free = state_free, .work = work, .commit = commit
    };

    flow->job = job;
    return mli_chunks_run(flow->chunks, &chunk_job, err);
}
