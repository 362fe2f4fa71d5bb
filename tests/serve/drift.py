"""Drift as docs/drift.md has it, computed from CSV rows and the histograms of a model, with nothing of mlctl in it.

    drift.py make ROWS SHIFT OUT.csv     rows of the same kind, SHIFT deviations away (0: none), from a fixed seed
    drift.py compare MODEL.json ROWS.csv METRICS MONITOR.json [all|recent]
                                         MODEL.json: mlctl inspect --json; METRICS: the text of /metrics;
                                         MONITOR.json: mlctl monitor --json. Everything must agree to 1e-9.
    drift.py predictions MODEL.json PREDICTED.csv METRICS MONITOR.json
                                         the same of the predictions; PREDICTED.csv: mlctl predict
"""

import csv
import datetime
import json
import math
import random
import re
import sys

SHARE = 1e-4
CITIES = ["Bergen", "Lima", "Oslo", "Rome"] + [f"town{i:02d}" for i in range(40)]


def make(rows, shift, path):
    rng = random.Random(7 if shift == 0 else 8)
    with open(path, "w", newline="") as out:
        write = csv.writer(out)
        write.writerow(["age", "pets", "city", "member", "since", "y"])
        for _ in range(rows):
            age = round(rng.gauss(40 + 10 * shift, 10), 3)
            pets = min(rng.randrange(1 + int(2 + 3 * shift)), rng.randrange(9))
            city = CITIES[int(len(CITIES) * rng.random() ** (3 - shift))]
            if shift and rng.random() < 0.01:
                city = "Atlantis"
            member = rng.choice(["yes", "no", "no"] if shift else ["yes", "no"])
            day = datetime.date(2024, 1, 1) + datetime.timedelta(days=rng.randrange(366) + int(200 * shift))
            y = round(age / 10 + (city == "Oslo") + rng.gauss(0, 0.1), 3)
            gaps = 0.03 * (1 + shift)
            write.writerow(
                ["" if rng.random() < gaps else age, pets, "" if rng.random() < gaps else city, member, day, y]
            )


def value_of(field, text):
    """A number, or a text, or None for a missing cell."""
    if text == "":
        return None
    if field["type"] == "number":
        return float(text)
    if field["type"] == "instant":
        day = datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc)
        return day.timestamp()
    return text


def column_of(field, cells):
    histogram = field["histogram"]
    values = [value_of(field, text) for text in cells]
    missing = sum(v is None for v in values)
    present = [v for v in values if v is not None]
    outside = unseen = 0
    if "edges" in histogram:
        edges = histogram["edges"]
        now = [0] * (len(edges) + 1)
        for v in present:
            now[sum(v > e for e in edges)] += 1
        outside = sum(v < field["min"] or v > field["max"] for v in present)
        before = list(histogram["rows"])
    else:
        listed = histogram.get("categories", field["categories"])
        now = [0] * len(histogram["rows"])
        for v in present:
            if v in listed:
                now[listed.index(v)] += 1
            elif v in field["categories"]:
                now[-1] += 1
            else:
                unseen += 1
        now.append(unseen)
        before = histogram["rows"] + [0]
    now.append(missing)
    before.append(field["missing"])
    n, m, bins = sum(before), sum(now), len(before)
    p = [(b / n + SHARE) / (1 + SHARE * bins) for b in before]
    q = [(b / m + SHARE) / (1 + SHARE * bins) for b in now]
    return {
        "psi": math.fsum((b - a) * math.log(b / a) for a, b in zip(p, q)),
        "missing": missing / m,
        "out_of_range": outside / m,
        "unseen": unseen / m,
    }


def metrics_of(text, window):
    names = {"psi": "psi", "missing": "missing_ratio", "out_of_range": "out_of_range_ratio", "unseen": "unseen_ratio"}
    found = {}
    for key, name in names.items():
        pattern = rf'^mlctl_drift_{name}{{.*column="([^"]*)",window="{window}"}} (\S+)$'
        for column, value in re.findall(pattern, text, re.M):
            found.setdefault(column, {})[key] = float(value)
    return found


def compare(model, rows, metrics, monitor, window="all"):
    with open(model) as file:
        schema = json.load(file)["pipeline"]["schema"]
    with open(rows, newline="") as file:
        table = list(csv.DictReader(file))
    with open(monitor) as file:
        offline = {c["name"]: c for c in json.load(file)["columns"]}
    with open(metrics) as file:
        served = metrics_of(file.read(), window)
    worst = 0.0
    for field in schema:
        name = field["name"]
        expected = column_of(field, [row[name] for row in table])
        for key, value in expected.items():
            worst = max(worst, abs(value - offline[name][key]), abs(value - served[name][key]))
        print(f"{name}: {expected}")
    print(f"{len(table)} rows, {len(schema)} columns, largest difference {worst:.3g}")
    return 0 if worst <= 1e-9 else 1


def predictions(model, predicted, metrics, monitor):
    with open(model) as file:
        field, = json.load(file)["record"]["predicted"]
    with open(predicted, newline="") as file:
        said = [row["prediction"] for row in csv.DictReader(file)]
    with open(monitor) as file:
        offline, = json.load(file)["predictions"]
    with open(metrics) as file:
        served = re.search(r'^mlctl_drift_prediction_psi{.*target="y",window="all"} (\S+)$', file.read(), re.M)
    expected = column_of(field, said)
    print(f"{len(said)} predictions: {expected}, monitor {offline['psi']}, metrics {served[1]}")
    assert offline["name"] == "y" and sum(offline["rows"]) == len(said) and expected["psi"] > 0.1
    return 0 if max(abs(expected["psi"] - offline["psi"]), abs(expected["psi"] - float(served[1]))) <= 1e-9 else 1


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(int(sys.argv[2]), float(sys.argv[3]), sys.argv[4])
    elif sys.argv[1] == "predictions":
        sys.exit(predictions(*sys.argv[2:]))
    else:
        sys.exit(compare(*sys.argv[2:]))
