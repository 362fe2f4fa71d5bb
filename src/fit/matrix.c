#include <fit/matrix.h>

#include <base/mem.h>
#include <base/ordered.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = MLI_MATRIX_BLOCK, BLOCK_VALUES = 4 << 20 /* doubles of a block */ };

/* Moves the rows of a block that belong to the part to its front; how many there are. */
static size_t gather(const uint8_t *part, uint8_t which, size_t n, size_t d, double *X)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (part[i] != which)
            continue;
        if (kept < i)
            memcpy(X + kept * d, X + i * d, d * sizeof *X);
        kept++;
    }
    return kept;
}

/* By position: the digest has shown that the table is the file that preprocess wrote, features first. */
static enum ml_status check_prepared(const struct ml_table *table, size_t d, struct ml_error *err)
{
    if (table->columns != d + 1)
        return ml_error_at(err, ML_EUSAGE, table->source, 0, 0,
                           "%zu columns where its prep file says %zu features and the target; --drop-columns belongs to mlctl preprocess",
                           table->columns, d);
    for (size_t j = 0; j < d; j++)
        if (!table->column[j].number)
            return ml_error_at(err, ML_EUSAGE, table->source, 0, j + 1,
                               "column \"%s\" of a preprocessed file is read as %s; --type belongs to mlctl preprocess",
                               table->column[j].name, ml_type_name(table->column[j].type));
    return ML_OK;
}

static void copy_prepared(const struct ml_table *table, size_t begin, size_t n, size_t d, double *X)
{
    for (size_t j = 0; j < d; j++)
        for (size_t i = 0; i < n; i++)
            X[i * d + j] = table->column[j].number[begin + i];
}

/* What is shared by the threads of a walk over blocks. */
struct walk {
    const struct mli_matrix_rows *rows;
    const struct ml_table *view;
    size_t d, size, blocks; /* features, rows of a block, blocks */
    size_t *first;          /* (blocks) chosen rows before each */
    enum ml_status (*each)(void *data, const struct mli_matrix_block *block, struct ml_error *err);
    void *data;
    size_t failed; /* number of the block; blocks: none */
    enum ml_status status;
    struct ml_error error;
};

/* What each of them has for itself. */
struct room {
    struct mli_arena keep, scratch;
    struct mli_column *columns;
    double *X;
};

static bool room_init(const struct walk *walk, struct room *room)
{
    *room = (struct room){ .keep = MLI_ARENA_INIT, .scratch = MLI_ARENA_INIT };
    room->columns = mli_arena_alloc(&room->keep, walk->view->columns, sizeof *room->columns);
    room->X = mli_arena_alloc(&room->keep, walk->size * walk->d, sizeof *room->X);
    return room->columns && room->X;
}

static void room_release(struct room *room)
{
    mli_arena_release(&room->scratch);
    mli_arena_release(&room->keep);
}

/* block->n stays 0 when no row of it is chosen. */
static enum ml_status make_block(const struct walk *walk, size_t b, struct room *room, struct mli_matrix_block *block,
                                 struct ml_error *err)
{
    const struct mli_matrix_rows *rows = walk->rows;
    size_t begin = b * walk->size, rest = rows->table->rows - begin, n = rest < walk->size ? rest : walk->size;
    enum ml_status status = ML_OK;

    block->first = walk->first[b];
    block->X = room->X;
    block->n = 0;
    if (!memchr(rows->part + begin, rows->which, n))
        return ML_OK;
    struct ml_table slice = mli_table_slice(walk->view, begin, n, room->columns);
    mli_arena_reset(&room->scratch);
    if (rows->prepared)
        copy_prepared(rows->table, begin, n, walk->d, room->X);
    else
        status = mli_pipeline_apply(rows->pipeline, &slice, &room->scratch, room->X, NULL, err);
    block->n = gather(rows->part + begin, rows->which, n, walk->d, room->X);
    return status;
}

static enum ml_status visit(const struct walk *walk, size_t b, size_t thread, struct room *room, struct ml_error *err)
{
    struct mli_matrix_block block = { .thread = thread };
    enum ml_status status = make_block(walk, b, room, &block, err);
    return status || !block.n ? status : walk->each(walk->data, &block, err);
}

static void note(struct walk *walk, size_t b, enum ml_status status, const struct ml_error *err)
{
#pragma omp critical(matrix_note)
    if (b < walk->failed) {
        walk->failed = b;
        walk->status = status;
        walk->error = *err;
    }
}

static void run(struct walk *walk, size_t threads)
{
#pragma omp parallel num_threads((int)threads) if (threads > 1)
    {
        size_t thread = (size_t)omp_get_thread_num();
        struct ml_error err = ML_ERROR_INIT;
        struct room room;
        bool ready = room_init(walk, &room), over = false;
        if (!ready)
            note(walk, 0, ml_error_set(&err, ML_ENOMEM, "out of memory"), &err);
#pragma omp for schedule(dynamic)
        for (size_t b = 0; b < walk->blocks; b++) {
            enum ml_status status = ready && !over ? visit(walk, b, thread, &room, &err) : ML_OK;
            over = over || status;
            if (status)
                note(walk, b, status, &err);
        }
        room_release(&room);
    }
}

static bool count_rows(struct walk *walk)
{
    const struct mli_matrix_rows *rows = walk->rows;
    size_t chosen = 0;

    walk->first = mli_alloc(walk->blocks, sizeof *walk->first);
    if (!walk->first)
        return false;
    for (size_t i = 0; i < rows->table->rows; i++) {
        if (i % walk->size == 0)
            walk->first[i / walk->size] = chosen;
        chosen += rows->part[i] == rows->which;
    }
    return true;
}

/* ---- in order ------------------------------------------------------------------------------------------------ */

struct queue {
    const struct walk *walk;
    size_t next;        /* block to be made */
    struct room *room;  /* (slots) */
    size_t *number;     /* (slots) of the block in it */
    struct mli_matrix_block *block;
};

static enum ml_status take_number(void *data, size_t slot, bool *made, struct ml_error *err)
{
    struct queue *q = data;
    (void)err;
    *made = q->next < q->walk->blocks;
    q->number[slot] = q->next++;
    return ML_OK;
}

static enum ml_status fill_slot(void *data, size_t slot, struct ml_error *err)
{
    const struct queue *q = data;
    return make_block(q->walk, q->number[slot], &q->room[slot], &q->block[slot], err);
}

static enum ml_status hand_over(void *data, size_t slot, struct ml_error *err)
{
    const struct queue *q = data;
    return q->block[slot].n ? q->walk->each(q->walk->data, &q->block[slot], err) : ML_OK;
}

static void run_in_order(struct walk *walk, size_t threads)
{
    struct queue q = { .walk = walk };
    const struct mli_ordered plan = { .threads = threads, .slots = mli_ordered_slots(threads), .make = take_number,
                                      .work = fill_slot, .commit = hand_over, .data = &q };
    q.room = mli_calloc(plan.slots, sizeof *q.room);
    q.number = mli_calloc(plan.slots, sizeof *q.number);
    q.block = mli_calloc(plan.slots, sizeof *q.block);
    bool ready = q.room && q.number && q.block;
    for (size_t i = 0; ready && i < plan.slots; i++)
        ready = room_init(walk, &q.room[i]);
    walk->status = ready ? mli_ordered_run(&plan, &walk->error)
                         : ml_error_set(&walk->error, ML_ENOMEM, "out of memory");
    for (size_t i = 0; q.room && i < plan.slots; i++)
        room_release(&q.room[i]);
    free(q.room);
    free(q.number);
    free(q.block);
}

/* ---- walks --------------------------------------------------------------------------------------------------- */

typedef enum ml_status each_block(void *data, const struct mli_matrix_block *block, struct ml_error *err);

static enum ml_status walk_rows(const struct mli_matrix_rows *rows, void (*go)(struct walk *walk, size_t threads),
                                each_block *each, void *data, struct ml_error *err)
{
    struct mli_arena keep = MLI_ARENA_INIT;
    const struct ml_table *table = rows->table;
    size_t d = mli_pipeline_features(rows->pipeline), size = d <= BLOCK_VALUES / BLOCK ? BLOCK : BLOCK_VALUES / d + 1;
    size_t blocks = table->rows / size + (table->rows % size != 0);
    struct walk walk = { .rows = rows, .view = table, .d = d, .size = size, .blocks = blocks,
                         .each = each, .data = data, .failed = blocks, .error = ML_ERROR_INIT };
    walk.status = rows->prepared ? check_prepared(table, d, &walk.error)
                                 : mli_pipeline_view_fitted(rows->pipeline, table, &keep, &walk.view, &walk.error);
    if (!walk.status && !count_rows(&walk))
        walk.status = ml_error_set(&walk.error, ML_ENOMEM, "out of memory");
    if (!walk.status)
        go(&walk, rows->threads < 1 ? 1 : rows->threads < blocks ? rows->threads : blocks ? blocks : 1);
    free(walk.first);
    mli_arena_release(&keep);
    if (walk.status && err)
        *err = walk.error;
    return walk.status;
}

enum ml_status mli_matrix_share(const struct mli_matrix_rows *rows, each_block *each, void *data, struct ml_error *err)
{
    return walk_rows(rows, run, each, data, err);
}

enum ml_status mli_matrix_ordered(const struct mli_matrix_rows *rows, each_block *each, void *data,
                                  struct ml_error *err)
{
    return walk_rows(rows, run_in_order, each, data, err);
}

struct ordered {
    enum ml_status (*each)(void *data, size_t n, double *X, struct ml_error *err);
    void *data;
};

static enum ml_status pass_on(void *data, const struct mli_matrix_block *block, struct ml_error *err)
{
    const struct ordered *ordered = data;
    return ordered->each(ordered->data, block->n, block->X, err);
}

enum ml_status mli_matrix_each(const struct mli_matrix_rows *rows,
                               enum ml_status (*each)(void *data, size_t n, double *X, struct ml_error *err),
                               void *data, struct ml_error *err)
{
    struct ordered ordered = { each, data };
    struct mli_matrix_rows alone = *rows;

    alone.threads = 1;
    return mli_matrix_share(&alone, pass_on, &ordered, err);
}

struct filling {
    double *X;
    float *single; /* one of the two */
    size_t d;
};

static enum ml_status fill(void *data, const struct mli_matrix_block *block, struct ml_error *err)
{
    const struct filling *to = data;
    size_t at = block->first * to->d, count = block->n * to->d;
    (void)err;
    if (!to->single)
        memcpy(to->X + at, block->X, count * sizeof *to->X);
    for (size_t i = 0; to->single && i < count; i++)
        to->single[at + i] = (float)block->X[i];
    return ML_OK;
}

enum ml_status mli_matrix_build(const struct mli_matrix_rows *rows, bool single, void *X, struct ml_error *err)
{
    struct filling filling = {
        .X = single ? NULL : X,
        .single = single ? X : NULL,
        .d = mli_pipeline_features(rows->pipeline),
    };
    return mli_matrix_share(rows, fill, &filling, err);
}
