"""Runs and prints what scripts/bench/serve says.
usage: run_serve.py ROUNDS SECONDS CONNECTIONS STARTS REQUESTS PEERS VENVS  (in the folder of its files; MLCTL, CONSTANT, SGEMV: programs)"""
import json
import os
import random
import re
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import time

rounds, seconds, connections, starts, requests, peers = map(int, sys.argv[1:7])
venvs = sys.argv[7]
HERE = os.path.dirname(os.path.abspath(__file__))
MLCTL, CONSTANT, SGEMV = os.environ["MLCTL"], os.environ["CONSTANT"], os.environ["SGEMV"]
THREADS = str(min(2, len(os.sched_getaffinity(0))))
NGINX = os.environ.get("NGINX") or shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
CONSTANT_JSON = '{"prediction":"no","probabilities":{"no":0.9990466853706541,"yes":0.0009533146293458876}}'
ROWS, COLUMNS = 256, 28
running = []


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def ask(port, path, body, kind="application/json", header=""):
    """The status of one request, 0: none."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as s:
            s.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n{header}"
                      f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
            return int(s.recv(64)[9:12] or 0)
    except (OSError, ValueError):
        return 0


class Server:
    """A program that answers body on path; ready when it says 200."""

    def __init__(self, command, port, path, body, patience=5, env=None, cwd=None, **how):
        self.port, self.path, self.body, self.how = port, path, body, how
        begin = time.perf_counter()
        self.child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=cwd,
                                      env={**os.environ, **(env or {})}, start_new_session=True)
        running.append(self)
        while ask(port, path, body, **how) != 200:
            if self.child.poll() is not None or time.perf_counter() - begin > patience:
                self.stop()
                raise RuntimeError("did not start")
            time.sleep(0.0002 if patience <= 5 else 0.05)
        self.took = time.perf_counter() - begin

    def stop(self):
        if self in running:
            running.remove(self)
            self.child.terminate()
            try:
                self.child.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self.child.pid, 9)
                self.child.wait()

    def processes(self, file):
        """What /proc says of the program and its children."""
        pids = subprocess.run(["pgrep", "-g", str(self.child.pid)], capture_output=True, text=True).stdout.split()
        for pid in {str(self.child.pid), *pids}:
            with open(f"/proc/{pid}/{file}") as f:
                yield f.read()

    def memory(self):
        """Resident MiB."""
        return sum(int(re.search(r"VmRSS:\s+(\d+)", text)[1]) for text in self.processes("status")) / 1024

    def processor(self):
        """Seconds of processor time."""
        return sum(sum(map(int, text.rsplit(")", 1)[1].split()[11:13])) for text in self.processes("stat")) / os.sysconf("SC_CLK_TCK")

    def load(self, for_seconds=seconds):
        """Requests a second, milliseconds of half and of 99 percent of them, requests, those that failed, the server's processor us of each."""
        with open(f"body-{self.port}", "wb") as f:
            f.write(self.body)
        with open(f"ask-{self.port}.lua", "w") as f:
            f.write(f'local f = io.open("body-{self.port}", "rb"); wrk.body = f:read("*a"); f:close(); wrk.method = "POST"\n'
                    f'wrk.headers["Content-Type"] = "{self.how.get("kind", "application/json")}"\n')
            for line in filter(None, self.how.get("header", "").split("\r\n")):
                f.write('wrk.headers["%s"] = "%s"\n' % tuple(line.split(": ")))
        before = self.processor()
        text = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{for_seconds}s", "--latency", "-s", f"ask-{self.port}.lua",
                               f"http://127.0.0.1:{self.port}{self.path}"], capture_output=True, text=True).stdout
        for name in (f"body-{self.port}", f"ask-{self.port}.lua"):
            os.remove(name)
        spent = self.processor() - before
        units = {"us": 1e-3, "ms": 1, "s": 1e3, "m": 6e4}
        point = {p: float(v) * units[u] for p, v, u in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s|m)\b", text)}
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
        count = int(re.search(r"(\d+) requests in", text)[1])
        return (float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), point.get("50", 0), point.get("99", 0), count,
                int(bad[1]) if bad else 0, spent * 1e6 / max(count, 1))


def in_turns(servers):
    """Medians of what load() says of each; all of them go through every round."""
    found = {name: [] for name in servers}
    for name, server in servers.items():
        server.load(1)
    for _ in range(rounds):
        for name, server in servers.items():
            found[name].append(server.load())
    return {name: [statistics.median(column) for column in zip(*results)] for name, results in found.items()}


def train(columns):
    """A linear model of two classes, its table, and a row for it."""
    random.seed(1)
    names = [f"x{i}" for i in range(columns)]
    with open(f"serve-{columns}.csv", "w") as f:
        f.write(",".join(names) + ",y\n")
        for _ in range(3000):
            row = [random.gauss(0, 1) for _ in names]
            f.write(",".join(f"{v:.6f}" for v in row) + (",yes\n" if sum(row) + random.gauss(0, 1) > 0 else ",no\n"))
    subprocess.run([MLCTL, "train", f"serve-{columns}.csv", "-q", "-m", f"serve-{columns}.safetensors"], check=True, stdout=subprocess.DEVNULL)
    return json.dumps({name: round(random.gauss(0, 1), 6) for name in names}).encode()


def ours(columns, path, body, *flags, **how):
    port = free_port()
    return Server([MLCTL, "serve", f"serve-{columns}.safetensors", "--port", str(port), "--threads", THREADS, *flags], port, path, body, **how)


def constant(path, body, **how):
    port = free_port()
    return Server([CONSTANT, str(port), THREADS, CONSTANT_JSON], port, path, body, **how)


def nginx(path, body, **how):
    port, folder = free_port(), os.path.abspath("nginx")
    os.makedirs(folder, exist_ok=True)
    temporary = "".join(f"{name}_temp_path {folder};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    with open(f"{folder}/conf", "w") as f:
        f.write(f"worker_processes {THREADS}; daemon off; pid {folder}/pid; error_log /dev/null;\nevents {{ worker_connections 2048; }}\n"
                f"http {{ access_log off; keepalive_requests 1000000000; default_type application/json; client_body_buffer_size 256k; {temporary}\n"
                f"server {{ listen 127.0.0.1:{port}; location / {{ return 200 '{CONSTANT_JSON}'; }} }} }}\n")
    return Server([NGINX, "-p", folder, "-c", f"{folder}/conf"], port, path, body, **how)


def head(*names):
    print("\n| " + " | ".join(names) + " |\n" + "| --- " * len(names) + "|")


def single_row(body):
    head("one row of JSON", "requests/s", "of libmicrohttpd", "of nginx", "p50 ms", "p99 ms", "p99 of nginx", "processor us")
    for columns in (COLUMNS, 2):
        servers = {"libmicrohttpd, a constant": constant("/predict", body[columns]), "mlctl": ours(columns, "/predict", body[columns])}
        if NGINX:
            servers["nginx, a constant"] = nginx("/predict", body[columns])
        found = in_turns(servers)
        for server in list(servers.values()):
            server.stop()
        bare, web = found["libmicrohttpd, a constant"], found.get("nginx, a constant")
        for name, (rate, half, most, _, bad, spent) in found.items():
            print(f"| {name}, {columns} columns | {rate:.0f} | {rate / bare[0]:.2f} | " + (f"{rate / web[0]:.2f}" if web else "not installed") +
                  f" | {half:.2f} | {most:.2f} | " + (f"{most / web[2]:.2f}" if web else "not installed") + f" | {spent:.1f} |" + (f" {bad:.0f} failed" if bad else ""))


def binary():
    values = struct.pack(f"<{ROWS * COLUMNS}f", *(random.gauss(0, 1) for _ in range(ROWS * COLUMNS)))
    request = json.dumps({"inputs": [{"name": "input-0", "shape": [ROWS, COLUMNS], "datatype": "FP32", "parameters": {"binary_data_size": len(values)}}],
                          "outputs": [{"name": "probabilities", "parameters": {"binary_data": True}}]}).encode()
    how = {"kind": "application/octet-stream", "header": f"Inference-Header-Content-Length: {len(request)}\r\n"}
    path = f"/v2/models/serve-{COLUMNS}/infer"
    servers = {"mlctl": ours(COLUMNS, path, request + values, **how),
               "libmicrohttpd, the same request and a constant": constant(path, request + values, **how)}
    found = in_turns(servers)
    for server in list(servers.values()):
        server.stop()
    limit = float(subprocess.run([SGEMV, str(ROWS), str(COLUMNS)], capture_output=True, text=True, check=True).stdout)
    head(f"binary tensors of {ROWS} x {COLUMNS} FP32", "million rows/s", "of sgemv", "p50 ms", "p99 ms", "processor us a request")
    for name, (rate, half, most, _, bad, spent) in found.items():
        print(f"| {name} | {rate * ROWS / 1e6:.2f} | {rate * ROWS / limit:.2f} | {half:.2f} | {most:.2f} | {spent:.1f} |" + (f" {bad:.0f} failed" if bad else ""))
    print(f"| sgemv alone, one thread | {limit / 1e6:.2f} | 1.00 | | | |")


def start_and_memory(body):
    took = []
    for _ in range(starts):
        server = ours(2, "/predict", body[2])
        took.append(server.took * 1e3)
        server.stop()
    server = ours(COLUMNS, "/predict", body[COLUMNS], "--max-rows", "65536")
    time.sleep(1)
    idle, done = server.memory(), 0
    server.load(1)
    warm = server.memory()
    while done < requests:
        done += server.load(min(seconds * 10, 60) if requests > 1000000 else seconds)[3]
    head("mlctl", "")
    print(f"| exec to the first 200 on /predict, median of {starts} (of nine in ten) | {statistics.median(took):.1f} ms ({statistics.quantiles(took, n=10)[8]:.1f}) |"
          if starts > 1 else "| no starts asked for | |")
    print(f"| resident memory at rest | {idle:.1f} MiB |\n| after a second of load | {warm:.1f} MiB |\n| after {done} requests more | {server.memory():.1f} MiB |")
    server.stop()


def peer(name, venv, command, path, wrap, env=None, cwd=None, save=None):
    """A row of the table of peers: mlctl's requests a second are divided by the peer's."""
    bin = f"{venvs}/venv-{venv}/bin"
    program = f"{bin}/{command[0]}"
    if not os.path.exists(program):
        log = f"pip-{venv}.log"
        last = open(log).read().strip().splitlines()[-1:] if os.path.exists(log) else []
        return name, None, "not installed" + (f": {last[0][:90]}" if last else "")
    port = free_port()
    where = os.path.abspath(f"peer-{venv}")
    if save:
        shutil.rmtree(where, ignore_errors=True)
        done = subprocess.run([f"{bin}/python", f"{HERE}/peer_serve.py", "save", venv, f"serve-{venv}.joblib", where], capture_output=True, text=True)
        if done.returncode:
            return name, None, "does not take the model: " + done.stderr.strip().splitlines()[-1][:90]
    env = {**(env or {}), "MODEL": os.path.abspath(f"serve-{venv}.joblib"), "PYTHONPATH": HERE, "PATH": f"{bin}:{os.environ['PATH']}"}
    env = {key: value.replace("PORT", str(port)) for key, value in env.items()}
    try:
        server = Server([program, *(word.replace("PORT", str(port)).replace("WHERE", where) for word in command[1:])], port, path, wrap,
                        patience=90, env=env, cwd=where if cwd else None)
    except RuntimeError as error:
        return name, None, str(error)
    server.load(1)
    found, memory, took = server.load(), server.memory(), server.took
    server.stop()
    return name, found, f"{took * 1e3:.0f} ms, {memory:.0f} MiB"


def peers_table(body):
    row = json.loads(body[COLUMNS])
    for venv in ("python", "mlflow", "bentoml", "mlserver"):
        if os.path.exists(f"{venvs}/venv-{venv}/bin/python"):
            subprocess.run([f"{venvs}/venv-{venv}/bin/python", f"{HERE}/peer_train.py", f"serve-{COLUMNS}.csv", "classification", f"serve-{venv}.joblib"],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    tensors = json.dumps({"inputs": [{"name": name, "shape": [1, 1], "datatype": "FP64", "data": [value], "parameters": {"content_type": "np"}}
                                     for name, value in row.items()], "parameters": {"content_type": "pd"}}).encode()
    named = json.dumps({"row": row}).encode()
    records = json.dumps({"dataframe_records": [row]}).encode()
    found = [peer("Flask's own server", "python", ["python", f"{HERE}/peer_serve.py", f"{os.getcwd()}/serve-python.joblib", "PORT"], "/predict", body[COLUMNS]),
             peer("FastAPI, uvicorn, two workers", "python", ["uvicorn", "--workers", "2", "--log-level", "error", "--port", "PORT", "peer_serve:fastapi_app"],
                  "/predict", body[COLUMNS]),
             peer("gunicorn, two workers, Flask", "python", ["gunicorn", "-w", "2", "-b", "127.0.0.1:PORT", "peer_serve:flask_app"], "/predict", body[COLUMNS]),
             peer("mlflow models serve", "mlflow", ["mlflow", "models", "serve", "-m", "WHERE", "--env-manager", "local", "-p", "PORT"], "/invocations", records,
                  save=True),
             peer("bentoml serve", "bentoml", ["bentoml", "serve", "peer:Peer", "--port", "PORT"], "/predict", named, cwd=True, save=True,
                  env={"BENTOML_DO_NOT_TRACK": "True"}),
             peer("mlserver start", "mlserver", ["mlserver", "start", "."], "/v2/models/peer/infer", tensors, cwd=True, save=True,
                  env={"MLSERVER_HTTP_PORT": "PORT", "MLSERVER_GRPC_PORT": str(free_port()), "MLSERVER_METRICS_PORT": str(free_port())})]
    server = ours(COLUMNS, "/predict", body[COLUMNS])
    server.load(1)
    own = server.load()
    server.stop()
    head(f"one row of JSON, {COLUMNS} columns", "requests/s", "mlctl's are", "p50 ms", "p99 ms", "first answer, memory")
    print(f"| mlctl | {own[0]:.0f} | 1 x | {own[1]:.2f} | {own[2]:.2f} | |")
    for name, of, rest in found:
        print(f"| {name} | " + (f"{of[0]:.0f} | {own[0] / of[0]:.0f} x | {of[1]:.2f} | {of[2]:.2f} | {rest}" + (f", {of[4]} failed" if of[4] else "")
                                if of else f"{rest} | | | |") + " |")


try:
    print(f"medians of {rounds} rounds of {seconds} s, {THREADS} cores, {connections} connections of wrk")
    rows = {columns: train(columns) for columns in (COLUMNS, 2)}
    single_row(rows)
    binary()
    start_and_memory(rows)
    if peers:
        peers_table(rows)
finally:
    for server in list(running):
        server.stop()
