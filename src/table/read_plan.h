/*
 * Read plan: what is asked of each column of a file that is read as a table. Columns that are dropped, pins of types, and
 * the rules of a schema file, matched with the header by name.
 */
#ifndef TABLE_READ_PLAN_H
#define TABLE_READ_PLAN_H

#include <table/chunks.h>
#include <table/rules.h>

struct mli_read_plan { /* of one column of the file; zeros: nothing is asked */
    bool drop, pinned;
    struct mli_pin pin;
    const struct mli_rule *rule; /* what the schema file asks of it, NULL: there is no such file */
};

/*
 * Fills the plan, which has one zeroed entry a column of the header, from options->drop and type and the rules (borrowed;
 * NULL: no schema file). ML_EUSAGE for a name that is no column and a pin that is none or that the schema has already, ML_EDATA
 * for a column without a rule or a rule without a column, ML_ENOMEM.
 */
ML_NODISCARD enum ml_status mli_read_plan_make(const struct mli_chunks *chunks, const struct ml_read_options *options,
                                               const struct mli_rules *rules, struct mli_read_plan *plan,
                                               struct ml_error *err);

#endif
