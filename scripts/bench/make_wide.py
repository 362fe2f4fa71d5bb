"""Tables for scripts/bench/table.  usage: make_wide.py numeric|mixed|flights ROWS > FILE.csv  (the same bytes every time)

numeric  29 columns: 28 standard normal numbers with 6 decimals, and a label 0/1 that depends on them
mixed    30 columns: categories of 3 to 500 values, quoted texts with commas and doubled quotes, integers and reals, a tenth missing
flights  16 columns: ISO dates and times, carriers, airports, delays
"""
import random
import sys

import numpy as np

kind, rows = sys.argv[1], int(sys.argv[2])
BLOCK = 50_000
rng = np.random.default_rng(7)
out = sys.stdout.buffer


def numeric(n):
    x = rng.normal(size=(n, 28))
    y = (x[:, :5].sum(axis=1) + rng.normal(size=n) > 0).astype(int)
    line = ",".join(["%.6f"] * 28) + ",%d\n"
    return "".join(line % (*row, label) for row, label in zip(x.tolist(), y.tolist()))


WORDS = "amber brass cedar delta ember flint grove haven ivory jolly kayak lemon maple north ocean pearl quill river stone tulip".split()


def mixed(n):
    r = random.Random(int(rng.integers(1 << 60)))
    levels = [3, 5, 8, 12, 20, 40, 80, 150, 300, 500]
    lines = []
    for _ in range(n):
        cells = [f"{WORDS[k % 20]}-{k}" for k in (r.randrange(m) for m in levels)]
        for _ in range(4):
            a, b, c = r.choice(WORDS), r.choice(WORDS), r.randrange(1000)
            cells.append(r.choice((f'"{a}, {b}"', f'"{a} ""{b}"""', f"{a} {c}")))
        cells += [str(r.randrange(m)) for m in (2, 10, 100, 1000, 100000, 10**7)]
        cells += [f"{r.gauss(0, 1):.4f}" for _ in range(4)] + [f"{r.expovariate(0.01):.2f}" for _ in range(5)]
        for j in range(29):
            if r.random() < 0.1:
                cells[j] = "" if j % 3 else "NA"
        cells.append(r.choice(("yes", "no")))
        lines.append(",".join(cells) + "\n")
    return "".join(lines)


def flights(n):
    r = random.Random(int(rng.integers(1 << 60)))
    carriers, airports = [a + b for a in "ABU" for b in "ADNWX"], [a + b + c for a in "BDLS" for b in "AOEI" for c in "XNTR"]
    lines = []
    for _ in range(n):
        month, day, hour, minute = r.randrange(1, 13), r.randrange(1, 29), r.randrange(5, 24), r.randrange(60)
        delay = r.gauss(8, 25)
        cells = [f"2013-{month:02}-{day:02}", f"2013-{month:02}-{day:02}T{hour:02}:{minute:02}:00Z", str(hour), str(minute), r.choice(carriers),
                 str(r.randrange(1, 8000)), f"N{r.randrange(100, 999)}{r.choice('ABCDEUW')}", r.choice(airports), r.choice(airports), f"{delay:.0f}",
                 f"{r.gauss(150, 80):.0f}", str(r.randrange(80, 4900)), f"{r.gauss(55, 18):.2f}", f"{r.gauss(10, 5):.3f}", str(r.randrange(0, 11)),
                 f"{delay + r.gauss(0, 10):.0f}"]
        if r.random() < 0.03:
            cells[9] = cells[15] = "NA"
        lines.append(",".join(cells) + "\n")
    return "".join(lines)


MADE = {
    "numeric": (numeric, [f"x{j}" for j in range(28)] + ["label"]),
    "mixed": (mixed, [f"c{j}" for j in range(10)] + [f"note{j}" for j in range(4)] + [f"n{j}" for j in range(6)] + [f"x{j}" for j in range(9)] + ["label"]),
    "flights": (flights, "date scheduled hour minute carrier number tail origin dest dep_delay air_time distance temp wind visib arr_delay".split()),
}
make, names = MADE[kind]
out.write((",".join(names) + "\n").encode())
for begin in range(0, rows, BLOCK):
    out.write(make(min(BLOCK, rows - begin)).encode())
