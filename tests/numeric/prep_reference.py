#!/usr/bin/env python3
"""Writes prep_expected.h: what scikit-learn 1.2.1 makes of two shipped tables.

    pip install scikit-learn==1.2.1 'numpy<2' 'scipy<1.12' 'pandas<2.2'
    python3 tests/numeric/prep_reference.py > tests/numeric/prep_expected.h

Run in the root of the repository. Statistics are those of the rows that `every:5` trains on (row % 5 != 4). Of the matrix
only every 13th row is kept, trained on and held out alike. Features are put into the order of their columns.
"""
import numpy as np
import pandas as pd
import sklearn
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

assert sklearn.__version__ == "1.2.1", sklearn.__version__
STEP = 13
CASES = [  # file, target, impute (ours, SimpleImputer's, constant), scale
    ("iris", "species", "median", "median", 0, "standard"),
    ("iris", "species", "mean", "mean", 0, "minmax"),
    ("penguins", "species", "median", "median", 0, "standard"),
    ("penguins", "species", "mean", "mean", 0, "minmax"),
    ("penguins", "species", "mode", "most_frequent", 0, "standard"),
    ("penguins", "species", "-7.5", "constant", -7.5, "none"),
]


def column(values, train, impute, constant, scale):
    """Names' suffixes and the matrix of one column."""
    if values.dtype == object:
        values = values.to_numpy(dtype=object).reshape(-1, 1)
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(values[train])
        suffixes = ["=missing" if v != v else "=" + v for v in encoder.categories_[0]]
        return suffixes, encoder.transform(values)
    values = values.to_numpy(dtype=float).reshape(-1, 1)
    steps = [SimpleImputer(strategy=impute, fill_value=constant if impute == "constant" else None)]
    steps += {"standard": [StandardScaler()], "minmax": [MinMaxScaler()], "none": []}[scale]
    return [""], make_pipeline(*steps).fit(values[train]).transform(values)


def array(kind, items, indent=" " * 8):
    lines, line = [], indent
    for item in items:
        if len(line) + len(item) > 96:
            lines.append(line.rstrip())
            line = indent
        line += item + ", "
    lines.append(line.rstrip())
    return "(const %s[]){\n%s\n    }" % (kind, "\n".join(lines))


print("/* Made by prep_reference.py with scikit-learn %s; do not edit. */" % sklearn.__version__)
print("static const struct expected expected[] = {")
for name, target, ours, impute, constant, scale in CASES:
    table = pd.read_csv("datasets/%s.csv" % name).drop(columns=target)
    train = np.arange(len(table)) % 5 != 4
    names, parts = [], []
    for head in table.columns:
        suffixes, part = column(table[head], train, impute, constant, scale)
        names += [head + s for s in suffixes]
        parts.append(part)
    X = np.hstack(parts)
    assert np.isfinite(X).all() and X.shape[1] == len(names)
    print("    {")
    print('    .file = "datasets/%s.csv",\n    .target = "%s",' % (name, target))
    print('    .impute = "%s",\n    .scale = "%s",' % (ours, scale))
    print("    .rows = %d,\n    .step = %d,\n    .features = %d," % (len(X), STEP, len(names)))
    print("    .name = %s," % array("char *const", ['"%s"' % n for n in names]))
    print("    .X = %s," % array("double", [repr(float(v)) for v in X[::STEP].ravel()]))
    print("    },")
print("};")
