#!/usr/bin/env python3
"""Writes eval_expected.h: inputs and the metrics that scikit-learn 1.2.1 gives for them.

    pip install scikit-learn==1.2.1 'numpy<2' 'scipy<1.12'
    python3 tests/numeric/eval_reference.py > tests/numeric/eval_expected.h

Two values are not scikit-learn's but the contract of src/eval/metrics.h: R2 of a target that does not vary and the area
under the curve with a class missing are NaN (scikit-learn gives 0 or 1, and raises an error).
"""
import warnings

import numpy as np
import sklearn
from sklearn import metrics as m

assert sklearn.__version__ == "1.2.1", sklearn.__version__
warnings.simplefilter("error")
rng = np.random.default_rng(20)


def number(x):
    return "NAN" if x != x else repr(float(x))


def array(kind, values, text):
    lines, line = [], ""
    for value in values:
        item = text(value) + ","
        if len(line) + len(item) > 95:
            lines.append(line)
            line = ""
        line += (" " if line else "") + item
    lines.append(line)
    return "(const %s[]){\n        %s }" % (kind, "\n        ".join(lines))


def row(**fields):
    print("    {" + "".join("\n        .%s = %s," % f for f in fields.items()) + "\n    },")


# ---- regression ----------------------------------------------------------------------------------

def regression(name, y, p):
    y, p = np.asarray(y, float), np.asarray(p, float)
    varies = len(y) > 1 and y.min() < y.max()
    mse = m.mean_squared_error(y, p)
    row(name='"%s"' % name, n=len(y), y=array("double", y, number), p=array("double", p, number),
        mse=number(mse), rmse=number(np.sqrt(mse)), mae=number(m.mean_absolute_error(y, p)),
        r2=number(m.r2_score(y, p) if varies else np.nan))


def regressions():
    y = rng.normal(size=60) * 20 + 5
    regression("random", y, y + rng.normal(size=60) * 7)
    regression("worse than the mean", y, -y)
    regression("perfect", y, y)
    regression("the mean alone", np.arange(9), np.full(9, 4))
    regression("target does not vary", np.full(5, 0.1), [0.1, 0.2, 0.3, -0.4, 0.5])
    regression("does not vary and perfect", np.full(3, 0.1), np.full(3, 0.1))
    regression("one row", [3], [2.5])
    regression("two rows", [1, 2], [1.5, 1.25])
    y = 1e6 + rng.normal(size=40)
    regression("far from zero", y, y + rng.normal(size=40) / 10)
    y = 10.0 ** rng.integers(-9, 10, 50) * rng.normal(size=50)
    regression("nineteen orders of magnitude", y, y * rng.uniform(0.5, 1.5, 50))
    y = rng.integers(0, 4, 30)
    regression("small integers", y, rng.integers(0, 4, 30))


# ---- classification ------------------------------------------------------------------------------

def mean_area(y, P):
    """One against the rest; scikit-learn's own multiclass form refuses rows that do not sum to 1, so it is a check."""
    k = P.shape[1]
    if len(np.unique(y)) < k or k < 2:
        return np.nan
    if k == 2:
        return m.roc_auc_score(y, P[:, 1])
    area = np.mean([m.roc_auc_score(y == c, P[:, c]) for c in range(k)])
    if np.allclose(P.sum(axis=1), 1):
        assert np.isclose(area, m.roc_auc_score(y, P, multi_class="ovr"), rtol=1e-13, atol=0)
    return area


def classification(name, y, P):
    y, P = np.asarray(y), np.asarray(P, float)
    n, k = P.shape
    guess = P.argmax(axis=1)
    fields = dict(name='"%s"' % name, n=n, classes=k, y=array("int32_t", y, str),
                  P=array("double", P.ravel(), number),
                  accuracy=number(m.accuracy_score(y, guess)),
                  log_loss=number(m.log_loss(y, P, labels=range(k)) if k > 1 else 0),
                  roc_auc=number(mean_area(y, P)))
    for average in "macro", "weighted":
        scores = m.precision_recall_fscore_support(y, guess, average=average, zero_division=0)[:3]
        fields[average] = "{ %s }" % ", ".join(map(number, scores))
    scores = m.precision_recall_fscore_support(y, guess, labels=range(k), zero_division=0)
    for field, values in zip(("precision", "recall", "f1"), scores):
        fields[field] = array("double", values, number)
    fields["support"] = array("size_t", scores[3], str)
    fields["confusion"] = array("size_t", m.confusion_matrix(y, guess, labels=range(k)).ravel(), str)
    row(**fields)


def softmax(y, k, signal, digits=None):
    """Probabilities that lean to the true class; rounded to `digits` they tie, and rows still sum to 1."""
    z = rng.normal(size=(len(y), k)) + signal * np.eye(k)[y]
    P = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    if digits is not None:
        P = P.round(digits)
        P[:, -1] = (1 - P[:, :-1].sum(axis=1)).round(digits)
        P = np.abs(P)
    return P


def classifications():
    y = rng.integers(0, 2, 60)
    classification("binary", y, softmax(y, 2, 1))
    classification("binary, ties", y, softmax(y, 2, 0.7, 1))
    classification("binary, all equal", y, np.full((60, 2), 0.5))
    classification("binary, sure and right", y, np.eye(2)[y])
    classification("binary, sure and wrong", y, np.eye(2)[1 - y])
    classification("binary, sure and now and then wrong", y, np.eye(2)[np.where(rng.random(60) < 0.1, 1 - y, y)])
    classification("binary, only class 0", np.zeros(20, int), softmax(np.zeros(20, int), 2, 1))
    classification("binary, only class 1, none found", np.ones(6, int), np.tile([0.75, 0.25], (6, 1)))
    classification("one row", [1], [[0.25, 0.75]])
    classification("one class", [0, 0], [[1], [1]])
    y = rng.integers(0, 2, 30)
    classification("binary, rows that do not sum to 1", y, rng.random((30, 2)))
    y = rng.integers(0, 3, 60)
    classification("three classes", y, softmax(y, 3, 1))
    classification("three classes, ties", y, softmax(y, 3, 1, 1))
    classification("three classes, rows that do not sum to 1", y, softmax(y, 3, 1) * rng.uniform(0.5, 1.5, (60, 1)))
    classification("three classes, sure and right", y, np.eye(3)[y])
    classification("three classes, sure and wrong", y, np.eye(3)[(y + 1) % 3])
    classification("three classes, one never predicted", y, softmax(y, 3, 1) * [1, 1, 0.01])
    classification("three classes, one alone in the table", np.full(10, 2), softmax(np.full(10, 2), 3, 0))
    y = rng.choice([0, 1, 3], 40)
    classification("four classes, one missing but predicted", y, softmax(y, 4, 1))
    y = rng.choice([0, 2, 4], 40)
    classification("five classes, two in neither", y, softmax(y, 5, 1) * [1, 0, 1, 0, 1])
    y = rng.permutation(np.repeat([0, 1, 2], [80, 15, 5]))
    classification("rare classes", y, softmax(y, 3, 1.5))
    y = rng.integers(0, 10, 80)
    classification("ten classes", y, softmax(y, 10, 2, 3))
    classification("ten classes, sure and right", y, np.eye(10)[y])


# ---- ranks ---------------------------------------------------------------------------------------

def rank(name, positive, score):
    positive, score = np.asarray(positive, int), np.asarray(score, float)
    both = 0 < positive.sum() < len(positive)
    row(name='"%s"' % name, n=len(score), positive=array("uint8_t", positive, str),
        score=array("double", score, number), area=number(m.roc_auc_score(positive, score) if both else np.nan))


def ranks():
    y = rng.integers(0, 2, 80)
    rank("random", y, rng.normal(size=80) + y)
    rank("ties", y, rng.integers(0, 5, 80) + y)
    rank("all tied", y, np.zeros(80))
    rank("perfect", np.arange(20) >= 8, np.arange(20))
    rank("upside down", np.arange(20) < 8, np.arange(20))
    rank("zero and minus zero tie", [0, 1, 0, 1, 1], [-0.0, 0.0, 0.0, -0.0, 1.0])
    rank("neighbouring doubles do not", [0, 1, 1, 0], [1.0, np.nextafter(1, 2), 1.0, np.nextafter(1, 0)])
    rank("huge and tiny", [1, 0, 1, 0, 1, 0], [1e308, -1e308, 1e-308, 5e-324, 0.0, 1e308])
    rank("one positive among many", np.arange(99) == 40, rng.permutation(99))
    rank("no positive", [0, 0, 0], [1, 2, 3])
    rank("no negative", [1, 1], [1, 1])


print("""/*
 * Written by tests/numeric/eval_reference.py with scikit-learn %s; not for editing.
 * Doubles are in Python's repr, which reads back exactly.
 */
#ifndef NUMERIC_EVAL_EXPECTED_H
#define NUMERIC_EVAL_EXPECTED_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

static const struct expected_regression {
    const char *name;
    size_t n;
    const double *y, *p;
    double mse, rmse, mae, r2;
} expected_regression[] = {""" % sklearn.__version__)
regressions()
print("""};

static const struct expected_classification {
    const char *name;
    size_t n, classes;
    const int32_t *y;
    const double *P;
    double accuracy, log_loss, roc_auc;
    double macro[3], weighted[3]; /* precision, recall, F1 */
    const double *precision, *recall, *f1;
    const size_t *support, *confusion;
} expected_classification[] = {""")
classifications()
print("""};

static const struct expected_rank {
    const char *name;
    size_t n;
    const uint8_t *positive;
    const double *score;
    double area;
} expected_rank[] = {""")
ranks()
print("""};

#endif""")
