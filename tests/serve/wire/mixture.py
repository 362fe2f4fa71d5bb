"""
Mixed load on one server for a while: every protocol, errors, metrics, pages, reloads by file, SIGHUP and key, versions that
come and go, clients that leave amid a request. Every answer is one that there may be, and the server ends well.

usage: mixture.py SERVER TRAINER SECONDS [SERVER-OPTION...]
"""
import gzip
import json
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from wire import HOST, parse, receive

SERVER, TRAINER = map(os.path.realpath, sys.argv[1:3])
SECONDS, OPTIONS = float(sys.argv[3]), sys.argv[4:]
JSON, CSV = "Content-Type: application/json\r\n", "Content-Type: text/csv\r\n"
PERSON = '{"age":31,"city":"Oslo","when":"2024-01-01"}'
TENSOR = '{"name":"input-0","shape":[2,2],"datatype":"FP64",%s}'
folder = tempfile.mkdtemp()
os.chdir(folder)


def train(name, lines, *options):
    with open(name + ".csv", "w") as file:
        file.write("\n".join(lines) + "\n")
    subprocess.run([TRAINER, "train", name + ".csv", *options, "-q", "-m", name + ".safetensors"], check=True, stdout=subprocess.DEVNULL)


def put(source, target):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copyfile(source, target + ".new")
    os.rename(target + ".new", target)


for shift in (0, 1):
    train("mean%d" % shift, ["x,y,z"] + ["%d,%d,%g" % (i % 10, i // 10, (i % 10 + i // 10) / 2 + shift) for i in range(100)])
train("people", ["age,city,when,answer"] + ["%d,%s,2024-0%d-01,%s" % (20 + i % 41, "Oslo Rome Lima".split()[i % 3], i % 9 + 1, "yes" if i % 41 > 20 or i % 3 == 1 else "no")
                                            for i in range(120)])
if "--batch-window" in OPTIONS:
    train("wide", ["a,b,z"] + ["%d,%d,%d" % (i % 7, i % 5, i % 3) for i in range(60)], "--kind", "mlp", "--hidden", "1800,1800", "--epochs", "1")
with open("damaged", "wb") as file:
    file.write(open("mean0.safetensors", "rb").read()[:-9])
for version in ("1", "2", "3"):
    put("mean%d.safetensors" % (int(version) % 2), "models/mean/%s/model.safetensors" % version)
put("people.safetensors", "models/people/1/model.safetensors")
if os.path.exists("wide.safetensors"):
    put("wide.safetensors", "models/wide/1/model.safetensors")
keys = {}
for name, scopes in (("boss", "admin"), ("shop", "predict,metrics")):
    keys[name] = json.loads(subprocess.run([TRAINER, "token", "new", "--name", name, "--scopes", scopes, "--json"], check=True, stdout=subprocess.PIPE).stdout)
with open("keys", "w") as file:
    file.writelines(key["line"] + "\n" for key in keys.values())


def request(method, path, body=b"", head="", key="shop"):
    if isinstance(body, str):
        body = body.encode()
    length = "Content-Length: %d\r\n" % len(body) if method == "POST" else ""
    return ("%s %s HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n%s%s\r\n" % (method, path, keys[key]["token"], head, length)).encode() + body


def binary():
    head = '{"inputs":[%s],"parameters":{"binary_data_output":true}}' % (TENSOR % '"parameters":{"binary_data_size":32}')
    return request("POST", "/v2/models/mean/infer", head.encode() + struct.pack("<4d", 4, 5, 1, 2), "Inference-Header-Content-Length: %d\r\n" % len(head))


BIG = "[" + ",".join('{"x":%d,"y":2}' % (i % 50) for i in range(2000)) + "]"
# the request, and the statuses that it may have
ASKED = [
    (request("POST", "/predict", '{"x":4,"y":5}', JSON), {200}),
    (request("POST", "/models/mean/predict", BIG, JSON), {200, 404}),
    (request("POST", "/models/mean/versions/1/predict", "x,y\n4,5\n1,\n", CSV), {200, 404}),
    (request("POST", "/models/people/predict", "[" + PERSON + "]", JSON), {200, 404}),
    (request("POST", "/models/people/explain", PERSON, JSON), {200, 404, 400}),
    (request("POST", "/models/people/invoke", '{"dataframe_records":[' + PERSON + "]}", JSON), {200, 404}),
    (request("POST", "/v1/models/mean:predict", '{"instances":[[4,5],[1,2]]}'), {200, 404}),
    (request("POST", "/v1/models/people:classify", '{"examples":[' + PERSON + "]}"), {200, 404}),
    (request("POST", "/v2/models/mean/infer", '{"inputs":[' + TENSOR % '"data":[4,5,1,2]' + "]}"), {200, 404}),
    (binary(), {200, 404}),
    (request("POST", "/invocations", '{"instances":[[4,5]]}', JSON), {200}),
    (request("POST", "/invocations", "[4,5]\n[1,2]\n", "Content-Type: application/jsonlines\r\nAccept: text/csv\r\n"), {200}),
    (request("POST", "/predict", gzip.compress(BIG.encode()), JSON + "Content-Encoding: gzip\r\n"), {200}),
    (request("POST", "/predict", "no gzip", JSON + "Content-Encoding: gzip\r\n"), {400}),
    (request("POST", "/predict", '{"x":4,"y"', JSON), {400}),
    (request("POST", "/predict", '[{"x":"a"},{"y":1}]', JSON), {400}),
    (request("POST", "/predict", "a", "Content-Type: text/plain\r\n"), {415}),
    (request("POST", "/predict", '{"x":4,"y":5}', JSON).replace(b"mlctl_", b"mlctl_x"), {401}),
    (request("GET", "/nothing"), {404}),
    (request("GET", "/predict"), {405}),
    (request("GET", "/metrics"), {404}),
    (request("GET", "/model"), {200}),
    (request("GET", "/models"), {200}),
    (request("GET", "/page"), {200}),
    (request("GET", "/openapi.json"), {200}),
    (request("GET", "/healthz"), {200}),
    (request("GET", "/readyz"), {200}),
    (request("GET", "/v1/models/mean"), {200, 404}),
    (request("GET", "/v1/models/mean/metadata"), {200, 404}),
    (request("GET", "/v2/models/mean"), {200, 404}),
    (request("GET", "/v2/models/stats"), {200}),
    (request("POST", "/v2/repository/index"), {200}),
    (request("POST", "/v2/repository/models/mean/load"), {403}),
]
if os.path.exists("wide.safetensors"):
    ASKED += [(request("POST", "/models/wide/predict", body, JSON), {200}) for body in ('{"a":1,"b":2}', '[{"a":3,"b":2},{"a":1,"b":4}]')] * 2
    ASKED += [(request("POST", "/models/wide/predict", '{"a":"x"}', JSON), {400})]
WATCHED = [  # on the port that metrics have
    (request("GET", "/metrics"), {200}),
    (request("GET", "/metrics", head="Accept: application/openmetrics-text\r\n"), {200}),
    (request("GET", "/readyz"), {200}),
    (request("GET", "/model"), {404}),
]
ADMIN = [(request("POST", "/v2/repository/models/%s/%s" % (model, what), key="boss"), {200, 400})
         for model in ("mean", "people") for what in ("load", "rollback", "load", "load") + (("unload", "load") if model == "people" else ())]

log = open("serve.log", "w+")
process = subprocess.Popen([SERVER, "serve", "models", "--port", "0", "--metrics-port", "0", "--json", "--threads", "4", "--tokens", "keys", "--canary", "mean=3:30%", "--shadow", "mean=1", *OPTIONS],
                           stdout=subprocess.PIPE, stderr=log, text=True)
text = ""
while not text.endswith("}\n") or text.count("{") != text.count("}"):
    line = process.stdout.readline()
    if not line:
        sys.exit("the server did not start: " + open("serve.log").read())
    text += line
port, watched = (json.loads(text)[name] for name in ("port", "metrics_port"))
end = time.monotonic() + SECONDS
counts, wrong = {}, []


def answer(sock):
    """Status of one reply, and whether it is the connection's last."""
    data = b""
    while True:
        part = sock.recv(1 << 16)
        if not part:
            raise ValueError("closed after %d bytes" % len(data))
        data += part
        head, found, body = data.partition(b"\r\n\r\n")
        if found:
            length = next(int(l.split(b":")[1]) for l in head.split(b"\r\n") if l.lower().startswith(b"content-length:"))
            if len(body) >= length:
                return int(data[9:12]), b"\r\nConnection: close" in head, body


def client(seed, asked, at):
    choose = random.Random(seed)
    while time.monotonic() < end and not wrong:
        data, begun = b"", time.monotonic()
        try:
            with socket.create_connection((HOST, at), 60) as sock:
                for _ in range(choose.randrange(1, 60)):
                    data, statuses = choose.choice(asked)
                    begun = time.monotonic()
                    sock.sendall(data)
                    status, last, body = answer(sock)
                    counts[status] = counts.get(status, 0) + 1
                    if status not in statuses:
                        wrong.append("%r: %d %r" % (data[:200], status, body[:200]))
                    if last or time.monotonic() > end:
                        break
        except (OSError, ValueError) as problem:
            wrong.append("%r: %r, %.1f s after it was begun" % (data[:200], problem, time.monotonic() - begun))


def leaver():
    """Leaves amid a request, or before the answer, with a reset now and then."""
    choose = random.Random(7)
    while time.monotonic() < end:
        with socket.create_connection((HOST, port), 60) as sock:
            data = choose.choice(ASKED + ADMIN)[0]
            sock.sendall(data[:choose.randrange(1, len(data) + 1)])
            if choose.random() < 0.5:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        time.sleep(0.01)


def changer():
    """Files change under the server."""
    choose = random.Random(8)
    while time.monotonic() < end:
        what = choose.randrange(6)
        if what == 0:
            process.send_signal(signal.SIGHUP)
        elif what == 1:
            put("damaged", "models/mean/2/model.safetensors")
        elif what == 2:
            put("mean%d.safetensors" % choose.randrange(2), "models/mean/4/model.safetensors")
        elif what == 3:
            shutil.rmtree("models/mean/4", ignore_errors=True)
        elif what == 4:
            put("keys", "./keys.new")
            os.rename("keys.new", "keys")
        else:
            put("mean%d.safetensors" % choose.randrange(2), "models/mean/%d/model.safetensors" % choose.choice((1, 2, 3)))
        time.sleep(choose.uniform(0.02, 0.3))


threads = [threading.Thread(target=client, args=(seed, ASKED, port)) for seed in range(6)]
threads += [threading.Thread(target=client, args=(99, ADMIN, port)), threading.Thread(target=client, args=(98, WATCHED, watched)),
            threading.Thread(target=leaver), threading.Thread(target=changer)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
process.send_signal(signal.SIGTERM)
status = process.wait(120)
said = open("serve.log").read()
os.chdir("/")
shutil.rmtree(folder)
print("%.0f s, %d answers: %s; the server ended with %d" % (SECONDS, sum(counts.values()), dict(sorted(counts.items())), status))
if status != 0 or wrong or "Sanitizer" in said or "runtime error" in said:
    sys.exit("%s\n%s" % ("\n".join(wrong[:5]), said[-20000:]))
