#include <table/split.h>

#include <base/num.h>
#include <base/suggest.h>
#include <string.h>

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
