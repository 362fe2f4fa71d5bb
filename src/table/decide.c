#include <table/decide.h>

#include <string.h>
#include <table/boolean.h>

#define FEW_DISTINCT ((size_t)50) /* this many are a category whatever their share of the cells */

/* Distinct values of which fewer than a tenth have a space. */
static bool are_tokens(const struct mli_dict *dict)
{
    size_t n = mli_dict_count(dict), spaced = 0;

    for (size_t i = 0; i < n; i++)
        spaced += strchr(mli_dict_text(dict, i), ' ') != NULL;
    return spaced * 10 < n;
}

static enum ml_type type_of(const struct mli_dict *dict, size_t present)
{
    size_t distinct = mli_dict_count(dict);

    if (distinct <= FEW_DISTINCT || distinct <= present / 2)
        return ML_TYPE_CATEGORY;
    return are_tokens(dict) ? ML_TYPE_IDENTIFIER : ML_TYPE_TEXT;
}

enum ml_status mli_decide_codes(const struct mli_dict *dict, size_t present,
                                const enum ml_type *pin, int32_t *renumber, struct mli_dict **out,
                                enum ml_type *type)
{
    bool pinned = pin && *pin == ML_TYPE_BOOLEAN;

    if ((!pin || pinned) && mli_boolean_dict(dict, pinned, renumber, out)) {
        *type = ML_TYPE_BOOLEAN;
        return *out ? ML_OK : ML_ENOMEM;
    }
    if (pinned)
        return ML_EDATA;
    *type = pin ? *pin : type_of(dict, present);
    *out = mli_dict_sorted(dict, renumber);
    return *out ? ML_OK : ML_ENOMEM;
}
