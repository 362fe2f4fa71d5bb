#include <describe/suggest.h>

#include <describe/tests.h>
#include <string.h>

#define WORD ((size_t)1 << 16)
#define MANY ((size_t)4) /* columns, from which a flag is given for all of them at once if it can */

static struct mli_buf *begin(struct mli_suggestion *s)
{
    struct mli_buf *word = &s->flag[s->n++];
    mli_buf_init(word, WORD);
    return word;
}

/* A list of values has no way to write a comma. */
static bool is_listable(const struct mli_warning_flag *flag, const char *text)
{
    return *text && strlen(text) < 100 && !(flag->of_value && strpbrk(text, ",="));
}

/* --na goes for every column, and these are quantities in most. */
static bool is_common_number(const char *value)
{
    return strcmp(value, "0") == 0 || strcmp(value, "9") == 0 || strcmp(value, "99") == 0;
}

/* What goes into the list of a flag for a warning: the column, or the value that it is about. */
static const char *subject(const struct mli_description *d, const struct mli_warning *w)
{
    if (w->kind->flag->of_value)
        return w->value;
    return w->column < d->table->columns ? d->table->column[w->column].name : "";
}

static bool is_of(const struct mli_warning *w, const struct mli_warning_flag *flag)
{
    return w->kind->flag == flag;
}

static bool told_before(const struct mli_description *d, size_t i)
{
    const struct mli_warning *all = d->warnings.item;

    for (size_t k = 0; k < i; k++) {
        if (is_of(&all[k], all[i].kind->flag) && strcmp(subject(d, &all[k]), subject(d, &all[i])) == 0)
            return true;
    }
    return false;
}

/* "--flag a,b,c" or, with a value for each, "--flag a=v,b=v"; from many on "--flag v". */
static void add_list(const struct mli_description *d, const struct mli_warning_flag *flag, struct mli_suggestion *s)
{
    struct mli_buf list, *word;
    size_t n = 0;

    mli_buf_init(&list, WORD);
    for (size_t i = 0; i < d->warnings.n; i++) {
        const struct mli_warning *w = &d->warnings.item[i];
        if (!is_of(w, flag) || !is_listable(flag, subject(d, w)) || told_before(d, i))
            continue;
        if (flag->of_value && is_common_number(w->value))
            continue;
        mli_buf_str(&list, n++ ? "," : "");
        mli_list_word(&list, subject(d, w));
        mli_buf_printf(&list, "%s%s", flag->value ? "=" : "", flag->value ? flag->value : "");
    }
    if (list.status != ML_OK) {
        begin(s)->status = list.status;
    } else if (n > 0) {
        word = begin(s);
        mli_buf_printf(word, "%s ", flag->name);
        mli_shell_word(word, flag->value && n >= MANY ? flag->value : list.data);
    }
    mli_buf_release(&list);
}

/* ---- texts and targets ----------------------------------------------------------------------------------------- */

/* Training drops it, or is advised to; a text is dropped unless its words are asked for. */
static bool is_gone(const struct mli_description *d, size_t column)
{
    struct mli_finding ignored = { 0 };

    return mli_is_text(d, column) || mli_test_identifier(d, column, &ignored) ||
           mli_test_row_number(d, column, &ignored) || mli_test_constant(d, column, &ignored) ||
           mli_test_empty(d, column, &ignored) || mli_test_leak(d, column, &ignored);
}

static bool could_be_target(const struct mli_description *d, size_t column)
{
    enum ml_type type = d->table->column[column].type;

    return column != d->goal.column && type != ML_TYPE_INSTANT && !is_gone(d, column) &&
           (type == ML_TYPE_NUMBER || d->profile[column].values.distinct <= MLI_GOAL_CLASSES);
}

/* The column to predict: the goal; the only other one that could be it, when nobody has named one; else `columns`. */
static size_t find_target(const struct mli_description *d)
{
    size_t columns = d->table->columns, found = columns;

    if (d->goal.kind != MLI_GOAL_NONE)
        return d->goal.column;
    for (size_t j = 0; j < columns && !d->goal.given; j++) {
        if (!could_be_target(d, j))
            continue;
        if (found < columns)
            return columns;
        found = j;
    }
    return found;
}

static bool is_text_all(const struct mli_description *d, size_t target)
{
    for (size_t j = 0; j < d->table->columns; j++)
        if (j != target && !is_gone(d, j))
            return false;
    return true;
}

/* Words make many features, so texts are taken when there is nothing else to learn from. */
static void add_text(const struct mli_description *d, size_t target, struct mli_suggestion *s)
{
    struct mli_buf list, *word;
    size_t n = 0;

    if (!is_text_all(d, target))
        return;
    mli_buf_init(&list, WORD);
    for (size_t j = 0; j < d->table->columns; j++) {
        if (j == target || !mli_is_text(d, j) || strlen(d->table->column[j].name) >= 100)
            continue;
        mli_buf_str(&list, n++ ? "," : "");
        mli_list_word(&list, d->table->column[j].name);
        mli_buf_str(&list, "=" MLI_TEXT_WORDS);
    }
    if (n > 0) {
        word = begin(s);
        mli_buf_str(word, "--text ");
        if (list.status == ML_OK)
            mli_shell_word(word, n >= MANY ? MLI_TEXT_WORDS : list.data);
        else
            word->status = list.status;
    }
    mli_buf_release(&list);
}

static void add_flags(const struct mli_description *d, struct mli_suggestion *s)
{
    for (size_t i = 0; i < d->warnings.n && s->n < MLI_SUGGESTIONS; i++) {
        const struct mli_warning_flag *flag = d->warnings.item[i].kind->flag;
        bool told = !flag;
        for (size_t k = 0; k < i && !told; k++)
            told = is_of(&d->warnings.item[k], flag);
        if (told)
            continue;
        if (flag->list)
            add_list(d, flag, s);
        else
            mli_buf_str(begin(s), flag->name);
    }
}

enum ml_status mli_suggestion_make(const struct mli_description *d, struct mli_suggestion *out, struct ml_error *err)
{
    struct mli_suggestion s = { 0 };
    enum ml_status status = ML_OK;

    size_t target = find_target(d);

    if (target < d->table->columns) {
        if (d->goal.given || target != d->goal.column) {
            struct mli_buf *word = begin(&s);
            mli_buf_str(word, "--target ");
            mli_shell_word(word, d->table->column[target].name);
        }
        add_text(d, target, &s);
        add_flags(d, &s);
    }
    for (size_t i = 0; i < s.n && status == ML_OK; i++)
        status = s.flag[i].status;
    if (status == ML_OK)
        *out = s;
    else
        mli_suggestion_release(&s);
    return status == ML_OK ? ML_OK : ml_error_set(err, status, "out of memory");
}

void mli_suggestion_release(struct mli_suggestion *suggestion)
{
    for (size_t i = 0; i < suggestion->n; i++)
        mli_buf_release(&suggestion->flag[i]);
    *suggestion = (struct mli_suggestion){ 0 };
}
