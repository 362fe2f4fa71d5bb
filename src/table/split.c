#include <table/split.h>

#include <base/mem.h>
#include <base/num.h>
#include <base/rng.h>
#include <base/suggest.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- specification --------------------------------------------------------------------------- */

/* F or F,G,...: every one between 0 and 1, and a rest for the first part. */
static bool parse_shares(const char *text, struct mli_split *split)
{
    double sum = 0;

    for (split->shares = 0; split->shares < MLI_SPLIT_SHARES;) {
        double *share = &split->share[split->shares++];
        size_t len = strcspn(text, ",");
        if (!mli_num_parse(text, len, share) || *share <= 0.0)
            return false;
        sum += *share;
        if (text[len] == '\0')
            return sum < 1.0 - 1e-9;
        text += len + 1;
    }
    return false;
}

static bool parse_every(const char *text, struct mli_split *split)
{
    return mli_num_parse_size(text, strlen(text), &split->every) && split->every >= 2;
}

static bool take_column(const char *text, size_t len, struct mli_split *split)
{
    if (len == 0 || len >= sizeof(split->column))
        return false;
    memcpy(split->column, text, len);
    split->column[len] = '\0';
    return true;
}

static bool parse_column(const char *text, struct mli_split *split)
{
    return take_column(text, strlen(text), split);
}

/* COLUMN:F; the name may hold a colon itself. */
static bool parse_time(const char *text, struct mli_split *split)
{
    const char *colon = strrchr(text, ':');

    return colon && take_column(text, (size_t)(colon - text), split) &&
           parse_shares(colon + 1, split);
}

static const struct form {
    const char *name;
    enum mli_split_kind kind;
    bool (*parse)(const char *text, struct mli_split *split); /* NULL: nothing follows the name */
    const char *expected;
} forms[] = {
    { "none", MLI_SPLIT_NONE, NULL, "none" },
    { "random", MLI_SPLIT_RANDOM, parse_shares, "random:F with a fraction F between 0 and 1" },
    { "every", MLI_SPLIT_EVERY, parse_every, "every:K with a whole number K of at least 2" },
    { "last", MLI_SPLIT_LAST, parse_shares, "last:F with a fraction F between 0 and 1" },
    { "time", MLI_SPLIT_TIME, parse_time,
      "time:COLUMN:F with a column and a fraction F between 0 and 1" },
    { "column", MLI_SPLIT_COLUMN, parse_column, "column:NAME with a name of at most 255 bytes" },
};
#define FORMS (sizeof(forms) / sizeof(*forms))

static enum ml_status unknown_form(const char *text, struct ml_error *err)
{
    const char *names[FORMS];
    char word[16] = "";

    for (size_t i = 0; i < FORMS; i++)
        names[i] = forms[i].name;
    size_t len = strcspn(text, ":");
    memcpy(word, text, len < sizeof(word) ? len : 0);
    size_t near = mli_suggest(word, names, FORMS);
    if (near < FORMS)
        return ml_error_set(err, ML_EUSAGE, "split \"%s\": did you mean %s?", text,
                            forms[near].expected);
    return ml_error_set(err, ML_EUSAGE,
                        "split \"%s\": expected random:F, every:K, last:F, time:COLUMN:F, "
                        "column:NAME or none",
                        text);
}

enum ml_status mli_split_parse(const char *text, struct mli_split *out, struct ml_error *err)
{
    size_t len = strcspn(text, ":");

    for (size_t i = 0; i < FORMS; i++) {
        struct mli_split split = { .kind = forms[i].kind };
        if (strlen(forms[i].name) != len || memcmp(forms[i].name, text, len) != 0)
            continue;
        bool has_value = text[len] == ':';
        bool good =
            forms[i].parse ? has_value && forms[i].parse(text + len + 1, &split) : !has_value;
        if (!good)
            return ml_error_set(err, ML_EUSAGE, "split \"%s\": expected %s", text,
                                forms[i].expected);
        *out = split;
        return ML_OK;
    }
    return unknown_form(text, err);
}

size_t mli_split_parts(const struct mli_split *split)
{
    if (split->kind == MLI_SPLIT_NONE)
        return 1;
    return split->shares ? split->shares + 1 : 2;
}

/* ---- random: rows ---------------------------------------------------------------------------- */

/* The nearest row to n * fraction that leaves a row on each side, if there are two rows. */
static size_t share_of(size_t n, double fraction)
{
    size_t share = (size_t)floor((double)n * fraction + 0.5);

    if (n < 2)
        return 0;
    if (share < 1)
        return 1;
    return share < n ? share : n - 1;
}

struct quota { /* of one class */
    size_t rows, take[MLI_SPLIT_SHARES];
    double remainder;
    size_t code;
};

/* Largest remainder first; of equals the lower code. */
static int compare_remainder(const void *a, const void *b)
{
    const struct quota *x = a, *y = b;

    if (x->remainder != y->remainder)
        return x->remainder > y->remainder ? -1 : 1;
    return x->code < y->code ? -1 : x->code > y->code;
}

static int compare_code(const void *a, const void *b)
{
    const struct quota *x = a, *y = b;

    return x->code < y->code ? -1 : x->code > y->code;
}

/* Apportions the rows of part `p` among k classes by largest remainders (Hamilton's method). */
static void share_out(struct quota *quota, size_t k, size_t n, double fraction, size_t p)
{
    size_t given = 0, share = share_of(n, fraction);

    for (size_t c = 0; c < k; c++) {
        double exact = (double)quota[c].rows * fraction;
        quota[c].take[p] = (size_t)floor(exact);
        quota[c].remainder = exact - floor(exact);
        given += quota[c].take[p];
    }
    qsort(quota, k, sizeof(*quota), compare_remainder);
    for (size_t c = 0; c < k && given < share; c++, given++)
        quota[c].take[p]++;
    qsort(quota, k, sizeof(*quota), compare_code);
}

/* Each part gets a row of a class that has enough of them, and one always stays in part 0. */
static void leave_one(struct quota *quota, size_t parts)
{
    size_t total = 0, most = quota->rows ? quota->rows - 1 : 0;

    for (size_t p = 0; p < parts; p++) {
        if (quota->take[p] == 0 && quota->rows > parts)
            quota->take[p] = 1;
        total += quota->take[p];
    }
    for (; total > most; total--) {
        size_t largest = 0;
        for (size_t p = 1; p < parts; p++)
            largest = quota->take[p] > quota->take[largest] ? p : largest;
        quota->take[largest]--;
    }
}

static enum ml_status out_of_memory(size_t n, struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory for a split of %zu rows", n);
}

static size_t count_classes(const struct mli_split_rows *rows)
{
    size_t k = 1;

    for (size_t i = 0; rows->classes && i < rows->n; i++)
        k = (size_t)rows->classes[i] >= k ? (size_t)rows->classes[i] + 1 : k;
    return k;
}

static size_t class_of(const struct mli_split_rows *rows, size_t i)
{
    return rows->classes ? (size_t)rows->classes[i] : 0;
}

static enum ml_status split_random(const struct mli_split *split, const struct mli_split_rows *rows,
                                   uint64_t seed, uint8_t *part, struct ml_error *err)
{
    size_t n = rows->n, k = count_classes(rows);
    size_t *order = mli_alloc(n, sizeof(*order));
    struct quota *quota = mli_calloc(k, sizeof(*quota));
    struct mli_rng rng;

    if (!order || !quota) {
        free(order);
        free(quota);
        return out_of_memory(n, err);
    }
    for (size_t c = 0; c < k; c++)
        quota[c].code = c;
    for (size_t i = 0; i < n; i++) {
        order[i] = i;
        quota[class_of(rows, i)].rows++;
    }
    for (size_t p = 0; p < split->shares; p++)
        share_out(quota, k, n, split->share[p], p);
    for (size_t c = 0; c < k; c++)
        leave_one(&quota[c], split->shares);
    mli_rng_init(&rng, seed);
    mli_rng_shuffle(&rng, order, n);
    for (size_t i = 0; i < n; i++) {
        struct quota *own = &quota[class_of(rows, order[i])];
        size_t p = 0;
        while (p < split->shares && own->take[p] == 0)
            p++;
        part[order[i]] = (uint8_t)(p < split->shares ? p + 1 : 0);
        if (p < split->shares)
            own->take[p]--;
    }
    free(order);
    free(quota);
    return ML_OK;
}

/* ---- random: groups -------------------------------------------------------------------------- */

struct grouping {
    const struct mli_split_rows *rows;
    size_t groups, classes, left; /* groups: with rows; left: of them in part 0 */
    size_t *start;                /* n + 1: where the members of a group begin in */
    size_t *member;               /* n rows, by group */
    size_t *order;                /* the groups at random */
    double *total, *held, *add;   /* rows of each class: in all, in the part being filled, in one group */
    uint8_t *part;
};

static void grouping_release(struct grouping *g)
{
    free(g->start);
    free(g->member);
    free(g->order);
    free(g->total);
    free(g->held);
    free(g->add);
}

/* Members by a counting sort, so rows of a group stay in file order. */
static enum ml_status grouping_init(struct grouping *g, const struct mli_split_rows *rows,
                                    uint64_t seed, uint8_t *part, struct ml_error *err)
{
    size_t n = rows->n;
    struct mli_rng rng;

    *g = (struct grouping){ .rows = rows, .classes = count_classes(rows), .part = part };
    g->start = mli_calloc(n + 2, sizeof(*g->start));
    g->member = mli_alloc(n, sizeof(*g->member));
    g->order = mli_alloc(n, sizeof(*g->order));
    g->total = mli_calloc(g->classes, sizeof(*g->total));
    g->held = mli_calloc(g->classes, sizeof(*g->held));
    g->add = mli_calloc(g->classes, sizeof(*g->add));
    if (!g->start || !g->member || !g->order || !g->total || !g->held || !g->add) {
        grouping_release(g);
        return out_of_memory(n, err);
    }
    for (size_t i = 0; i < n; i++) {
        g->start[rows->groups[i] + 2]++;
        g->total[class_of(rows, i)]++;
    }
    for (size_t group = 0; group < n; group++) {
        if (g->start[group + 2])
            g->order[g->groups++] = group;
        g->start[group + 2] += g->start[group + 1];
    }
    for (size_t i = 0; i < n; i++)
        g->member[g->start[rows->groups[i] + 1]++] = i;
    g->left = g->groups;
    memset(part, 0, n);
    mli_rng_init(&rng, seed);
    mli_rng_shuffle(&rng, g->order, g->groups);
    return ML_OK;
}

static size_t size_of(const struct grouping *g, size_t group)
{
    return g->start[group + 1] - g->start[group];
}

static bool is_left(const struct grouping *g, size_t group)
{
    return g->part[g->member[g->start[group]]] == 0;
}

static void take_group(struct grouping *g, size_t group, size_t p)
{
    for (size_t i = g->start[group]; i < g->start[group + 1]; i++) {
        g->part[g->member[i]] = (uint8_t)p;
        g->held[class_of(g->rows, g->member[i])]++;
    }
    g->left--;
}

/* By how much sum_c (held_c - goal_c)^2 / n_c changes when the group comes in. */
static double change_of(struct grouping *g, size_t group, double share)
{
    double change = 0;

    for (size_t i = g->start[group]; i < g->start[group + 1]; i++)
        g->add[class_of(g->rows, g->member[i])]++;
    for (size_t i = g->start[group]; i < g->start[group + 1]; i++) {
        size_t c = class_of(g->rows, g->member[i]);
        double add = g->add[c], goal = share * g->total[c];
        change += add * (add + 2 * (g->held[c] - goal)) / g->total[c]; /* once a class: */
        g->add[c] = 0;
    }
    return change;
}

/* Leaves a group for each part that is still to be filled, and one for part 0. */
static void fill_part(struct grouping *g, size_t p, size_t after, double share)
{
    size_t taken = 0, smallest = SIZE_MAX;

    memset(g->held, 0, g->classes * sizeof(*g->held));
    for (size_t i = 0; i < g->groups && g->left > after + 1; i++) {
        if (!is_left(g, g->order[i]) || change_of(g, g->order[i], share) >= 0)
            continue;
        take_group(g, g->order[i], p);
        taken++;
    }
    for (size_t i = 0; i < g->groups && !taken; i++) {
        if (is_left(g, g->order[i]) &&
            (smallest == SIZE_MAX || size_of(g, g->order[i]) < size_of(g, smallest)))
            smallest = g->order[i];
    }
    if (smallest != SIZE_MAX && g->left > after + 1)
        take_group(g, smallest, p);
}

static enum ml_status split_groups(const struct mli_split *split, const struct mli_split_rows *rows,
                                   uint64_t seed, uint8_t *part, struct ml_error *err)
{
    struct grouping g;
    enum ml_status status = grouping_init(&g, rows, seed, part, err);

    if (status != ML_OK)
        return status;
    if (g.groups <= split->shares)
        status = ml_error_set(err, ML_EDATA,
                              "%zu group%s cannot be on both sides of a split into %zu parts",
                              g.groups, g.groups == 1 ? "" : "s", split->shares + 1);
    for (size_t p = 1; p <= split->shares && status == ML_OK; p++)
        fill_part(&g, p, split->shares - p, split->share[p - 1]);
    grouping_release(&g);
    return status;
}

/* ---- the others ------------------------------------------------------------------------------ */

/* The number 1, or true, yes or test in any case. "1.0" means the same here and in a NUMBER column. */
static bool marks(const char *text)
{
    static const char *const words[] = { "true", "yes", "test" };
    double number;

    if (mli_num_parse(text, strlen(text), &number))
        return number == 1.0;
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (strcasecmp(text, words[i]) == 0)
            return true;
    }
    return false;
}

static bool says_test(const struct mli_column *column, size_t row)
{
    if (column->number)
        return column->number[row] == 1.0;
    if (column->type == ML_TYPE_BOOLEAN) /* whichever its two words are */
        return column->code[row] == 1;
    return column->code[row] >= 0 &&
           marks(mli_dict_text(column->dict, (size_t)column->code[row]));
}

enum ml_status mli_split_find(const struct ml_table *table, const char *what, const char *name,
                              size_t *column, struct ml_error *err)
{
    size_t columns = ml_table_columns(table), found = ml_table_find(table, name), near = columns;

    if (found < columns) {
        *column = found;
        return ML_OK;
    }
    const char **names = mli_alloc(columns, sizeof(*names));
    for (size_t i = 0; names && i < columns; i++)
        names[i] = table->column[i].name;
    if (names)
        near = mli_suggest(name, names, columns);
    free(names);
    return ml_error_set(err, ML_EUSAGE, "%s: no such column%s%s%s", what,
                        near < columns ? "; did you mean \"" : "",
                        near < columns ? table->column[near].name : "",
                        near < columns ? "\"?" : "");
}

static enum ml_status find_column(const struct mli_split *split, const struct ml_table *table,
                                  size_t *column, struct ml_error *err)
{
    char what[sizeof(split->column) + 16];

    snprintf(what, sizeof(what), "split %s:%s", split->kind == MLI_SPLIT_TIME ? "time" : "column",
             split->column);
    return mli_split_find(table, what, split->column, column, err);
}

static enum ml_status split_column(const struct mli_split *split, const struct mli_split_rows *rows,
                                   uint8_t *part, struct ml_error *err)
{
    size_t column;
    enum ml_status status = find_column(split, rows->table, &column, err);

    for (size_t i = 0; i < rows->n && status == ML_OK; i++)
        part[i] = says_test(&rows->table->column[column], i);
    return status;
}

static void split_last(const struct mli_split *split, size_t n, uint8_t *part)
{
    size_t end = n;

    memset(part, 0, n);
    for (size_t p = split->shares; p > 0; p--) {
        size_t share = share_of(n, split->share[p - 1]);
        size_t from = share < end ? end - share : 0;
        memset(part + from, (int)p, end - from);
        end = from;
    }
}

struct moment {
    double value;
    size_t row;
};

static int compare_moments(const void *a, const void *b)
{
    const struct moment *x = a, *y = b;

    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

/* The change of value nearest to `at`, of two the later one; 0 when all before `end` are equal. */
static size_t nearest_change(const struct moment *moment, size_t at, size_t end)
{
    size_t low = at, high = at;

    if (at == 0 || at >= end)
        return 0;
    while (low > 0 && moment[low - 1].value == moment[at].value)
        low--;
    while (high < end && moment[high].value == moment[at].value)
        high++;
    if (low == at)
        return at;
    if (high == end || (low > 0 && at - low < high - at))
        return low;
    return high;
}

static void cut_moments(const struct mli_split *split, const struct moment *moment, size_t n,
                        uint8_t *part)
{
    size_t end = n, held = 0;

    for (size_t p = split->shares; p > 0; p--) {
        held += share_of(n, split->share[p - 1]);
        size_t from = nearest_change(moment, held < n ? n - held : 0, end);
        for (size_t i = from; i < end; i++)
            part[moment[i].row] = (uint8_t)p;
        end = from;
    }
}

static enum ml_status split_time(const struct mli_split *split, const struct mli_split_rows *rows,
                                 uint8_t *part, struct ml_error *err)
{
    size_t at, present = 0;
    enum ml_status status = find_column(split, rows->table, &at, err);

    if (status != ML_OK)
        return status;
    const struct mli_column *column = &rows->table->column[at];
    if (!column->number)
        return ml_error_set(err, ML_EDATA,
                            "split time:%s: the column is a %s; it takes a number or an instant",
                            split->column, ml_type_name(column->type));
    struct moment *moment = mli_alloc(rows->n, sizeof(*moment));
    if (!moment)
        return out_of_memory(rows->n, err);
    memset(part, 0, rows->n);
    for (size_t i = 0; i < rows->n; i++) {
        if (!isnan(column->number[i]))
            moment[present++] = (struct moment){ column->number[i], i };
    }
    qsort(moment, present, sizeof(*moment), compare_moments);
    cut_moments(split, moment, present, part);
    free(moment);
    if (present < rows->n)
        ml_log(rows->log, ML_LOG_WARNING, "%zu of %zu rows have no \"%s\": they are held out nowhere",
               rows->n - present, rows->n, split->column);
    return ML_OK;
}

static enum ml_status check_two_sides(const struct mli_split *split, size_t held, size_t n,
                                      struct ml_error *err)
{
    if (split->kind == MLI_SPLIT_COLUMN)
        return ml_error_set(
            err, ML_EDATA,
            "split column:%s holds out %zu of %zu rows; rows to hold out say 1, true, yes or test",
            split->column, held, n);
    return ml_error_set(err, ML_EDATA,
                        "the split holds out %zu of %zu rows; there must be rows on both sides",
                        held, n);
}

static enum ml_status check_parts(const struct mli_split *split, size_t n, const uint8_t *part,
                                  struct ml_error *err)
{
    size_t parts = mli_split_parts(split), count[MLI_SPLIT_SHARES + 1] = { 0 };

    for (size_t i = 0; i < n; i++)
        count[part[i]]++;
    for (size_t p = 0; p < parts; p++) {
        if (count[p] > 0)
            continue;
        if (parts == 2)
            return check_two_sides(split, count[1], n, err);
        return ml_error_set(err, ML_EDATA,
                            "%zu rows are too few for a split into %zu parts: one would be empty",
                            n, parts);
    }
    return ML_OK;
}

enum ml_status mli_split_apply(const struct mli_split *split, const struct mli_split_rows *rows,
                               uint64_t seed, uint8_t *part, struct ml_error *err)
{
    enum ml_status status = ML_OK;

    if (rows->groups && split->kind != MLI_SPLIT_RANDOM && split->kind != MLI_SPLIT_NONE)
        return ml_error_set(err, ML_EUSAGE, "groups go with a random split: random:F");
    switch (split->kind) {
    case MLI_SPLIT_NONE:
        memset(part, 0, rows->n);
        return ML_OK;
    case MLI_SPLIT_RANDOM:
        status = rows->groups ? split_groups(split, rows, seed, part, err)
                              : split_random(split, rows, seed, part, err);
        break;
    case MLI_SPLIT_EVERY:
        for (size_t i = 0; i < rows->n; i++)
            part[i] = i % split->every == split->every - 1;
        break;
    case MLI_SPLIT_LAST:
        split_last(split, rows->n, part);
        break;
    case MLI_SPLIT_COLUMN:
        status = split_column(split, rows, part, err);
        break;
    case MLI_SPLIT_TIME:
        status = split_time(split, rows, part, err);
        break;
    }
    return status == ML_OK ? check_parts(split, rows->n, part, err) : status;
}
