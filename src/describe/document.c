#include <describe/document.h>

#include <describe/suggest.h>
#include <math.h>
#include <string.h>

static json_t *count(size_t n)
{
    return json_integer((json_int_t)n);
}

static json_t *share(size_t part, size_t whole)
{
    return mli_json_from(whole ? (double)part / (double)whole : 0);
}

static json_t *value_json(const struct mli_column *column, const struct mli_value *value)
{
    char text[MLI_INSTANT_MAX];

    if (column->dict)
        return json_string(mli_dict_text(column->dict, (size_t)value->code));
    if (column->type == ML_TYPE_NUMBER)
        return mli_json_from(value->number);
    mli_value_text(column, value, text, sizeof(text));
    return json_string(text);
}

static json_t *instant_json(double seconds)
{
    char text[MLI_INSTANT_MAX];

    mli_instant_format(seconds, text);
    return json_string(text);
}

/* ---- columns ------------------------------------------------------------------------------------------------- */

static bool put_number(json_t *to, const struct mli_number *n)
{
    json_t *doc = json_object(), *outliers = json_object();
    bool done = mli_json_put(doc, "min", mli_json_from(n->min)) && mli_json_put(doc, "q05", mli_json_from(n->q05)) &&
                mli_json_put(doc, "q25", mli_json_from(n->q25)) &&
                mli_json_put(doc, "median", mli_json_from(n->median)) &&
                mli_json_put(doc, "q75", mli_json_from(n->q75)) && mli_json_put(doc, "q95", mli_json_from(n->q95)) &&
                mli_json_put(doc, "max", mli_json_from(n->max)) && mli_json_put(doc, "mean", mli_json_from(n->mean)) &&
                mli_json_put(doc, "std", mli_json_from(n->std)) &&
                mli_json_put(doc, "skewness", mli_json_from(n->skewness)) &&
                mli_json_put(doc, "zeros", count(n->zeros)) && mli_json_put(doc, "negative", count(n->negative)) &&
                mli_json_put(doc, "whole", count(n->whole)) &&
                mli_json_put(outliers, "below", mli_json_from(n->fence_low)) &&
                mli_json_put(outliers, "low", count(n->outliers_low)) &&
                mli_json_put(outliers, "above", mli_json_from(n->fence_high)) &&
                mli_json_put(outliers, "high", count(n->outliers_high));

    done = mli_json_put(doc, "outliers", outliers) && done; /* each in any case: a failed one must not keep the next */
    return mli_json_put(to, "number", doc) && done;
}

static bool put_instants(json_t *to, const struct mli_column *column, const struct mli_instants *i)
{
    json_t *doc = json_object(), *varies = json_array(), *gap = json_object();
    bool done = doc && varies && gap;

    for (size_t p = 0; p < MLI_INSTANT_PARTS; p++) {
        if (i->varies >> p & 1)
            done = json_array_append_new(varies, json_string(mli_instant_part_name(p))) == 0 && done;
    }
    done = mli_json_put(doc, "format", json_string(mli_format_name(column->format))) &&
           mli_json_put(doc, "first", instant_json(i->first)) && mli_json_put(doc, "last", instant_json(i->last)) &&
           mli_json_put(doc, "step_seconds", mli_json_from(i->step)) && mli_json_put(doc, "gaps", count(i->gaps)) &&
           mli_json_put(gap, "from", instant_json(i->gap_from)) && mli_json_put(gap, "to", instant_json(i->gap_to)) &&
           done;
    done = mli_json_put(doc, "longest_gap", gap) && done;
    done = mli_json_put(doc, "varies", varies) && done;
    return mli_json_put(to, "instants", doc) && done;
}

static bool put_words(json_t *to, const struct mli_words *w)
{
    json_t *doc = json_object();
    bool done = mli_json_put(doc, "shortest", count(w->shortest)) && mli_json_put(doc, "longest", count(w->longest)) &&
                mli_json_put(doc, "mean_characters", mli_json_from(w->characters)) &&
                mli_json_put(doc, "mean_words", mli_json_from(w->words)) &&
                mli_json_put(doc, "most_words", count(w->most_words));

    return mli_json_put(to, "text", doc) && done;
}

static bool put_histogram(json_t *to, const struct mli_histogram *h)
{
    json_t *doc = json_object(), *counts = json_array();
    bool done = doc && counts;

    for (size_t i = 0; i < h->bins; i++)
        done = json_array_append_new(counts, count(h->count[i])) == 0 && done;
    done = mli_json_put(doc, "low", mli_json_from(h->low)) && mli_json_put(doc, "width", mli_json_from(h->width)) &&
           done;
    done = mli_json_put(doc, "counts", counts) && done;
    return mli_json_put(to, "histogram", doc) && done;
}

static bool put_values(json_t *to, const struct mli_column *column, const struct mli_values *v)
{
    json_t *top = json_array();
    bool done = top != NULL;

    for (size_t k = 0; k < v->tops; k++) {
        json_t *row = json_object();
        done = mli_json_put(row, "value", value_json(column, &v->top[k])) &&
               mli_json_put(row, "count", count(v->top[k].count)) && done;
        done = json_array_append_new(top, row) == 0 && done;
    }
    done = mli_json_put(to, "top", top) && done;
    return done && mli_json_put(to, "once", count(v->once)) && mli_json_put(to, "rare", count(v->rare)) &&
           mli_json_put(to, "rare_rows", count(v->rare_rows));
}

/* A measure that is not one for these types is left out. */
static bool put_measure(json_t *to, const char *key, double value)
{
    return isnan(value) || mli_json_put(to, key, mli_json_from(value));
}

static bool put_link(json_t *to, const struct mli_link *link, const struct mli_leak *leak)
{
    json_t *doc = json_object(), *found = json_object();
    bool done = mli_json_put(doc, "strength", mli_json_from(link->strength)) &&
                mli_json_put(doc, "rows", count(link->n)) && put_measure(doc, "pearson", link->pearson) &&
                put_measure(doc, "spearman", link->spearman) && put_measure(doc, "eta2", link->eta2) &&
                put_measure(doc, "auc", link->auc) && put_measure(doc, "cramers_v", link->cramers_v);

    done = mli_json_put(found, "score", mli_json_from(leak->score)) &&
           mli_json_put(found, "found", json_boolean(leak->score > MLI_LEAK)) && done;
    done = mli_json_put(to, "link", doc) && done;
    return mli_json_put(to, "leak", found) && done;
}

static json_t *column_json(const struct mli_description *d, size_t j)
{
    const struct mli_column *column = &d->table->column[j];
    const struct mli_profile *p = &d->profile[j];
    json_t *doc = json_object();
    bool done = mli_json_put(doc, "name", json_string(column->name)) &&
                mli_json_put(doc, "type", json_string(ml_type_name(column->type))) &&
                mli_json_put(doc, "missing", count(p->missing)) &&
                mli_json_put(doc, "missing_share", share(p->missing, d->table->rows)) &&
                mli_json_put(doc, "distinct", count(p->values.distinct));

    if (done && p->present > 0 && column->type == ML_TYPE_NUMBER)
        done = put_number(doc, &p->number);
    if (done && p->present > 0 && column->type == ML_TYPE_INSTANT)
        done = put_instants(doc, column, &p->instants);
    if (done && p->words.longest > 0)
        done = put_words(doc, &p->words);
    if (done && p->histogram.bins > 0)
        done = put_histogram(doc, &p->histogram);
    done = done && put_values(doc, column, &p->values);
    if (done && d->goal.kind != MLI_GOAL_NONE && j != d->goal.column)
        done = put_link(doc, &d->link[j], &d->leak[j]);
    if (done)
        return doc;
    json_decref(doc);
    return NULL;
}

static json_t *columns_json(const struct mli_description *d)
{
    json_t *list = json_array();

    for (size_t j = 0; list && j < d->table->columns; j++) {
        if (json_array_append_new(list, column_json(d, j)) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* ---- the rest ------------------------------------------------------------------------------------------------ */

static json_t *file_json(const struct mli_description *d)
{
    const struct ml_table *t = d->table;
    json_t *doc = json_object();
    const char delimiter[] = { t->delimiter, '\0' };
    bool done = mli_json_put(doc, "path", json_string(t->source)) && mli_json_put(doc, "rows", count(t->rows)) &&
                mli_json_put(doc, "columns", count(t->columns)) && mli_json_put(doc, "bytes", count(t->bytes)) &&
                mli_json_put(doc, "sha256", json_string(t->sha256)) &&
                mli_json_put(doc, "delimiter", json_string(delimiter)) &&
                mli_json_put(doc, "duplicate_rows", count(d->duplicates)) &&
                mli_json_put(doc, "missing_cells", count(d->missing));

    if (done)
        return doc;
    json_decref(doc);
    return NULL;
}

static bool put_classes(json_t *to, const struct mli_description *d)
{
    json_t *classes = json_array();
    bool done = classes != NULL;

    for (size_t k = 0; k < d->goal.classes; k++) {
        json_t *row = json_object();
        done = mli_json_put(row, "value", value_json(&d->table->column[d->goal.column], &d->goal.class[k])) &&
               mli_json_put(row, "count", count(d->goal.class[k].count)) &&
               mli_json_put(row, "share", share(d->goal.class[k].count, d->goal.n)) && done;
        done = json_array_append_new(classes, row) == 0 && done;
    }
    return mli_json_put(to, "classes", classes) && done;
}

static json_t *target_json(const struct mli_description *d)
{
    static const char *const tasks[] = { "none", "regression", "classification" };
    json_t *doc = json_object();
    bool done = mli_json_put(doc, "column", json_string(d->table->column[d->goal.column].name)) &&
                mli_json_put(doc, "given", json_boolean(d->goal.given)) &&
                mli_json_put(doc, "task", json_string(tasks[d->goal.kind])) &&
                mli_json_put(doc, "rows", count(d->goal.n)) &&
                mli_json_put(doc, "neighbours", mli_json_from(d->goal.neighbours));

    if (done && d->goal.kind == MLI_GOAL_CLASS)
        done = put_classes(doc, d);
    if (done)
        return doc;
    json_decref(doc);
    return NULL;
}

static json_t *warning_json(const struct mli_description *d, const struct mli_warning *w)
{
    struct mli_buf advice;
    json_t *doc = json_object();
    bool of_file = w->column == d->table->columns;

    mli_buf_init(&advice, 1 << 16);
    mli_buf_str(&advice, "");
    mli_warning_advice(d, w, false, &mli_markup_plain, &advice);
    bool done = mli_json_put(doc, "kind", json_string(w->kind->name)) &&
                mli_json_put(doc, "level", json_string(mli_level_name(w->kind->level))) &&
                mli_json_put(doc, "column", of_file ? json_null() : json_string(d->table->column[w->column].name)) &&
                mli_json_put(doc, "text", json_string(w->text)) &&
                mli_json_put(doc, "why", json_string(w->kind->why)) &&
                mli_json_put(doc, "advice", json_string(advice.status == ML_OK ? advice.data : NULL));
    mli_buf_release(&advice);
    if (done)
        return doc;
    json_decref(doc);
    return NULL;
}

static json_t *warnings_json(const struct mli_description *d)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < d->warnings.n; i++) {
        if (json_array_append_new(list, warning_json(d, &d->warnings.item[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *flags_json(const struct mli_description *d)
{
    struct mli_suggestion suggestion;
    json_t *list = json_array();

    if (!list || mli_suggestion_make(d, &suggestion, NULL) != ML_OK) {
        json_decref(list);
        return NULL;
    }
    for (size_t i = 0; i < suggestion.n && list; i++) {
        if (json_array_append_new(list, json_string(suggestion.flag[i].data)) == 0)
            continue;
        json_decref(list);
        list = NULL;
    }
    mli_suggestion_release(&suggestion);
    return list;
}

static json_t *pairs_json(const struct mli_description *d)
{
    json_t *doc = json_object(), *list = json_array();
    bool done = list && mli_json_put(doc, "columns_compared", count(d->pairs.columns)) &&
                mli_json_put(doc, "row_step", count(d->pairs.step)) &&
                mli_json_put(doc, "found", count(d->pairs.found));

    for (size_t i = 0; i < d->pairs.n; i++) {
        const struct mli_pair *p = &d->pairs.pair[i];
        json_t *row = json_object();
        done = mli_json_put(row, "one", json_string(d->table->column[p->one].name)) &&
               mli_json_put(row, "two", json_string(d->table->column[p->two].name)) &&
               mli_json_put(row, "r", mli_json_from(p->r)) && done;
        done = json_array_append_new(list, row) == 0 && done;
    }
    done = mli_json_put(doc, "pairs", list) && done;
    if (done)
        return doc;
    json_decref(doc);
    return NULL;
}

json_t *mli_description_json(const struct mli_description *description)
{
    json_t *doc = json_object();
    bool done = mli_json_put(doc, "file", file_json(description)) &&
                mli_json_put(doc, "target", target_json(description)) &&
                mli_json_put(doc, "warnings", warnings_json(description)) &&
                mli_json_put(doc, "suggested_flags", flags_json(description)) &&
                mli_json_put(doc, "columns", columns_json(description)) &&
                mli_json_put(doc, "correlated", pairs_json(description));

    if (done)
        return doc;
    json_decref(doc);
    return NULL;
}
