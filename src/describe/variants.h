/*
 * Texts of a dictionary that are one value written in several ways: "Oslo", "oslo", " Oslo ". Case is that of ASCII
 * letters; spaces at the ends do not count and several between words are one.
 */
#ifndef DESCRIBE_VARIANTS_H
#define DESCRIBE_VARIANTS_H

#include <describe/values.h>

/* count: rows of each code; those without rows are left out. ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_variants_find(const struct mli_dict *dict, const size_t *count,
                                              struct mli_variants *out, struct ml_error *err);

/* The common form; out has room for the text and a NUL. Returns its length. */
size_t mli_variants_fold(const char *text, char *out);

#endif
