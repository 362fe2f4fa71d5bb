/*
 * Every row gets a hash, made column by column because that is how cells lie in memory. An open-addressing table with
 * linear probing then holds the first row of each kind; rows with the same hash are compared cell by cell, so a hash
 * decides nothing by itself.
 */
#include <table/duplicates.h>

#include <base/mem.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FREE SIZE_MAX
#define HASH_BITS 64

struct rows {
    const struct ml_table *table;
    const size_t *columns; /* NULL: all */
    size_t n;
    uint64_t *hash; /* one a row */
    size_t *slot;   /* a power of two of them, the first row of a kind or FREE */
    size_t slots;
};

static const struct mli_column *column_of(const struct rows *rows, size_t j)
{
    return &rows->table->column[rows->columns ? rows->columns[j] : j];
}

/* The finaliser of SplitMix64 [Steele, Lea & Flood 2014]: a bijection in which every bit moves every other. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

/* One bit pattern for the values that count as equal: there are two zeros, and NaNs of many kinds. */
static uint64_t bits_of(double value)
{
    uint64_t bits;

    if (isnan(value))
        return UINT64_MAX;
    value += 0.0;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static void hash_column(const struct mli_column *column, size_t n, uint64_t *hash)
{
    const uint64_t step = UINT64_C(0x9E3779B97F4A7C15);

    for (size_t i = 0; i < n && column->number; i++)
        hash[i] = mix(hash[i] + step + bits_of(column->number[i]));
    for (size_t i = 0; i < n && column->code; i++)
        hash[i] = mix(hash[i] + step + (uint64_t)(int64_t)column->code[i]);
}

static bool same_cell(const struct mli_column *column, size_t a, size_t b)
{
    if (column->code)
        return column->code[a] == column->code[b];
    return bits_of(column->number[a]) == bits_of(column->number[b]);
}

static bool same_row(const struct rows *rows, size_t a, size_t b)
{
    if (rows->hash[a] != rows->hash[b])
        return false;
    for (size_t j = 0; j < rows->n; j++) {
        if (!same_cell(column_of(rows, j), a, b))
            return false;
    }
    return true;
}

/* The first row that equals this one; itself, entered, when there is none before it. */
static size_t first_of(struct rows *rows, size_t row)
{
    for (size_t i = rows->hash[row] & (rows->slots - 1);; i = (i + 1) & (rows->slots - 1)) {
        if (rows->slot[i] == FREE) {
            rows->slot[i] = row;
            return row;
        }
        if (same_row(rows, rows->slot[i], row))
            return rows->slot[i];
    }
}

static enum ml_status open_rows(struct rows *rows, const struct ml_table *table,
                                const size_t *columns, size_t n, unsigned bits,
                                struct ml_error *err)
{
    size_t room;

    *rows = (struct rows){ .table = table, .columns = columns, .n = columns ? n : table->columns };
    rows->slots = 16;
    if (!mli_mul(table->rows, 2, &room))
        return ml_error_set(err, ML_ENOMEM, "out of memory for %zu rows", table->rows);
    while (rows->slots < room)
        rows->slots *= 2;
    rows->hash = mli_calloc(table->rows, sizeof(*rows->hash));
    rows->slot = mli_alloc(rows->slots, sizeof(*rows->slot));
    if (!rows->hash || !rows->slot) {
        free(rows->hash);
        free(rows->slot);
        return ml_error_set(err, ML_ENOMEM, "out of memory for the duplicates of %zu rows",
                            table->rows);
    }
    for (size_t i = 0; i < rows->slots; i++)
        rows->slot[i] = FREE;
    for (size_t j = 0; j < rows->n; j++)
        hash_column(column_of(rows, j), table->rows, rows->hash);
    for (size_t i = 0; i < table->rows && bits < HASH_BITS; i++)
        rows->hash[i] &= (UINT64_C(1) << bits) - 1;
    return ML_OK;
}

static void close_rows(struct rows *rows)
{
    free(rows->hash);
    free(rows->slot);
}

enum ml_status mli_duplicates_number(const struct ml_table *table, const size_t *columns, size_t n,
                                     size_t *id, size_t *distinct, struct ml_error *err)
{
    return mli_duplicates_number_by(table, columns, n, HASH_BITS, id, distinct, err);
}

enum ml_status mli_duplicates_number_by(const struct ml_table *table, const size_t *columns, size_t n,
                                        unsigned bits, size_t *id, size_t *distinct,
                                        struct ml_error *err)
{
    struct rows rows;
    enum ml_status status = open_rows(&rows, table, columns, n, bits, err);

    if (status != ML_OK)
        return status;
    *distinct = 0;
    for (size_t i = 0; i < table->rows; i++) {
        size_t first = first_of(&rows, i);
        id[i] = first == i ? (*distinct)++ : id[first];
    }
    close_rows(&rows);
    return ML_OK;
}

enum ml_status mli_duplicates_mark(const struct ml_table *table, const size_t *columns, size_t n,
                                   uint8_t *repeat, size_t *count, struct ml_error *err)
{
    struct rows rows;
    enum ml_status status = open_rows(&rows, table, columns, n, HASH_BITS, err);

    if (status != ML_OK)
        return status;
    *count = 0;
    for (size_t i = 0; i < table->rows; i++) {
        bool again = first_of(&rows, i) != i;
        if (repeat)
            repeat[i] = again;
        *count += again;
    }
    close_rows(&rows);
    return ML_OK;
}
