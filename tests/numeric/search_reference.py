#!/usr/bin/env python3
"""Folds and rounds of scikit-learn, printed as search_expected.h: search_reference.py > search_expected.h

Sizes and class counts do not depend on the shuffle; the order of equal folds does not count, so they are sorted.
"""
import numpy as np
import sklearn
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold, HalvingRandomSearchCV, StratifiedGroupKFold, StratifiedKFold


def counts(folds, classes, k):
    rows = sorted(tuple(int(np.sum(classes[test] == c)) for c in range(k)) for _, test in folds)
    return rows


def stratified(per_class, k):
    y = np.repeat(np.arange(len(per_class)), per_class)
    return counts(StratifiedKFold(k, shuffle=True, random_state=0).split(y, y), y, len(per_class))


def grouped(sizes, k):
    groups = np.repeat(np.arange(len(sizes)), sizes)
    return counts(GroupKFold(k).split(groups, groups=groups), np.zeros(len(groups), int), 1)


def grouped_classes(table, k):
    y = np.concatenate([np.repeat(np.arange(len(row)), row) for row in table])
    groups = np.repeat(np.arange(len(table)), [sum(row) for row in table])
    return counts(StratifiedGroupKFold(k).split(y, y, groups), y, len(table[0]))


def halving(candidates, rows, folds):
    X, y = np.arange(rows, dtype=float).reshape(-1, 1), np.arange(rows, dtype=float)
    search = HalvingRandomSearchCV(Ridge(), {"alpha": np.linspace(1, 2, candidates)}, n_candidates=candidates,
                                   min_resources="exhaust", cv=folds, random_state=0).fit(X, y)
    return list(zip(search.n_candidates_, search.n_resources_)), search.min_resources_


def braces(rows):
    return "{ " + ", ".join("{ " + ", ".join(map(str, row)) + " }" for row in rows) + " }"


print(f"/* Made by search_reference.py with scikit-learn {sklearn.__version__}; do not edit. */")
for name, per_class, k in (("even", [50, 50, 50], 5), ("rare", [3, 97, 14], 5), ("odd", [7, 12], 4)):
    print(f"static const size_t folds_{name}[{k}][{len(per_class)}] = {braces(stratified(per_class, k))};")
for name, sizes, k in (("groups", [13, 8, 8, 5, 3, 2, 1, 1], 3), ("pairs", [2] * 11, 4)):
    print(f"static const size_t folds_{name}[{k}][1] = {braces(grouped(sizes, k))};")
table = [[9, 1], [1, 8], [2, 8], [6, 1], [1, 5], [4, 1], [1, 3], [2, 1], [2, 2]]  # no two as uneven
print(f"static const size_t folds_mixed[3][2] = {braces(grouped_classes(table, 3))};")
for name, candidates, rows, folds in (("forty", 40, 2000, 5), ("nine", 9, 300, 5), ("many", 200, 1000, 2)):
    rounds, smallest = halving(candidates, rows, folds)
    print(f"static const size_t halving_{name}[{len(rounds)}][2] = {braces(rounds)}; /* from {smallest} of {rows} rows */")
