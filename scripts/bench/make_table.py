#!/usr/bin/env python3
"""A table of ROWS rows and 28 numbers with a class of two, the same for the same seed: make_table.py ROWS SEED > FILE"""
import sys

import numpy as np

rows, seed = int(sys.argv[1]), int(sys.argv[2])
random = np.random.default_rng(seed)
weight = random.normal(size=28)
print(",".join(f"x{j}" for j in range(28)) + ",y")
for begin in range(0, rows, 10000):
    X = random.normal(size=(min(10000, rows - begin), 28))
    y = (X @ weight + random.logistic(size=len(X)) > 0).astype(int)
    sys.stdout.write("".join(",".join(f"{v:.6f}" for v in x) + f",{c}\n" for x, c in zip(X, y)))
