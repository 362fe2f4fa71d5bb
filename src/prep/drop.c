/*
 * Drop: columns that cannot help a model, found on the training rows before there is a schema.
 *
 *   empty        no value at all, or missing in a larger share than max_missing
 *   constant     a number or a category that is always the same; an instant none of whose parts varies. Numbers and
 *                instants with missing cells too: what is left of them behind the imputing is constant. A category
 *                with missing cells stays, its indicators say which rows have it.
 *   identifier   texts that are not hashed; categories with more values than max_categories, or nearly all distinct;
 *                whole numbers that count the rows
 *
 * A column that --encode names is no identifier, and one that does not become a feature a value may have any number.
 * A category of more than 50 values is not judged by their share: reading would have called it a text (mlctl/table.h)
 * unless the user has pinned its type, which is the way to keep such a column.
 */
#include <prep/encode.h>

#include <base/mem.h>
#include <base/num.h>
#include <base/text.h>
#include <math.h>
#include <prep/binning.h>
#include <prep/hashing.h>
#include <prep/tfidf.h>
#include <prep/parallel.h>
#include <prep/training.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTES ((size_t)10) /* columns that are said one by one */

#define FEW_ROWS                                                                                   \
    20 /* with no more than these, distinct values and straight lines are nothing special */
#define INFERRED_VALUES                                                                            \
    50 /* largest category that is inferred whatever the share of distinct values */
#define DISTINCT_SHARE 0.9
#define LONG_NAME 200 /* is not repeated in an advice */

enum verdict { KEEP, EMPTY, CONSTANT, IDENTIFIER, ROW_NUMBER, UNWANTED };

struct judgement {
    enum verdict verdict;
    char reason[160]; /* what was found */
    char advice[400]; /* how to keep the column, "" if there is no point */
};

static void judge(struct judgement *j, enum verdict verdict, const char *format, ...)
    ML_PRINTF(3, 4);

static void judge(struct judgement *j, enum verdict verdict, const char *format, ...)
{
    va_list args;

    j->verdict = verdict;
    va_start(args, format);
    vsnprintf(j->reason, sizeof(j->reason), format, args);
    va_end(args);
}

/* Quoted for the shell when the name has more than letters and digits in it. */
static void advise_category(struct judgement *j, const char *name, const char *more)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    const char *quote = name[strspn(name, plain)] ? "'" : "";

    snprintf(j->advice, sizeof(j->advice), "--type %s%s=category%s%s keeps it", quote,
             strlen(name) <= LONG_NAME ? name : "NAME", quote, more);
}

/* Words make better features than the text as a value does. */
static void advise_text(struct judgement *j)
{
    size_t used = strlen(j->advice);

    snprintf(j->advice + used, sizeof(j->advice) - used, ", --text tfidf:1024:chars takes its words");
}

static bool trains(const struct mli_fit *fit, size_t row)
{
    return !fit->train || fit->train[row];
}

/* ---- numbers and instants ------------------------------------------------------------------------------------ */

/*
 * Whole numbers on a straight line over the place in the file, which training rows show wherever they stand in it.
 * *start: the value that the first row of the file would have.
 */
static bool counts_rows(const struct mli_fit *fit, const double *x, double *start, double *step)
{
    size_t first = 0, second;

    while (!trains(fit, first))
        first++;
    for (second = first + 1; !trains(fit, second);)
        second++;
    *step = (x[second] - x[first]) / (double)(second - first);
    *start = x[first] - *step * (double)first;
    if (*step == 0 || *step != trunc(*step) || *start != trunc(*start))
        return false;
    for (size_t i = first; i < fit->table->rows; i++) {
        if (trains(fit, i) && x[i] != *start + *step * (double)i)
            return false;
    }
    return true;
}

static void judge_missing(const struct mli_fit *fit, size_t present, struct judgement *j)
{
    size_t missing = fit->rows - present;

    if (present == 0) {
        judge(j, EMPTY, "no value in %zu rows (empty)", fit->rows);
    } else if (!fit->config->keep_all &&
               (double)missing > fit->config->max_missing * (double)fit->rows) {
        judge(j, EMPTY, "%zu of %zu values missing (over %g%%)", missing, fit->rows,
              100 * fit->config->max_missing);
        snprintf(j->advice, sizeof(j->advice), "--max-missing 1 keeps it");
    }
}

static void judge_number(const struct mli_fit *fit, const char *name, const double *x,
                         const struct mli_moments *m, struct judgement *j)
{
    char low[MLI_NUM_MAX], by[MLI_NUM_MAX];
    double start, step;

    judge_missing(fit, m->n, j);
    if (j->verdict != KEEP)
        return;
    mli_num_format(m->low, low);
    if (m->low == m->high && m->n == fit->rows) {
        judge(j, CONSTANT, "always %s (constant)", low);
    } else if (m->low == m->high) {
        judge(j, CONSTANT, "%s wherever it is not missing (constant)", low);
        advise_category(j, name, "");
    } else if (!fit->config->keep_all && m->n == fit->rows && fit->rows > FEW_ROWS &&
               counts_rows(fit, x, &start, &step)) {
        mli_num_format(start, low);
        mli_num_format(step, by);
        judge(j, ROW_NUMBER, "counts the rows, from %s in steps of %s (row number)", low, by);
        snprintf(j->advice, sizeof(j->advice), "--keep-all keeps it");
    }
}

static void judge_instant(const struct mli_fit *fit, const char *name, const double *x,
                          const struct mli_moments *m, struct judgement *j)
{
    unsigned wanted = mli_dates_wanted(fit->config, name);

    if (wanted == 0) {
        judge(j, UNWANTED, "left out (--dates none)");
        return;
    }

    judge_missing(fit, m->n, j);
    if (j->verdict == KEEP && !(mli_date_parts_varying(x, fit->table->rows, fit->train) & wanted))
        judge(j, CONSTANT, "no part of the %zu dates varies (constant)", m->n);
}

/* ---- categories and texts ------------------------------------------------------------------------------------ */

struct tally {
    size_t present, distinct;
    size_t features; /* values that are not so rare that they share one */
    size_t last; /* a code that is present */
};

static enum ml_status tally_codes(const struct mli_fit *fit, const struct mli_column *column,
                                  struct tally *out, struct ml_error *err)
{
    size_t values = mli_dict_count(column->dict), *rows = mli_calloc(values, sizeof(*rows));
    const char *min_count = mli_choice_find(fit->config->min_count, column->name, "0");

    if (!rows)
        return mli_step_nomem(err);
    for (size_t i = 0; i < fit->table->rows; i++) {
        int32_t code = column->code[i];
        if (!trains(fit, i) || code < 0)
            continue;
        out->present++;
        out->distinct += rows[code]++ == 0;
        out->last = (size_t)code;
    }
    for (size_t v = 0; v < values; v++)
        out->features += rows[v] > 0 && !mli_min_count_rare(min_count, rows[v], fit->rows);
    free(rows);
    return ML_OK;
}

static bool nearly_all_distinct(const struct mli_fit *fit, const struct tally *t)
{
    return fit->rows > FEW_ROWS && t->distinct <= INFERRED_VALUES &&
           (double)t->distinct > DISTINCT_SHARE * (double)t->present;
}

static void judge_identifier(const struct mli_fit *fit, const struct mli_column *column,
                             const struct tally *t, struct judgement *j)
{
    const char *how = mli_encode_how(fit->config, column->name);
    bool onehot = mli_encode_argument(how, "onehot") != NULL;
    bool named = mli_choice_named(fit->config->encode, column->name) != NULL;
    bool text = column->type == ML_TYPE_TEXT || column->type == ML_TYPE_IDENTIFIER;
    bool many = onehot && t->features > fit->config->max_categories;
    char more[48] = "";

    if (!many && (named || (!text && !nearly_all_distinct(fit, t))))
        return;
    judge(j, IDENTIFIER, "%zu distinct %s in %zu rows (identifier-like)", t->distinct,
          column->type == ML_TYPE_TEXT ? "texts" : "values", t->present);
    if (many)
        snprintf(more, sizeof(more), " --max-categories %zu", t->features);
    if (text) {
        advise_category(j, column->name, more);
        if (column->type == ML_TYPE_TEXT)
            advise_text(j);
    } else {
        snprintf(j->advice, sizeof(j->advice), "%s keeps it", many ? more + 1 : "--keep-all");
    }
}

static void judge_one_value(const char *value, struct judgement *j)
{
    char text[80];

    snprintf(text, sizeof(text), "%s", value);
    mli_text_clean(text, true);
    judge(j, CONSTANT, "always \"%s\" (constant)", text);
}

static enum ml_status judge_codes(const struct mli_fit *fit, const struct mli_column *column,
                                  struct judgement *j, struct ml_error *err)
{
    struct tally t = { 0 };
    const char *argument;
    struct mli_terms terms;
    enum ml_status status = tally_codes(fit, column, &t, err);

    if (status != ML_OK)
        return status;
    judge_missing(fit, t.present, j);
    if (j->verdict == KEEP && t.distinct == 1 && t.present == fit->rows)
        judge_one_value(mli_dict_text(column->dict, t.last), j);
    else if (j->verdict == KEEP && !fit->config->keep_all &&
             mli_hashing_of(fit->config, column, &argument) == MLI_HASHING_NONE && !mli_tfidf_of(fit, column, &terms))
        judge_identifier(fit, column, &t, j);
    return ML_OK;
}

/* ---- the step ------------------------------------------------------------------------------------------------ */

static enum ml_status judge_column(const struct mli_fit *fit, size_t k, struct judgement *j, struct ml_error *err)
{
    const struct mli_column *column = &fit->table->column[k];
    const struct mli_values values = { column->number, fit->train, fit->table->rows, NAN, fit->table->spool != NULL };

    *j = (struct judgement){ .verdict = KEEP };
    if (column->number && !mli_bins_of_values(&values, &fit->moments[k], &fit->bins[k]))
        return mli_step_nomem(err);
    switch (column->type) {
    case ML_TYPE_NUMBER:
        judge_number(fit, column->name, column->number, &fit->moments[k], j);
        return ML_OK;
    case ML_TYPE_INSTANT:
        judge_instant(fit, column->name, column->number, &fit->moments[k], j);
        return ML_OK;
    case ML_TYPE_CATEGORY:
    case ML_TYPE_TEXT:
    case ML_TYPE_BOOLEAN:
    case ML_TYPE_IDENTIFIER:
        break;
    }
    return judge_codes(fit, column, j, err);
}

/* A table of nothing but row numbers (x = 1, 2, 3...) is somebody's first example: there they are the data. */
static void spare_row_numbers(struct judgement *j, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (j[i].verdict == KEEP)
            return;
    }
    for (size_t i = 0; i < n; i++) {
        if (j[i].verdict == ROW_NUMBER)
            j[i].verdict = KEEP;
    }
}

static void drop_free(void *state)
{
    struct mli_drop *drop = state;

    if (!drop)
        return;
    for (size_t i = 0; i < drop->count; i++) {
        free(drop->column[i].name);
        free(drop->column[i].reason);
    }
    free(drop->column);
    free(drop);
}

static struct mli_drop *drop_new(size_t capacity)
{
    struct mli_drop *drop = mli_calloc(1, sizeof(*drop));

    if (!drop)
        return NULL;
    drop->column = mli_calloc(capacity, sizeof(*drop->column));
    if (!drop->column) {
        free(drop);
        return NULL;
    }
    return drop;
}

static bool drop_add(struct mli_drop *drop, const char *name, const char *reason)
{
    struct mli_dropped *column = &drop->column[drop->count++];

    column->name = mli_strdup(name);
    column->reason = mli_strdup(reason);
    return column->name && column->reason;
}

static void say(const struct mli_fit *fit, const char *name, const struct judgement *j)
{
    char what[sizeof(j->reason)];
    size_t end = strlen(j->reason);

    snprintf(what, sizeof(what), "%s", j->reason);
    if (j->advice[0] && end > 0 && what[end - 1] == ')')
        what[end - 1] = '\0';
    ml_log(fit->log, ML_LOG_NOTE, "dropped column \"%s\": %s%s%s%s", name, what,
           j->advice[0] ? "; " : "", j->advice, j->advice[0] ? ")" : "");
}

struct job {
    const struct mli_fit *fit;
    struct judgement *j;
};

static enum ml_status judge_one(void *data, size_t k, struct ml_error *err)
{
    const struct job *job = data;

    return judge_column(job->fit, job->fit->columns[k], &job->j[k], err);
}

static enum ml_status drop_fit(struct mli_fit *fit, void **out, struct ml_error *err)
{
    struct judgement *j = mli_alloc(fit->n, sizeof(*j));
    struct mli_drop *drop = drop_new(fit->n);
    enum ml_status status = j && drop ? ML_OK : mli_step_nomem(err);
    size_t kept = 0;

    struct job job = { .fit = fit, .j = j };
    if (status == ML_OK)
        status = mli_fit_each(fit, fit->n, judge_one, &job, err);
    if (status == ML_OK)
        spare_row_numbers(j, fit->n);
    for (size_t i = 0; i < fit->n && status == ML_OK; i++) {
        const char *name = fit->table->column[fit->columns[i]].name;
        if (j[i].verdict == KEEP) {
            fit->columns[kept++] = fit->columns[i];
            continue;
        }
        if (drop->count < NOTES)
            say(fit, name, &j[i]);
        if (!drop_add(drop, name, j[i].reason))
            status = mli_step_nomem(err);
    }
    free(j);
    if (status == ML_OK && drop->count > NOTES)
        ml_log(fit->log, ML_LOG_NOTE, "dropped %zu more columns that carry nothing, \"%s\" to \"%s\"",
               drop->count - NOTES, drop->column[NOTES].name, drop->column[drop->count - 1].name);
    if (status == ML_OK)
        fit->n = kept;
    if (status != ML_OK || drop->count == 0) {
        drop_free(drop);
        return status;
    }
    *out = drop;
    return ML_OK;
}

/* A column is in the schema or dropped, and only once. */
static enum ml_status drop_shape(void *state, struct mli_frame *frame, struct ml_error *err)
{
    const struct mli_drop *drop = state;
    struct mli_dict *names = mli_dict_new();
    enum ml_status status = names ? ML_OK : ML_ENOMEM;
    int32_t code;

    for (size_t i = 0; i < frame->schema->count && status == ML_OK; i++)
        status = mli_dict_add(names, frame->schema->field[i].name,
                              strlen(frame->schema->field[i].name), &code);
    for (size_t i = 0; i < drop->count && status == ML_OK; i++) {
        const char *name = drop->column[i].name;
        size_t before = mli_dict_count(names);
        status = mli_dict_add(names, name, strlen(name), &code);
        if (status == ML_OK && mli_dict_count(names) == before)
            status = ml_error_set(err, ML_EARTIFACT,
                                  "\"columns[%zu].name\" is \"%s\", which stands elsewhere too", i,
                                  name);
    }
    mli_dict_free(names);
    return status == ML_ENOMEM ? mli_step_nomem(err) : status;
}

static enum ml_status drop_save(const void *state, json_t *doc, struct mli_tensors *set,
                                struct ml_error *err)
{
    const struct mli_drop *drop = state;
    json_t *list = json_array();
    bool done = list != NULL;

    (void)set; /* words only */
    for (size_t i = 0; i < drop->count && done; i++) {
        json_t *item =
            json_pack("{s:s, s:s}", "name", drop->column[i].name, "reason", drop->column[i].reason);
        done = json_array_append_new(list, item) == 0;
    }
    if (!done)
        json_decref(list);
    return done && mli_json_put(doc, "columns", list) ? ML_OK : mli_step_nomem(err);
}

static enum ml_status load_dropped(const json_t *doc, size_t i, struct mli_drop *drop,
                                   struct ml_error *err)
{
    static const char *const members[] = { "name", "reason", NULL };
    const char *name = NULL, *reason = NULL;
    enum ml_status status = mli_json_str(doc, "name", &name, err);

    if (status == ML_OK)
        status = mli_json_str(doc, "reason", &reason, err);
    if (status == ML_OK)
        status = mli_step_members(doc, members, err);
    if (status == ML_OK && !drop_add(drop, name, reason))
        status = mli_step_nomem(err);
    if (status != ML_OK)
        mli_json_within(err, "columns[%zu]", i);
    return status;
}

static enum ml_status drop_load(const json_t *doc, struct mli_tensors *set, void **out,
                                struct ml_error *err)
{
    static const char *const members[] = { "kind", "columns", NULL };
    json_t *list;
    enum ml_status status = mli_step_members(doc, members, err);

    (void)set;
    if (status == ML_OK)
        status = mli_json_array(doc, "columns", &list, err);
    if (status != ML_OK)
        return status;
    if (json_array_size(list) == 0 || json_array_size(list) > MLI_SCHEMA_FIELDS)
        return ml_error_set(err, ML_EARTIFACT, "\"columns\" has %zu entries, expected 1 to %zu",
                            json_array_size(list), MLI_SCHEMA_FIELDS);
    struct mli_drop *drop = drop_new(json_array_size(list));
    if (!drop)
        return mli_step_nomem(err);
    for (size_t i = 0; i < json_array_size(list) && status == ML_OK; i++)
        status = load_dropped(json_array_get(list, i), i, drop, err);
    if (status != ML_OK) {
        drop_free(drop);
        return status;
    }
    *out = drop;
    return ML_OK;
}

const struct mli_step_kind mli_drop_step = {
    .name = "drop",
    .fit = drop_fit,
    .shape = drop_shape,
    .save = drop_save,
    .load = drop_load,
    .free = drop_free,
};
