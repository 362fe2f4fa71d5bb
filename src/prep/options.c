#include <prep/options.h>

#include <base/mem.h>
#include <base/suggest.h>
#include <prep/choice.h>
#include <prep/stage.h>
#include <prep/step.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(member) offsetof(struct ml_prep_config, member)
#define ANY (MLI_FOR_NUMBERS | MLI_FOR_INSTANTS | MLI_FOR_CATEGORIES)

static const struct mli_prep_option options[] = {
    { .name = "missing-flags",
      .argument = "COLUMN,..",
      .help = "a feature COLUMN.missing for each number or date that has missing cells, or for these columns",
      .kind = MLI_OPTION_YES,
      .offset = AT(missing_flags),
      .columns = MLI_FOR_NUMBERS | MLI_FOR_INSTANTS,
      .check = mli_flags_check },
    { .name = "dates",
      .argument = "[COLUMN=]HOW",
      .help = "dates become parts, those of year, month, day, weekday and hour that vary; none; or some of these and "
              "minute, yearday, epoch with + between them (parts if not given)",
      .kind = MLI_OPTION_LIST,
      .offset = AT(dates),
      .columns = MLI_FOR_INSTANTS,
      .check = mli_dates_check },
    { .name = "impute",
      .argument = "[COLUMN=]HOW",
      .help = "missing numbers become the mean, median, mode or a number (median if not given); a "
              "category by its name: indicator, mode or constant:VALUE",
      .kind = MLI_OPTION_LIST,
      .offset = AT(impute),
      .columns = ANY,
      .check = mli_impute_check },
    { .name = "outliers",
      .argument = "[COLUMN=]HOW",
      .help = "numbers far out become the bound: iqr:K, zscore:K, quantile:A or none (none if not given)",
      .kind = MLI_OPTION_LIST,
      .offset = AT(outliers),
      .columns = MLI_FOR_NUMBERS,
      .check = mli_clip_check },
    { .name = "power",
      .argument = "[COLUMN=]HOW",
      .help = "skewed numbers by yeo-johnson or none (none if not given)",
      .kind = MLI_OPTION_LIST,
      .offset = AT(power),
      .columns = MLI_FOR_NUMBERS,
      .check = mli_power_check },
    { .name = "encode",
      .argument = "[COLUMN=]HOW",
      .help = "categories as onehot, ordinal, hash:N (N features that values are hashed into), target or target:SMOOTH "
              "(mean of the target; onehot if not given)",
      .kind = MLI_OPTION_LIST,
      .offset = AT(encode),
      .columns = MLI_FOR_CATEGORIES,
      .check = mli_encode_check },
    { .name = "min-count",
      .argument = "[COLUMN=]N",
      .help = "onehot: values in fewer than N training rows, or a share of them, share the feature COLUMN=(rare); "
              "tfidf: leaves such terms out (0 if not given)",
      .kind = MLI_OPTION_LIST,
      .offset = AT(min_count),
      .columns = MLI_FOR_CATEGORIES,
      .check = mli_min_count_check },
    { .name = "scale",
      .argument = "[COLUMN=]HOW",
      .help = "numbers by standard, minmax, robust or none (standard if not given)",
      .kind = MLI_OPTION_LIST,
      .offset = AT(scale),
      .columns = ANY,
      .check = mli_scale_check },
    { .name = "text",
      .argument = "[COLUMN=]HOW",
      .help = "texts: tfidf:N, the N most frequent words by tf-idf, tfidf:N:J-K for J to K words in a row, "
              "tfidf:N:chars or tfidf:N:chars:J-K for characters; hash:N or hash:N:J-K, words hashed into N features; or "
              "none (texts of five words or more as tfidf:4096:chars, others dropped, if not given)",
      .kind = MLI_OPTION_LIST,
      .offset = AT(text),
      .columns = MLI_FOR_CATEGORIES,
      .check = mli_text_check },
    { .name = "select",
      .argument = "HOW",
      .help = "features to keep: variance:T (those above), k:N (the N most telling by F statistic), l1 or "
              "l1:STRENGTH (those that an L1 model uses)",
      .kind = MLI_OPTION_LIST,
      .offset = AT(select),
      .check = mli_select_check },
    { .name = "pca",
      .argument = "COUNT",
      .help = "principal components in place of the features: how many, or the share of the variance to keep, "
              "such as 0.95",
      .kind = MLI_OPTION_LIST,
      .offset = AT(pca),
      .check = mli_pca_check },
    { .name = "max-missing",
      .argument = "SHARE",
      .help = "drop columns with a larger share of missing cells",
      .kind = MLI_OPTION_NUMBER,
      .offset = AT(max_missing),
      .low = 0,
      .high = 1,
      .range = "from 0 to 1" },
    { .name = "max-categories",
      .argument = "COUNT",
      .help = "drop category columns with more values",
      .kind = MLI_OPTION_COUNT,
      .offset = AT(max_categories),
      .low = 1,
      .high = 1e6,
      .range = "1 to 1e6" },
    { .name = "keep-all",
      .help = "drop constant columns only",
      .kind = MLI_OPTION_SWITCH,
      .offset = AT(keep_all) },
};

enum { OPTIONS = sizeof(options) / sizeof(options[0]) };

const struct mli_prep_option *mli_prep_options(size_t *n)
{
    *n = OPTIONS;
    return options;
}

unsigned mli_prep_column_kind(const struct mli_column *column)
{
    if (column->type == ML_TYPE_INSTANT)
        return MLI_FOR_INSTANTS;
    return column->number ? MLI_FOR_NUMBERS : MLI_FOR_CATEGORIES;
}

/* ---- values of a configuration ------------------------------------------------------------------------------- */

static const void *value_of(const struct ml_prep_config *config, const struct mli_prep_option *o)
{
    return (const char *)config + o->offset;
}

static bool is_list(const struct mli_prep_option *o)
{
    return o->kind == MLI_OPTION_LIST || o->kind == MLI_OPTION_YES;
}

const char *const *mli_prep_list(const struct ml_prep_config *config, const struct mli_prep_option *o)
{
    return *(const char *const *const *)value_of(config, o);
}

/* Of a NUMBER or COUNT. */
static double number_of(const struct ml_prep_config *config, const struct mli_prep_option *o)
{
    const void *value = value_of(config, o);

    return o->kind == MLI_OPTION_COUNT ? (double)*(const size_t *)value : *(const double *)value;
}

static bool is_default(const struct ml_prep_config *config, const struct mli_prep_option *o)
{
    static const struct ml_prep_config unset = ML_PREP_CONFIG_INIT;

    switch (o->kind) {
    case MLI_OPTION_LIST:
    case MLI_OPTION_YES:
        return !mli_prep_list(config, o) || !mli_prep_list(config, o)[0];
    case MLI_OPTION_NUMBER:
    case MLI_OPTION_COUNT:
        return !(number_of(config, o) < number_of(&unset, o)) &&
               !(number_of(config, o) > number_of(&unset, o));
    case MLI_OPTION_SWITCH:
        break;
    }
    return !*(const bool *)value_of(config, o);
}

const char *mli_prep_given(const struct ml_prep_config *config)
{
    for (size_t i = 0; i < OPTIONS; i++) {
        if (!is_default(config, &options[i]))
            return options[i].name;
    }
    return NULL;
}

static json_t *list_to_json(const char *const *list)
{
    json_t *array = json_array();

    for (; array && list && *list; list++) {
        if (json_array_append_new(array, json_string(*list)) == 0)
            continue;
        json_decref(array);
        return NULL;
    }
    return array;
}

static json_t *to_json(const struct ml_prep_config *config, const struct mli_prep_option *o)
{
    switch (o->kind) {
    case MLI_OPTION_LIST:
    case MLI_OPTION_YES:
        return list_to_json(mli_prep_list(config, o));
    case MLI_OPTION_NUMBER:
    case MLI_OPTION_COUNT:
        return mli_json_from(number_of(config, o));
    case MLI_OPTION_SWITCH:
        break;
    }
    return json_boolean(*(const bool *)value_of(config, o));
}

bool mli_prep_to_json(const struct ml_prep_config *config, json_t *doc)
{
    bool done = true;

    for (size_t i = 0; i < OPTIONS && done; i++) {
        char key[32];
        snprintf(key, sizeof(key), "%s", options[i].name);
        for (char *c = key; *c; c++)
            *c = *c == '-' ? '_' : *c;
        done = mli_json_put(doc, key, to_json(config, &options[i]));
    }
    return done;
}

/* ---- checks -------------------------------------------------------------------------------------------------- */

static enum ml_status check_range(const struct ml_prep_config *config,
                                  const struct mli_prep_option *o, struct ml_error *err)
{
    double value = number_of(config, o);

    if (value >= o->low && value <= o->high)
        return ML_OK;
    return ml_error_set(err, ML_EUSAGE, "--%s %g is out of range: it must be %s", o->name, value,
                        o->range);
}

/* Names of columns got their "=yes" from the command line. */
const char *mli_prep_said(const struct mli_prep_option *o, const char *entry, char *out)
{
    size_t length;
    bool yes = o->kind == MLI_OPTION_YES && strcmp(mli_choice_how(entry, &length), "yes") == 0 && length > 0;

    snprintf(out, MLI_PREP_SAID, "--%s%c%.*s", o->name, o->kind == MLI_OPTION_YES ? '=' : ' ',
             (int)(yes && length < 80 ? length : 80), entry);
    return out;
}

/* The option in front of what a check has said of an entry. */
static enum ml_status refuse(const struct mli_prep_option *o, const char *entry,
                             const struct ml_error *why, struct ml_error *err)
{
    char said[MLI_PREP_SAID];

    return ml_error_set(err, why->status, "%s: %s", mli_prep_said(o, entry, said), why->text);
}

static enum ml_status check_list(const char *const *list, const struct mli_prep_option *o,
                                 struct ml_error *err)
{
    for (; list && *list; list++) {
        struct ml_error why = ML_ERROR_INIT;
        size_t length;
        const char *how = mli_choice_how(*list, &length);
        if (o->columns == 0 && length > 0)
            ml_error_set(&why, ML_EUSAGE, "it is for all columns together");
        else
            o->check(how, 0, &why);
        if (why.status != ML_OK)
            return refuse(o, *list, &why, err);
    }
    return ML_OK;
}

enum ml_status mli_prep_check(const struct ml_prep_config *config, struct ml_error *err)
{
    enum ml_status status = ML_OK;

    for (size_t i = 0; i < OPTIONS && status == ML_OK; i++) {
        const struct mli_prep_option *o = &options[i];
        if (is_list(o))
            status = check_list(mli_prep_list(config, o), o, err);
        else if (o->kind != MLI_OPTION_SWITCH)
            status = check_range(config, o, err);
    }
    return status;
}

static enum ml_status no_column(const struct ml_table *table, const char *name,
                                struct ml_error *err)
{
    const char **names = mli_alloc(table->columns, sizeof(*names));

    if (!names)
        return mli_step_nomem(err);
    for (size_t i = 0; i < table->columns; i++)
        names[i] = table->column[i].name;
    size_t nearest = mli_suggest(name, names, table->columns);
    enum ml_status status =
        nearest < table->columns
            ? ml_error_set(err, ML_EUSAGE, "there is no column \"%.60s\"; did you mean \"%.60s\"?",
                           name, names[nearest])
            : ml_error_set(err, ML_EUSAGE, "there is no column \"%.60s\"", name);
    free(names);
    return status;
}

static const char *kind_name(const struct mli_column *column, unsigned kind)
{
    if (column->type == ML_TYPE_TEXT)
        return "texts";
    return kind == MLI_FOR_NUMBERS    ? "numbers"
           : kind == MLI_FOR_INSTANTS ? "dates and times"
                                      : "categories";
}

static enum ml_status check_column(const struct mli_prep_option *o, const struct ml_table *table,
                                   const size_t *columns, size_t n, const char *name,
                                   const char *how, struct ml_error *err)
{
    size_t at = ml_table_find(table, name), i = 0;

    if (at == table->columns)
        return no_column(table, name, err);
    while (i < n && columns[i] != at)
        i++;
    if (i == n)
        return ml_error_set(err, ML_EUSAGE, "column \"%.60s\" is not one that predicts", name);
    unsigned kind = mli_prep_column_kind(&table->column[at]);
    if (!(o->columns & kind))
        return ml_error_set(err, ML_EUSAGE, "column \"%.60s\" holds %s, which it does not work on",
                            name, kind_name(&table->column[at], kind));
    return o->check(how, kind, err);
}

static enum ml_status check_names(const struct mli_prep_option *o, const char *const *list,
                                  const struct ml_table *table, const size_t *columns, size_t n,
                                  struct ml_error *err)
{
    enum ml_status status = ML_OK;

    for (; list && *list && status == ML_OK; list++) {
        struct ml_error why = ML_ERROR_INIT;
        size_t length;
        const char *how = mli_choice_how(*list, &length);
        if (length == 0)
            continue;
        char *name = mli_strndup(*list, length);
        if (!name)
            return mli_step_nomem(err);
        if (check_column(o, table, columns, n, name, how, &why) == ML_ENOMEM)
            status = mli_step_nomem(err);
        else if (why.status != ML_OK)
            status = refuse(o, *list, &why, err);
        free(name);
    }
    return status;
}

enum ml_status mli_prep_check_columns(const struct ml_prep_config *config,
                                      const struct ml_table *table, const size_t *columns, size_t n,
                                      struct ml_error *err)
{
    enum ml_status status = ML_OK;

    for (size_t i = 0; i < OPTIONS && status == ML_OK; i++) {
        if (is_list(&options[i]))
            status = check_names(&options[i], mli_prep_list(config, &options[i]), table, columns, n, err);
    }
    return status;
}
