#!/usr/bin/env python3
"""Makes journey_reference.json: optima and metrics that `mlctl train` must reach on three data sets.

Standardised columns, Ridge(alpha=1) and LogisticRegression(C=1), solved far below the tolerance of the test: the same
objective as mlctl's default (l2 = 1 / training rows). Coefficients are of all rows (--split none), metrics of --split every:5.

    python3 -m venv venv && venv/bin/pip install scikit-learn pandas && venv/bin/python journey_reference.py
"""
import json
import pathlib

import numpy as np
import pandas as pd
import sklearn
from sklearn import metrics
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE.parent.parent / "datasets"


def fit(X, y, classes):
    if classes:
        return LogisticRegression(C=1, tol=1e-12, max_iter=100000, solver="newton-cg").fit(X, y)
    return Ridge(alpha=1, solver="cholesky").fit(X, y)


def scores(model, X, y, classes):
    if not classes:
        p = model.predict(X)
        return {"mse": metrics.mean_squared_error(y, p), "mae": metrics.mean_absolute_error(y, p),
                "r2": metrics.r2_score(y, p)}
    P = model.predict_proba(X)
    out = {"accuracy": metrics.accuracy_score(y, model.predict(X)), "log_loss": metrics.log_loss(y, P),
           "macro.f1": metrics.f1_score(y, model.predict(X), average="macro")}
    out["roc_auc"] = (metrics.roc_auc_score(y, P[:, 1]) if len(classes) == 2
                      else metrics.roc_auc_score(y, P, multi_class="ovr"))
    return out


result = {"scikit-learn": sklearn.__version__}
for name, regression in (("iris", False), ("breast_cancer", False), ("diabetes", True)):
    table = pd.read_csv(DATA / f"{name}.csv")
    X, y = table.iloc[:, :-1].to_numpy(float), table.iloc[:, -1].to_numpy()
    classes = [] if regression else sorted(set(y))
    whole = fit(StandardScaler().fit_transform(X), y, classes)
    coef, intercept = np.atleast_2d(whole.coef_), np.atleast_1d(whole.intercept_)
    test = np.arange(len(y)) % 5 == 4
    scaler = StandardScaler().fit(X[~test])
    half = fit(scaler.transform(X[~test]), y[~test], classes)
    result[name] = {"weight": coef.tolist(), "bias": intercept.tolist(),
                    "metrics": scores(half, scaler.transform(X[test]), y[test], classes)}
(HERE / "journey_reference.json").write_text(json.dumps(result, indent=1) + "\n")
