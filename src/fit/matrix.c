#include <fit/matrix.h>

#include <base/mem.h>
#include <base/ordered.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = MLI_MATRIX_BLOCK, BLOCK_VALUES = 4 << 20 /* doubles of a block */, STRETCH = 64 /* blocks spent at a time */,
       TOUCH = 1 << 15 /* bytes that are worth asking for their pages */, HANDED_LEAST = 1 << 17, HANDED_MAX = 8192 };

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
    bool all;               /* every row is chosen: a block's first is that of the table */
    size_t *first;          /* (blocks) chosen rows before each */
    size_t begin, end;      /* blocks to be walked over now */
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

    block->first = walk->all ? begin : walk->first[b];
    block->X = room->X;
    block->n = 0;
    if (!walk->all && !memchr(rows->part + begin, rows->which, n))
        return ML_OK;
    struct ml_table slice = mli_table_slice(walk->view, begin, n, room->columns);
    mli_arena_reset(&room->scratch);
    if (rows->prepared)
        copy_prepared(rows->table, begin, n, walk->d, room->X);
    else
        status = mli_pipeline_apply(rows->pipeline, &slice, &room->scratch, room->X, NULL, err);
    block->n = walk->all ? n : gather(rows->part + begin, rows->which, n, walk->d, room->X);
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
        for (size_t b = walk->begin; b < walk->end; b++) {
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

    if (walk->all)
        return true;
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

static size_t block_rows(size_t d)
{
    return d <= BLOCK_VALUES / BLOCK ? BLOCK : BLOCK_VALUES / d + 1;
}

typedef enum ml_status each_block(void *data, const struct mli_matrix_block *block, struct ml_error *err);

static enum ml_status walk_rows(const struct mli_matrix_rows *rows, bool all,
                                void (*go)(struct walk *walk, size_t threads), each_block *each, void *data,
                                struct ml_error *err)
{
    struct mli_arena keep = MLI_ARENA_INIT;
    const struct ml_table *table = rows->table;
    size_t d = mli_pipeline_features(rows->pipeline), size = block_rows(d);
    size_t blocks = table->rows / size + (table->rows % size != 0);
    struct walk walk = { .rows = rows, .view = table, .d = d, .all = all, .size = size, .blocks = blocks, .end = blocks,
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
    return walk_rows(rows, false, run, each, data, err);
}

enum ml_status mli_matrix_ordered(const struct mli_matrix_rows *rows, each_block *each, void *data,
                                  struct ml_error *err)
{
    return walk_rows(rows, false, run_in_order, each, data, err);
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

/* ---- several matrices at once -------------------------------------------------------------------------------- */

struct spreading {
    const struct mli_matrix_into *into;
    const uint8_t *part;
    size_t n, d, size; /* matrices, features, rows of a block */
    size_t *before;    /* (blocks + 1, n) rows of each matrix before the block */
};

static bool count_parts(struct spreading *s, size_t rows)
{
    size_t seen[MLI_MATRIX_PARTS] = { 0 };

    size_t blocks = rows / s->size + (rows % s->size != 0);

    s->before = mli_alloc(blocks + 1, s->n * sizeof *s->before);
    for (size_t i = 0; s->before && i < rows; i++) {
        if (i % s->size == 0)
            memcpy(s->before + i / s->size * s->n, seen, s->n * sizeof *seen);
        for (size_t k = 0; k < s->n; k++)
            seen[k] += s->part[i] == s->into[k].which;
    }
    if (s->before)
        memcpy(s->before + blocks * s->n, seen, s->n * sizeof *seen);
    return s->before != NULL;
}

static void put_row(const struct mli_matrix_into *into, size_t row, size_t d, const double *x)
{
    if (!into->single) {
        memcpy((double *)into->X + row * d, x, d * sizeof *x);
        return;
    }
    float *to = (float *)into->X + row * d;
    for (size_t j = 0; j < d; j++)
        to[j] = (float)x[j];
}

static size_t count_of(const uint8_t *part, size_t n, uint8_t which)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += part[i] == which;
    return count;
}

/* They are written for the first time. */
static void touch_rows(const struct mli_matrix_into *into, size_t first, size_t n, size_t d)
{
    size_t row = d * (into->single ? sizeof(float) : sizeof(double));

    if (n * row >= TOUCH)
        mli_touch(into->X, first * row, (first + n) * row);
}

static enum ml_status put_rows(void *data, const struct mli_matrix_block *block, struct ml_error *err)
{
    const struct spreading *s = data;
    const uint8_t *part = s->part + block->first;
    size_t next[MLI_MATRIX_PARTS];

    (void)err;
    memcpy(next, s->before + block->first / s->size * s->n, s->n * sizeof *next);
    for (size_t k = 0; k < s->n; k++)
        touch_rows(&s->into[k], next[k], count_of(part, block->n, s->into[k].which), s->d);
    for (size_t i = 0; i < block->n; i++)
        for (size_t k = 0; k < s->n; k++)
            if (part[i] == s->into[k].which)
                put_row(&s->into[k], next[k]++, s->d, block->X + i * s->d);
    return ML_OK;
}

/*
 * Cells that have been walked over are needed no more. Their pages become those of the rows that come next: clearing new ones
 * would take a tenth of the time from file to model.
 */
struct spending {
    struct mli_room next[MLI_MATRIX_PARTS]; /* of the matrices, what the next stretch will write */
    size_t n, at;                           /* how many; the first that has room */
    size_t handed;                          /* a piece each, and there may be so many pieces of memory only */
};

static void plan_spending(struct spending *to, const struct walk *walk)
{
    const struct spreading *s = walk->data;
    size_t rest = walk->blocks - walk->end, end = walk->end + (rest < STRETCH ? rest : STRETCH);

    to->n = s->n;
    to->at = 0;
    for (size_t k = 0; k < s->n; k++) {
        size_t row = s->d * (s->into[k].single ? sizeof(float) : sizeof(double));
        char *X = s->into[k].X;
        to->next[k] = (struct mli_room){ X + s->before[walk->end * s->n + k] * row, X + s->before[end * s->n + k] * row };
    }
}

static bool spend_cells(struct spending *to, void *cells, size_t first, size_t end, size_t size)
{
    struct mli_room from = { (char *)cells + first * size, (char *)cells + end * size };

    while (to->at < to->n && to->handed < HANDED_MAX) {
        char *begin = from.begin;
        if (!mli_hand_on(&from, &to->next[to->at]))
            return false;
        to->handed += from.begin != begin;
        if (from.end - from.begin < HANDED_LEAST)
            break;
        to->at++; /* it has no room left */
    }
    mli_give_back(from.begin, 0, (size_t)(from.end - from.begin));
    return true;
}

static bool spend(const struct ml_table *table, struct spending *to, size_t first, size_t end)
{
    bool done = true;

    for (size_t j = 0; j < table->columns && !table->spool && done; j++) {
        const struct mli_column *column = &table->column[j];
        if (column->number)
            done = spend_cells(to, column->number, first, end, sizeof *column->number);
        if (column->code && done)
            done = spend_cells(to, column->code, first, end, sizeof *column->code);
    }
    return done;
}

static void run_and_spend(struct walk *walk, size_t threads)
{
    struct spending to = { 0 };
    size_t blocks = walk->blocks, rows = walk->rows->table->rows;

    for (walk->end = 0; walk->end < blocks && !walk->status;) {
        walk->begin = walk->end;
        walk->end = blocks - walk->begin < STRETCH ? blocks : walk->begin + STRETCH;
        run(walk, threads);
        plan_spending(&to, walk);
        size_t end = walk->end * walk->size;
        if (!spend(walk->rows->table, &to, walk->begin * walk->size, end < rows ? end : rows) && !walk->status)
            walk->status = ml_error_set(&walk->error, ML_ENOMEM, "out of memory");
    }
}

enum ml_status mli_matrix_spread(const struct mli_matrix_rows *rows, const struct mli_matrix_into *into, size_t n,
                                 bool last, struct ml_error *err)
{
    size_t d = mli_pipeline_features(rows->pipeline);
    struct spreading s = { .into = into, .part = rows->part, .n = n, .d = d, .size = block_rows(d) };
    enum ml_status status = count_parts(&s, rows->table->rows)
                                ? walk_rows(rows, true, last ? run_and_spend : run, put_rows, &s, err)
                                : ml_error_set(err, ML_ENOMEM, "out of memory");
    free(s.before);
    return status;
}
