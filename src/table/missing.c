/*
 * Tokens are few and most cells begin with a byte that begins no token, so a table of first bytes answers nearly
 * always and a list is searched for the rest.
 */
#include <table/rows.h>

#include <base/mem.h>
#include <base/num.h>
#include <stdlib.h>
#include <string.h>

static const char built_in[] = "NA,N/A,NaN,nan,null,NULL,None,?";

struct mli_missing {
    bool begins[256]; /* a token begins with this byte */
    bool number;      /* a token is a short decimal */
    char *tokens;     /* each with its NUL, an empty one at the end */
};

/* Appends the tokens of a comma-separated list, less the spaces around them (which a field has lost, too). */
static char *append(char *to, const char *list)
{
    while (*list) {
        list += strspn(list, " \t,");
        size_t len = strcspn(list, ",");
        const char *next = list + len;
        while (len > 0 && (list[len - 1] == ' ' || list[len - 1] == '\t'))
            len--;
        if (len > 0) {
            memcpy(to, list, len);
            to[len] = '\0';
            to += len + 1;
        }
        list = next;
    }
    return to;
}

static bool is_number(const char *token)
{
    double value;
    unsigned decimals;

    return mli_num_parse_short(token, strlen(token), &value, &decimals);
}

struct mli_missing *mli_missing_new(const char *extra)
{
    struct mli_missing *missing = mli_calloc(1, sizeof(*missing));

    if (!missing)
        return NULL;
    if (!extra)
        extra = "";
    missing->tokens = mli_alloc(sizeof(built_in) + strlen(extra) + 2, 1);
    if (!missing->tokens) {
        free(missing);
        return NULL;
    }
    *append(append(missing->tokens, built_in), extra) = '\0';
    for (const char *token = missing->tokens; *token; token += strlen(token) + 1) {
        missing->begins[(unsigned char)*token] = true;
        missing->number |= is_number(token);
    }
    return missing;
}

void mli_missing_free(struct mli_missing *missing)
{
    if (!missing)
        return;
    free(missing->tokens);
    free(missing);
}

bool mli_missing_has_number(const struct mli_missing *missing)
{
    return missing->number;
}

bool mli_missing_has(const struct mli_missing *missing, const char *text, size_t len)
{
    if (len == 0)
        return true;
    if (!missing->begins[(unsigned char)*text])
        return false;
    for (const char *token = missing->tokens; *token; token += strlen(token) + 1) {
        if (strlen(token) == len && memcmp(token, text, len) == 0)
            return true;
    }
    return false;
}
