"""Runs and prints what scripts/bench/table says.  usage: run_table.py MLCTL RUNS NUMERIC_ROWS MIXED_ROWS  (in the folder of the files)"""
import os
import shutil
import subprocess
import sys
import time

mlctl, runs, many, some = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
HERE = os.path.dirname(os.path.abspath(__file__))
FILES = {"numeric": f"numeric-{many}.csv", "mixed": f"mixed-{some}.csv", "flights": f"flights-{some}.csv"}


def measured(command):
    """Seconds of the whole process, and its peak in MiB."""
    start = time.perf_counter()
    with open(os.devnull, "w") as null:
        child = subprocess.Popen(command, stdout=null, stderr=subprocess.PIPE)
        text = child.stderr.read().decode()
        _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)}\n{text}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024, text


def ours(*arguments):
    return min(measured([mlctl, *arguments])[:2] for _ in range(runs))


def peer(job, library, path):
    """The peer prints its own seconds, imports not counted. None: not installed."""
    best = None
    for _ in range(runs):
        command = [sys.executable, os.path.join(HERE, "peer_table.py"), job, library, path]
        start = subprocess.run(command, capture_output=True, text=True)
        if start.returncode == 77:
            return None
        if start.returncode:
            sys.exit(start.stderr)
        seconds, peak = map(float, start.stdout.split())
        best = min(best or (seconds, peak), (seconds, peak))
    return best


def table(title, names, rows):
    print(f"\n| {title:<34} | mlctl s (MiB) |" + "".join(f" {name:<26} |" for name in names))
    print("| --- " * (len(names) + 2) + "|")
    for label, own, peers in rows:
        line = f"| {label:<34} | {own[0]:5.2f} ({own[1]:4.0f})  |"
        for found in peers:
            line += f" {'not installed':<26} |" if not found else f" {found[0]:6.2f} ({found[1]:5.0f}) {found[0] / own[0]:8.1f} x |"
        print(line)


print(f"best of {runs}, {len(os.sched_getaffinity(0))} processors; seconds, peak MiB in brackets, and how many times as long as mlctl")
libraries = ["pandas", "polars", "duckdb", "pyarrow"]
table("load to typed columns", libraries,
      [(f"{kind} ({os.path.getsize(path) / 1e6:.0f} MB)", ours("schema", path), [peer("load", name, path) for name in libraries])
       for kind, path in FILES.items()])
table("preprocess: fit, apply, write", ["pandas + sklearn + to_csv"],
      [(f"{kind}", ours("preprocess", path, "-q", "--max-categories", "50", "-o", f"clean-{kind}.csv"), [peer("preprocess", "pandas", path)])
       for kind, path in FILES.items() if kind != "flights"])

print(f"\n| {'at constant memory':<40} | MB read | seconds | MB/s | peak MiB |")
print("| --- | --- | --- | --- | --- |")


def streamed(label, path, *arguments):
    seconds, peak = ours(*arguments)
    size = os.path.getsize(path) / 1e6
    print(f"| {label:<40} | {size:7.0f} | {seconds:7.2f} | {size / seconds:4.0f} | {peak:8.0f} |")


numeric = FILES["numeric"]
prep = "clean-numeric.csv.prep.json"
with open(numeric) as whole, open("part.csv", "w") as part:
    for _, line in zip(range(20001), whole):
        part.write(line)
measured([mlctl, "train", "part.csv", "-q", "-m", "numeric.safetensors"])
large = f"numeric-{many}-8.csv"
need = 8 * os.path.getsize(numeric) * 3.2
streamed("preprocess --apply", numeric, "preprocess", numeric, "-q", "--apply", prep, "-o", "applied.csv")
streamed("predict", numeric, "predict", numeric, "-q", "-m", "numeric.safetensors", "-o", "predicted.csv")
if shutil.disk_usage(".").free < need:
    print(f"\nskipped: the file of eight times as many rows needs {need / 1e9:.0f} GB of disk with what is made of it")
    sys.exit(0)
with open(large, "wb") as out:
    for i in range(8):
        with open(numeric, "rb") as rows:
            if i:
                rows.readline()
            shutil.copyfileobj(rows, out, 1 << 18)  # this process stays small: a child is charged its peak too
runs = 1
streamed("preprocess --apply", large, "preprocess", large, "-q", "--apply", prep, "-o", "applied.csv")
streamed("predict", large, "predict", large, "-q", "-m", "numeric.safetensors", "-o", "predicted.csv")
for name in (large, "applied.csv", "predicted.csv"):
    os.remove(name)
