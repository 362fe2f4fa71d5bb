/*
 * Rules: what a schema file asks of the columns of a CSV file. The file is the document that `mlctl schema` prints
 * (table/survey.h), or one made from it by hand:
 *
 *   {"columns": [{"name": "age", "type": "number", "integer": true, "required": true, "minimum": 0, "maximum": 120},
 *                {"name": "when", "type": "instant", "format": "dmy", "minimum": "2020-01-01"},
 *                {"name": "sex", "type": "category", "categories": ["female", "male"]}]}
 *
 * Rules are name, type, integer (true: whole numbers only), format (none: the one that all cells share), categories
 * (of a category; none: any), required (true: no cell is missing), minimum and maximum (of a number or an instant). What
 * was seen is no rule: rows, read, and of a column missing, min, max, distinct. Every other member is refused.
 */
#ifndef TABLE_RULES_H
#define TABLE_RULES_H

#include <base/json.h>
#include <base/num.h>
#include <table/decide.h>

struct mli_rule {
    const char *name;
    struct mli_pin pin;
    bool integer, required;
    double minimum, maximum;     /* NaN: none */
    struct mli_dict *categories; /* NULL: any */
};

struct mli_rules {
    size_t count;
    struct mli_rule *rule;
    struct mli_dict *names; /* code i is the name of rule i */
    char *source;           /* path of the schema file */
};

/* ML_EARTIFACT for a file that is no schema, ML_EIO, ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_rules_read(const char *path, struct mli_rules **out, struct ml_error *err);
ML_NODISCARD enum ml_status mli_rules_decode(const char *text, size_t len, const char *source, struct mli_rules **out,
                                             struct ml_error *err);
void mli_rules_free(struct mli_rules *rules); /* NULL is fine */
/* Index of the rule of a column, rules->count when there is none. */
size_t mli_rules_find(const struct mli_rules *rules, const char *name);

/*
 * Whether a cell keeps to the rule; if not, `why` says what is wrong with it: "is not a whole number". The text is
 * NUL-terminated.
 */
bool mli_rule_allows(const struct mli_rule *rule, const char *text, size_t len, bool missing,
                     struct mli_numerals numerals, char *why, size_t size);

#endif
