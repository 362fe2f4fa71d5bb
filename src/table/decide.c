#include <table/decide.h>

#include <string.h>
#include <table/boolean.h>

#define FEW_DISTINCT ((size_t)50) /* this many are a category whatever their share of the cells */

bool mli_pin_parse(const char *text, struct mli_pin *out)
{
    static const char formatted[] = "instant:";
    struct mli_pin pin = { .type = ML_TYPE_INSTANT };
    size_t len = sizeof(formatted) - 1;
    bool good = strncmp(text, formatted, len) == 0 ? mli_format_parse(text + len, &pin.format)
                                                   : ml_type_parse(text, &pin.type);

    pin.formatted = text[strcspn(text, ":")] == ':';
    if (good)
        *out = pin;
    return good;
}

unsigned mli_decide_shapes(const struct mli_dict *dict)
{
    size_t n = mli_dict_count(dict);
    unsigned shapes = n > 0 ? MLI_SHAPES_ALL : 0;

    for (size_t i = 0; i < n && shapes; i++) {
        const char *text = mli_dict_text(dict, i);
        shapes = mli_instant_shapes(text, strlen(text), shapes);
    }
    return shapes;
}

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
