#!/usr/bin/env python3
"""Optima of scikit-learn for every kind and loss on tables of datasets/, as values of the objective that mlctl
minimises:  mean loss + l2/2 |w|^2 + l1 |w|_1, bias free, columns standardised, targets as they are.

    python3 tests/numeric/losses_reference.py > tests/numeric/losses_reference.json

Run from the top of the tree; scikit-learn 1.2 or later. tests/cli/parity.bats trains with the `flags` and compares
`objective`. libsvm and liblinear stop at a tolerance, so a value is their point's, the least found by any way to state
the problem; relative errors are below 1e-7.
"""
import csv
import json
import warnings

import numpy as np
from sklearn import linear_model, svm

warnings.simplefilter("ignore")


def table(name):
    with open(f"datasets/{name}.csv") as file:
        rows = list(csv.reader(file))[1:]
    X = np.array([[float(x) for x in row[:-1]] for row in rows])
    labels = [row[-1] for row in rows]
    X = (X - X.mean(0)) / X.std(0)
    try:
        return X, np.array([float(label) for label in labels])
    except ValueError:
        return X, np.searchsorted(sorted(set(labels)), labels)


LOSS = {
    "absolute": lambda z, y: np.abs(z - y),
    "quantile": lambda z, y, q: np.maximum(q * (y - z), (1 - q) * (z - y)),
    "huber": lambda z, y, d: np.where(np.abs(z - y) <= d, (z - y) ** 2 / 2, d * np.abs(z - y) - d * d / 2),
    "epsilon_insensitive": lambda z, y, e: np.maximum(np.abs(z - y) - e, 0),
    "squared_epsilon_insensitive": lambda z, y, e: np.maximum(np.abs(z - y) - e, 0) ** 2,
    "poisson": lambda z, y: np.exp(z) - y + np.where(y > 0, y * (np.log(np.where(y > 0, y, 1)) - z), 0),
    "hinge": lambda z, y: np.maximum(1 - y * z, 0),
    "squared_hinge": lambda z, y: np.maximum(1 - y * z, 0) ** 2,
}


def objective(loss, X, y, w, b, l1, l2, *parameter):
    w = np.ravel(w)
    return LOSS[loss](X @ w + b, y, *parameter).mean() + l2 / 2 * w @ w + l1 * np.abs(w).sum()


def sides(y):
    """One class against the rest: -1 and 1 for each; of two classes for the second alone."""
    classes = range(y.max() + 1) if y.max() > 1 else [1]
    return [np.where(y == k, 1.0, -1.0) for k in classes]


def emit(out, name, flags, value, by):
    out.append({"table": name, "flags": flags, "objective": value, "by": by})


def regressions(out, name, l2):
    X, y = table(name)
    n, C = len(y), 1 / (len(y) * l2)
    for e in [0.0, 5.0]:
        m = svm.SVR(kernel="linear", C=C, epsilon=e, tol=1e-9, cache_size=500).fit(X, y)
        value = objective("epsilon_insensitive", X, y, m.coef_, m.intercept_, 0, l2, e)
        loss = f"epsilon_insensitive:{e:g}"
        emit(out, name, f"--kind svm --loss {loss} --l2 {l2}", value, "SVR")
        if e == 0:
            emit(out, name, f"--loss absolute --l2 {l2}", value, "SVR, epsilon 0")
    m = svm.LinearSVR(C=C, epsilon=5, loss="squared_epsilon_insensitive", dual=False, tol=1e-12, max_iter=10**6,
                      intercept_scaling=1e4).fit(X, y)
    value = objective("squared_epsilon_insensitive", X, y, m.coef_, m.intercept_, 0, l2, 5)
    emit(out, name, f"--kind svm --loss squared_epsilon_insensitive:5 --l2 {l2}", value, "LinearSVR")
    for q, l1 in [(0.5, 0.0), (0.9, 0.0), (0.1, 0.5), (0.9, 0.5)]:
        m = linear_model.QuantileRegressor(quantile=q, alpha=l1, solver="highs").fit(X, y)
        value = objective("quantile", X, y, m.coef_, m.intercept_, l1, 0, q)
        emit(out, name, f"--loss quantile:{q} --l1 {l1} --l2 0", value, "QuantileRegressor")
    for epsilon, alpha in [(1.35, 0.5), (1.05, 0.0)]:
        m = linear_model.HuberRegressor(epsilon=epsilon, alpha=alpha, max_iter=10**5, tol=1e-10).fit(X, y)
        delta, weight = float(epsilon * m.scale_), float(alpha * m.scale_ / n)
        value = objective("huber", X, y, m.coef_, m.intercept_, 0, weight, delta)
        emit(out, name, f"--loss huber:{delta!r} --l2 {weight!r}", value, "HuberRegressor, at its scale")
    for alpha in [0.0, 0.3]:
        m = linear_model.PoissonRegressor(alpha=alpha, tol=1e-12, max_iter=10**5, solver="newton-cholesky").fit(X, y)
        value = objective("poisson", X, y, m.coef_, m.intercept_, 0, alpha)
        emit(out, name, f"--kind poisson --l2 {alpha}", value, "PoissonRegressor")


def classifications(out, name, l2):
    X, y = table(name)
    C = 1 / (len(y) * l2)
    hinge = squared = 0
    for side in sides(y):
        m = svm.SVC(kernel="linear", C=C, tol=1e-9, cache_size=500).fit(X, side)
        hinge += objective("hinge", X, side, m.coef_, m.intercept_, 0, l2)
        m = svm.LinearSVC(C=C, dual=False, tol=1e-13, max_iter=10**6, intercept_scaling=1e4).fit(X, side)
        squared += objective("squared_hinge", X, side, m.coef_, m.intercept_, 0, l2)
    emit(out, name, f"--kind svm --loss hinge --l2 {l2}", hinge, "SVC")
    emit(out, name, f"--kind svm --l2 {l2}", squared, "LinearSVC")


def main():
    out = []
    regressions(out, "diabetes", 0.01)
    for name in ["breast_cancer", "iris", "wine"]:
        classifications(out, name, 0.01)
    print(json.dumps(out, indent=1))


main()
