#!/usr/bin/env python3
"""Writes steps_expected.json: what scikit-learn, scipy, numpy and pandas make of shipped tables, one step at a time.

    pip install scikit-learn==1.9.1 pandas
    python3 tests/numeric/steps_reference.py > tests/numeric/steps_expected.json

Run in the root of the repository. Statistics are those of the rows that `every:5` trains on (row % 5 != 4). Of the matrix
only every 13th row is kept (of long tables fewer), trained on and held out alike. A case names the columns it is of, the
options of mlctl, the features in order and X; with "lambda" also what PowerTransformer found, with "target" the column
whose means are encoded and, of classes, their labels in order. Every step is there on two tables at least.
"""
import json

import numpy as np
import pandas as pd
import sklearn
from scipy.stats import yeojohnson
from sklearn.feature_extraction import FeatureHasher
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.preprocessing import (MinMaxScaler, OneHotEncoder, OrdinalEncoder, PowerTransformer, RobustScaler,
                                   StandardScaler, TargetEncoder)

SCALERS = {"standard": StandardScaler, "minmax": MinMaxScaler, "robust": RobustScaler}
STRATEGY = {"mean": "mean", "median": "median", "mode": "most_frequent"}


def choose(options, option, column, default):
    """As mli_choice_find(): entries that name the column first, the last one of a kind."""
    named = [e[len(column) + 1:] for e in options.get(option, []) if e.startswith(column + "=")]
    general = [e for e in options.get(option, []) if "=" not in e]
    return (named or general or [default])[-1]


def scale(options, column, x, train):
    how = choose(options, "scale", column, "standard")
    return x if how == "none" else SCALERS[how]().fit(x[train]).transform(x)


def clip(how, x, train):
    name, _, k = how.partition(":")
    t, k = x[train], float(k or 0)
    if name == "none":
        return x
    if name == "iqr":
        q1, q3 = np.percentile(t, [25, 75])
        return np.clip(x, q1 - k * (q3 - q1), q3 + k * (q3 - q1))
    if name == "zscore":
        return np.clip(x, t.mean() - k * t.std(), t.mean() + k * t.std())
    return np.clip(x, np.quantile(t, k), np.quantile(t, 1 - k))


def number(options, column, values, train, found):
    x = values.to_numpy(dtype=float).reshape(-1, 1)
    names, parts = [column], []
    if choose(options, "missing-flags", column, "no") == "yes":
        indicator = MissingIndicator(features="missing-only", error_on_new=False).fit(x[train])
        parts = [indicator.transform(x).astype(float)] if len(indicator.features_) else []
    how = choose(options, "impute", column, "median")
    imputer = SimpleImputer(strategy=STRATEGY[how]) if how in STRATEGY else SimpleImputer(
        strategy="constant", fill_value=float(how))
    x = clip(choose(options, "outliers", column, "none"), imputer.fit(x[train]).transform(x), train)
    if choose(options, "power", column, "none") == "yeo-johnson":
        power = PowerTransformer(standardize=False).fit(x[train])
        found.append(float(power.lambdas_[0]))
        x = yeojohnson(x[:, 0], power.lambdas_[0]).reshape(-1, 1)
    return names + [column + ".missing"] * len(parts), [scale(options, column, x, train)] + parts


def hashed(column, X):
    return ["%s#%d" % (column, k) for k in range(X.shape[1])], [X.toarray()]


def text(column, values, how):
    """hash:N or hash:N:J-K"""
    parts = how.split(":")
    low, high = (parts[2] if len(parts) > 2 else "1-1").split("-")
    vectorizer = HashingVectorizer(n_features=int(parts[1]), ngram_range=(int(low), int(high)))
    return hashed(column, vectorizer.transform(values.fillna("").astype(str)))


def target_means(options, column, x, how, y, classes, train):
    smooth = float(how.split(":")[1]) if ":" in how else "auto"
    x = np.array([[None if v != v else v] for v in x[:, 0]], dtype=object)
    kind = "continuous" if not classes else "binary" if len(classes) == 2 else "multiclass"
    X = TargetEncoder(target_type=kind, smooth=smooth).fit(x[train], y[train]).transform(x)
    names = [column] if X.shape[1] == 1 else ["%s.%s" % (column, c) for c in classes]
    return names, [scale(options, column, X[:, k:k + 1], train) for k in range(X.shape[1])]


def category(options, column, values, train, y, classes):
    for entry in options.get("text", []):
        if entry.startswith(column + "="):
            return text(column, values, entry[len(column) + 1:])
    x = values.to_numpy(dtype=object).reshape(-1, 1)
    how = choose({"impute": [e for e in options.get("impute", []) if "=" in e]}, "impute", column, "indicator")
    if how == "mode":
        x = SimpleImputer(strategy="most_frequent").fit(x[train]).transform(x)
    elif how != "indicator":
        x = SimpleImputer(strategy="constant", fill_value=how.removeprefix("constant:")).fit(x[train]).transform(x)
    encode = choose(options, "encode", column, "onehot")
    if encode.startswith("hash:"):
        tokens = [[v] if v == v else [] for v in x[:, 0]]
        return hashed(column, FeatureHasher(int(encode[5:]), input_type="string").transform(tokens))
    if encode.startswith("target"):
        return target_means(options, column, x, encode, y, classes, train)
    if encode == "ordinal":
        encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-1)
        return [column], [scale(options, column, encoder.fit(x[train]).transform(x), train)]
    least = float(choose(options, "min-count", column, "0"))
    encoder = OneHotEncoder(min_frequency=least if 0 < least < 1 else int(least) or None, sparse_output=False,
                            handle_unknown="infrequent_if_exist" if least else "ignore").fit(x[train])
    names = []
    for v in encoder.get_feature_names_out(["@"]):
        v = v.removeprefix("@_")
        names.append(column + "=" + {"infrequent_sklearn": "(rare)", "nan": "missing", "None": "missing"}.get(v, v))
    return names, [encoder.transform(x)]


def date(options, column, values, train):
    parts = choose(options, "dates", column, "year+month+day+weekday+hour").split("+")
    t = pd.to_datetime(values, utc=True)
    all_parts = {"year": t.dt.year, "month": t.dt.month, "day": t.dt.day, "weekday": t.dt.day_of_week, "hour": t.dt.hour,
                 "minute": t.dt.minute, "yearday": t.dt.day_of_year,
                 "epoch": (t - pd.Timestamp(0, tz="UTC")).dt.total_seconds() / 86400}
    x = {p: v.to_numpy(dtype=float).reshape(-1, 1) for p, v in all_parts.items() if p in parts}
    x = {p: v for p, v in x.items() if len(np.unique(v[train])) > 1}
    return [column + "." + p for p in x], [scale(options, column, v, train) for v in x.values()]


CASES = [  # file, columns, options, target if it is encoded
    ("diabetes", "age bmi bp s1 s4 s5", {"scale": ["robust"]}),
    ("diabetes", "age sex bmi bp s3 s6", {"scale": ["standard", "bmi=robust", "s3=minmax", "sex=none"]}),
    ("diabetes", "bmi bp s1 s3 s4", {"outliers": ["iqr:1.5", "s4=iqr:0.5"], "scale": ["none"]}),
    ("diabetes", "bmi bp s1 s3 s4", {"outliers": ["zscore:2", "bp=none"]}),
    ("diabetes", "bmi bp s1 s3 s4", {"outliers": ["quantile:0.05"], "scale": ["minmax"]}),
    ("diabetes", "age bmi bp s1 s2 s3 s4 s5 s6", {"power": ["yeo-johnson"], "scale": ["none"]}),
    ("penguins", "bill_length_mm body_mass_g year", {"missing-flags": ["yes"], "impute": ["mean"]}),
    ("penguins", "bill_length_mm flipper_length_mm body_mass_g sex",
     {"impute": ["mode", "body_mass_g=-7.5", "sex=mode"], "scale": ["robust"]}),
    ("penguins", "island sex", {"encode": ["ordinal"], "scale": ["none"]}),
    ("penguins", "island sex body_mass_g", {"encode": ["ordinal"], "impute": ["sex=constant:female"]}),
    ("penguins", "island sex", {"min-count": ["6"]}),
    ("penguins", "island sex", {"min-count": ["0.4", "island=0.25"]}),
    ("flights", "carrier dest tailnum distance", {"min-count": ["40", "tailnum=12"]}),
    ("flights", "carrier dest", {"min-count": ["0.05"]}),
    ("flights", "time_hour dep_delay", {"dates": ["month+weekday+hour+minute+yearday+epoch"], "scale": ["robust"],
                                        "outliers": ["dep_delay=iqr:1.5"], "missing-flags": ["yes"]}),
    ("weather", "wind_gust pressure humid wind_speed",
     {"missing-flags": ["pressure=yes"], "impute": ["mean", "wind_gust=median"], "outliers": ["zscore:3"],
      "power": ["humid=yeo-johnson"], "scale": ["none"]}),
    ("weather", "time_hour wind_gust wind_dir", {"dates": ["year+month+day+weekday+hour+epoch"], "scale": ["minmax"],
                                                 "impute": ["mode", "wind_dir=-1.5"]}),
    ("wine", "alcohol malic_acid magnesium proline", {"outliers": ["quantile:0.1"], "power": ["proline=yeo-johnson"],
                                                      "scale": ["minmax", "proline=none"]}),
    ("flights", "tailnum carrier air_time", {"impute": ["mode", "tailnum=mode"], "min-count": ["30", "tailnum=5"]}),
    ("flights", "tailnum carrier", {"impute": ["tailnum=constant:N14228"], "encode": ["ordinal"], "scale": ["robust"]}),
    ("flights", "carrier origin dest", {"encode": ["ordinal"], "scale": ["none"]}),
    ("diamonds", "cut color clarity", {}),
    ("penguins", "island sex", {}),
    ("flights", "carrier dest tailnum", {"encode": ["hash:16", "tailnum=hash:16"]}),
    ("diamonds", "cut color", {"encode": ["hash:7"]}),
    ("penguins", "island sex", {"encode": ["hash:5"]}),
    ("diamonds", "cut clarity", {"text": ["cut=hash:16:1-2", "clarity=hash:4"]}),
    ("flights", "tailnum dest", {"text": ["tailnum=hash:32", "dest=hash:8"]}),
    ("diamonds", "cut color clarity", {"encode": ["target", "color=target:10"], "scale": ["none"]}, "price"),
    ("flights", "carrier tailnum", {"encode": ["target:3", "carrier=target"], "scale": ["none"]}, "distance"),
    ("penguins", "island sex", {"encode": ["target"], "scale": ["none"]}, "species"),
]
cases = []
for name, columns, options, *target in CASES:
    table = pd.read_csv("datasets/%s.csv" % name)
    y = table[target[0]] if target else None
    classes = sorted(set(y)) if target and not pd.api.types.is_numeric_dtype(y) else []
    y = y.map(classes.index).to_numpy() if classes else y.to_numpy(dtype=float) if target else None
    table = table[columns.split()]
    train = np.arange(len(table)) % 5 != 4
    names, parts, found = [], [], []
    for column in table.columns:
        if column == "time_hour":
            n, p = date(options, column, table[column], train)
        elif pd.api.types.is_numeric_dtype(table[column]):
            n, p = number(options, column, table[column], train, found)
        else:
            n, p = category(options, column, table[column], train, y, classes)
        names, parts = names + n, parts + p
    X = np.hstack(parts)
    step = 13 if len(X) < 600 else 97 if X.shape[1] < 60 else 997
    assert np.isfinite(X).all() and X.shape[1] == len(names), (name, X.shape, names)
    case = {"file": "datasets/%s.csv" % name, "columns": columns.split(), "options": options, "rows": len(X),
            "step": step, "features": names, "X": [float(v) for v in X[::step].ravel()]}
    if found:
        case["lambda"] = found
    if target:
        case |= {"target": target[0], "classes": classes}
    cases.append(case)
print('{"made_with": "scikit-learn %s, numpy %s, pandas %s",\n"cases": [' % (
    sklearn.__version__, np.__version__, pd.__version__))
print(",\n".join(json.dumps(c) for c in cases))
print("]}")
