"""Logistic regression end to end by a peer: read, every fifth row held out, scale, fit; prints the log loss held out.
usage: peer_linear.py sklearn|xgboost|lightgbm FILE.csv     exit 77: the library is not installed"""
import sys

library, path = sys.argv[1:]
try:
    import numpy as np
    import pandas as pd
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss
    from sklearn.preprocessing import StandardScaler
    if library == "xgboost":
        import xgboost
    if library == "lightgbm":
        import lightgbm
except ImportError:
    sys.exit(77)

table = pd.read_csv(path)
X, y = table.iloc[:, :-1].to_numpy(), table.iloc[:, -1].to_numpy()
held = np.arange(len(y)) % 5 == 4
scaler = StandardScaler().fit(X[~held])
train, test = scaler.transform(X[~held]), scaler.transform(X[held])
if library == "sklearn":
    model = LogisticRegression(C=1, max_iter=1000)
elif library == "xgboost":
    model = xgboost.XGBClassifier(booster="gblinear", n_estimators=50, n_jobs=2)
else:
    model = lightgbm.LGBMClassifier(linear_tree=True, n_estimators=50, n_jobs=2, verbose=-1)
print(log_loss(y[held], model.fit(train, y[~held]).predict_proba(test)[:, 1]))
