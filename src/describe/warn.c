#include <describe/warn.h>

#include <base/mem.h>
#include <base/text.h>
#include <describe/tests.h>
#include <stdlib.h>
#include <string.h>

#define LONG_WORD ((size_t)200)

static const char *const level_names[] = { "problem", "check", "note" };

const char *mli_level_name(enum mli_level level)
{
    return level_names[level];
}

static const struct mli_warning_flag drop = { .name = "--drop-columns", .list = true };
static const struct mli_warning_flag missing = { .name = "--na", .list = true, .of_value = true };
static const struct mli_warning_flag power = { .name = "--power", .list = true, .value = "yeo-johnson" };
static const struct mli_warning_flag dedupe = { .name = "--dedupe" };
static const struct mli_warning_flag last = { .name = "--split last:0.2" };

static const struct mli_warning_kind kinds[] = {
    { "target", MLI_LEVEL_PROBLEM, "Training cannot use this column as its target.",
      "`--target` takes another column", NULL, NULL, mli_test_target },
    { "leak", MLI_LEVEL_PROBLEM,
      "It gives the answer away. If it is not known before the target is, the model is worthless in use.",
      "`--drop-columns NAME` leaves it out", &drop, mli_test_leak, NULL },
    { "rare_class", MLI_LEVEL_PROBLEM, "A class of one row cannot be both learned and tested; training refuses it.",
      "leave those rows out, or merge the class with another", NULL, NULL, mli_test_rare_class },
    { "mixed", MLI_LEVEL_PROBLEM, "A few cells turn the whole column into a category.",
      "`--na VALUE` reads it as missing; `--type NAME=category` says that it is meant", &missing, mli_test_mixed, NULL },
    { "sentinel", MLI_LEVEL_PROBLEM, "A code for \"missing\" is learned as if it were a quantity.",
      "`--na VALUE` reads it as missing, in every column", &missing, mli_test_sentinel, NULL },
    { "duplicates", MLI_LEVEL_CHECK, "Copies on both sides of a split make a model look better than it is.",
      "`--dedupe` keeps the first of each", &dedupe, NULL, mli_test_duplicates },
    { "variants", MLI_LEVEL_CHECK, "One value written in several ways is several categories.",
      "write them alike in the file", NULL, mli_test_variants, NULL },
    { "ambiguous_dates", MLI_LEVEL_CHECK, "Day and month may have changed places.",
      "`--type NAME=instant:mdy` reads month first; `--type NAME=instant:dmy` says that day first is right", NULL,
      mli_test_ambiguous_dates, NULL },
    { "mostly_missing", MLI_LEVEL_CHECK, "Little is left to learn from, but that it is missing may say something.",
      "`--max-missing 0.5` drops it; `--missing-flags` keeps that it is missing", NULL, mli_test_mostly_missing, NULL },
    { "capped", MLI_LEVEL_CHECK,
      "The true values are cut off at a limit, so what lies beyond it cannot be learned.",
      "leave those rows out, or read the limit as \"at least\"", NULL, mli_test_capped, NULL },
    { "imbalance", MLI_LEVEL_CHECK, "Always saying the common class is nearly always right, so accuracy says little.",
      "judge by macro.f1 or roc_auc: `mlctl eval --require 'macro.f1>=0.5'`", NULL, NULL, mli_test_imbalance },
    { "ordered", MLI_LEVEL_CHECK,
      "Rows next to each other have much the same target: a time, a place or a group. A random split then tests on "
      "neighbours of what was learned.",
      "`--split last:0.2` holds out the end of the file", &last, NULL, mli_test_ordered },
    { "correlated", MLI_LEVEL_CHECK, "They say nearly the same, so weights of a linear model mean little.",
      "`--drop-columns` leaves all but one out; `--pca 0.95` merges them", NULL, NULL, mli_test_correlated },
    { "extreme", MLI_LEVEL_CHECK, "One value far from all others pulls means and lines; it may be a slip.",
      "look at the row; `--outliers NAME=iqr:1.5` limits it", NULL, mli_test_extreme, NULL },
    { "few_rows", MLI_LEVEL_CHECK, "A model can learn so few rows by heart.",
      "leave out columns that cannot matter: `--drop-columns`", NULL, NULL, mli_test_few_rows },
    { "skewed", MLI_LEVEL_CHECK, "A long tail makes the usual values look alike to a linear model or a network.",
      "`--power NAME=yeo-johnson` shortens it", &power, mli_test_skewed, NULL },
    { "missing", MLI_LEVEL_NOTE, "Missing numbers become the median, missing categories a value of their own.",
      "`--impute NAME=mean`, or another way; `--missing-flags` keeps that it was missing", NULL, mli_test_missing, NULL },
    { "rare_values", MLI_LEVEL_NOTE, "There is little to learn about a value of so few rows.",
      "`--min-count 10` puts them together", NULL, mli_test_rare_values, NULL },
    { "many_values", MLI_LEVEL_NOTE, "Each value is a feature of its own.",
      "`--encode NAME=target` or `--encode NAME=hash:64` makes fewer", NULL, mli_test_many_values, NULL },
    { "missing_together", MLI_LEVEL_NOTE, "They are missing in the same rows: one cause, not several.",
      "look at those rows", NULL, NULL, mli_test_missing_together },
    { "identifier", MLI_LEVEL_NOTE, "It tells rows apart and says nothing about new ones; training drops texts.",
      "`--drop-columns NAME` leaves it out; `--type NAME=category` keeps it", &drop, mli_test_identifier, NULL },
    { "row_number", MLI_LEVEL_NOTE, "It counts the rows; training drops it.", "`--drop-columns NAME` leaves it out",
      NULL, mli_test_row_number, NULL },
    { "text", MLI_LEVEL_NOTE, "Free text; training takes texts of five words or more and drops shorter ones.",
      "`--text NAME=" MLI_TEXT_WORDS "` makes features of what it is written with", NULL, mli_test_text, NULL },
    { "constant", MLI_LEVEL_NOTE, "It says nothing; training drops it.", "", NULL, mli_test_constant, NULL },
    { "empty", MLI_LEVEL_NOTE, "It has no value at all; training drops it.", "", NULL, mli_test_empty, NULL },
    { "sorted", MLI_LEVEL_NOTE, "The rows are in the order of the target, so the end of the file is unlike its start.",
      "keep the random split; `--split last:0.2` would test on what was never seen", NULL, NULL, mli_test_sorted },
    { "target_missing", MLI_LEVEL_NOTE, "Rows without a target cannot be learned from; training leaves them out.",
      "", NULL, NULL, mli_test_target_missing },
};

const struct mli_warning_kind *mli_warning_kinds(size_t *n)
{
    *n = sizeof(kinds) / sizeof(*kinds);
    return kinds;
}

/* ---- finding them -------------------------------------------------------------------------------------------- */

struct list {
    struct mli_warnings found;
    size_t capacity;
};

static bool add(struct list *list, const struct mli_warning_kind *kind, size_t column,
                const struct mli_finding *finding)
{
    struct mli_warnings *found = &list->found;

    if (!mli_grow((void **)&found->item, &list->capacity, found->n, sizeof(*found->item)))
        return false;
    struct mli_warning w = { .kind = kind, .column = column };
    w.text = mli_strdup(finding->text);
    w.value = mli_strdup(finding->value);
    found->item[found->n++] = w;
    return w.text && w.value;
}

static bool find_kind(const struct mli_description *d, const struct mli_warning_kind *kind, struct list *list)
{
    struct mli_finding finding = { 0 };
    size_t state = 0, column;
    bool done = true;

    if (kind->column) {
        for (size_t j = 0; j < d->table->columns && done; j++) {
            finding.value[0] = '\0';
            if (kind->column(d, j, &finding))
                done = add(list, kind, j, &finding);
        }
        return done;
    }
    while (done && kind->next(d, &state, &column, &finding))
        done = add(list, kind, column, &finding);
    return done;
}

enum ml_status mli_warnings_find(const struct mli_description *d, struct mli_warnings *out, struct ml_error *err)
{
    struct list list = { 0 };
    bool done = true;

    for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds) && done; k++)
        done = find_kind(d, &kinds[k], &list);
    if (!done) {
        mli_warnings_release(&list.found);
        return ml_error_set(err, ML_ENOMEM, "out of memory for warnings");
    }
    *out = list.found;
    return ML_OK;
}

void mli_warnings_release(struct mli_warnings *warnings)
{
    for (size_t i = 0; i < warnings->n; i++) {
        free(warnings->item[i].text);
        free(warnings->item[i].value);
    }
    free(warnings->item);
    *warnings = (struct mli_warnings){ 0 };
}

/* ---- advice -------------------------------------------------------------------------------------------------- */

const struct mli_markup mli_markup_plain = { .command = "", .end = "", .text = mli_buf_str };

void mli_shell_word(struct mli_buf *out, const char *word)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-/:+@%,=";

    if (*word && !word[strspn(word, plain)]) {
        mli_buf_str(out, word);
        return;
    }
    mli_buf_char(out, '\'');
    for (const char *c = word; *c; c++) {
        if (*c == '\'')
            mli_buf_str(out, "'\\''");
        else
            mli_buf_char(out, *c);
    }
    mli_buf_char(out, '\'');
}

void mli_list_word(struct mli_buf *out, const char *name)
{
    for (; *name; name++) {
        if (*name == ',')
            mli_buf_char(out, '\\');
        mli_buf_char(out, *name);
    }
}

/* One that is too long to be repeated stays what stands for it. */
static void add_word(const struct mli_markup *markup, const char *word, const char *instead, struct mli_buf *out)
{
    struct mli_buf quoted;

    mli_buf_init(&quoted, 1 << 16);
    if (strlen(word) <= LONG_WORD)
        mli_shell_word(&quoted, word);
    else
        mli_buf_str(&quoted, instead);
    if (quoted.status == ML_OK) {
        mli_text_clean(quoted.data, false);
        markup->text(out, quoted.data);
    } else {
        out->status = quoted.status;
    }
    mli_buf_release(&quoted);
}

static void add_name(const struct mli_markup *markup, const char *name, struct mli_buf *out)
{
    struct mli_buf entry;

    mli_buf_init(&entry, 1 << 16);
    mli_list_word(&entry, strlen(name) <= LONG_WORD ? name : "NAME");
    if (entry.status == ML_OK)
        add_word(markup, entry.len ? entry.data : "", "NAME", out);
    else
        out->status = entry.status;
    mli_buf_release(&entry);
}

void mli_warning_advice(const struct mli_description *d, const struct mli_warning *warning, bool general,
                        const struct mli_markup *markup, struct mli_buf *out)
{
    const char *name = warning->column < d->table->columns ? d->table->column[warning->column].name : "NAME";
    bool command = false;

    for (const char *c = warning->kind->advice; *c;) {
        if (!general && strncmp(c, "NAME", 4) == 0) {
            add_name(markup, name, out);
            c += 4;
        } else if (!general && strncmp(c, "VALUE", 5) == 0) {
            add_word(markup, warning->value, "VALUE", out);
            c += 5;
        } else if (*c == '`') {
            mli_buf_str(out, command ? markup->end : markup->command);
            command = !command;
            c++;
        } else {
            const char letter[] = { *c++, '\0' };
            markup->text(out, letter);
        }
    }
}
