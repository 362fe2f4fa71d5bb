#include <describe/variants.h>

#include <base/mem.h>
#include <stdlib.h>
#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

size_t mli_variants_fold(const char *text, char *out)
{
    size_t n = 0;

    for (; *text; text++) {
        char c = *text;
        if (is_space(c)) {
            if (n > 0 && out[n - 1] != ' ')
                out[n++] = ' ';
        } else {
            out[n++] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
        }
    }
    if (n > 0 && out[n - 1] == ' ')
        n--;
    out[n] = '\0';
    return n;
}

/*
 * The common forms are put into a dictionary of their own: two codes of one form are a group, told once, by the two
 * that met first.
 */
struct forms {
    struct mli_dict *dict;
    int32_t *code; /* of a form: the code that had it first; -1 once its group is told */
    char *text;
};

static size_t longest(const struct mli_dict *dict)
{
    size_t most = 0;

    for (size_t i = 0; i < mli_dict_count(dict); i++) {
        size_t len = strlen(mli_dict_text(dict, i));
        most = len > most ? len : most;
    }
    return most;
}

static void tell(struct mli_variants *out, const size_t *count, int32_t one, int32_t two)
{
    bool swap = count[one] > count[two];

    if (out->groups < MLI_EXAMPLES) {
        out->from[out->groups] = swap ? two : one;
        out->to[out->groups] = swap ? one : two;
    }
    out->groups++;
}

static enum ml_status add_form(struct forms *forms, const struct mli_dict *dict, size_t code, const size_t *count,
                               struct mli_variants *out)
{
    size_t len = mli_variants_fold(mli_dict_text(dict, code), forms->text), before = mli_dict_count(forms->dict);
    int32_t form;
    enum ml_status status = mli_dict_add(forms->dict, forms->text, len, &form);

    if (status != ML_OK)
        return status;
    if (mli_dict_count(forms->dict) > before) {
        forms->code[form] = (int32_t)code;
    } else if (forms->code[form] >= 0) {
        tell(out, count, forms->code[form], (int32_t)code);
        forms->code[form] = -1;
    }
    return ML_OK;
}

enum ml_status mli_variants_find(const struct mli_dict *dict, const size_t *count, struct mli_variants *out,
                                 struct ml_error *err)
{
    struct forms forms = { 0 };
    struct mli_variants found = { 0 };
    size_t codes = mli_dict_count(dict);
    enum ml_status status = ML_OK;

    forms.dict = mli_dict_new();
    forms.code = mli_alloc(codes ? codes : 1, sizeof(*forms.code));
    forms.text = mli_alloc(longest(dict) + 1, 1);
    if (!forms.dict || !forms.code || !forms.text)
        status = ML_ENOMEM;
    for (size_t code = 0; code < codes && status == ML_OK; code++) {
        if (count[code] > 0)
            status = add_form(&forms, dict, code, count, &found);
    }
    free(forms.text);
    free(forms.code);
    mli_dict_free(forms.dict);
    if (status != ML_OK)
        return ml_error_set(err, status, "out of memory for comparing %zu texts", codes);
    *out = found;
    return ML_OK;
}
