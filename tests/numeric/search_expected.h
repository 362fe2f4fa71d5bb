/* Made by search_reference.py with scikit-learn 1.9.1; do not edit. */
static const size_t folds_even[5][3] = { { 10, 10, 10 }, { 10, 10, 10 }, { 10, 10, 10 }, { 10, 10, 10 }, { 10, 10, 10 } };
static const size_t folds_rare[5][3] = { { 0, 20, 2 }, { 0, 20, 3 }, { 1, 19, 3 }, { 1, 19, 3 }, { 1, 19, 3 } };
static const size_t folds_odd[4][2] = { { 1, 3 }, { 2, 3 }, { 2, 3 }, { 2, 3 } };
static const size_t folds_groups[3][1] = { { 13 }, { 14 }, { 14 } };
static const size_t folds_pairs[4][1] = { { 4 }, { 6 }, { 6 }, { 6 } };
static const size_t folds_mixed[3][2] = { { 8, 10 }, { 9, 11 }, { 11, 9 } };
static const size_t halving_forty[4][2] = { { 40, 74 }, { 14, 222 }, { 5, 666 }, { 2, 1998 } }; /* from 74 of 2000 rows */
static const size_t halving_nine[3][2] = { { 9, 33 }, { 3, 99 }, { 1, 297 } }; /* from 33 of 300 rows */
static const size_t halving_many[5][2] = { { 200, 12 }, { 67, 36 }, { 23, 108 }, { 8, 324 }, { 3, 972 } }; /* from 12 of 1000 rows */
