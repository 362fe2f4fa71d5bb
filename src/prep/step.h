/*
 * Steps: what a pipeline is made of, and the frame that they work on. For this folder, and for whoever must repeat
 * the arithmetic somewhere else (export as C or JSON, explanations): walk mli_pipeline_step(0..n) and read the
 * states below.
 *
 * The frame is a list of slots. A slot is one value a row: a number, an instant or a category's code. Slot i <
 * fields is column i of the pipeline's schema; a step changes the slots that it names in place, or adds slots at
 * the end and retires the ones they were made of. Slot numbers never change, so the whole pipeline is a
 * straight-line program:
 *
 *   for each field i            v[i] = raw cell (NaN if missing), or c[i] = code (MLI_CODE_MISSING, MLI_CODE_UNKNOWN)
 *   for each step in order      what is said at its state below
 *   for each live slot s        NUMBER, FLAG: X[slot.feature] = v[s]
 *                               INDICATORS:  X[slot.feature .. slot.feature + width) = 0; then the one that
 *                                            mli_slot_indicator() names = 1, if it names one
 *                               HASHED:      X[slot.feature .. slot.feature + width) by prep/hashing.h
 *                               TERMS:       the same by prep/vocabulary.h
 *
 * Arithmetic is double without fused operations. A step kind is one const row in a file of its own. To add one:
 * write the file, declare row and state here, put its name into MLI_STEPS (inside.h) at the place in the order where it
 * runs.
 */
#ifndef PREP_STEP_H
#define PREP_STEP_H

#include <prep/choice.h>
#include <prep/grams.h>
#include <prep/pipeline.h>

/* ---- the frame ----------------------------------------------------------------------------------------------- */

enum mli_slot_kind {
    MLI_SLOT_NUMBER,     /* a double, NaN where missing unless `filled` */
    MLI_SLOT_INSTANT,    /* seconds since 1970 as a double, NaN where missing */
    MLI_SLOT_CATEGORY,   /* a code of field[slot.field].dict */
    MLI_SLOT_INDICATORS, /* the same code, to be spread over 0/1 features */
    MLI_SLOT_FLAG,       /* a double, 0 or 1; a feature as it is */
    MLI_SLOT_TEXT,       /* a cell as it is written, NULL where missing */
    MLI_SLOT_HASHED,     /* the same cell, to be spread over hashed features */
    MLI_SLOT_TERMS,      /* the same cell, to be spread over the terms of a vocabulary */
};

/* How a cell is hashed; prep/hashing.h says what it means. */
struct mli_hashing {
    size_t buckets;   /* features */
    size_t low, high; /* words of an n-gram; 0: the cell is one token */
};

/* What terms are known and how much each counts; prep/vocabulary.h says what it means. */
struct mli_vocabulary {
    struct mli_grams grams;
    struct mli_dict *terms; /* in order of their bytes */
    double *idf;            /* of each */
};

struct mli_slot {
    char *name; /* "age", "when.month"; owned by the frame */
    enum mli_slot_kind kind;
    size_t field;   /* the schema field that it is or was made of */
    bool live;      /* not retired; a slot that is live behind the last step makes features */
    bool filled;    /* NUMBER: never NaN from here on */
    size_t values;  /* INDICATORS: values with a feature of their own, the first ones */
    bool missing;   /* INDICATORS: the feature behind them says "missing" */
    bool rare;      /* INDICATORS: the last feature says "any other" */
    const int32_t *place, *kept; /* INDICATORS: feature of a value (-1: rare), value of a feature; NULL: the same */
    struct mli_hashing hashing;  /* HASHED */
    const struct mli_vocabulary *vocabulary; /* TERMS */
    size_t width;   /* features it makes: 1, INDICATORS: values + missing + rare, HASHED: buckets, TERMS: terms */
    size_t feature; /* index of the first; set behind the last step, in order of field, then slot */
};

struct mli_frame {
    const struct mli_schema *schema; /* borrowed */
    struct mli_slot *slot;
    size_t count, capacity;
};

/* One slot a field of the schema. The schema must outlive the frame. */
ML_NODISCARD enum ml_status mli_frame_init(struct mli_frame *frame, const struct mli_schema *schema,
                                           struct ml_error *err);
void mli_frame_release(struct mli_frame *frame);
/* Adds a live NUMBER, the last slot, made of slot `from`, named "<name of from><suffix>". ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_frame_add(struct mli_frame *frame, size_t from, const char *suffix,
                                          struct ml_error *err);
/* Which feature of an INDICATORS slot is 1 for a code, counted from slot.feature; -1: none. */
static inline int64_t mli_slot_indicator(const struct mli_slot *slot, int32_t code)
{
    int64_t other = slot->rare ? (int64_t)(slot->values + slot->missing) : -1;

    if (code == MLI_CODE_MISSING && slot->missing)
        return (int64_t)slot->values;
    if (code >= 0 && slot->place)
        return slot->place[code] >= 0 ? slot->place[code] : other;
    return code >= 0 && (size_t)code < slot->values ? code : other;
}
/* Name of the k-th feature of a live slot: "age", "sex=male". Caller frees; NULL: no memory. */
char *mli_slot_feature_name(const struct mli_frame *frame, const struct mli_slot *slot, size_t k);
/* No later step reads it and it makes no feature. */
void mli_frame_retire(struct mli_frame *frame, size_t slot);
/* ML_EARTIFACT unless each of them is a live slot of that kind; for the `shape` of a step. */
ML_NODISCARD enum ml_status mli_frame_check(const struct mli_frame *frame, size_t count,
                                            const size_t *slot, enum mli_slot_kind kind,
                                            struct ml_error *err);

/* Values of a block of rows: one of number[s], code[s] and text[s] has `rows` elements, for every live slot s. */
struct mli_block {
    size_t rows;
    double **number; /* for impute and scale some may be NULL: of those nothing is to be done */
    int32_t **code;
    const char *const **text;
    const uint8_t *fold; /* of each row, as struct ml_table has it; NULL: all 0 */
};

/* ---- the row of a step kind ---------------------------------------------------------------------------------- */

/* What a step may look at while it is fitted. Rows of `table` that do not train are none of its business. */
struct mli_fit {
    const struct ml_prep_config *config;
    const struct ml_log *log;
    const struct ml_table *table;
    const struct mli_goal *goal; /* NULL: there is none */
    const uint8_t *train; /* NULL: every row trains */
    size_t rows;          /* training rows, > 0 */
    size_t *columns, n;   /* columns of the table that the schema will have; drop takes some out */
    const struct mli_frame *frame; /* NULL while drop is fitted: there is no schema yet */
    struct mli_moments *moments; /* of the training rows of each number or instant of the table, by drop */
    struct mli_bins **bins;      /* theirs likewise, how they are spread; NULL: there is no value */
    const struct mli_training *training; /* the training rows as the steps before have left them: prep/training.h */
};

struct mli_step_kind {
    const char *name;
    /* Makes a state out of the training rows; *out = NULL when there is nothing to do: the pipeline leaves it out. */
    enum ml_status (*fit)(struct mli_fit *fit, void **out, struct ml_error *err);
    /*
     * Checks the state against the frame and says what the step does to the slots. Called once, behind fit and load
     * alike, so that a state out of a file meets every check. ML_EARTIFACT, ML_ENOMEM.
     */
    enum ml_status (*shape)(void *state, struct mli_frame *frame, struct ml_error *err);
    /* One block of rows. Allocates nothing, cannot fail, treats every row alone. NULL: nothing to do with rows. */
    void (*apply)(const void *state, const struct mli_block *block);
    /* Slots of the numbers that apply reads or changes. NULL: it is content with those that a block has, see there. */
    const size_t *(*numbers)(const void *state, size_t *count);
    /*
     * For a step that gives missing numbers a value and changes nothing else: fill[slot] = that value. Then number[slot] of
     * a block is NULL where the values have not been gathered.
     */
    void (*defer)(const void *state, double *fill);
    /* Members into `doc` (which has "kind" already) and tensors "prep.<name>.<what>". The reverse. */
    enum ml_status (*save)(const void *state, json_t *doc, struct mli_tensors *set,
                           struct ml_error *err);
    enum ml_status (*load)(const json_t *doc, struct mli_tensors *set, void **out,
                           struct ml_error *err);
    void (*free)(void *state);
};

struct mli_step {
    const struct mli_step_kind *kind; /* compare with &mli_..._step to know what state is */
    void *state;
};

/* Steps in order, and the frame with the features' places filled in. Borrowed; the schema is frame->schema. */
size_t mli_pipeline_steps(const struct mli_pipeline *pipeline);
const struct mli_step *mli_pipeline_step(const struct mli_pipeline *pipeline, size_t step);
const struct mli_frame *mli_pipeline_frame(const struct mli_pipeline *pipeline);

/* ---- what the files of the kinds share ----------------------------------------------------------------------- */

/* Live slots of a kind; *count 0 and *slot NULL when there are none. Caller frees. */
ML_NODISCARD enum ml_status mli_slots_new(const struct mli_frame *frame, enum mli_slot_kind kind,
                                          size_t *count, size_t **slot, struct ml_error *err);
/* In JSON every step but drop says "columns": the slots it works on, ascending. False: no memory. */
bool mli_slots_save(size_t count, const size_t *slot, json_t *doc);
ML_NODISCARD enum ml_status mli_slots_load(const json_t *doc, size_t *count, size_t **slot,
                                           struct ml_error *err);
/* ML_EARTIFACT for a member that is not in the NULL-terminated list: it might change the arithmetic. */
ML_NODISCARD enum ml_status mli_step_members(const json_t *doc, const char *const *names,
                                             struct ml_error *err);
/* A copy of a vector of the set, which must be finite. Caller frees. */
ML_NODISCARD enum ml_status mli_step_numbers(struct mli_tensors *set, const char *name, size_t n,
                                             double **out, struct ml_error *err);
/*
 * How each of `count` slots is treated, as an index into n names: "method" is one name when all are alike, else a list
 * with one for each. False: no memory. _load: caller frees.
 */
bool mli_step_methods_save(size_t count, const size_t *method, const char *const *names,
                           json_t *doc);
ML_NODISCARD enum ml_status mli_step_methods_load(const json_t *doc, const char *const *names,
                                                  size_t n, size_t count, size_t **method,
                                                  struct ml_error *err);
bool mli_step_alike(size_t count, const size_t *method);
/* Name of the schema's column that a slot is or was made of, by which the lists of the configuration choose. */
const char *mli_slot_column(const struct mli_frame *frame, size_t slot);
enum ml_status mli_step_nomem(struct ml_error *err);

/* ---- drop: mli_drop_step, struct mli_drop -------------------------------------------------------------------- */

/* Why a column is not in the schema. Kept for `inspect`; the step does nothing to rows. */
struct mli_dropped {
    char *name;
    char *reason; /* "891 distinct texts in 891 rows" */
};
struct mli_drop {
    struct mli_dropped *column;
    size_t count;
};
extern const struct mli_step_kind mli_drop_step;

/* ---- flags: mli_flags_step, struct mli_flags ----------------------------------------------------------------- */

/* v[first + k] = 1 if v[slot[k]] is NaN, else 0: a FLAG "NAME.missing" of a NUMBER or an INSTANT. */
struct mli_flags {
    size_t count, first;
    size_t *slot;
};
extern const struct mli_step_kind mli_flags_step;
enum ml_status mli_flags_check(const char *how, unsigned column, struct ml_error *err);

/* ---- dates: mli_dates_step, struct mli_dates ----------------------------------------------------------------- */

enum mli_date_part {
    MLI_DATE_YEAR,
    MLI_DATE_MONTH,   /* 1 to 12 */
    MLI_DATE_DAY,     /* 1 to 31 */
    MLI_DATE_WEEKDAY, /* 0 to 6, 0 is Monday */
    MLI_DATE_HOUR,    /* 0 to 23 */
    MLI_DATE_MINUTE,  /* 0 to 59 */
    MLI_DATE_YEARDAY, /* 1 to 366 */
    MLI_DATE_EPOCH,   /* days since 1970-01-01, with their fraction */
};
#define MLI_DATE_PARTS 8

/* v[first[k] + j] = the j-th part whose bit is set in parts[k], of v[slot[k]]; NaN for NaN. slot[k] is retired. */
struct mli_dates {
    size_t count;
    size_t *slot, *first;
    unsigned *parts; /* 1 << part; only parts that vary over the training rows are there; never 0 */
};
extern const struct mli_step_kind mli_dates_step;
enum ml_status mli_dates_check(const char *how, unsigned column, struct ml_error *err);
/* Parts that the configuration asks for, varying or not; 0: the column is to be left out. */
unsigned mli_dates_wanted(const struct ml_prep_config *config, const char *column);

extern const char *const mli_date_part_name[MLI_DATE_PARTS]; /* "year", "month", "day", ... */
/* A part of an instant in UTC, proleptic Gregorian. Instants outside years 0 to 9999 count as the nearest inside. */
double mli_date_part(double seconds, enum mli_date_part part);
/* Bits of the parts that take two or more values over x[i], i < n, NaN skipped, rows with use[i] == 0 skipped. */
unsigned mli_date_parts_varying(const double *x, size_t n, const uint8_t *use);

/* ---- impute: mli_impute_step, struct mli_imputer ------------------------------------------------------------- */

/*
 * if (isnan(v[slot[k]])) v[slot[k]] = value[k]; every live NUMBER is there, also when training saw no missing cell.
 */
enum mli_impute { MLI_IMPUTE_MEAN, MLI_IMPUTE_MEDIAN, MLI_IMPUTE_MODE, MLI_IMPUTE_CONSTANT };
struct mli_imputer {
    size_t count;
    size_t *slot;
    size_t *method; /* enum mli_impute: where the value comes from */
    double *value;
};
extern const struct mli_step_kind mli_impute_step;
/* A HOW of --impute, for prep/options.h. */
enum ml_status mli_impute_check(const char *how, unsigned column, struct ml_error *err);

/* ---- fill: mli_fill_step, struct mli_fill -------------------------------------------------------------------- */

/* if (c[slot[k]] == MLI_CODE_MISSING) c[slot[k]] = code[k]; categories that are filled, not those with an indicator. */
struct mli_fill {
    size_t count;
    size_t *slot;
    int32_t *code; /* place in the dictionary of the slot's field */
};
extern const struct mli_step_kind mli_fill_step;
enum ml_status mli_fill_check(const char *how, struct ml_error *err);

/* ---- clip: mli_clip_step, struct mli_clip -------------------------------------------------------------------- */

/* v[slot[k]] = low[k] below low[k], high[k] above high[k], else itself; low <= high. */
enum mli_clip_method { MLI_CLIP_IQR, MLI_CLIP_ZSCORE, MLI_CLIP_QUANTILE, MLI_CLIP_NONE };
struct mli_clip {
    size_t count;
    size_t *slot;
    size_t *method;     /* enum mli_clip_method, never MLI_CLIP_NONE */
    double *factor;     /* K of iqr:K and zscore:K, A of quantile:A */
    double *low, *high; /* what it came to */
};
extern const struct mli_step_kind mli_clip_step;
enum ml_status mli_clip_check(const char *how, unsigned column, struct ml_error *err);

/* ---- power: mli_power_step, struct mli_power ----------------------------------------------------------------- */

/* v[slot[k]] = mli_yeo_johnson(v[slot[k]], lambda[k]) */
struct mli_power {
    size_t count;
    size_t *slot;
    double *lambda;
};
extern const struct mli_step_kind mli_power_step;
enum ml_status mli_power_check(const char *how, unsigned column, struct ml_error *err);
/*
 * With l = log1p(|x|) and p = lambda for x >= 0, 2 - lambda for x < 0: sign(x) expm1(p l) / p, and sign(x) l where
 * |p| < 2^-52.
 */
double mli_yeo_johnson(double x, double lambda);

/* ---- ordinal: mli_ordinal_step, struct mli_ordinal ----------------------------------------------------------- */

/* v[first + k] = c[slot[k]] >= 0 ? c[slot[k]] : -1; slot[k] is retired. The new NUMBER has its name. */
struct mli_ordinal {
    size_t count, first;
    size_t *slot;
};
extern const struct mli_step_kind mli_ordinal_step;
enum ml_status mli_encode_check(const char *how, unsigned column, struct ml_error *err); /* encode.c */

/* ---- target: mli_target_step, struct mli_target_encoder ------------------------------------------------------- */

/*
 * v[first + k outputs + o] = value[at[k] + place outputs + o], place = c[slot[k]], values[k] where it is missing, and
 * values[k] + 1 where training did not see it; slot[k] is retired. With outputs = 1 the new NUMBER has its name, else
 * there is one a class, "NAME.LABEL". Rows with fold f > 0 read f size further on.
 */
struct mli_target_encoder {
    size_t count, first;
    size_t *slot;
    size_t outputs;   /* 1: a number, or the second of two classes; else classes */
    char **label;     /* outputs > 1: of each class, its first 60 bytes */
    double *smooth;   /* NaN: auto */
    size_t *values;   /* of the dictionary of the slot's field */
    size_t *at, size; /* where the values of each slot begin; of all slots together */
    double *value;    /* size; of a pipeline just fitted (folds + 1, size): by all rows, by those not in fold 1, .. */
    size_t folds;     /* 0 when it was loaded */
};
extern const struct mli_step_kind mli_target_step;
/* SMOOTH of target:SMOOTH, for encode.c. */
enum ml_status mli_target_check(const char *argument, struct ml_error *err);
/* Folds of the rows of the table, one a row: 0 for those that do not train. Caller frees. */
ML_NODISCARD enum ml_status mli_target_folds(const struct mli_fit *fit, uint8_t **out,
                                             struct ml_error *err);

/* ---- onehot: mli_onehot_step, struct mli_onehot -------------------------------------------------------------- */

/*
 * slot[k] becomes INDICATORS: one feature a value of its field's dict that is not rare, in its order, one more if
 * missing[k], and one more if there is a rare group. Into that go the rare values, those that training did not see, and
 * missing cells unless missing[k].
 */
struct mli_onehot {
    size_t count;
    size_t *slot;
    bool *missing; /* training saw a missing cell, and often enough for a feature of its own */
    struct mli_rare {
        bool group;     /* there is a rare group; else the rest is not used */
        size_t values;  /* that are not rare, */
        size_t mapped;  /* of so many */
        int32_t *place; /* of each value of the dict: its feature, -1 when it is rare */
        int32_t *kept;  /* of each feature: its value */
    } *rare;
};
extern const struct mli_step_kind mli_onehot_step;
/* A HOW of --min-count, and whether a value that `count` of `rows` training rows have is rare by it. */
enum ml_status mli_min_count_check(const char *how, unsigned column, struct ml_error *err);
bool mli_min_count_rare(const char *how, size_t count, size_t rows);

/* ---- text and hash: mli_text_step, mli_hash_step, struct mli_hashed ------------------------------------------- */

/* slot[k] becomes HASHED: text by n-grams of its words, hash by its value. */
struct mli_hashed {
    size_t count;
    size_t *slot;
    struct mli_hashing *hashing;
};
extern const struct mli_step_kind mli_text_step, mli_hash_step;
/* A HOW of --text, for prep/options.h, and N of hash:N, for encode.c. */
enum ml_status mli_text_check(const char *how, unsigned column, struct ml_error *err);
enum ml_status mli_hash_check(const char *argument, struct ml_error *err);

/* ---- tfidf: mli_tfidf_step, struct mli_tfidf ----------------------------------------------------------------- */

/* slot[k] becomes TERMS. */
struct mli_tfidf {
    size_t count;
    size_t *slot;
    struct mli_vocabulary *vocabulary;
};
extern const struct mli_step_kind mli_tfidf_step;

/* ---- scale: mli_scale_step, struct mli_scaler ---------------------------------------------------------------- */

/*
 * v[slot[k]] = (v[slot[k]] - shift[k]) / scale[k]; scale > 0. Standard: mean and deviation; minmax: smallest and
 * range; robust: median and distance of the quartiles.
 */
enum mli_scale { MLI_SCALE_STANDARD, MLI_SCALE_MINMAX, MLI_SCALE_ROBUST, MLI_SCALE_NONE };
struct mli_scaler {
    size_t count;
    size_t *slot;
    size_t *method; /* enum mli_scale, never MLI_SCALE_NONE: such a slot is not among them */
    double *shift, *scale;
};
extern const struct mli_step_kind mli_scale_step;
enum ml_status mli_scale_check(const char *how, unsigned column, struct ml_error *err);

#endif
