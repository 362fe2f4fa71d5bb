"""Runs and prints what scripts/bench/train says.  usage: run_train.py MLCTL BENCH_FIT RUNS ROWS TORCH_PYTHON  (in the folder of the files)"""
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

mlctl, bench_fit, runs, rows, torch = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
HERE = os.path.dirname(os.path.abspath(__file__))
THREADS = "2"
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = THREADS


def measured(command):
    """Seconds of the whole process, its peak in MiB, what it printed. None: not installed."""
    start = time.perf_counter()
    if not shutil.which(command[0]):
        return None
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    text = child.stdout.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    if os.waitstatus_to_exitcode(status) == 77:
        return None
    if status:
        sys.exit(f"failed: {' '.join(command)}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024, text


def medians(jobs, parse):
    """Medians of what parse() makes of each job's runs; the jobs take turns, so that a busy moment meets all of them."""
    found = {name: [] for name in jobs}
    for _ in range(runs):
        for name, command in jobs.items():
            result = measured(command)
            if result:
                found[name].append(parse(name, result))
    return {name: [statistics.median(column) for column in zip(*results)] if results else None
            for name, results in found.items()}


def python(script, *arguments, interpreter=sys.executable):
    return [interpreter, os.path.join(HERE, script), *map(str, arguments)]


def train(path, *arguments):
    return [mlctl, "train", path, "--split", "every:5", "--threads", THREADS, "-q", "--json", "-m", "train.safetensors", *arguments]


def log_loss(name, result):
    text = result[2]
    return result[0], result[1], json.loads(text)["metrics"]["log_loss"] if name.startswith("mlctl") else float(text)


def end_to_end():
    data = f"made-{rows}.csv"
    jobs = {"mlctl train": train(data),
            "pandas, StandardScaler, LogisticRegression": python("peer_linear.py", "sklearn", data),
            "  with XGBoost, booster gblinear, 50 rounds": python("peer_linear.py", "xgboost", data),
            "  with LightGBM, linear_tree, 50 rounds": python("peer_linear.py", "lightgbm", data)}
    found = medians(jobs, log_loss)
    own = found["mlctl train"]
    print(f"\n| CSV of {rows} x 29 to a fitted model | seconds | MiB | log loss held out | times as long | share of its memory |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, peer in found.items():
        if peer:
            print(f"| {name:<44} | {peer[0]:6.2f} | {peer[1]:5.0f} | {peer[2]:.7f} | {peer[0] / own[0]:5.1f} | {own[1] / peer[1]:5.2f} |")
        else:
            print(f"| {name:<44} | not installed | | | | |")
    liblinear(own[0])


def liblinear(own):
    """From a file in its own format, features scaled: its reading and fitting together, for scale."""
    program, path = shutil.which("liblinear-train"), f"made-{rows}.svm"
    if not program:
        print("| LIBLINEAR -s 0 -c 1, from its own format     | not installed | | | | |")
        return
    if not os.path.exists(path):
        subprocess.run([sys.executable, "-c", f"""
import numpy as np, pandas as pd
from sklearn.datasets import dump_svmlight_file
t = pd.read_csv("made-{rows}.csv").to_numpy()
t = t[np.arange(len(t)) % 5 != 4]
dump_svmlight_file(t[:, :-1], t[:, -1], "making.svm", zero_based=False)
"""], check=True)
        os.rename("making.svm", path)
    result = medians({"liblinear": [program, "-s", "0", "-c", "1", "-q", path, "liblinear.model"]}, lambda _, r: r[:2])["liblinear"]
    print(f"| LIBLINEAR -s 0 -c 1, from its own format     | {result[0]:6.2f} | {result[1]:5.0f} | | {result[0] / own:5.1f} | |")


def seconds_and_loss(name, result):
    if name.startswith("mlctl"):
        return json.loads(result[2])["seconds"], json.loads(result[2])["log_loss"]
    return [float(line) for line in result[2].split()]


def fit_alone():
    matrix = f"made-{rows}.f64"
    if not os.path.exists(matrix):
        subprocess.run([sys.executable, "-c", f"""
import numpy as np, pandas as pd
t = pd.read_csv("made-{rows}.csv").to_numpy()
np.concatenate([np.ascontiguousarray(t[:, :-1]).ravel(), t[:, -1]]).tofile("{matrix}")
"""], check=True)
    # both stop at a largest gradient entry of 1e-4, scikit-learn's default
    jobs = {"mlctl lbfgs": [bench_fit, "logistic", matrix, THREADS, "lbfgs", "1000", "1e-4"],
            "scikit-learn lbfgs": python("peer_fit.py", "lbfgs", matrix),
            "mlctl sgd, five epochs": [bench_fit, "logistic", matrix, THREADS, "sgd", "5", "1e-4"],
            "SGDClassifier, five epochs": python("peer_fit.py", "sgd", matrix)}
    found = medians(jobs, seconds_and_loss)
    print(f"\n| logistic regression from a matrix {rows} x 28 | mlctl s | peer s | times as long | mlctl log loss | peer log loss |")
    print("| --- | --- | --- | --- | --- | --- |")
    for own, peer in (("mlctl lbfgs", "scikit-learn lbfgs"), ("mlctl sgd, five epochs", "SGDClassifier, five epochs")):
        (a, loss), (b, theirs) = found[own], found[peer]
        print(f"| {peer:<38} | {a:6.3f} | {b:6.3f} | {b / a:5.1f} | {loss:.6f} | {theirs:.6f} |")


def epoch(name, result):
    if name == "sgemm":
        return json.loads(result[2])["epoch"], json.loads(result[2])["gflops"]
    if name.startswith("mlctl"):
        return [statistics.median(json.loads(result[2])["epochs"])]
    return [statistics.median(map(float, result[2].split()))]


def network():
    print("\n| 784-128-64-10, adam, an epoch of 60,000 rows | mlctl s | PyTorch s (threads) | times as long | of it sgemm alone | its GFLOP/s |")
    print("| --- | --- | --- | --- | --- | --- |")
    for batch in (64, 1024):
        jobs = {"mlctl": [bench_fit, "mlp", str(batch), "3", THREADS], "sgemm": [bench_fit, "sgemm", THREADS, str(batch)]}
        for threads in (1, 2):
            jobs[f"{threads}"] = python("peer_fit.py", "mlp", batch, 3, threads, interpreter=torch)
        found = medians(jobs, epoch)
        peers = {name: found[name][0] for name in ("1", "2") if found[name]}
        best = min(peers, key=peers.get) if peers else None
        theirs = f"{peers[best]:6.3f} ({best}) | {peers[best] / found['mlctl'][0]:5.1f}" if best else "not installed |"
        share, rate = found["sgemm"][0] / found["mlctl"][0], found["sgemm"][1]
        print(f"| batch {batch:<38} | {found['mlctl'][0]:6.3f} | {theirs} | {share:4.0%} | {rate:5.1f} |")


def growth():
    print("\n| rows x 29 | seconds | MiB |\n| --- | --- | --- |")
    for n in (rows // 100, rows // 10, rows):
        result = medians({"mlctl": train(f"made-{n}.csv")}, lambda _, r: r[:2])["mlctl"]
        print(f"| {n:9} | {result[0]:6.3f} | {result[1]:5.0f} |")


def repeated(times):
    """The largest file that many times over."""
    path = f"made-{rows * times}.csv"
    if not os.path.exists(path):
        with open(f"made-{rows}.csv", "rb") as one, open("making.csv", "wb") as all_of_them:
            header = one.readline()
            all_of_them.write(header)
            for _ in range(times):
                one.seek(len(header))
                shutil.copyfileobj(one, all_of_them, 1 << 20)
        os.rename("making.csv", path)
    return path


def streamed():
    """Once each: the file of prepared rows is made in the first run and taken in the second."""
    print("\n| rows x 29, --stream --memory 256M | seconds, first run | MiB | seconds, rows taken | MiB |\n| --- | --- | --- | --- | --- |")
    for times in (1, 10):
        data = repeated(times) if times > 1 else f"made-{rows}.csv"
        cells = []
        for _ in range(2):
            result = measured(train(data, "--stream", "--memory", "256M", "--cache", "train.rows"))
            cells.append(f"{result[0]:6.2f} | {result[1]:5.0f}")
        os.remove("train.rows")
        print(f"| {rows * times:9} | {' | '.join(cells)} |")


print(f"medians of {runs}, {len(os.sched_getaffinity(0))} processors, {THREADS} threads")
end_to_end()
fit_alone()
network()
growth()
if os.environ.get("STREAM"):
    streamed()
