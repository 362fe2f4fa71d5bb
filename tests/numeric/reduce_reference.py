#!/usr/bin/env python3
"""Writes reduce_expected.h: what scikit-learn selects and which components it finds in two shipped tables.

    pip install scikit-learn==1.9.1 pandas
    python3 tests/numeric/reduce_reference.py > tests/numeric/reduce_expected.h

Run in the root of the repository. Everything is fitted on the rows that `every:5` trains on (row % 5 != 4), or those
that `last:F` leaves. Categories become indicators. Of the matrix every 29th row is kept, of a long table every
199th. Components have the sign under which their largest absolute entry is positive.
"""
import numpy as np
import pandas as pd
import sklearn
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest, VarianceThreshold, f_classif, f_regression
from sklearn.linear_model import Lasso, LogisticRegression
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

CASES = [  # file, target, scale, select, pca, split unless every:5
    ("breast_cancer", "diagnosis", "standard", "k:7", None),
    ("breast_cancer", "diagnosis", "minmax", "variance:0.025", None),
    ("breast_cancer", "diagnosis", "standard", "l1:0.02", None),
    ("breast_cancer", "diagnosis", "standard", None, "4"),
    ("breast_cancer", "diagnosis", "standard", None, "0.95"),
    ("breast_cancer", "diagnosis", "none", None, "3"),
    ("breast_cancer", "diagnosis", "standard", "k:12", "0.9"),
    ("diabetes", "target", "standard", "k:4", None),
    ("diabetes", "target", "standard", "l1:4", None),
    ("diabetes", "target", "minmax", None, "5"),
    ("wine", "class", "standard", "k:5", "2"),
    ("wine", "class", "standard", "l1:0.03", None),
    ("diabetes", "target", "minmax", "variance:0.03", None),
    ("diamonds", "price", "standard", "k:9", None),
    ("diamonds", "price", "standard", "l1:60", None),
    ("diamonds", "price", "standard", None, "0.9"),
    ("breast_cancer", "diagnosis", "standard", None, "7", "last:0.96"),  # 23 rows of 30 features
    ("breast_cancer", "diagnosis", "none", None, "0.999", "last:0.96"),
    ("diabetes", "target", "standard", None, "0.97", "last:0.98"),  # 9 rows of 10 features
    ("diabetes", "target", "minmax", None, "8", "last:0.98"),
    ("diabetes", "target", "standard", "l1:9", None, "last:0.98"),
]


def select(how, X, y, classes):
    """Scores and a mask."""
    method, bound = how.split(":")
    if method == "variance":
        fitted = VarianceThreshold(float(bound)).fit(X)
        return fitted.variances_, fitted.get_support()
    if method == "k":
        fitted = SelectKBest(f_classif if classes else f_regression, k=int(bound)).fit(X, y)
        return fitted.scores_, fitted.get_support()
    if classes:
        model = LogisticRegression(l1_ratio=1, C=1 / (float(bound) * len(y)), solver="saga", max_iter=10**6, tol=1e-12)
    else:
        model = Lasso(float(bound), max_iter=10**6, tol=1e-14)
    weight = np.abs(model.fit(X, y).coef_).reshape(-1, X.shape[1]).sum(axis=0)
    return weight / (1 if classes else y.std()), weight > 1e-5


def array(kind, items, indent=" " * 8):
    lines, line = [], indent
    for item in items:
        if len(line) + len(item) > 96:
            lines.append(line.rstrip())
            line = indent
        line += item + ", "
    lines.append(line.rstrip())
    return "(const %s[]){\n%s\n    }" % (kind, "\n".join(lines))


def numbers(values):
    return array("double", [repr(float(v)) for v in np.asarray(values).ravel()])


def text(value):
    return "NULL" if value is None else '"%s"' % value


print("/* Made by reduce_reference.py with scikit-learn %s; do not edit. */" % sklearn.__version__)
print("static const struct expected expected[] = {")
for file, target, scale, how, pca, *split in CASES:
    table = pd.read_csv("datasets/%s.csv" % file)
    train = np.arange(len(table)) % 5 != 4
    if split:
        train = np.arange(len(table)) < len(table) - round(len(table) * float(split[0].removeprefix("last:")))
    y = table.pop(target)
    classes = file not in ("diabetes", "diamonds")
    y = pd.factorize(y, sort=True)[0] if classes else y.to_numpy(float)
    parts, names, scores, variance, ratio = [], [], [], [], []
    for column in table.columns:
        x = table[[column]].to_numpy()
        if not pd.api.types.is_numeric_dtype(table[column]):
            encoder = OneHotEncoder(sparse_output=False).fit(x[train])
            parts.append(encoder.transform(x))
            names += ["%s=%s" % (column, value) for value in encoder.categories_[0]]
            continue
        scaler = {"standard": StandardScaler(), "minmax": MinMaxScaler(), "none": None}[scale]
        parts.append(scaler.fit(x[train]).transform(x) if scaler else x.astype(float))
        names.append(column)
    X = np.hstack(parts)
    if how:
        scores, kept = select(how, X[train], y[train], classes)
        X, names = X[:, kept], [n for n, k in zip(names, kept) if k]
    if pca:
        count = float(pca) if "." in pca else int(pca)
        fitted = PCA(count, svd_solver="full").fit(X[train])
        W = fitted.components_
        sign = np.sign(W[np.arange(len(W)), np.abs(W).argmax(axis=1)])
        X = (X - fitted.mean_) @ (W * sign[:, None]).T
        variance, ratio = fitted.explained_variance_, fitted.explained_variance_ratio_
        names = ["pc%d" % (i + 1) for i in range(len(W))]
    step = 29 if len(X) < 1000 else 199
    print("    {")
    print('    .file = "datasets/%s.csv", .target = "%s", .scale = "%s",' % (file, target, scale))
    print('    .split = "%s",' % (split[0] if split else "every:5"))
    print("    .select = %s, .pca = %s," % (text(how), text(pca)))
    print("    .rows = %d, .step = %d, .features = %d," % (len(X), step, len(names)))
    print("    .name = %s," % array("char *const", ['"%s"' % n for n in names]))
    if len(scores):
        print("    .scores = %d, .score = %s," % (len(scores), numbers(scores)))
    if len(variance):
        print("    .variance = %s," % numbers(variance))
        print("    .ratio = %s," % numbers(ratio))
    print("    .X = %s," % numbers(X[::step]))
    print("    },")
print("};")
