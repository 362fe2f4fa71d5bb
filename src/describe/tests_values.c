/* Tests of columns with a dictionary. */
#include <describe/tests.h>

#include <stdio.h>
#include <string.h>

#define MANY ((size_t)50)
#define ROWS_FOR_RARE ((size_t)200) /* with fewer rows, few rows of a value are nothing special */

bool mli_test_mixed(const struct mli_description *d, size_t column, struct mli_finding *out)
{
    const struct mli_column *c = &d->table->column[column];
    const struct mli_mixed *m = &d->profile[column].values.mixed;
    char list[3 * (MLI_LABEL + 40)] = "", label[MLI_LABEL];

    if (m->fitting == 0)
        return false;
    for (size_t k = 0; k < MLI_EXAMPLES && k < m->values; k++) {
        size_t len = strlen(list);
        mli_label_value(c, &m->example[k], label);
        snprintf(list + len, sizeof(list) - len, "%s\"%s\" (row %zu)", k ? ", " : "", label,
                 m->example[k].row + 1);
    }
    snprintf(out->value, sizeof(out->value), "%.95s", mli_dict_text(c->dict, (size_t)m->example[0].code));
    return mli_found(out, "%zu cells are %s, %zu %s not: %s%s", m->fitting,
                     m->type == ML_TYPE_NUMBER ? "numbers" : "dates", m->rows, m->rows == 1 ? "is" : "are", list,
                     m->values > MLI_EXAMPLES ? ", ..." : "");
}

bool mli_test_variants(const struct mli_description *d, size_t column, struct mli_finding *out)
{
    const struct mli_column *c = &d->table->column[column];
    const struct mli_variants *v = &d->profile[column].values.variants;
    char list[MLI_EXAMPLES * (2 * MLI_LABEL + 20)] = "", from[MLI_LABEL], to[MLI_LABEL];

    if (v->groups == 0 || c->type == ML_TYPE_TEXT || c->type == ML_TYPE_IDENTIFIER)
        return false;
    for (size_t k = 0; k < MLI_EXAMPLES && k < v->groups; k++) {
        size_t len = strlen(list);
        mli_label(mli_dict_text(c->dict, (size_t)v->from[k]), from);
        mli_label(mli_dict_text(c->dict, (size_t)v->to[k]), to);
        snprintf(list + len, sizeof(list) - len, "%s\"%s\" and \"%s\"", k ? ", " : "", from, to);
    }
    return mli_found(out, "%zu value%s differ%s by case or spaces only: %s%s", v->groups, v->groups == 1 ? "" : "s",
                     v->groups == 1 ? "s" : "", list, v->groups > MLI_EXAMPLES ? ", ..." : "");
}

bool mli_test_many_values(const struct mli_description *d, size_t column, struct mli_finding *out)
{
    const struct mli_profile *p = &d->profile[column];
    struct mli_finding ignored = { 0 };

    if (column == d->goal.column || d->table->column[column].type != ML_TYPE_CATEGORY ||
        p->values.distinct <= MANY || mli_test_identifier(d, column, &ignored))
        return false;
    return mli_found(out, "%zu categories", p->values.distinct);
}

bool mli_test_rare_values(const struct mli_description *d, size_t column, struct mli_finding *out)
{
    const struct mli_column *c = &d->table->column[column];
    const struct mli_values *v = &d->profile[column].values;
    struct mli_finding ignored = { 0 };
    char label[MLI_LABEL];

    if (column == d->goal.column || c->type != ML_TYPE_CATEGORY || v->rare == 0 ||
        d->profile[column].present < ROWS_FOR_RARE || mli_test_identifier(d, column, &ignored))
        return false;
    if (v->rare > 1)
        return mli_found(out, "%zu of %zu values have fewer than %zu rows, %zu together", v->rare, v->distinct,
                         MLI_RARE, v->rare_rows);
    mli_label_value(c, &v->rarest, label);
    return mli_found(out, "\"%s\" has %zu row%s", label, v->rare_rows, v->rare_rows == 1 ? "" : "s");
}
