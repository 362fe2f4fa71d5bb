#!/usr/bin/env python3
"""Writes train_expected.h: optima of linear models on the tables in datasets/, found by scikit-learn 1.2.1.

    pip install scikit-learn==1.2.1 'numpy<2' 'scipy<1.12'
    python3 tests/numeric/train_reference.py > tests/numeric/train_expected.h

Columns are standardised (mean 0, population variance 1). scikit-learn's solvers stop early, so its answer is taken to
the last digits by Newton steps, which must leave signs and zeros as they are and move nothing by more than 1e-3.
Classes are numbered in alphabetical order. A row's weight, where there is one, is 1 + row mod 3.
"""
import csv
import warnings

import numpy as np
import sklearn
from sklearn import linear_model as lm

assert sklearn.__version__ == "1.2.1", sklearn.__version__
warnings.simplefilter("error")


def read(name):
    with open(f"datasets/{name}.csv", newline="") as file:
        rows = list(csv.reader(file))[1:]
    X = np.array([[float(v) for v in row[:-1]] for row in rows])
    labels = [row[-1] for row in rows]
    try:
        y = np.array([float(v) for v in labels])
    except ValueError:
        y = np.searchsorted(sorted(set(labels)), labels).astype(float)
    return (X - X.mean(0)) / X.std(0), y


def gradient_and_hessian(X, y, w, l2, theta, k, squared):
    """theta (k, d+1), bias last; of 1/W sum w_i loss_i + l2/2 |v|^2."""
    n, d = X.shape
    A = np.hstack([X, np.ones((n, 1))])
    Z = A @ theta.T
    if squared:
        R, C = (Z[:, 0] - y)[:, None], np.ones((n, 1, 1))
    elif k == 1:
        p = 1 / (1 + np.exp(-Z[:, 0]))
        R, C = (p - y)[:, None], (p * (1 - p))[:, None, None]
    else:
        P = np.exp(Z - Z.max(1, keepdims=True))
        P /= P.sum(1, keepdims=True)
        R = P - np.eye(k)[y.astype(int)]
        C = np.einsum("ia,ab->iab", P, np.eye(k)) - np.einsum("ia,ib->iab", P, P)
    free = np.ones(d + 1)
    free[-1] = 0
    g = (R * w[:, None]).T @ A / w.sum() + l2 * theta * free
    H = np.einsum("i,iab,ip,iq->apbq", w / w.sum(), C, A, A).reshape(k * (d + 1), -1)
    return g.ravel(), H + l2 * np.diag(np.tile(free, k))


def polish(X, y, w, l1, l2, theta, squared=False):
    k, d1 = theta.shape
    start = theta.copy()
    free = np.tile(np.arange(d1) == d1 - 1, k)
    active = free | (theta.ravel() != 0)
    kink = l1 * np.sign(theta.ravel()) * ~free
    for _ in range(8):
        g, H = gradient_and_hessian(X, y, w, l2, theta, k, squared)
        step = np.zeros(k * d1)
        inner = np.linalg.lstsq(H[np.ix_(active, active)], (g + kink)[active], rcond=1e-13)[0]
        step[active] = inner  # the biases of softmax are free to shift together: least norm keeps their sum
        theta = theta - step.reshape(k, d1)
    assert np.abs((g + kink)[active]).max() < 1e-11 * max(1, np.abs(theta).max()), np.abs((g + kink)[active]).max()
    assert np.all(np.abs(g[~active]) < l1) and np.array_equal(np.sign(theta), np.sign(start))
    off = np.abs(theta - start).max() / np.abs(theta).max()
    assert off < 1e-3, off
    return theta


def stack(model):
    return np.hstack([np.atleast_2d(model.coef_), np.atleast_1d(model.intercept_)[:, None]])


def case(name, table, loss, outputs, l1, l2, weighted, theta):
    numbers, lines, line = [repr(float(v)) + "," for v in theta.ravel()], [], ""
    for number in numbers:
        if len(line) + len(number) > 90:
            lines.append(line)
            line = ""
        line += (" " if line else "") + number
    lines.append(line)
    text = "\n        ".join(lines)
    print(f"""    {{
        .name = "{name}",
        .table = "datasets/{table}.csv",
        .loss = "{loss}",
        .outputs = {outputs},
        .l1 = {float(l1)!r},
        .l2 = {float(l2)!r},
        .weighted = {"true" if weighted else "false"},
        .theta = (const double[]){{
        {text} }},
    }},""")


def main():
    print("""/*
 * Written by tests/numeric/train_reference.py with scikit-learn 1.2.1; not for editing.
 * theta is (outputs, features + 1), the bias last, in Python's repr, which reads back exactly.
 */
#ifndef NUMERIC_TRAIN_EXPECTED_H
#define NUMERIC_TRAIN_EXPECTED_H

#include <stdbool.h>
#include <stddef.h>

static const struct expected_optimum {
    const char *name, *table, *loss;
    size_t outputs;
    double l1, l2;
    bool weighted;
    const double *theta;
} expected_optimum[] = {""")
    def both(name, table, loss, l1, l2, weighted, model):
        X, y = read(table)
        n = len(y)
        w = 1.0 + np.arange(n) % 3 if weighted else np.ones(n)
        l1, l2 = l1(w.sum()), l2(w.sum())
        model.fit(X, y, **({"sample_weight": w} if weighted else {}))
        theta = polish(X, y, w, l1, l2, stack(model), loss == "squared")
        if len(theta) > 1:
            theta[:, -1] -= theta[:, -1].mean()  # only their differences count
        case(name, table, loss, len(theta), l1, l2, weighted, theta)

    def none(W):
        return 0

    def one(W):
        return 1 / W

    both("least squares", "diabetes", "squared", none, none, False, lm.LinearRegression())
    both("ridge, alpha 1", "diabetes", "squared", none, one, False, lm.Ridge(alpha=1))
    both("ridge, alpha 1, weighted rows", "diabetes", "squared", none, one, True, lm.Ridge(alpha=1))
    both("lasso, alpha 1", "diabetes", "squared", lambda W: 1, none, False, lm.Lasso(alpha=1, tol=1e-14, max_iter=10**6))
    both("elastic net, alpha 0.6", "diabetes", "squared", lambda W: 0.5, lambda W: 0.1, False,
         lm.ElasticNet(alpha=0.6, l1_ratio=5 / 6, tol=1e-14, max_iter=10**6))
    tight = {"C": 1, "tol": 1e-10, "max_iter": 10**6}
    both("logistic, C 1", "breast_cancer", "cross_entropy", none, one, False, lm.LogisticRegression(**tight))
    both("multinomial, C 1", "iris", "cross_entropy", none, one, False, lm.LogisticRegression(**tight))
    both("multinomial, C 1, weighted rows", "iris", "cross_entropy", none, one, True, lm.LogisticRegression(**tight))
    both("multinomial, l1, C 1", "iris", "cross_entropy", one, none, False,
         lm.LogisticRegression(penalty="l1", solver="saga", C=1, tol=1e-7, max_iter=20000, random_state=0))
    print("};\n\n#endif")


main()
