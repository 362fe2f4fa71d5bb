#include <table/survey.h>

#include <base/limits.h>
#include <base/mem.h>
#include <base/ordered.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LANES ((size_t)4) /* side by side: one comparison need not wait for the one before it */

struct seen {
    double low, high;
    size_t missing;
};

static inline void see(struct seen *seen, double value)
{
    seen->low = value < seen->low ? value : seen->low;
    seen->high = value > seen->high ? value : seen->high;
    seen->missing += value != value;
}

/* In one pass; NaN is below and above nothing. */
static struct seen see_numbers(const double *number, size_t rows)
{
    struct seen lane[LANES], all = { INFINITY, -INFINITY, 0 };
    size_t i = 0;

    for (size_t k = 0; k < LANES; k++)
        lane[k] = all;
    for (; i + LANES <= rows; i += LANES) {
        for (size_t k = 0; k < LANES; k++)
            see(&lane[k], number[i + k]);
    }
    for (; i < rows; i++)
        see(&lane[0], number[i]);
    for (size_t k = 0; k < LANES; k++) {
        all.low = lane[k].low < all.low ? lane[k].low : all.low;
        all.high = lane[k].high > all.high ? lane[k].high : all.high;
        all.missing += lane[k].missing;
    }
    all.low += 0.0; /* -0 to 0, whichever came first */
    all.high += 0.0;
    return all;
}

static size_t count_missing(const int32_t *code, size_t rows)
{
    size_t missing = 0;

    for (size_t i = 0; i < rows; i++)
        missing += code[i] == MLI_CODE_MISSING;
    return missing;
}

static json_t *limit(const struct mli_column *column, double value)
{
    char text[MLI_INSTANT_MAX];

    if (column->type != ML_TYPE_INSTANT)
        return mli_json_from(value);
    mli_instant_format(value, text);
    return json_string(text);
}

static bool put_numbers(const struct mli_column *column, size_t rows, json_t *doc)
{
    const struct seen seen = see_numbers(column->number, rows);
    bool done = column->type == ML_TYPE_INSTANT
                    ? mli_json_put(doc, "format", json_string(mli_format_name(column->format)))
                    : mli_json_put(doc, "integer", json_boolean(column->integer));

    done = done && mli_json_put(doc, "missing", json_integer((json_int_t)seen.missing));
    if (seen.missing == rows)
        return done;
    return done && mli_json_put(doc, "min", limit(column, seen.low)) &&
           mli_json_put(doc, "max", limit(column, seen.high));
}

static bool put_codes(const struct mli_column *column, size_t rows, json_t *doc)
{
    size_t n = mli_dict_count(column->dict);
    bool listed = column->type == ML_TYPE_CATEGORY || column->type == ML_TYPE_BOOLEAN;
    json_t *list = NULL;

    if (!mli_json_put(doc, "missing", json_integer((json_int_t)count_missing(column->code, rows))) ||
        !mli_json_put(doc, "distinct", json_integer((json_int_t)n)))
        return false;
    if (!listed || n > MLI_SURVEY_CATEGORIES)
        return true;
    list = json_array();
    for (size_t i = 0; list && i < n; i++) {
        if (json_array_append_new(list, json_string(mli_dict_text(column->dict, i))) != 0) {
            json_decref(list);
            return false;
        }
    }
    return mli_json_put(doc, "categories", list);
}

static json_t *column_to_json(const struct mli_column *column, size_t rows)
{
    json_t *doc = json_object();
    bool done = doc && mli_json_put(doc, "name", json_string(column->name)) &&
                mli_json_put(doc, "type", json_string(ml_type_name(column->type)));

    if (done)
        done = column->code ? put_codes(column, rows, doc) : put_numbers(column, rows, doc);
    if (done)
        return doc;
    json_decref(doc);
    return NULL;
}

/* Columns side by side, and into the list in their order. */
struct surveying {
    const struct ml_table *table;
    json_t *list;
    size_t next;
    size_t *column; /* of each slot */
    json_t **doc;   /* what was made of it */
};

static enum ml_status take_column(void *data, size_t slot, bool *made, struct ml_error *err)
{
    struct surveying *s = data;

    (void)err;
    *made = s->next < s->table->columns;
    s->column[slot] = s->next;
    s->next += *made;
    return ML_OK;
}

static enum ml_status survey_column(void *data, size_t slot, struct ml_error *err)
{
    struct surveying *s = data;

    (void)err;
    s->doc[slot] = column_to_json(&s->table->column[s->column[slot]], s->table->rows);
    return s->doc[slot] ? ML_OK : ML_ENOMEM;
}

static enum ml_status append_column(void *data, size_t slot, struct ml_error *err)
{
    struct surveying *s = data;
    json_t *doc = s->doc[slot];

    (void)err;
    s->doc[slot] = NULL;
    return json_array_append_new(s->list, doc) == 0 ? ML_OK : ML_ENOMEM;
}

static json_t *columns_to_json(const struct ml_table *table, size_t threads)
{
    size_t slots = mli_ordered_slots(threads);
    struct surveying s = { .table = table,
                           .list = json_array(),
                           .column = mli_calloc(slots, sizeof(*s.column)),
                           .doc = mli_calloc(slots, sizeof(json_t *)) };
    const struct mli_ordered plan = { .threads = threads,
                                      .slots = slots,
                                      .make = take_column,
                                      .work = survey_column,
                                      .commit = append_column,
                                      .data = &s };
    bool done = s.list && s.column && s.doc && mli_ordered_run(&plan, NULL) == ML_OK;

    for (size_t i = 0; s.doc && i < slots; i++)
        json_decref(s.doc[i]);
    free(s.doc);
    free(s.column);
    if (done)
        return s.list;
    json_decref(s.list);
    return NULL;
}

static json_t *reading_to_json(const struct ml_table *table)
{
    char delimiter[2] = { table->delimiter, '\0' };

    return json_pack("{sssIssss}", "source", table->source, "bytes", (json_int_t)table->bytes,
                     "encoding", table->encoding, "delimiter", delimiter);
}

json_t *mli_survey(const struct ml_table *table, size_t threads)
{
    json_t *doc = json_object();

    threads = threads ? threads : mli_processors();
    if (doc && mli_json_put(doc, "rows", json_integer((json_int_t)table->rows)) &&
        mli_json_put(doc, "columns", columns_to_json(table, threads)) &&
        mli_json_put(doc, "read", reading_to_json(table)))
        return doc;
    json_decref(doc);
    return NULL;
}
