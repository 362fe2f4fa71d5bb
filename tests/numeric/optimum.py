#!/usr/bin/env python3
"""Whether mlctl reaches the optimum that scikit-learn does, on a table of yours: every convex kind and loss.

    python3 tests/numeric/optimum.py MLCTL DATA.csv[.gz] TARGET regression|classification

mlctl prepares the rows (standardised, one-hot), both learn from them, and the objective is
mean loss + l2/2 |w|^2 + l1 |w|_1, bias free. Prints a line a problem: flags, mlctl's objective, how far it lies above
scikit-learn's, relatively (below 0: mlctl's is the better point), seconds of each. Where no estimator of scikit-learn
ends in reasonable time (libsvm and linear programs beyond 7,000 rows) mlctl's own certificate stands alone: the run
ends "converged" only at a relative duality gap below 1e-8. Exit status 1: some objective lies more than 1e-6 above, or
some run did not converge. Needs numpy, pandas and scikit-learn 1.2 or later.
"""
import json
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
import pandas as pd
from sklearn import linear_model, svm

warnings.simplefilter("ignore")
FEW = 7000  # rows, up to which libsvm and linear programs are asked

LOSS = {
    "squared": lambda z, y: (z - y) ** 2 / 2,
    "absolute": lambda z, y: np.abs(z - y),
    "quantile": lambda z, y, q: np.maximum(q * (y - z), (1 - q) * (z - y)),
    "huber": lambda z, y, d: np.where(np.abs(z - y) <= d, (z - y) ** 2 / 2, d * np.abs(z - y) - d * d / 2),
    "epsilon_insensitive": lambda z, y, e: np.maximum(np.abs(z - y) - e, 0),
    "squared_epsilon_insensitive": lambda z, y, e: np.maximum(np.abs(z - y) - e, 0) ** 2,
    "poisson": lambda z, y: np.exp(z) - y + np.where(y > 0, y * (np.log(np.where(y > 0, y, 1)) - z), 0),
    "hinge": lambda z, y: np.maximum(1 - y * z, 0),
    "squared_hinge": lambda z, y: np.maximum(1 - y * z, 0) ** 2,
}


def objective(loss, X, y, model, l1, l2, *parameter):
    w, b = np.ravel(model.coef_), np.ravel(model.intercept_)
    return float(LOSS[loss](X @ w + b, y, *parameter).mean() + l2 / 2 * w @ w + l1 * np.abs(w).sum())


def regressions(X, y):
    """(flags, function that gives scikit-learn's objective or None)"""
    n, sd = len(y), float(y.std())
    l2, small = 1 / n, len(y) <= FEW
    weak = l2 / sd

    def fitted(model, loss, l1, l2, *parameter):
        return lambda: objective(loss, X, y, model.fit(X, y), l1, l2, *parameter)

    def svr(epsilon):
        model = svm.SVR(kernel="linear", C=1 / (n * weak), epsilon=epsilon, tol=1e-8 * sd, cache_size=800)
        return fitted(model, "epsilon_insensitive", 0, weak, epsilon) if small else None

    def quantile(q, l1):
        model = linear_model.QuantileRegressor(quantile=q, alpha=l1, solver="highs")
        return fitted(model, "quantile", l1, 0, q) if small else None

    tube, lasso = 0.1 * sd, 0.01 * sd
    yield f"--l2 {l2!r}", fitted(linear_model.Ridge(alpha=1, solver="cholesky"), "squared", 0, l2)
    yield f"--l2 0 --l1 {lasso!r}", fitted(linear_model.Lasso(alpha=lasso, tol=1e-10, max_iter=10**5), "squared",
                                           lasso, 0)
    yield f"--loss absolute --l2 {weak!r}", svr(0.0)
    yield f"--kind svm --loss epsilon_insensitive:{tube!r} --l2 {weak!r}", svr(tube)
    liblinear = svm.LinearSVR(C=1, epsilon=tube, loss="squared_epsilon_insensitive", dual=False, tol=1e-12,
                              max_iter=10**5, intercept_scaling=1e3)
    yield (f"--kind svm --loss squared_epsilon_insensitive:{tube!r} --l2 {l2!r}",
           fitted(liblinear, "squared_epsilon_insensitive", 0, l2, tube))
    yield "--loss quantile:0.5 --l2 0", quantile(0.5, 0.0)
    yield "--loss quantile:0.9 --l2 0 --l1 0.01", quantile(0.9, 0.01)
    if n < 60000:  # its scale is fitted too: mlctl takes the scale that it found
        model = linear_model.HuberRegressor(epsilon=1.35, alpha=1.0, max_iter=10**5, tol=1e-9).fit(X, y / sd)
        model.coef_, model.intercept_ = model.coef_ * sd, model.intercept_ * sd
        d, ridge = float(1.35 * model.scale_ * sd), float(model.scale_ / n)
        yield f"--loss huber:{d!r} --l2 {ridge!r}", lambda: objective("huber", X, y, model, 0, ridge, d)
    if y.min() >= 0:
        yield f"--kind poisson --l2 {l2!r}", fitted(
            linear_model.PoissonRegressor(alpha=l2, tol=1e-10, max_iter=10**4, solver="newton-cholesky"), "poisson",
            0, l2)


def classifications(X, y):
    labels, code = np.unique(y, return_inverse=True)
    n, l2 = len(y), 1 / len(y)
    positive = range(len(labels)) if len(labels) > 2 else [1]

    def logistic():
        model = linear_model.LogisticRegression(C=1, tol=1e-12, max_iter=10**5, solver="newton-cg").fit(X, code)
        z = model.decision_function(X)  # of which the logarithm is there where the probability is too small to be a number
        if z.ndim == 1:
            z = np.column_stack([np.zeros(n), z])
        loss = np.logaddexp.reduce(z, axis=1) - z[np.arange(n), code]
        return float(loss.mean() + l2 / 2 * (model.coef_ ** 2).sum())

    def one_against_rest(make, loss):
        sides = [np.where(code == k, 1.0, -1.0) for k in positive]
        return lambda: sum(objective(loss, X, side, make().fit(X, side), 0, l2) for side in sides)

    yield f"--l2 {l2!r}", logistic
    hinge = one_against_rest(lambda: svm.SVC(kernel="linear", C=1, tol=1e-7, cache_size=800), "hinge")
    yield f"--kind svm --loss hinge --l2 {l2!r}", hinge if n <= FEW else None
    yield f"--kind svm --l2 {l2!r}", one_against_rest(
        lambda: svm.LinearSVC(C=1, dual=False, tol=1e-12, max_iter=10**5, intercept_scaling=1e3), "squared_hinge")


def run(*command):
    start = time.time()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr.strip())
    return json.loads(done.stdout or "{}"), time.time() - start


def main(program, data, target, task):
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        rows, model = f"{folder}/rows.csv", f"{folder}/model.safetensors"
        run(program, "preprocess", data, "-t", target, "--task", task, "--split", "none", "-q", "-o", rows, "--json")
        frame = pd.read_csv(rows)
        X, y = frame.iloc[:, :-1].to_numpy(float), frame.iloc[:, -1].to_numpy()
        print(f"# {data}: {X.shape[0]} x {X.shape[1]}")
        problems = regressions(X, y.astype(float)) if task == "regression" else classifications(X, y)
        for flags, reference in problems:
            ours, seconds = run(program, "train", rows, "--task", task, "--split", "none", "-q", "--json", "-m", model,
                                *flags.split())
            start = time.time()
            theirs = reference() if reference else None
            above = (ours["objective"] - theirs) / abs(theirs) if reference else 0.0
            bad = not above <= 1e-6 or ours["end"] != "converged"
            failed += bad
            other = f"{above:+.1e}  {time.time() - start:6.1f} s" if reference else "certificate"
            print(f"{flags[:60]:60} {ours['objective']:.10g}  {seconds:5.1f} s  {ours['end']} {ours['epochs']}  {other}"
                  f"{'  FAILED' if bad else ''}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
