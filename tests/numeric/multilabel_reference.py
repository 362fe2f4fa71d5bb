"""Several labels: loss and gradient as of scikit-learn's MLPClassifier (and PyTorch, where it is there), scores by scikit-learn.

    python3 tests/numeric/multilabel_reference.py > tests/numeric/multilabel_expected.h
"""
import warnings

import numpy as np
import sklearn
from sklearn.metrics import accuracy_score, hamming_loss, log_loss, precision_recall_fscore_support, roc_auc_score
from sklearn.neural_network._base import binary_log_loss

warnings.simplefilter("ignore")
try:
    import torch
except ImportError:
    torch = None
rng = np.random.default_rng(5)


def row(values):
    return "(const double[]){ " + ", ".join(repr(float(v)) for v in np.ravel(values)) + " }"


def print_loss(name, n, labels, scale):
    z = scale * rng.standard_normal((n, labels))
    y = (rng.random((n, labels)) < 0.4).astype(float)
    p = 1 / (1 + np.exp(-z))
    weight = 0.25 + 2 * rng.random(n)
    each = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))  # BCEWithLogitsLoss(reduction="none")
    if torch:
        assert np.allclose(torch.nn.BCEWithLogitsLoss(reduction="none")(torch.tensor(z), torch.tensor(y)).numpy(), each)
    assert np.isclose(binary_log_loss(y, p), each.sum() / n)  # of MLPClassifier: a sum over the labels
    print(f"    {{ \"{name}\", {n}, {labels}, {row(z)},\n      {row(y)},\n      {row(weight)},")
    print(f"      {float(each.sum())!r}, {float((weight[:, None] * each).sum())!r},\n      {row(p - y)} }},")


def print_scores(name, y, p):
    hard = p > 0.5
    averages = [precision_recall_fscore_support(y, hard, average=a, zero_division=0)[:3] for a in ("micro", "macro", "weighted")]
    areas = [roc_auc_score(y[:, t], p[:, t]) if 0 < y[:, t].sum() < len(y) else np.nan for t in range(y.shape[1])]
    losses = [log_loss(y[:, t], p[:, t], labels=[0, 1]) for t in range(y.shape[1])]
    numbers = [accuracy_score(y, hard), hamming_loss(y, hard), np.mean(losses), np.mean(areas), *np.ravel(averages)]
    text = ", ".join("NAN" if np.isnan(v) else repr(float(v)) for v in numbers)
    print(f"    {{ \"{name}\", {y.shape[0]}, {y.shape[1]}, {row(y)},\n      {row(p)},\n      {{ {text} }} }},")


print(f"/* Written by multilabel_reference.py with scikit-learn {sklearn.__version__}. */\n#include <math.h>\n#include <stddef.h>\n")
print("""static const struct expected_labels_loss {
    const char *name;
    size_t n, labels;
    const double *z, *y, *weight; /* y 0 or 1 */
    double sum, weighted;         /* of the losses */
    const double *slope;          /* of sum */
} expected_labels_loss[] = {""")
print_loss("three labels", 5, 3, 1.5)
print_loss("one row of seven", 1, 7, 3)
print_loss("more than a strip", 40, 5, 6)
print("""};

static const struct expected_labels {
    const char *name;
    size_t n, labels;
    const double *y, *p; /* p of 1 */
    /* subset accuracy, Hamming loss, log loss, area; precision, recall, F1: micro, macro, weighted */
    double scores[13];
} expected_labels[] = {""")
y = (rng.random((60, 4)) < [0.5, 0.2, 0.7, 0.1]).astype(float)
print_scores("four labels", y, np.clip(0.5 + 0.35 * (y - 0.5) + 0.3 * rng.standard_normal(y.shape), 0.01, 0.99))
y = (rng.random((30, 3)) < 0.3).astype(float)
p = np.round(rng.random(y.shape), 1)
p[:, 2] = 0.2
print_scores("ties, and a label that is never predicted", y, p)
y[:, 1] = 0
print_scores("a label that is never there", y, p)
print_scores("nothing right", np.ones((2, 2)), np.full((2, 2), 0.25))
print("};")
