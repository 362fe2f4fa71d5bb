/*
 * The parts of an exported C file that are the same for every model. In each @ stands for the prefix of identifiers.
 */
#ifndef EXPORT_C_CODE_H
#define EXPORT_C_CODE_H

/* Behind the first words of the comment at the top; the result of a classification; the end of the declarations. */
extern const char mli_c_code_usage[], mli_c_code_result[], mli_c_code_result_scores[], mli_c_code_result_labels[],
    mli_c_code_declaration[];

/* What stands around the definitions: includes, and no contraction of a*b+c, by the means that each compiler has. */
extern const char mli_c_code_begin[], mli_c_code_end[];

/*
 * Functions: @_code; @_boolean, which wants @_words above it; @_indicators; @_date and the names of its parts;
 * @_yeo_johnson; @_hash; @_dot and @_dense.
 */
extern const char mli_c_code_categories[], mli_c_code_boolean[], mli_c_code_onehot[], mli_c_code_dates[],
    mli_c_code_power[], mli_c_code_hash[], mli_c_code_dense[];

/* Statements of @_predict: the checks, each output (z, e, k and top are there), the label behind a
 * classification's, and all of several labels. */
extern const char mli_c_code_refusals[], mli_c_code_value[], mli_c_code_mean[], mli_c_code_logistic[], mli_c_code_softmax[],
    mli_c_code_score[], mli_c_code_scores[], mli_c_code_label[], mli_c_code_label_scores[],
    mli_c_code_labels[];

#endif
