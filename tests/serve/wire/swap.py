"""
A model file is replaced again and again while clients ask: no request fails, every answer is that of the model whose
digest is in its X-Model-Digest, one that was there, and once the server has counted the new file every answer is the new
model's.

usage: swap.py PORT PID LIVE COUNT A B DAMAGED

LIVE is the served file. Every fourth file that takes its place is the damaged one. Every second change is announced by
SIGHUP, the others by nothing but themselves.
"""
import http.client
import json
import os
import shutil
import signal
import struct
import sys
import threading
import time

port, pid, live, count = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
good, damaged = sys.argv[5:7], sys.argv[7]
BODY = json.dumps({"x": 4, "y": 5})
HEADERS = {"Content-Type": "application/json"}
stopped = threading.Event()
failures, answers, asked = [], set(), [0]


def digest_of(path):
    """As it stands in the file's metadata."""
    with open(path, "rb") as file:
        length, = struct.unpack("<Q", file.read(8))
        return json.loads(file.read(length))["__metadata__"]["mlctl.sha256"]


def ask(connection):
    """The digest of the model that has answered, and what it has said."""
    connection.request("POST", "/predict", BODY, HEADERS)
    reply = connection.getresponse()
    text = reply.read()
    if reply.status != 200:
        raise ValueError("%d %r" % (reply.status, text))
    return reply.getheader("X-Model-Digest"), json.loads(text)["prediction"]


def client():
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    n = 0
    try:
        while not stopped.is_set():
            answers.add(ask(connection))
            asked[0] += 1
            n += 1
            if n % 900 == 0:  # the server ends a connection after 1000 requests, and says so
                connection.close()
    except Exception as failure:
        failures.append(repr(failure))


def counts():
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    name = 'mlctl_model_loads_total{outcome="%s"} '
    return [int(line.rpartition(" ")[2]) for o in ("served", "refused") for line in text.splitlines()
            if line.startswith(name % o)]


def soon(holds, what):
    for _ in range(1200):
        if holds():
            return
        time.sleep(0.05)
    sys.exit("a minute has passed without " + what)


def now():
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    value = ask(connection)
    connection.close()
    return value


values = []
digests = [digest_of(path) for path in good]
clients = [threading.Thread(target=client, daemon=True) for _ in range(4)]
for thread in clients:
    thread.start()
which = 0
value = now()
for change in range(count):
    bad = change % 4 == 3
    before = counts()
    if not bad:
        which = 1 - which
    shutil.copyfile(damaged if bad else good[which], live + ".new")
    os.rename(live + ".new", live)
    if change % 2 == 0:
        os.kill(pid, signal.SIGHUP)
    soon(lambda: counts()[1 if bad else 0] > before[1 if bad else 0], "change %d" % change)
    after = now()
    if (after == value) != bad or after[0] != digests[which]:
        sys.exit("after change %d the answer is %r, before it was %r" % (change, after, value))
    value = after
    values.append(value)
stopped.set()
for thread in clients:
    thread.join()
if failures:
    sys.exit("failed: %s" % failures[:5])
if len(set(values)) != 2 or not answers <= set(values):
    sys.exit("answers of nobody: %s, of the models: %s" % (answers, set(values)))
print("%d changes, %d requests, none failed, every answer that of its digest" % (count, asked[0]))
