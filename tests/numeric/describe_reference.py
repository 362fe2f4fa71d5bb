#!/usr/bin/env python3
"""Writes describe_expected.json: what pandas, scipy and scikit-learn say about the columns of the shipped tables.

    pip install pandas==3.1.1 scipy==1.17.1 scikit-learn==1.9.1
    python3 tests/numeric/describe_reference.py > tests/numeric/describe_expected.json

Run in the root of the repository; tests/cli/describe.bats compares, by 1e-9. Categories against classes are Cramer's V with
the correction of Bergsma 2013, which scipy does not have: chi^2 is scipy's, the rest is written out here.
"""
import glob
import json
import os

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.metrics import roc_auc_score

MISSING = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?"]
QUANTILES = {"min": 0, "q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95, "max": 1}


def numbers(x):
    x = x.dropna()
    q = {name: float(np.quantile(x, p)) for name, p in QUANTILES.items()}
    iqr = q["q75"] - q["q25"]
    below, above = q["q25"] - 1.5 * iqr, q["q75"] + 1.5 * iqr
    return q | {
        "mean": float(x.mean()), "std": float(x.std()), "skewness": float(x.skew()),
        "zeros": int((x == 0).sum()), "negative": int((x < 0).sum()), "whole": int((x == np.trunc(x)).sum()),
        "outliers.low": int((x < below).sum()), "outliers.high": int((x > above).sum()),
    }


def eta2(value, group):
    """Share of the variance that lies between groups; checked against the F statistic of scipy's f_oneway."""
    frame = pd.DataFrame({"v": value, "g": group}).dropna()
    if frame.v.nunique() < 2 or frame.g.nunique() < 2:
        return None
    parts = [part.v.to_numpy() for _, part in frame.groupby("g")]
    total = ((frame.v - frame.v.mean()) ** 2).sum()
    between = sum(len(p) * (p.mean() - frame.v.mean()) ** 2 for p in parts)
    eta = between / total
    k, n = len(parts), len(frame)
    if k < n and all(len(p) > 1 for p in parts):
        f = stats.f_oneway(*parts).statistic
        assert np.isclose(f, eta / (1 - eta) * (n - k) / (k - 1), rtol=1e-9), (f, eta)
    return float(eta)


def area(x, y):
    frame = pd.DataFrame({"x": x, "y": y}).dropna()
    classes = sorted(frame.y.unique())
    if len(classes) < 2:
        return None
    if len(classes) == 2:
        return float(roc_auc_score(frame.y == classes[1], frame.x))
    areas = np.array([roc_auc_score(frame.y == c, frame.x) for c in classes])
    rows = np.array([(frame.y == c).sum() for c in classes])
    return float((np.maximum(areas, 1 - areas) * rows).sum() / rows.sum())


def cramers_v(x, y):
    frame = pd.DataFrame({"x": x, "y": y}).dropna()
    table = pd.crosstab(frame.x, frame.y).to_numpy()
    n, (k, r) = table.sum(), table.shape
    if k < 2 or r < 2:
        return None
    phi2 = max(0, stats.chi2_contingency(table, correction=False).statistic / n - (k - 1) * (r - 1) / (n - 1))
    least = min(k - (k - 1) ** 2 / (n - 1), r - (r - 1) ** 2 / (n - 1)) - 1
    return float(min(1, np.sqrt(phi2 / least))) if least > 0 else 0.0


def link(x, y):
    number = pd.api.types.is_numeric_dtype(x)
    if pd.api.types.is_numeric_dtype(y):
        if not number:
            return {"eta2": eta2(y, x)}
        if x.nunique() < 2:
            return {}
        both = x.notna() & y.notna()
        return {"pearson": float(stats.pearsonr(x[both], y[both]).statistic),
                "spearman": float(stats.spearmanr(x[both], y[both]).statistic)}
    return {"eta2": eta2(x, y), "auc": area(x, y)} if number else {"cramers_v": cramers_v(x, y)}


def column(frame, name):
    x = frame[name]
    dates = pd.to_datetime(x, errors="coerce", utc=True, format="ISO8601") if x.dtype == object or str(x.dtype) == "str" else None
    out = {"name": name, "missing": int(x.isna().sum()), "distinct": int(x.nunique())}
    if dates is not None and dates.notna().sum() == x.notna().sum():
        x = dates.astype("int64") / 1e9
        out["first"] = dates.min().strftime("%Y-%m-%dT%H:%M:%SZ")
    elif pd.api.types.is_numeric_dtype(x):
        out["number"] = numbers(x)
    else:
        counts = x.value_counts()
        out["top"] = int(counts.iloc[0])
        out["once"] = int((counts == 1).sum())
    target = frame.columns[-1]
    if name != target:
        out["link"] = {key: value for key, value in link(x, frame[target]).items() if value is not None}
    return out


def main():
    expected = {}
    for path in sorted(glob.glob("datasets/*.csv")):
        frame = pd.read_csv(path, keep_default_na=False, na_values=MISSING)
        expected[os.path.basename(path)] = {
            "duplicates": int(frame.duplicated().sum()),
            "columns": [column(frame, name) for name in frame.columns],
        }
    print(json.dumps(expected, indent=1))


main()
