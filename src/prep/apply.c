/*
 * Applying a pipeline. Rows are worked on a few hundred at a time: the slots of such a block and its part of X stay
 * in the cache, and a whole table needs no more scratch memory than one block. A single row is a block of one.
 */
#include <prep/inside.h>

#include <base/clones.h>
#include <base/mem.h>
#include <base/raw.h>
#include <base/tile.h>
#include <math.h>
#include <prep/hashing.h>
#include <prep/vocabulary.h>
#include <string.h>

#define BLOCK_VALUES ((size_t)16384) /* doubles of a block, slots and features: 128 KiB */
#define BLOCK_ROWS ((size_t)1024)
#define FEW_ROWS ((size_t)4)

static bool is_coded(const struct mli_slot *slot)
{
    return slot->kind == MLI_SLOT_CATEGORY || slot->kind == MLI_SLOT_INDICATORS;
}

static bool is_text(const struct mli_slot *slot)
{
    return slot->kind == MLI_SLOT_TEXT || slot->kind == MLI_SLOT_HASHED || slot->kind == MLI_SLOT_TERMS;
}

static bool column_fits(const struct mli_slot *slot, const struct mli_column *column)
{
    if (is_text(slot))
        return column->text != NULL;
    return is_coded(slot) ? column->code != NULL : column->number != NULL;
}

static enum ml_status check_rows(const struct mli_pipeline *pipeline, const struct ml_table *rows,
                                 struct ml_error *err)
{
    bool fits = rows->columns == pipeline->schema->count;

    for (size_t i = 0; fits && i < rows->columns; i++)
        fits = column_fits(&pipeline->frame.slot[i], &rows->column[i]);
    return fits ? ML_OK : ml_error_set(err, ML_EDATA, "rows do not follow the model's schema");
}

/* Pointers, one array for all numbers and one for all codes, for blocks of up to n rows. */
static bool block_init(const struct mli_pipeline *pipeline, struct mli_arena *scratch, size_t n,
                       struct mli_block *block)
{
    const struct mli_frame *frame = &pipeline->frame;
    size_t values;

    block->number = mli_arena_alloc(scratch, frame->count, sizeof(*block->number));
    block->code = mli_arena_alloc(scratch, frame->count, sizeof(*block->code));
    block->text = mli_arena_alloc(scratch, frame->count, sizeof(*block->text));
    if (!block->number || !block->code || !block->text || !mli_mul(n, frame->count, &values))
        return false;
    double *number = mli_arena_alloc(scratch, values, sizeof(*number));
    int32_t *code = mli_arena_alloc(scratch, values, sizeof(*code));
    if (!number || !code)
        return false;
    for (size_t s = 0; s < frame->count; s++) {
        bool coded = is_coded(&frame->slot[s]), other = !coded && !is_text(&frame->slot[s]);
        bool straight = pipeline->line[s].straight;
        block->number[s] = other && !straight ? number : NULL;
        block->code[s] = coded ? code : NULL;
        block->text[s] = NULL;
        number += other && !straight ? n : 0;
        code += coded ? n : 0;
    }
    return true;
}

MLI_CLONES
static void load_numbers(const double *restrict from, size_t n, double *restrict to, struct mli_apply_counts *counts)
{
    size_t missing = 0;

    for (size_t i = 0; i < n; i++) {
        to[i] = from[i];
        missing += from[i] != from[i];
    }
    counts->missing += missing;
}

static void load_codes(const int32_t *from, size_t n, int32_t *to, struct mli_apply_counts *counts)
{
    for (size_t i = 0; i < n; i++) {
        to[i] = from[i];
        counts->missing += from[i] == MLI_CODE_MISSING;
        counts->unknown += from[i] == MLI_CODE_UNKNOWN;
    }
}

static void count_texts(const char *const *text, size_t n, struct mli_apply_counts *counts)
{
    for (size_t i = 0; i < n; i++)
        counts->missing += text[i] == NULL;
}

static void load_block(const struct ml_table *rows, size_t begin, struct mli_block *block,
                       struct mli_apply_counts *counts)
{
    block->fold = rows->fold ? rows->fold + begin : NULL;
    for (size_t s = 0; s < rows->columns; s++) {
        const struct mli_column *column = &rows->column[s];
        if (column->text) {
            block->text[s] = column->text + begin;
            count_texts(block->text[s], block->rows, counts);
            continue;
        }
        if (block->number[s])
            load_numbers(column->number + begin, block->rows, block->number[s], counts);
        else if (block->code[s])
            load_codes(column->code + begin, block->rows, block->code[s], counts);
    }
}

/* What becomes of a cell in a straight line. */
static inline double follow(const struct mli_line *line, double v)
{
    return ((v != v ? line->fill : v) - line->shift) / line->scale;
}

/* The same of some cells. False when a value is not finite. */
MLI_CLONES
static bool follow_line(const struct mli_line *line, const double *restrict from, size_t n, double *restrict to,
                        struct mli_apply_counts *counts)
{
    const struct mli_line here = *line;
    size_t missing = 0, bad = 0;

    for (size_t i = 0; i < n; i++) {
        missing += from[i] != from[i];
        to[i] = follow(&here, from[i]);
        bad += to[i] - to[i] != 0;
    }
    counts->missing += missing;
    return bad == 0;
}

static bool write_line(const struct mli_line *line, const double *from, size_t n, double *X, size_t d,
                       struct mli_apply_counts *counts)
{
    MLI_RAW double value[BLOCK_ROWS];
    bool finite = follow_line(line, from, n, value, counts);

    for (size_t i = 0; i < n; i++)
        X[i * d] = value[i];
    return finite;
}

/* Four cells of a column at once; *missing and *bad count down. */
static inline __attribute__((always_inline)) void follow_four(const struct mli_line *line, const double *from, mli_four *to,
                                                              mli_four_bits *missing, mli_four_bits *bad)
{
    const mli_four v = MLI_FOUR_CONST(from), fill = { line->fill, line->fill, line->fill, line->fill };
    const mli_four_bits none = v != v;
    const mli_four filled = (mli_four)(((mli_four_bits)fill & none) | ((mli_four_bits)v & ~none));

    *missing += none;
    *to = (filled - line->shift) / line->scale;
    *bad += *to - *to != 0;
}

/* write_line() of four slots whose features are side by side: straight lines, column by column in and row by row out. */
MLI_CLONES
static bool write_lines(const struct mli_line *const line[MLI_TILE], const double *const from[MLI_TILE], size_t n, double *X,
                        size_t d, struct mli_apply_counts *counts)
{
    const struct mli_line l0 = *line[0], l1 = *line[1], l2 = *line[2], l3 = *line[3];
    mli_four_bits missing = { 0 }, bad = { 0 };
    size_t i = 0, lacking = 0, wrong = 0;

    for (; i + MLI_TILE <= n; i += MLI_TILE, X += MLI_TILE * d) {
        mli_four a, b, c, e;
        follow_four(&l0, from[0] + i, &a, &missing, &bad);
        follow_four(&l1, from[1] + i, &b, &missing, &bad);
        follow_four(&l2, from[2] + i, &c, &missing, &bad);
        follow_four(&l3, from[3] + i, &e, &missing, &bad);
        mli_tile_turn(&a, &b, &c, &e);
        MLI_FOUR(X) = a;
        MLI_FOUR(X + d) = b;
        MLI_FOUR(X + 2 * d) = c;
        MLI_FOUR(X + 3 * d) = e;
    }
    for (; i < n; i++, X += d) {
        for (size_t k = 0; k < MLI_TILE; k++) {
            lacking += from[k][i] != from[k][i];
            X[k] = follow(line[k], from[k][i]);
            wrong += X[k] - X[k] != 0;
        }
    }
    counts->missing += lacking + (size_t)-mli_four_sum(&missing);
    return wrong == 0 && mli_four_sum(&bad) == 0;
}

MLI_CLONES
static bool all_finite(const double *x, size_t n)
{
    size_t bad = 0;

    for (size_t i = 0; i < n; i++)
        bad += x[i] - x[i] != 0; /* NaN when x is infinite or NaN */
    return bad == 0;
}

/* False when a value is not finite. */
static bool write_numbers(const double *from, size_t n, double *X, size_t d)
{
    for (size_t i = 0; i < n; i++)
        X[i * d] = from[i];
    return all_finite(from, n);
}

static void write_indicators(const struct mli_slot *slot, const int32_t *code, size_t n, double *X,
                             size_t d)
{
    for (size_t i = 0; i < n; i++) {
        double *x = X + i * d;
        memset(x, 0, slot->width * sizeof(*x));
        int64_t on = mli_slot_indicator(slot, code[i]);
        if (on >= 0)
            x[on] = 1;
    }
}

/* Rows of the table from `begin` on, which are those of the block. */
struct cells {
    const struct ml_table *rows;
    size_t begin;
    struct mli_apply_counts *counts;
};

/* False when a value is not finite. */
static bool write_number(const struct mli_pipeline *pipeline, const struct mli_block *block, const struct cells *cells,
                         size_t s, double *x)
{
    if (pipeline->line[s].straight)
        return write_line(&pipeline->line[s], cells->rows->column[s].number + cells->begin, block->rows, x, pipeline->made,
                          cells->counts);
    return write_numbers(block->number[s], block->rows, x, pipeline->made);
}

/* Whether the outputs from `o` on begin with four straight ones. */
static bool is_tile(const struct mli_pipeline *pipeline, size_t o)
{
    bool all = o + MLI_TILE <= pipeline->outputs;

    for (size_t k = 0; all && k < MLI_TILE; k++)
        all = pipeline->line[pipeline->output[o + k]].straight;
    return all;
}

/* The outputs from `o` on; *wrong: the first whose values are not all finite. */
static bool write_tile(const struct mli_pipeline *pipeline, size_t o, size_t n, const struct cells *cells, double *X,
                       size_t *wrong)
{
    const struct mli_line *line[MLI_TILE];
    const double *from[MLI_TILE];

    for (size_t k = 0; k < MLI_TILE; k++) {
        size_t s = pipeline->output[o + k];
        line[k] = &pipeline->line[s];
        from[k] = cells->rows->column[s].number + cells->begin;
    }
    if (write_lines(line, from, n, X, pipeline->made, cells->counts))
        return true;
    for (size_t k = 0; k < MLI_TILE; k++)
        for (size_t i = 0; i < n; i++)
            if (!isfinite(X[i * pipeline->made + k])) {
                *wrong = o + k;
                return false;
            }
    return true;
}

static enum ml_status too_far(const struct mli_slot *slot, struct ml_error *err)
{
    return ml_error_set(err, ML_EDATA, "column \"%s\": a value is too far from those of the training rows",
                        slot->name);
}

static enum ml_status write_slots(const struct mli_pipeline *pipeline,
                                  const struct mli_block *block, const struct cells *cells, struct mli_words *words,
                                  double *X, struct ml_error *err)
{
    for (size_t o = 0, wrong; o < pipeline->outputs; o++) {
        size_t s = pipeline->output[o];
        const struct mli_slot *slot = &pipeline->frame.slot[s];
        double *x = X + slot->feature;
        if (is_tile(pipeline, o)) {
            if (!write_tile(pipeline, o, block->rows, cells, x, &wrong))
                return too_far(&pipeline->frame.slot[pipeline->output[wrong]], err);
            o += MLI_TILE - 1;
        } else if (slot->kind == MLI_SLOT_HASHED) {
            if (!mli_hashing_write(&slot->hashing, block->text[s], block->rows, words, x,
                                   pipeline->made))
                return mli_step_nomem(err);
        } else if (slot->kind == MLI_SLOT_TERMS) {
            if (!mli_vocabulary_write(slot->vocabulary, block->text[s], block->rows, words, x, pipeline->made))
                return mli_step_nomem(err);
        } else if (slot->kind == MLI_SLOT_INDICATORS) {
            write_indicators(slot, block->code[s], block->rows, x, pipeline->made);
        } else if (!write_number(pipeline, block, cells, s, x)) {
            return too_far(slot, err);
        }
    }
    return ML_OK;
}

static enum ml_status write_block(const struct mli_pipeline *pipeline,
                                  const struct mli_block *block, const struct cells *cells, double *X, struct ml_error *err)
{
    struct mli_words words = MLI_WORDS_INIT;
    enum ml_status status = write_slots(pipeline, block, cells, &words, X, err);

    mli_words_release(&words);
    return status;
}

/* ---- stages -------------------------------------------------------------------------------------------------- */

/* What the slots and all stages but the last make of n rows; NULL where the next one writes to the caller's X. */
struct between {
    double *made[MLI_STAGE_KINDS];
};

static bool between_init(const struct mli_pipeline *pipeline, size_t stages, struct mli_arena *scratch, size_t n,
                         struct between *between)
{
    for (size_t i = 0; i < stages; i++) {
        size_t values;
        if (!mli_mul(n, pipeline->stage[i].inputs, &values))
            return false;
        between->made[i] = mli_arena_alloc(scratch, values, sizeof(**between->made));
        if (!between->made[i])
            return false;
    }
    return true;
}

static enum ml_status run_stages(const struct mli_pipeline *pipeline, size_t stages, const struct between *between,
                                 size_t n, double *X, struct ml_error *err)
{
    double check = 0;

    for (size_t i = 0; i < stages; i++) {
        const struct mli_stage *stage = &pipeline->stage[i];
        double *out = i + 1 < stages ? between->made[i + 1] : X;
        stage->kind->apply(stage->state, n, between->made[i], out);
    }
    for (size_t i = 0; stages > 0 && i < n * pipeline->features; i++)
        check += X[i] - X[i];
    return check == 0 ? ML_OK
                      : ml_error_set(err, ML_EDATA,
                                     "a row's values are too far from those of the training rows");
}

/* ---- all together -------------------------------------------------------------------------------------------- */

static size_t block_rows(const struct mli_pipeline *pipeline, size_t rows)
{
    size_t values = pipeline->frame.count + pipeline->features, n;

    for (size_t i = 0; i < pipeline->stages; i++)
        values += pipeline->stage[i].inputs;
    n = BLOCK_VALUES / values;

    if (n > BLOCK_ROWS)
        n = BLOCK_ROWS;
    if (n > rows)
        n = rows;
    return n > 0 ? n : 1;
}

/* Of a few rows and numbers alone it takes longer to make a block than to go straight. */
static enum ml_status apply_straight(const struct mli_pipeline *pipeline, const struct ml_table *rows, double *X,
                                     struct mli_apply_counts *counts, struct ml_error *err)
{
    for (size_t o = 0; o < pipeline->outputs; o++) {
        size_t s = pipeline->output[o];
        double *x = X + pipeline->frame.slot[s].feature;
        for (size_t i = 0; i < rows->rows; i++, x += pipeline->made) {
            double v = rows->column[s].number[i];
            *x = follow(&pipeline->line[s], v);
            if (*x - *x != 0)
                return too_far(&pipeline->frame.slot[s], err);
            counts->missing += v != v;
        }
    }
    return ML_OK;
}

static enum ml_status apply_blocks(const struct mli_pipeline *pipeline, size_t stages, const struct ml_table *rows,
                                   struct mli_arena *scratch, double *X, struct mli_apply_counts *counts,
                                   struct ml_error *err)
{
    size_t width = stages > 0 ? pipeline->features : pipeline->made;
    struct mli_block block = { 0 };
    struct between between = { 0 };
    size_t n = block_rows(pipeline, rows->rows);
    enum ml_status status = ML_OK;

    if (!block_init(pipeline, scratch, n, &block) || !between_init(pipeline, stages, scratch, n, &between))
        return mli_step_nomem(err);
    for (size_t begin = 0; status == ML_OK && begin < rows->rows; begin += n) {
        block.rows = rows->rows - begin < n ? rows->rows - begin : n;
        load_block(rows, begin, &block, counts);
        for (size_t i = 0; i < pipeline->steps; i++) {
            if (pipeline->step[i].kind->apply)
                pipeline->step[i].kind->apply(pipeline->step[i].state, &block);
        }
        double *x = X + begin * width;
        const struct cells cells = { rows, begin, counts };
        status = write_block(pipeline, &block, &cells, stages > 0 ? between.made[0] : x, err);
        if (status == ML_OK)
            status = run_stages(pipeline, stages, &between, block.rows, x, err);
    }
    return status;
}

/* The steps, and that many of the stages: all or none. */
static enum ml_status apply(const struct mli_pipeline *pipeline, size_t stages, const struct ml_table *rows,
                            struct mli_arena *scratch, double *X, struct mli_apply_counts *counts,
                            struct ml_error *err)
{
    struct mli_apply_counts seen = { 0 };
    enum ml_status status = check_rows(pipeline, rows, err);

    if (status == ML_OK && pipeline->straight && stages == 0 && rows->rows <= FEW_ROWS)
        status = apply_straight(pipeline, rows, X, &seen, err);
    else if (status == ML_OK)
        status = apply_blocks(pipeline, stages, rows, scratch, X, &seen, err);
    if (status == ML_OK && counts)
        *counts = seen;
    return status;
}

enum ml_status mli_pipeline_apply(const struct mli_pipeline *pipeline, const struct ml_table *rows,
                                  struct mli_arena *scratch, double *X,
                                  struct mli_apply_counts *counts, struct ml_error *err)
{
    return apply(pipeline, pipeline->stages, rows, scratch, X, counts, err);
}

enum ml_status mli_pipeline_apply_steps(const struct mli_pipeline *pipeline, const struct ml_table *rows,
                                        struct mli_arena *scratch, double *X, struct ml_error *err)
{
    return apply(pipeline, 0, rows, scratch, X, NULL, err);
}
