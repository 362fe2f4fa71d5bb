#!/usr/bin/env python3
"""Writes weights_expected.json: least objectives with weights of classes and rows, by scikit-learn 1.9.

    pip install scikit-learn
    python3 tests/numeric/weights_reference.py > tests/numeric/weights_expected.json

Columns are standardised; C and alpha are 1. Objectives are 1/W sum w_i loss_i + 1/(2 W) |v|^2, W the sum of the weights.
A row's weight in the last two cases is 1 + row mod 3, rows counted from 0.
"""
import csv
import json

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge


def read(name):
    with open(f"datasets/{name}.csv", newline="") as file:
        rows = list(csv.reader(file))[1:]
    X = np.array([[float(v) for v in row[:-1]] for row in rows])
    return (X - X.mean(0)) / X.std(0), [row[-1] for row in rows]


def objective(losses, w, v):
    return float((w * losses).sum() / w.sum() + (v @ v) / (2 * w.sum()))


def logistic(w, class_weight=None):
    X, labels = read("breast_cancer")
    y = np.array([label == "malignant" for label in labels]).astype(int)
    w = np.ones(len(y)) if w is None else w(len(y))
    model = LogisticRegression(C=1, class_weight=class_weight, tol=1e-12, max_iter=10**6).fit(X, y, sample_weight=w)
    if class_weight == "balanced":
        w = w * (len(y) / (2 * np.bincount(y)))[y]
    elif class_weight:
        w = w * np.array([class_weight[c] for c in y])
    v = model.coef_[0]
    return objective(np.logaddexp(0, -(2 * y - 1) * (X @ v + model.intercept_[0])), w, v)


def ridge(w):
    X, labels = read("diabetes")
    y, w = np.array([float(v) for v in labels]), w(len(labels))
    model = Ridge(alpha=1, solver="cholesky").fit(X, y, sample_weight=w)
    return objective((y - X @ model.coef_ - model.intercept_) ** 2 / 2, w, model.coef_)


def thirds(n):
    return 1.0 + np.arange(n) % 3


print(json.dumps({
    "balanced": logistic(None, "balanced"),
    "malignant=7": logistic(None, {0: 1, 1: 7}),
    "rows, logistic": logistic(thirds),
    "rows, ridge": ridge(thirds),
}, indent=1))
