#include <prep/vocabulary.h>

#include <base/mem.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void mli_vocabulary_release(struct mli_vocabulary *v)
{
    mli_dict_free(v->terms);
    free(v->idf);
    *v = (struct mli_vocabulary){ 0 };
}

/* ---- learned ------------------------------------------------------------------------------------------------- */

struct term {
    const char *text;
    size_t total, rows; /* occurrences, and rows that have it */
};

/* What the training rows hold, a distinct text at a time. */
struct counting {
    struct mli_dict *terms;
    struct term *term; /* of each */
    size_t *seen;      /* the last text that had it, from 1 on */
    size_t capacity, seen_capacity;
    size_t text, rows; /* at work on: from 1 on, and how many rows have it */
    enum ml_status status;
};

static bool make_room(struct counting *c, size_t count)
{
    void *term = c->term, *seen = c->seen;
    bool done = mli_grow(&term, &c->capacity, count, sizeof(*c->term));

    c->term = term;
    done = done && mli_grow(&seen, &c->seen_capacity, count, sizeof(*c->seen));
    c->seen = seen;
    return done;
}

static bool count_gram(void *data, const char *gram, size_t n)
{
    struct counting *c = data;
    size_t before = mli_dict_count(c->terms);
    int32_t code;

    c->status = mli_dict_add(c->terms, gram, n, &code);
    if (c->status != ML_OK)
        return false;
    size_t t = (size_t)code;
    if (t == before) {
        if (!make_room(c, before)) {
            c->status = ML_ENOMEM;
            return false;
        }
        c->term[t] = (struct term){ 0 };
        c->seen[t] = 0;
    }
    c->term[t].total += c->rows;
    c->term[t].rows += c->seen[t] != c->text ? c->rows : 0;
    c->seen[t] = c->text;
    return true;
}

/* rows: of each text. */
static enum ml_status count_terms(const struct mli_dict *texts, const size_t *rows, const struct mli_grams *grams,
                                  struct counting *c, struct ml_error *err)
{
    struct mli_words words = MLI_WORDS_INIT;
    bool done = (c->terms = mli_dict_new()) != NULL;

    for (size_t v = 0; done && v < mli_dict_count(texts); v++) {
        c->text = v + 1;
        c->rows = rows[v];
        if (rows[v])
            done = mli_grams_each(grams, &words, mli_dict_text(texts, v), count_gram, c);
    }
    mli_words_release(&words);
    if (c->status == ML_ELIMIT)
        return ml_error_set(err, ML_ELIMIT, "the texts have too many terms to count");
    return done ? ML_OK : mli_step_nomem(err);
}

static int by_bytes(const void *left, const void *right)
{
    const struct term *a = left, *b = right;
    return strcmp(a->text, b->text);
}

static int by_total(const void *left, const void *right)
{
    const struct term *a = left, *b = right;
    if (a->total != b->total)
        return a->total > b->total ? -1 : 1;
    return by_bytes(left, right);
}

/* The terms of enough rows, the most frequent ones of them, to the front in order of their bytes; returns how many. */
static size_t keep_terms(struct counting *c, const char *min_count, size_t rows, size_t most)
{
    size_t kept = 0;

    for (size_t t = 0; t < mli_dict_count(c->terms); t++) {
        c->term[t].text = mli_dict_text(c->terms, t);
        if (!mli_min_count_rare(min_count, c->term[t].rows, rows))
            c->term[kept++] = c->term[t];
    }
    if (kept > most) {
        qsort(c->term, kept, sizeof(*c->term), by_total);
        kept = most;
    }
    if (kept > 0)
        qsort(c->term, kept, sizeof(*c->term), by_bytes);
    return kept;
}

static enum ml_status make(const struct term *term, size_t n, size_t rows, struct mli_vocabulary *out,
                           struct ml_error *err)
{
    enum ml_status status = ML_OK;
    int32_t code;

    out->terms = mli_dict_new();
    out->idf = mli_alloc(n, sizeof(*out->idf));
    for (size_t t = 0; out->terms && out->idf && t < n && status == ML_OK; t++) {
        status = mli_dict_add(out->terms, term[t].text, strlen(term[t].text), &code);
        out->idf[t] = log((1.0 + (double)rows) / (1.0 + (double)term[t].rows)) + 1;
    }
    return out->terms && out->idf && status == ML_OK ? ML_OK : mli_step_nomem(err);
}

enum ml_status mli_vocabulary_learn(const struct mli_dict *texts, const size_t *rows, size_t all, const char *min_count,
                                    size_t most, struct mli_vocabulary *out, struct ml_error *err)
{
    struct counting c = { 0 };
    enum ml_status status = count_terms(texts, rows, &out->grams, &c, err);

    if (status == ML_OK)
        status = make(c.term, keep_terms(&c, min_count, all, most), all, out, err);
    mli_dict_free(c.terms);
    free(c.term);
    free(c.seen);
    return status;
}

/* ---- rows ---------------------------------------------------------------------------------------------------- */

struct occurrences {
    const struct mli_dict *terms;
    double *x;
};

static bool add_occurrence(void *data, const char *gram, size_t n)
{
    const struct occurrences *o = data;
    int32_t code = mli_dict_find(o->terms, gram, n);

    if (code >= 0)
        o->x[code]++;
    return true;
}

static void weigh(const double *idf, size_t n, double *x)
{
    double squares = 0;

    for (size_t j = 0; j < n; j++) {
        x[j] *= idf[j];
        squares += x[j] * x[j];
    }
    double length = sqrt(squares);
    for (size_t j = 0; length > 0 && j < n; j++)
        x[j] /= length;
}

bool mli_vocabulary_write(const struct mli_vocabulary *v, const char *const *text, size_t n, struct mli_words *words,
                     double *X, size_t stride)
{
    size_t terms = mli_dict_count(v->terms);

    for (size_t i = 0; i < n; i++) {
        double *x = X + i * stride;
        memset(x, 0, terms * sizeof(*x));
        if (!text[i])
            continue;
        if (!mli_grams_each(&v->grams, words, text[i], add_occurrence, &(struct occurrences){ v->terms, x }))
            return false;
        weigh(v->idf, terms, x);
    }
    return true;
}
