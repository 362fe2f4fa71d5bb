#include <fit/clean.h>

#include <base/mem.h>
#include <base/ordered.h>
#include <prep/step.h>
#include <stdlib.h>
#include <string.h>
#include <table/write.h>

#define BLOCK_VALUES ((size_t)32768) /* of a block: 256 KiB, and about twice that as text */
#define TEXT_MAX ((size_t)1 << 30)

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory");
}

static void write_header(struct mli_csv_writer *csv, const struct mli_pipeline *pipeline, const char *target)
{
    for (size_t j = 0; j < mli_pipeline_features(pipeline); j++) {
        const char *name = mli_pipeline_feature(pipeline, j);
        mli_csv_write_text(csv, name, strlen(name));
    }
    if (target)
        mli_csv_write_text(csv, target, strlen(target));
    mli_csv_write_end(csv);
}

/* Rows whose features are made at once. */
static size_t rows_at_once(const struct mli_pipeline *pipeline)
{
    size_t d = mli_pipeline_features(pipeline);
    return d < BLOCK_VALUES ? BLOCK_VALUES / d : 1;
}

/* Features of rows [begin, begin + n) of a table that follows the pipeline's schema; the arena is reset. */
static enum ml_status make_features(const struct mli_pipeline *pipeline, const struct ml_table *table,
                                    size_t begin, size_t n, struct mli_arena *scratch, double **out,
                                    struct ml_error *err)
{
    mli_arena_reset(scratch);
    double *X = mli_arena_alloc(scratch, n, mli_pipeline_features(pipeline) * sizeof *X);
    struct mli_column *columns = mli_arena_alloc(scratch, table->columns, sizeof *columns);
    if (!X || !columns)
        return no_memory(err);
    const struct ml_table rows = mli_table_slice(table, begin, n, columns);
    *out = X;
    return mli_pipeline_apply(pipeline, &rows, scratch, X, NULL, err);
}

/* ---- a table ---------------------------------------------------------------------------------------------------- */

/* A block of rows in the hands of one thread; its memory is used again for later ones. */
struct block {
    size_t begin, rows;
    struct mli_arena scratch;
    struct mli_buf text;
};

struct writing {
    const struct mli_pipeline *pipeline;
    const struct ml_table *table, *view; /* the same rows, by the pipeline's schema */
    size_t target;
    const uint8_t *has;
    size_t block_rows, next;
    struct block *block;
    size_t blocks;
    struct mli_output *out;
    struct mli_sha256 sha;
};

static enum ml_status make(void *data, size_t slot, bool *made, struct ml_error *err)
{
    struct writing *w = data;
    size_t left = w->table->rows - w->next;
    (void)err;
    w->block[slot].begin = w->next;
    w->block[slot].rows = left < w->block_rows ? left : w->block_rows;
    w->next += w->block[slot].rows;
    *made = left > 0;
    return ML_OK;
}

static void write_rows(const struct writing *w, const struct block *block, const double *X,
                       struct mli_csv_writer *csv)
{
    size_t d = mli_pipeline_features(w->pipeline);
    for (size_t i = 0; i < block->rows; i++) {
        size_t row = block->begin + i;
        if (!w->has[row])
            continue;
        mli_csv_write_numbers(csv, X + i * d, d);
        mli_csv_write_cell(csv, w->table, row, w->target);
        mli_csv_write_end(csv);
    }
}

static enum ml_status work(void *data, size_t slot, struct ml_error *err)
{
    struct writing *w = data;
    struct block *block = &w->block[slot];
    struct mli_csv_writer csv;
    double *X;
    mli_csv_writer_init(&csv, &block->text, ',');
    enum ml_status status = make_features(w->pipeline, w->view, block->begin, block->rows,
                                          &block->scratch, &X, err);
    if (status)
        return status;
    write_rows(w, block, X, &csv);
    return block->text.status ? no_memory(err) : ML_OK;
}

static enum ml_status commit(void *data, size_t slot, struct ml_error *err)
{
    struct writing *w = data;
    struct mli_buf *text = &w->block[slot].text;
    enum ml_status status = mli_output_write(w->out, text->data, text->len, err);
    mli_buf_reset(text);
    return status;
}

static enum ml_status write_first_line(struct writing *w, struct ml_error *err)
{
    struct mli_csv_writer csv;
    struct mli_buf *text = &w->block[0].text;
    mli_csv_writer_init(&csv, text, ',');
    write_header(&csv, w->pipeline, w->table->column[w->target].name);
    return text->status ? no_memory(err) : commit(w, 0, err);
}

static enum ml_status write_all(struct writing *w, size_t threads, struct ml_error *err)
{
    struct mli_ordered plan = { .threads = threads, .slots = w->blocks, .make = make, .work = work,
                                .commit = commit, .data = w };
    enum ml_status status = write_first_line(w, err);
    return status ? status : mli_ordered_run(&plan, err);
}

static bool blocks_new(struct writing *w, size_t threads)
{
    w->block_rows = rows_at_once(w->pipeline);
    w->blocks = mli_ordered_slots(threads);
    w->block = mli_calloc(w->blocks, sizeof *w->block);
    for (size_t i = 0; w->block && i < w->blocks; i++)
        mli_buf_init(&w->block[i].text, TEXT_MAX);
    return w->block != NULL;
}

static void blocks_free(struct writing *w)
{
    for (size_t i = 0; w->block && i < w->blocks; i++) {
        mli_arena_release(&w->block[i].scratch);
        mli_buf_release(&w->block[i].text);
    }
    free(w->block);
}

enum ml_status mli_clean_write(const struct mli_pipeline *pipeline, const struct ml_table *table,
                               size_t target, const uint8_t *has, size_t threads, const char *path,
                               char sha256[MLI_SHA256_HEX], struct ml_error *err)
{
    struct mli_arena arena = MLI_ARENA_INIT;
    struct writing w = { .pipeline = pipeline, .table = table, .target = target, .has = has };
    enum ml_status status = mli_pipeline_view_fitted(pipeline, table, &arena, &w.view, err);
    mli_sha256_init(&w.sha);
    if (!status && !blocks_new(&w, threads))
        status = no_memory(err);
    if (!status)
        status = mli_output_open_packed(path, &w.out, err);
    if (!status) {
        mli_output_digest(w.out, &w.sha);
        status = write_all(&w, threads, err);
        if (status)
            mli_output_abort(w.out);
        else
            status = mli_output_commit(w.out, err);
    }
    mli_sha256_hex(&w.sha, sha256);
    blocks_free(&w);
    mli_arena_release(&arena);
    return status;
}

/* ---- a flow ----------------------------------------------------------------------------------------------------- */

struct flowing {
    const struct mli_pipeline *pipeline;
    const char *target; /* to be written, from kept text; NULL: the file has none */
    struct mli_output *out;
    size_t rows;
    bool begun; /* the header is written, with the first rows: what fails before them writes nothing */
};

struct flow_state {
    struct mli_arena scratch;
    struct mli_buf text;
    size_t rows;
};

static void *state_new(void *shared)
{
    struct flow_state *state = mli_calloc(1, sizeof *state);
    (void)shared;
    if (state)
        mli_buf_init(&state->text, TEXT_MAX);
    return state;
}

static void state_free(void *data)
{
    struct flow_state *state = data;
    if (!state)
        return;
    mli_arena_release(&state->scratch);
    mli_buf_release(&state->text);
    free(state);
}

/* As a fit writes it: a number that has a decimal comma or separators in the file has a decimal point and none here. */
static void write_target(struct mli_csv_writer *csv, const struct mli_bound *rows, const char *text)
{
    struct mli_numerals numerals = rows->binding->numerals;
    bool own = (numerals.decimal == ',' && strchr(text, ',')) ||
               (numerals.thousands && strchr(text, numerals.thousands));
    double value;
    if (rows->missing && mli_missing_has(rows->missing, text, strlen(text)))
        text = ""; /* what --na says of this file, nobody says of the clean one */
    if (own && mli_num_parse_grouped(text, strlen(text), numerals, &value))
        mli_csv_write_numbers(csv, &value, 1);
    else
        mli_csv_write_text(csv, text, strlen(text));
}

static void add_rows(const struct flowing *f, const struct mli_bound *rows, size_t begin, size_t n,
                     const double *X, struct mli_buf *text)
{
    size_t d = mli_pipeline_features(f->pipeline);
    struct mli_csv_writer csv;
    mli_csv_writer_init(&csv, text, ',');
    for (size_t i = 0; i < n; i++) {
        mli_csv_write_numbers(&csv, X + i * d, d);
        const char *target = f->target ? mli_bound_kept(rows, begin + i, 0) : NULL;
        if (target)
            write_target(&csv, rows, target);
        mli_csv_write_end(&csv);
    }
}

static enum ml_status flow_work(void *shared, void *data, const struct mli_bound *rows, struct ml_error *err)
{
    const struct flowing *f = shared;
    struct flow_state *state = data;
    const struct ml_table *table = mli_rows_table(rows->rows);
    size_t step = rows_at_once(f->pipeline);
    enum ml_status status = ML_OK;
    for (size_t begin = 0; !status && begin < table->rows; begin += step) {
        size_t n = table->rows - begin < step ? table->rows - begin : step;
        double *X;
        status = make_features(f->pipeline, table, begin, n, &state->scratch, &X, err);
        if (!status)
            add_rows(f, rows, begin, n, X, &state->text);
    }
    state->rows += table->rows;
    return status ? status : state->text.status ? no_memory(err) : ML_OK;
}

static enum ml_status flow_begin(struct flowing *f, struct ml_error *err)
{
    struct mli_buf text;
    struct mli_csv_writer csv;
    if (f->begun)
        return ML_OK;
    f->begun = true;
    mli_buf_init(&text, TEXT_MAX);
    mli_csv_writer_init(&csv, &text, ',');
    write_header(&csv, f->pipeline, f->target);
    enum ml_status status =
        text.status ? no_memory(err) : mli_output_write(f->out, text.data, text.len, err);
    mli_buf_release(&text);
    return status;
}

static enum ml_status flow_commit(void *shared, void *data, struct ml_error *err)
{
    struct flowing *f = shared;
    struct flow_state *state = data;
    enum ml_status status = flow_begin(f, err);
    if (!status)
        status = mli_output_write(f->out, state->text.data, state->text.len, err);
    f->rows += state->rows;
    state->rows = 0;
    mli_buf_reset(&state->text);
    return status;
}

enum ml_status mli_clean_flow(const struct mli_pipeline *pipeline, struct mli_flow *flow,
                              const char *target, struct mli_output *out, size_t *rows,
                              struct ml_error *err)
{
    struct flowing f = { .pipeline = pipeline,
                         .target = mli_flow_has_kept(flow, 0) ? target : NULL,
                         .out = out };
    const struct mli_flow_job job = { .shared = &f, .state_new = state_new, .state_free = state_free,
                                      .work = flow_work, .commit = flow_commit };
    enum ml_status status = mli_flow_run(flow, &job, err);
    if (!status)
        status = flow_begin(&f, err);
    *rows = f.rows;
    return status;
}

/* A cell of the raw file takes a few bytes, a number up to 20 and an indicator 2. */
size_t mli_clean_grows(const struct mli_pipeline *pipeline)
{
    const struct mli_frame *frame = mli_pipeline_frame(pipeline);
    size_t bytes = 0, all = 20 * mli_pipeline_features(pipeline);
    for (size_t s = 0; s < frame->count; s++)
        if (frame->slot[s].live)
            bytes += frame->slot[s].kind == MLI_SLOT_INDICATORS ? 2 * frame->slot[s].width : 20;
    return 1 + (bytes < all ? bytes : all) / (4 * frame->schema->count);
}
