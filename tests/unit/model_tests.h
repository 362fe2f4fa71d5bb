/* Tests of src/model, listed in model.c. */
#ifndef TESTS_UNIT_MODEL_TESTS_H
#define TESTS_UNIT_MODEL_TESTS_H

/* model_container.c */
void test_known_bytes(void **state);
void test_foreign_file(void **state);
void test_round_trips(void **state);
void test_other_reader(void **state);
void test_other_digest(void **state);
void test_refusals(void **state);
void test_encode_refusals(void **state);

/* model_contributions.c */
void test_contributions(void **state);

/* model_drift.c */
void test_drift(void **state);
void test_predicted(void **state);
void test_predicted_malformed(void **state);
void test_predicted_memory(void **state);

/* model_rowlog.c */
void test_rowlog(void **state);
void test_rowlog_long(void **state);

/* model_selftest.c */
void test_selftest_holds(void **state);
void test_selftest_fails(void **state);
void test_selftest_malformed(void **state);
void test_selftest_memory(void **state);

/* model_reading.c */
void test_reading_inherited(void **state);

/* model_hostile.c */
void test_hostile_files(void **state);
void test_hostile_paths(void **state);
void test_bit_flips(void **state);
void test_cut_short(void **state);
/* Writes the hostile files into a directory, and expected.txt with a line "NAME<tab>TEXT" for each. */
int write_hostile_files(const char *directory);

#endif
