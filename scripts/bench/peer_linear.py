"""Logistic regression end to end by a peer: read, every fifth row held out, scale, fit; prints the log loss held out.
usage: peer_linear.py sklearn|xgboost|lightgbm FILE.csv     exit 77: the library is not installed"""
import sys

library, path = sys.argv[1:]
try:
    import numpy as np
    import pandas as pd
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    if library == "xgboost":
        import xgboost
    if library == "lightgbm":
        import lightgbm
except ImportError:
    sys.exit(77)

table = pd.read_csv(path)
X, y = table.drop(columns="y"), table["y"]
held = np.arange(len(table)) % 5 == 4
if library == "sklearn":
    model = LogisticRegression(C=1, max_iter=1000)
elif library == "xgboost":
    model = xgboost.XGBClassifier(booster="gblinear", n_estimators=50, n_jobs=2)
else:
    model = lightgbm.LGBMClassifier(linear_tree=True, n_estimators=50, n_jobs=2, verbose=-1)
pipeline = make_pipeline(StandardScaler(), model).fit(X[~held], y[~held])
print(log_loss(y[held], pipeline.predict_proba(X[held])[:, 1]))
