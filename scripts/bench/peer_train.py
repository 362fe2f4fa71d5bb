#!/usr/bin/env python3
"""The job of `mlctl train DATA --split every:5` in pandas and scikit-learn: read, split, clean, fit, measure, save."""
import sys

import joblib
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss, r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

path, task, out = sys.argv[1:4]
table = pd.read_csv(path)
target = table.columns[-1]
table = table[table[target].notna()].reset_index(drop=True)
test = np.arange(len(table)) % 5 == 4
X, y = table.drop(columns=target), table[target]
numbers = X.select_dtypes("number").columns
texts = X.columns.difference(numbers)
prepare = ColumnTransformer([
    ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
    ("texts", OneHotEncoder(handle_unknown="ignore"), texts)])
model = Ridge(alpha=1) if task == "regression" else LogisticRegression(C=1, max_iter=1000)
pipeline = make_pipeline(prepare, model).fit(X[~test], y[~test])
if task == "regression":
    print("r2", r2_score(y[test], pipeline.predict(X[test])))
else:
    print("log_loss", log_loss(y[test], pipeline.predict_proba(X[test])))
joblib.dump(pipeline, out)
