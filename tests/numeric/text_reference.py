#!/usr/bin/env python3
"""Writes texts.csv and text_expected.h: what scikit-learn makes of texts, categories and their targets.

    pip install scikit-learn==1.9.1 pandas
    python3 tests/numeric/text_reference.py

Run in the root of the repository. The texts are our own, put together at random from a seed: words of several scripts,
capitals with odd lower cases, quotes, line ends, empty cells. Folds of the target encoding are those of src/prep/target.c,
by the generator of src/base/rng.c.
"""
import csv
import random
import re

import numpy as np
import pandas as pd
import sklearn
from sklearn.feature_extraction import FeatureHasher
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.preprocessing import TargetEncoder

ROWS, STEP, SEED = 240, 5, 7
WORDS = """the a to and you I'm is call now free win prize meeting tomorrow at noon see invoice report data model row
table price offer limited LAST chance thanks Dear friend n0 2nd 100 3.14 e-mail snake_case __x__ café naïve Straße
STRASSE ΟΔΟΣ Σίσυφος ΑΣ Α.Σ İstanbul ǅungla Привет МИР данные 東京 大阪府 データ 한국어 हिन्दी ภาษา ١٢٣ ½ x² № K Ω ﬁne ﬂow
🙂 🙂🙂 e\u0301te\u0301 A\u030angstrom zero\u200bwidth non\u00a0breaking soft\u00adhyphen""".split(" ")
WORDS = [w for part in WORDS for w in part.split("\n")]
CITIES = ["Oslo", "Bergen", "Trondheim", "São Paulo", "東京", "a \"quoted\" name", "x" * 40, "N,A", ""]


def sentence(rng):
    n = rng.choice([0, 1, 2, 3, 5, 8, 13, 21])
    words = [rng.choice(WORDS) for _ in range(n)]
    words = [w.upper() if rng.random() < 0.1 else w.title() if rng.random() < 0.1 else w for w in words]
    return "".join(w + rng.choice([" ", " ", " ", ", ", ". ", "! ", "\n", "-", "\"", "'", "\t"]) for w in words).strip()


def write_table():
    rng = random.Random(SEED)
    with open("tests/numeric/texts.csv", "w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["body", "city", "amount", "yes", "kind"])
        for _ in range(ROWS):
            c = min(int(rng.expovariate(0.4)), len(CITIES) - 1)
            amount = round(3 * c + rng.gauss(0, 2), 2)
            writer.writerow([sentence(rng), CITIES[c], amount, "tf"[rng.random() < 0.2 + 0.08 * c],
                             rng.choice(["low", "mid", "high"][: 2 + c % 2])])


class Rng:
    """xoshiro256** after splitmix64, and the bounded numbers and the shuffle of src/base/rng.c."""

    M = (1 << 64) - 1

    def __init__(self, seed):
        self.s = []
        for _ in range(4):
            seed = (seed + 0x9E3779B97F4A7C15) & self.M
            z = seed
            z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & self.M
            z = ((z ^ z >> 27) * 0x94D049BB133111EB) & self.M
            self.s.append(z ^ z >> 31)

    def next(self):
        s = self.s
        rotl = lambda x, k: (x << k | x >> (64 - k)) & self.M
        out = (rotl((s[1] * 5) & self.M, 7) * 9) & self.M
        t = (s[1] << 17) & self.M
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotl(s[3], 45)
        return out

    def below(self, n):
        m = self.next() * n
        if (m & self.M) < n:
            least = ((1 << 64) - n) % n
            while (m & self.M) < least:
                m = self.next() * n
        return m >> 64

    def shuffle(self, items):
        for i in range(len(items) - 1, 0, -1):
            j = self.below(i + 1)
            items[i], items[j] = items[j], items[i]


def folds(y, classes):
    order = list(range(len(y)))
    Rng(1).shuffle(order)
    if classes:
        order = [i for c in range(classes) for i in order if y[i] == c]
    fold = np.empty(len(y), int)
    for at, i in enumerate(order):
        fold[i] = at % 5
    return [(np.flatnonzero(fold != f), np.flatnonzero(fold == f)) for f in range(5)]


def numbers(values, indent=" " * 8):
    lines, line = [], indent
    for value in np.asarray(values).ravel():
        item = repr(float(value)) if value != int(value) else repr(int(value))
        if len(line) + len(item) > 96:
            lines.append(line.rstrip())
            line = indent
        line += item + ", "
    lines.append(line.rstrip())
    return "(const double[]){\n%s\n    }" % "\n".join(lines)


def sparse(matrix, step=STEP):
    """Row, column and value of what is not 0 in every step-th row."""
    out = []
    for i in range(0, matrix.shape[0], step):
        row = matrix[i].toarray()[0]
        out += [(i, j, row[j]) for j in np.flatnonzero(row)]
    return out


def hash_case(out, column, how, matrix):
    cells = sparse(matrix)
    out.append('    { .column = "%s", .how = "%s", .features = %d, .rows = %d, .step = %d,\n      .cells = %d, .cell = %s },'
               % (column, how, matrix.shape[1], matrix.shape[0], STEP, len(cells), numbers(cells)))


def lower(text):
    """In lower case as libunistring has it, to which an apostrophe ends a word, so that a sigma before it is a final one."""
    return re.sub("(?<=\\w)σ(?=')", "ς", text.lower())


def most(vectorizer, texts, n):
    """The n terms with the most occurrences, of equals the first by their bytes; scikit-learn leaves equals to chance."""
    counts = CountVectorizer(preprocessor=lower, **vectorizer).fit(texts)
    total = np.asarray(counts.transform(texts).sum(axis=0)).ravel()
    terms = counts.get_feature_names_out()
    order = sorted(range(len(terms)), key=lambda t: (-total[t], terms[t].encode()))[:n]
    return sorted((terms[t] for t in order), key=str.encode)


def terms_case(out, table, how, least, n, **vectorizer):
    vocabulary = most({**vectorizer, "min_df": max(least, 1)}, table["body"], n)
    matrix = TfidfVectorizer(vocabulary=vocabulary, preprocessor=lower, **vectorizer).fit_transform(table["body"])
    cells = sparse(matrix, 4 * STEP)
    quoted = '"' + '" "'.join("".join("\\x%02x" % b for b in vocabulary[i].encode()) for i in (0, -1)) + '"'
    first, last = quoted.split(" ")
    out.append('    { .how = "%s", .min_count = "%d", .first = %s, .last = %s, .features = %d, .rows = %d, .step = %d,\n'
               "      .cells = %d, .cell = %s }," % (how, least, first, last, matrix.shape[1], matrix.shape[0], 4 * STEP,
                                                     len(cells), numbers(cells)))


def target_case(out, table, name, how, classes):
    y = table[name]
    y = y.to_numpy(float) if classes == 0 else pd.factorize(y, sort=True)[0]
    kind = {0: "continuous", 2: "binary", 3: "multiclass"}[classes]
    X = table[["city"]].astype(object).where(table[["city"]].notna(), None)
    smooth = "auto" if how == "target" else float(how.split(":")[1])
    encoder = TargetEncoder(target_type=kind, smooth=smooth, cv=folds(y, classes))
    crossed = encoder.fit_transform(X, y)
    encoder = TargetEncoder(target_type=kind, smooth=smooth).fit(X, y)
    whole = encoder.transform(X)
    new = encoder.transform(pd.DataFrame({"city": ["never seen"]}, dtype=object))
    out.append('    { .target = "%s", .how = "%s", .rows = %d, .step = %d, .outputs = %d,\n      .whole = %s,\n      '
               ".crossed = %s,\n      .other = %s }," % (name, how, len(y), STEP, crossed.shape[1], numbers(whole[::STEP]),
                                                       numbers(crossed[::STEP]), numbers(new)))


write_table()
table = pd.read_csv("tests/numeric/texts.csv", keep_default_na=False, na_values={"city": [""]}, encoding="utf-8")
hashed, target, terms = [], [], []
terms_case(terms, table, "tfidf:60", 0, 60)
terms_case(terms, table, "tfidf:65536:1-2", 3, 65536, ngram_range=(1, 2))
terms_case(terms, table, "tfidf:200:chars", 0, 200, analyzer="char_wb", ngram_range=(2, 4))
terms_case(terms, table, "tfidf:500:chars:3-8", 5, 500, analyzer="char_wb", ngram_range=(3, 8))
for n, low, high in ((64, 1, 1), (100, 1, 2), (1 << 20, 2, 3), (7, 3, 3)):
    how = "hash:%d" % n if (low, high) == (1, 1) else "hash:%d:%d-%d" % (n, low, high)
    vectorizer = HashingVectorizer(n_features=n, ngram_range=(low, high))
    hash_case(hashed, "body", how, vectorizer.transform(table["body"]))
tokens = [[v] if v == v else [] for v in table["city"]]
hash_case(hashed, "city", "hash:16", FeatureHasher(16, input_type="string").transform(tokens))
hash_case(hashed, "city", "hash:37", FeatureHasher(37, input_type="string").transform(tokens))
for name, classes in (("amount", 0), ("yes", 2), ("kind", 3)):
    for how in ("target", "target:10", "target:0"):
        target_case(target, table, name, how, classes)
with open("tests/numeric/text_expected.h", "w") as out:
    print("/* Made by text_reference.py with scikit-learn %s; do not edit. */" % sklearn.__version__, file=out)
    print("static const struct hashed hashed[] = {\n%s\n};\n" % "\n".join(hashed), file=out)
    print("static const struct terms terms[] = {\n%s\n};\n" % "\n".join(terms), file=out)
    print("static const struct encoded encoded[] = {\n%s\n};" % "\n".join(target), file=out)
