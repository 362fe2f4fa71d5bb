#include <fit/clean.h>

#include <base/mem.h>
#include <base/ordered.h>
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
    mli_csv_write_text(csv, target, strlen(target));
    mli_csv_write_end(csv);
}

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
    size_t d = mli_pipeline_features(w->pipeline);
    struct mli_csv_writer csv;
    mli_arena_reset(&block->scratch);
    mli_csv_writer_init(&csv, &block->text, ',');
    double *X = mli_arena_alloc(&block->scratch, block->rows, d * sizeof *X);
    struct mli_column *columns = mli_arena_alloc(&block->scratch, w->view->columns, sizeof *columns);
    if (!X || !columns)
        return no_memory(err);
    struct ml_table rows = mli_table_slice(w->view, block->begin, block->rows, columns);
    enum ml_status status = mli_pipeline_apply(w->pipeline, &rows, &block->scratch, X, NULL, err);
    if (status)
        return status;
    write_rows(w, block, X, &csv);
    return block->text.status ? no_memory(err) : ML_OK;
}

static enum ml_status commit(void *data, size_t slot, struct ml_error *err)
{
    struct writing *w = data;
    struct mli_buf *text = &w->block[slot].text;
    mli_sha256_add(&w->sha, text->data, text->len);
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
    size_t d = mli_pipeline_features(w->pipeline);
    w->block_rows = d < BLOCK_VALUES ? BLOCK_VALUES / d : 1;
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
    enum ml_status status = mli_pipeline_view(pipeline, table, &arena, &w.view, err);
    mli_sha256_init(&w.sha);
    if (!status && !blocks_new(&w, threads))
        status = no_memory(err);
    if (!status)
        status = mli_output_open(path, &w.out, err);
    if (!status) {
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
