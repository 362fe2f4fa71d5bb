#!/usr/bin/env python3
"""Writes scores_expected.h: what scikit-learn 1.9 gives for predictions of medians, quantiles and counts, and for the
scores of a support vector machine.

    python3 tests/numeric/scores_reference.py > tests/numeric/scores_expected.h
"""
import warnings

import numpy as np
import sklearn
from sklearn import metrics as m

warnings.simplefilter("ignore")
rng = np.random.default_rng(7)


def array(kind, values):
    return "(const %s[]){ %s }" % (kind, ", ".join(repr(v) for v in values))


def row(**fields):
    print("    {" + "".join("\n        .%s = %s," % f for f in fields.items()) + "\n    },")


def number(x):
    return "NAN" if x != x else repr(float(x))


def regression(name, y, p, q, counts):
    y, p = [float(v) for v in y], [float(v) for v in p]
    row(name='"%s"' % name, n=len(y), y=array("double", y), p=array("double", p), q=number(q),
        median_ae=number(m.median_absolute_error(y, p)), max_error=number(m.max_error(y, p)),
        pinball=number(m.mean_pinball_loss(y, p, alpha=q)), d2_pinball=number(m.d2_pinball_score(y, p, alpha=q)),
        deviance=number(m.mean_poisson_deviance(y, p) if counts else np.nan),
        d2_deviance=number(m.d2_tweedie_score(y, p, power=1) if counts else np.nan))


def classification(name, y, P):
    P = np.asarray(P, float)
    k = P.shape[1]
    value = m.hinge_loss(y, P[:, 1] if k == 2 else P, labels=range(k))
    row(name='"%s"' % name, n=len(y), classes=k, y=array("int32_t", [int(v) for v in y]),
        scores=array("double", [float(v) for v in P.ravel()]), hinge_loss=number(value))


def main():
    print("/* Written by scores_reference.py with scikit-learn %s. */" % sklearn.__version__)
    print("""#include <math.h>
#include <stddef.h>
#include <stdint.h>

static const struct expected_errors {
    const char *name;
    size_t n;
    const double *y, *p;
    double q, median_ae, max_error, pinball, d2_pinball, deviance, d2_deviance;
} expected_errors[] = {""")
    y = rng.normal(size=41) * 3 + 1
    for q in [0.5, 0.1, 0.97]:
        regression("odd count, q %g" % q, y, y + rng.normal(size=41), q, False)
    y = rng.normal(size=40)
    regression("even count", y, y * 0.5, 0.25, False)
    y = rng.integers(0, 4, 30)
    regression("ties", y, rng.integers(0, 4, 30), 0.5, False)
    regression("two rows", [1, 2], [1.5, 1.25], 0.5, False)
    mean = np.exp(rng.normal(size=50))
    regression("counts", rng.poisson(mean), mean, 0.5, True)
    regression("large counts", rng.poisson(mean * 1e6), mean * 1e6, 0.5, True)
    regression("rates", rng.gamma(2, mean), np.full(50, 2.5), 0.9, True)
    print("""};

static const struct expected_hinge {
    const char *name;
    size_t n, classes;
    const int32_t *y;
    const double *scores;
    double hinge_loss;
} expected_hinge[] = {""")
    z = rng.normal(size=25) * 2
    classification("two classes", rng.integers(0, 2, 25), np.c_[-z, z])
    classification("four classes", rng.integers(0, 4, 25), rng.normal(size=(25, 4)) * 2)
    print("};")


main()
