/* Which columns get a vocabulary, and of what. */
#include <prep/tfidf.h>

#include <base/mem.h>
#include <base/num.h>
#include <prep/encode.h>
#include <stdlib.h>
#include <string.h>

/*
 * Where nobody asked: runs of characters, since they know a word by its parts and see punctuation, too; so many terms that
 * the matrix stays in bounds; and only texts of some length, since a name or a title is as often a name of the row.
 */
enum { CHARS_LOW = 2, CHARS_HIGH = 4, USUAL_MOST = 4096, USUAL_LEAST = 64, LONG_TEXT = 5 };
#define USUAL_VALUES ((size_t)1 << 25)

/* ---- tfidf:N:chars:J-K --------------------------------------------------------------------------------------- */

static const char *argument_of(const char *how)
{
    return how ? mli_encode_argument(how, "tfidf") : NULL;
}

bool mli_tfidf_asked(const char *how)
{
    return argument_of(how) != NULL;
}

static bool parse(const char *argument, struct mli_terms *out)
{
    const char *rest = argument + strcspn(argument, ":");
    struct mli_grams *grams = &out->grams;

    *out = (struct mli_terms){ .grams = { MLI_UNIT_WORDS, 1, 1 } };
    if (!mli_num_parse_size(argument, (size_t)(rest - argument), &out->most) || out->most < 2 ||
        out->most > MLI_TFIDF_TERMS)
        return false;
    if (strncmp(rest, ":chars", 6) == 0 && (rest[6] == '\0' || rest[6] == ':')) {
        *grams = (struct mli_grams){ MLI_UNIT_CHARS, CHARS_LOW, CHARS_HIGH };
        rest += 6;
    }
    return *rest == '\0' || mli_grams_parse(rest + 1, &grams->low, &grams->high);
}

enum ml_status mli_tfidf_parse(const char *argument, struct mli_terms *out, struct ml_error *err)
{
    struct mli_terms found;

    if (!parse(argument, &found))
        return ml_error_set(err, ML_EUSAGE,
                            "expected tfidf:N, tfidf:N:J-K, tfidf:N:chars or tfidf:N:chars:J-K, N from 2 to %zu terms, "
                            "J to K words or characters in a row, from 1 to %zu",
                            MLI_TFIDF_TERMS, MLI_GRAMS_MOST);
    *out = found;
    return ML_OK;
}

/* ---- which columns ------------------------------------------------------------------------------------------- */

size_t *mli_text_rows(const struct mli_fit *fit, const struct mli_column *column)
{
    size_t *rows = mli_calloc(mli_dict_count(column->dict), sizeof(*rows));

    for (size_t i = 0; rows && i < fit->table->rows; i++)
        if ((!fit->train || fit->train[i]) && column->code[i] >= 0)
            rows[column->code[i]]++;
    return rows;
}

static size_t count_words(const char *text)
{
    size_t words = 1;

    for (; (text = strchr(text, ' ')); text++)
        words++;
    return words;
}

/* Whether the texts of the training rows are of LONG_TEXT words or more on average, by the spaces between them. */
static bool are_long(const struct mli_fit *fit, const struct mli_column *column)
{
    size_t words = 0, texts = 0;

    for (size_t i = 0; i < fit->table->rows; i++) {
        if ((fit->train && !fit->train[i]) || column->code[i] < 0)
            continue;
        words += count_words(mli_dict_text(column->dict, (size_t)column->code[i]));
        texts++;
    }
    return texts > 0 && words >= LONG_TEXT * texts;
}

/* Terms of each column, a power of two, so that as many features suit a part of the rows. */
static size_t usual_most(const struct mli_fit *fit)
{
    size_t texts = 0, most = USUAL_MOST;

    for (size_t i = 0; i < fit->n; i++)
        texts += fit->table->column[fit->columns[i]].type == ML_TYPE_TEXT;
    while (most > USUAL_VALUES / fit->rows / (texts ? texts : 1))
        most /= 2;
    return most;
}

static bool choose(const struct mli_fit *fit, const struct mli_column *column, struct mli_terms *out)
{
    *out = (struct mli_terms){ .grams = { MLI_UNIT_CHARS, CHARS_LOW, CHARS_HIGH }, .chosen = true };
    if (fit->config->keep_all || mli_choice_named(fit->config->encode, column->name))
        return false;
    out->most = usual_most(fit);
    return out->most >= USUAL_LEAST && are_long(fit, column);
}

bool mli_tfidf_of(const struct mli_fit *fit, const struct mli_column *column, struct mli_terms *out)
{
    const char *how = mli_choice_named(fit->config->text, column->name);
    const char *encode = mli_choice_named(fit->config->encode, column->name);

    if (column->type == ML_TYPE_BOOLEAN || !column->dict)
        return false;
    if (!how && column->type != ML_TYPE_TEXT)
        return false;
    if (!how && encode && mli_encode_argument(encode, "hash"))
        return false;
    if (!how)
        how = mli_choice_find(fit->config->text, column->name, NULL);
    if (!how)
        return choose(fit, column, out);
    return mli_tfidf_asked(how) && parse(argument_of(how), out);
}
