#!/usr/bin/env python3
"""Random raw rows for a model: rows.csv, rows.json (an array of objects) and rows.h (initialisers of its exported C row).

usage: mlctl inspect --json | rows.py COUNT SEED

Numbers from beyond the range that training saw, missing cells, unseen categories, instants: the same rows three times.
"""
import csv
import datetime
import json
import random
import sys

count, seed = int(sys.argv[1]), int(sys.argv[2])
random.seed(seed)
fields = json.load(sys.stdin)["pipeline"]["schema"]


def cell(field):
    if random.random() < 0.05:
        return None
    if field["type"] == "text":  # of a model: values that are hashed, no list of them
        return random.choice(["AA", "UA", "DL", "B6", "never, \"seen\"", "Zürich", "a longer value of 31 bytes.."])
    if field["type"] == "category":
        return random.choice(field["categories"] + ["never, \"seen\""])
    if field["type"] == "boolean":  # any word that means one of the two, in any case, and one that does not
        word = random.choice("yes no y n true false t f on off 1 0 perhaps yess".split())
        return random.choice([word, word.upper(), word.title()])
    if field["type"] == "instant":
        return random.randrange(1_000_000_000, 2_000_000_000)
    low, high = field["min"], field["max"]
    value = random.uniform(low - (high - low) / 4, high + (high - low) / 4)
    return float(round(value)) if field.get("integer") else value


def text(field, value):
    if value is None:
        return ""
    if field["type"] == "instant":
        return datetime.datetime.fromtimestamp(value, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return repr(value) if isinstance(value, float) else value


def member(field, value):
    if field["type"] in ("category", "text", "boolean"):
        return "NULL" if value is None else json.dumps(value, ensure_ascii=False)
    return "NAN" if value is None else repr(float(value))


rows = [[cell(f) for f in fields] for _ in range(count)]
with open("rows.csv", "w", newline="") as out:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([f["name"] for f in fields])
    writer.writerows([text(f, v) for f, v in zip(fields, row)] for row in rows)
with open("rows.json", "w") as out:
    json.dump([{f["name"]: text(f, v) if f["type"] == "instant" and v is not None else v
                for f, v in zip(fields, row)} for row in rows], out)
with open("rows.h", "w") as out:
    out.writelines("{ %s },\n" % ", ".join(member(f, v) for f, v in zip(fields, row)) for row in rows)
