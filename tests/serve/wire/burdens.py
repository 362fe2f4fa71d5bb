"""
What a server must bear, one burden at a time; each starts a server of its own, says what it has measured, and fails when
it is not borne. The sizes are small enough for the check; --full has those of the goals.

usage: burdens.py [--full] MLCTL BURDEN...

  swaps    the model's file is replaced while wrk asks, a quarter of the times by a damaged one
  drain    SIGTERM while requests are half sent, and at random moments under load
  slow     clients that dawdle over head, body, answer or handshake; what others wait meanwhile
  files    every descriptor is taken
  kills    clients are killed in the middle of their bodies
  full     four times as many clients as there are places
  ready    as many connections with a request at once as the library takes events at a time, or nearly
  large    four predictions of thousands of rows by a wide network; what others wait meanwhile
  overload more large requests than may wait, from clients that ask again at once: what comes of those that are let in
  queue    more large requests than may wait, ones that take too long, and SIGTERM while they are there
  together single rows for a network of millions of weights, with --batch-window: the answers are those of each alone
  bombs    a megabyte of hostile JSON
  mutants  requests with something wrong by chance, each followed by a sound one
  tokens   whether the time that a wrong token takes says where it is wrong
  soak     millions of requests, with errors and reloads among them (--full: 24 million, PIECES at a time)
"""
import concurrent.futures
import fcntl
import gzip
import json
import math
import os
import random
import re
import select
import shutil
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import termios
import threading
import time

from wire import HOST, connect, parse, post, receive, reply

FULL = "--full" in sys.argv
ARGUMENTS = [argument for argument in sys.argv[1:] if argument != "--full"]
ROW = b'{"x":4,"y":5}'
HERE = os.path.dirname(os.path.abspath(__file__))
MLCTL = os.path.realpath(ARGUMENTS[0])
STARTED = []  # what does not end by itself


def train(name, shift=0):
    with open(name + ".csv", "w") as file:
        file.write("x,y,z\n")
        for i in range(100):
            file.write("%d,%d,%g\n" % (i % 10, i // 10, (i % 10 + i // 10) / 2 + shift))
    subprocess.run([MLCTL, "train", name + ".csv", "-q", "--l2", "0", "--split", "none", "-m", name + ".safetensors"],
                   check=True, stdout=subprocess.DEVNULL)
    return name + ".safetensors"


class Server:
    def __init__(self, model, *options, files=None, nice=0):
        limit = ["prlimit", "--nofile=%d" % files] if files else ["nice", "-n%d" % nice] if nice else []
        self.log = open("serve.log", "w+")
        self.process = subprocess.Popen([*limit, MLCTL, "serve", model, "--port", "0", "--json", *options],
                                        stdout=subprocess.PIPE, stderr=self.log, text=True)
        STARTED.append(self.process)
        text = ""
        while not text.endswith("}\n") or text.count("{") != text.count("}"):
            line = self.process.stdout.readline()
            if not line:
                sys.exit("the server did not start: " + open("serve.log").read())
            text += line
        said = json.loads(text)
        self.port, self.pid = said["port"], said["pid"]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(60)
        if status != 0:
            sys.exit("the server ended with %d: %s" % (status, open("serve.log").read()[-2000:]))

    def status(self, name):
        with open("/proc/%d/status" % self.pid) as file:
            return int(next(line for line in file if line.startswith(name + ":")).split()[1])

    def forget_peak(self):
        """VmHWM begins anew with what is resident now."""
        with open("/proc/%d/clear_refs" % self.pid, "w") as file:
            file.write("5")

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.pid))

    def processor(self):
        """Seconds of processor so far."""
        with open("/proc/%d/stat" % self.pid) as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def nices(self):
        """How nice each thread is."""
        folder, nices = "/proc/%d/task" % self.pid, []
        for task in os.listdir(folder):
            with open("%s/%s/stat" % (folder, task)) as file:
                nices.append(int(file.read().rpartition(")")[2].split()[16]))
        return nices

    def get(self, path):
        with connect(self.port) as sock:
            sock.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % path.encode())
            return parse(receive(sock, 60)[0])[0]

    def metric(self, line):
        reply = self.get("/metrics")
        need(reply.status == 200, "/metrics", reply.status)
        found = re.search(r"^%s (\S+)$" % re.escape(line), reply.body.decode(), re.M)
        return float(found.group(1)) if found else 0.0

    def predicts(self, body=ROW, **how):
        with connect(self.port) as sock:
            sock.sendall(post(body, extra="Connection: close\r\n", **how))
            return parse(receive(sock, 60)[0])[0]


def need(holds, *what):
    if not holds:
        sys.exit("not so: " + " ".join(map(str, what)))


def soon(holds, what, seconds=60):
    end = time.monotonic() + seconds
    while not holds():
        need(time.monotonic() < end, what, "not within", seconds, "s")
        time.sleep(0.02)


def quantile(values, q):
    values = sorted(values)
    return values[min(len(values) - 1, int(q * len(values)))]


# ---- wrk -----------------------------------------------------------------------------------------------------------

# Counts answers that are not 200 with one of the bodies and the digest that goes with it; errors of sockets are counted by wrk.
LUA = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"x":4,"y":5}'
known = { %s }
bad = 0
local threads = {}
function setup(thread) table.insert(threads, thread) end
function response(status, headers, body)
    if status ~= 200 or not known[body] or known[body] ~= headers["X-Model-Digest"] then
        bad = bad + 1
        if bad < 4 then print("BAD " .. status .. " " .. body) end
    end
end
function done(summary, latency, requests)
    local bad = 0
    for _, thread in ipairs(threads) do bad = bad + thread:get("bad") end
    local e = summary.errors
    print(string.format("DONE %%d %%d %%d %%d %%d %%d %%d", summary.requests, bad, e.connect, e.read, e.write, e.timeout, e.status))
end
"""


class Wrk:
    """wrk until stop(); whatever is not one of these answers is a failure."""

    def __init__(self, port, answers, connections=32):
        with open("wrk.lua", "w") as file:
            file.write(LUA % ", ".join("[%s] = %s" % (json.dumps(answer.body.decode()), json.dumps(answer.headers["x-model-digest"])) for answer in answers))
        self.process = subprocess.Popen(["wrk", "-t1", "-c%d" % connections, "-d36000s", "--timeout", "60s", "-s", "wrk.lua", "http://%s:%d/predict" % (HOST, port)],
                                        stdout=subprocess.PIPE, text=True)
        STARTED.append(self.process)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        text = self.process.communicate(timeout=90)[0]
        requests, *failures = map(int, re.search(r"^DONE (.*)$", text, re.M).group(1).split())
        need(not any(failures), "of", requests, "requests failed", dict(zip(("answer", "connect", "read", "write", "timeout", "status"), failures)), text)
        return requests


# ---- the burdens ---------------------------------------------------------------------------------------------------


def swaps():
    count = 200 if FULL else 12
    models = [train("a"), train("b", 1)]
    with open("damaged", "wb") as file:
        file.write(open(models[0], "rb").read()[:-7])
    shutil.copyfile(models[0], "live.safetensors")
    server = Server("live.safetensors")
    answers = [server.predicts()]
    shutil.copyfile(models[1], "next")
    os.rename("next", "live.safetensors")
    soon(lambda: server.predicts().body != answers[0].body, "the other model")
    answers.append(server.predicts())
    shutil.copyfile(models[0], "next")
    os.rename("next", "live.safetensors")
    soon(lambda: server.predicts().body == answers[0].body, "the first model")
    load = Wrk(server.port, answers)
    subprocess.run([sys.executable, os.path.join(HERE, "swap.py"), str(server.port), str(server.pid), "live.safetensors", str(count), *models, "damaged"],
                   check=True)
    asked = load.stop()
    server.stop()
    print("swaps: %d changes, a quarter of them damaged, %d requests of wrk, none failed, every answer that of the model whose digest it has" % (count, asked))


def drain_half():
    """Requests half sent when the signal comes: all are answered in full, and the end comes soon after."""
    count = 1000 if FULL else 200
    server = Server(MODEL, "--max-connections", "2000", "--grace", "60")
    request = post(b"[" + b",".join([ROW] * 20) + b"]")
    held = []
    for _ in range(count):
        sock = connect(server.port, timeout=60)
        sock.sendall(request[:-10])
        held.append(sock)
    soon(lambda: server.metric("mlctl_connections") >= count + 1, "connections")
    time.sleep(0.3)
    idle = connect(server.port)
    server.process.send_signal(signal.SIGTERM)
    before = time.monotonic()
    need(receive(idle, 10)[1] is not False, "an idle connection is closed")
    closed = time.monotonic() - before
    for sock in held:
        sock.sendall(request[-10:])
    for sock in held:
        replies = parse(receive(sock, 60)[0])
        need([r.status for r in replies] == [200] and replies[0].body.count(b"prediction") == 20, "a request over the signal")
        sock.close()
    before = time.monotonic()
    need(server.process.wait(60) == 0, "the status of the end")
    ended = time.monotonic() - before
    print("drain: %d requests half sent at SIGTERM, 0 failed; idle closed after %.2f s, end %.2f s after the last" % (count, closed, ended))
    need(not FULL or (closed <= 1 and ended <= 2), "in time")


def drain():
    drain_half()
    times = 20 if FULL else 1
    for i in range(times):
        server = Server(MODEL)
        out = subprocess.run([sys.executable, os.path.join(HERE, "drain.py"), str(server.port), str(server.pid), "%.2f" % random.uniform(0.05, 1)],
                             stdout=subprocess.PIPE, text=True)
        need(out.returncode == 0, out.stdout)
        need(server.process.wait(60) == 0, "the status of the end")
    print("drain: %d times SIGTERM under load, 0 failed" % times)


DEADLINE = 5  # seconds
BYTES_A_SECOND = 500  # of a body or an answer put it off
DRAINS = concurrent.futures.ThreadPoolExecutor(2)


class Dawdler:
    """One slow connection, opened again when it is closed."""
    HEADS = {
        "head": (b"GET / HTTP/1.1\r\nHost: a\r\nX: ", b"a"),
        "body": (b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n[", b" "),
        "read": (post(b"[" + b",".join([ROW] * 3000) + b"]") * 3, b""),
        "tls": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b""),
    }

    def __init__(self, port, kind):
        self.port, self.kind, self.sock, self.opened, self.longest, self.closed, self.taken = port, kind, None, 0.0, 0.0, 0, 0
        self.drained = None  # what drains it

    def turn(self):
        if self.drained:
            if not self.drained.done():
                return
            self.drained.result()
            self.drained = None
        now = time.monotonic()
        start, drip = self.HEADS[self.kind]
        if self.sock is None:
            self.sock = socket.socket()
            if self.kind == "read":
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            try:
                self.sock.connect((HOST, self.port))
                self.sock.setblocking(False)
                self.sock.send(start)
            except OSError:
                self.sock = None
                return
            self.opened, self.taken = now, 0
        elif self.kind == "read":
            self.read(now - self.opened)
        else:
            self.longest = max(self.longest, now - self.opened)
            try:
                self.sock.send(drip)
            except BlockingIOError:
                pass
            except OSError:
                self.gone(time.monotonic() - self.opened)

    def read(self, age):
        """A byte a turn, until a second after the deadline, which what was taken puts off."""
        try:
            there = bytearray(4)
            fcntl.ioctl(self.sock, termios.FIONREAD, there)
            if age > DEADLINE + (self.taken + int.from_bytes(there, sys.byteorder)) / BYTES_A_SECOND + 1:
                self.drained = DRAINS.submit(self.drain, age)
            elif self.sock.recv(1):
                self.taken += 1
            else:
                self.gone(0)
        except BlockingIOError:
            pass
        except OSError:
            self.gone(0)

    def drain(self, age):
        """All that is there, which takes a while; behind it is the end."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.sock.settimeout(1)
        try:
            while self.sock.recv(1 << 20):
                pass
            age = 0
        except TimeoutError:
            pass
        except OSError:
            age = 0
        self.gone(age)

    def gone(self, age):
        self.longest = max(self.longest, age)
        self.sock.close()
        self.sock = None
        self.closed += 1

    def look(self, events):
        """Something has come: the end, or a word before it. False: it need not be looked at again."""
        try:
            if events & (select.POLLHUP | select.POLLERR) or not self.sock.recv(4096):
                self.gone(time.monotonic() - self.opened)
        except BlockingIOError:
            pass
        except OSError:
            self.gone(time.monotonic() - self.opened)
        return self.sock is not None


def look_after(dawdlers, until):
    """Notes when each is closed on, but of those that do not read."""
    poll, by = select.poll(), {}
    for dawdler in dawdlers:
        if dawdler.sock and dawdler.kind != "read":
            by[dawdler.sock.fileno()] = dawdler
            poll.register(dawdler.sock, select.POLLIN)
    while (left := until - time.monotonic()) > 0:
        for fd, events in poll.poll(1e3 * left):
            if not by[fd].look(events):
                poll.unregister(fd)


def waits(port, seconds, context):
    """What an honest client waits: half of the requests by connections of their own."""
    waited, end, kept = [], time.monotonic() + seconds, None
    n = 0
    while time.monotonic() < end:
        n += 1
        before = time.monotonic()
        if kept is None or n % 2 == 0:
            if kept is not None:
                kept.close()
            kept = socket.create_connection((HOST, port), 60)
            if context:
                kept = context.wrap_socket(kept, server_hostname=HOST)
        kept.sendall(post(ROW))
        data = b""
        while not data.endswith(b"}\n"):
            part = kept.recv(65536)
            need(part, "the honest client was closed on after", round(time.monotonic() - before, 2), "s, request", n, "of", "a new" if n % 2 == 0 else "a kept", "connection")
            data += part
        need(data.startswith(b"HTTP/1.1 200"), "the honest client", data[:100])
        waited.append(time.monotonic() - before)
        time.sleep(0.002)
    return waited


def slow_with(kinds, options, context=None):
    count, seconds = (500 if context else 2000, 60) if FULL else (200, 2)
    timeouts = [word for name in ("header", "body", "idle") for word in ("--%s-timeout" % name, str(DEADLINE))]
    server = Server(MODEL, "--max-connections", "4000", *timeouts, *options)
    alone = waits(server.port, seconds / 6, context)
    dawdlers = [Dawdler(server.port, kinds[i % len(kinds)]) for i in range(count)]
    stopped = threading.Event()

    def dawdle():
        while not stopped.is_set():
            before = time.monotonic()
            for dawdler in dawdlers:
                dawdler.turn()
            look_after(dawdlers, before + 1)

    thread = threading.Thread(target=dawdle, daemon=True)
    processor = server.processor()
    thread.start()
    waited = waits(server.port, seconds, context)
    processor = (server.processor() - processor) / seconds
    stopped.set()
    thread.join()
    concurrent.futures.wait([dawdler.drained for dawdler in dawdlers if dawdler.drained])
    closed, longest = sum(d.closed for d in dawdlers), max(d.longest for d in dawdlers)
    for dawdler in dawdlers:
        if dawdler.sock:
            dawdler.sock.close()
    soon(lambda: server.descriptors() < 60, "descriptors given back")
    server.stop()
    print("slow: %d that dawdle over %s for %d s, %d closed, the longest after %.1f s; others' p99 %.1f ms of %d (alone %.1f ms), processor %.0f %%" %
          (count, ", ".join(kinds), seconds, closed, longest, 1e3 * quantile(waited, 0.99), len(waited), 1e3 * quantile(alone, 0.99), 100 * processor))
    need(not FULL or quantile(waited, 0.99) < max(0.05, 1.5 * quantile(alone, 0.99)), "others' p99")
    need(not FULL or closed >= count, "all of them were closed on")
    need(not FULL or longest <= DEADLINE + 1, "none is there a second after its deadline", longest)


def slow():
    slow_with(["head", "body", "read"], [])
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2",
                    "-subj", "/CN=a", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, stderr=subprocess.DEVNULL)
    slow_with(["tls"], ["--tls-cert", "cert.pem", "--tls-key", "key.pem"], ssl.create_default_context(cafile="cert.pem"))


def files():
    server = Server(MODEL, files=64)
    need(server.predicts().status == 200, "at first")
    held = []
    for _ in range(200):
        sock = socket.socket()
        sock.setblocking(False)
        try:
            sock.connect((HOST, server.port))
        except BlockingIOError:
            pass
        held.append(sock)
    time.sleep(0.5)
    seconds = 10 if FULL else 1
    before = server.processor()
    time.sleep(seconds)
    busy = (server.processor() - before) / seconds
    for sock in held:
        sock.close()
    before = time.monotonic()
    while True:
        try:
            if server.predicts().status == 200:
                break
        except (OSError, IndexError, ValueError):
            pass
        need(time.monotonic() - before < 20, "serves again")
    again = time.monotonic() - before
    print("files: 200 connections against 64 descriptors, processor %.1f %% meanwhile, served again %.2f s after" % (100 * busy, again))
    need(not FULL or again <= 1, "in time")
    need(busy < 0.05, "processor while full")
    server.stop()


KILLED = """
import socket, sys, time
port, count = int(sys.argv[1]), int(sys.argv[2])
held = []
for i in range(count):
    sock = socket.create_connection(("127.0.0.1", port))
    body = b'[{"x":1,"y":2},' * (1 + i * 1500 %% 40000)
    head = b"POST /predict HTTP/1.1\\r\\nHost: a\\r\\nContent-Type: application/json\\r\\n"
    sock.sendall(head + (b"Content-Length: 1000000\\r\\n\\r\\n" + body if i %% 2 else b"Transfer-Encoding: chunked\\r\\n\\r\\n7fffff\\r\\n" + body))
    held.append(sock)
print("ready", flush=True)
time.sleep(600)
""".replace("%%", "%")


def kills():
    rounds = 20 if FULL else 3
    server = Server(MODEL)

    def one(count):
        child = subprocess.Popen([sys.executable, "-c", KILLED, str(server.port), str(count)], stdout=subprocess.PIPE, text=True)
        need(child.stdout.readline() == "ready\n", "a client")
        child.kill()
        child.wait()
        soon(lambda: server.metric("mlctl_connections") == 1, "connections given back")

    for _ in range(rounds // 2):
        one(50)
    descriptors, peak = server.descriptors() + 1, server.status("VmHWM")
    for _ in range(rounds - rounds // 2):
        one(50)
    need(server.predicts().status == 200, "afterwards")
    soon(lambda: server.descriptors() <= descriptors, "descriptors given back")
    grown = server.status("VmHWM") - peak
    print("kills: %d connections of clients killed amid their bodies; descriptors as before, peak of memory %d KiB, in the second half %+d KiB" %
          (50 * rounds, peak + grown, grown))
    need(grown < 4096 or not FULL, "memory")
    server.stop()


def full():
    """Beyond the places there are: who is in is served as before, the others get 503 at once."""
    places, seconds = 32, 20 if FULL else 1
    goodput = []
    for connections in (places - 2, 4 * places):
        server = Server(MODEL, "--max-connections", str(places))
        memory = server.status("VmRSS")
        done, refused, failed, waited = [0], [0], [], []
        stopped = threading.Event()

        def client():
            while not stopped.is_set():
                try:
                    before = time.monotonic()
                    with connect(server.port, timeout=30) as sock:
                        n = 0
                        while not stopped.is_set() and n < 200:
                            sock.sendall(post(ROW))
                            data = b""
                            while not data.endswith(b"}\n"):
                                part = sock.recv(65536)
                                if not part:
                                    raise EOFError("closed after %r" % data)
                                data += part
                            if data.startswith(b"HTTP/1.1 503"):
                                need(b"Retry-After: 1\r\n" in data, "Retry-After")
                                refused[0] += 1
                                waited.append(time.monotonic() - before)
                                break
                            if not data.startswith(b"HTTP/1.1 200"):
                                raise EOFError("%r" % data[:100])
                            done[0] += 1
                            n += 1
                    if n == 0:
                        time.sleep(0.1)
                except (OSError, EOFError) as problem:
                    failed.append(repr(problem))

        threads = [threading.Thread(target=client, daemon=True) for _ in range(connections)]
        busy = server.processor()
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        stopped.set()
        for thread in threads:
            thread.join()
        busy = server.processor() - busy
        goodput.append(done[0])
        print("full: %d clients for %d places: %d answered, %d refused at once (p99 %.0f ms), %d failed, memory %+d KiB, processor %.1f s" %
              (connections, places, done[0], refused[0], 1e3 * quantile(waited or [0], 0.99), len(failed), server.status("VmHWM") - memory, busy))
        need(not failed, failed[:3])
        server.stop()
    need(refused[0] > 0, "somebody was refused")
    full_of_haste(places, seconds + 1)


def full_of_haste(places, seconds):
    """The same of clients who come again at once."""
    goodput = []
    for connections in (places - 2, 8 * places):
        server = Server(MODEL, "--max-connections", str(places))
        took, done, refused = counted(server, connections, seconds, "application/json", ROW)
        goodput.append(done / took)
        print("full: %d clients in haste for %d places: %.0f answered and %.0f refused a second" % (connections, places, done / took, refused / took))
        # each client is refused once a second, and a few more may be at once
        need(refused <= (took + 1) * (128 + connections), refused, "refusals in", took, "s")
        server.stop()
    need(refused > 0, "somebody was refused")
    need(not FULL or goodput[1] > 0.8 * goodput[0], "those who are in", goodput)


def ready():
    """Requests that come while the server is held up, so that its thread finds all of them at once."""
    server = Server(MODEL, "--threads", "1")
    for count in (127, 128, 129, 256):
        held = [connect(server.port) for _ in range(count)]
        for sock in held:
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            need(sock.recv(65536).startswith(b"HTTP/1.1 200"), "each alone")
        os.kill(server.pid, signal.SIGSTOP)
        for sock in held:
            sock.sendall(post(ROW))
        os.kill(server.pid, signal.SIGCONT)
        before = time.monotonic()
        for sock in held:
            need(sock.recv(65536).startswith(b"HTTP/1.1 200"), count, "at once")
        need(time.monotonic() - before < 10, count, "at once are answered at once")
        for sock in held:
            sock.close()
    server.stop()
    print("ready: 127, 128, 129 and 256 requests at once, all answered")


def wide(name, hidden, columns=8):
    """A network that has hardly been trained, which costs as much as any other of its size."""
    choose = random.Random(3)
    with open(name + ".csv", "w") as file:
        file.write(",".join("c%d" % i for i in range(columns)) + ",z\n")
        for i in range(60):
            file.write(",".join("%.3f" % choose.random() for _ in range(columns)) + ",%d\n" % (i % 3))
    subprocess.run([MLCTL, "train", name + ".csv", "-q", "--kind", "mlp", "--type", "z=category", "--hidden", hidden, "--epochs", "1",
                    "--split", "none", "-m", name + ".safetensors"], check=True, stdout=subprocess.DEVNULL)
    return name + ".safetensors"


def large():
    """On two threads and two workers: health and single rows beside predictions that take seconds."""
    rows = 8000 if FULL else 3000
    server = Server(wide("wide", "1000,1000"), "--threads", "2", "--workers", "2")
    row = b"{%s}" % b",".join(b'"c%d":0.5' % i for i in range(8))
    alone = server.predicts(row).body
    many = post(b"[" + b",".join([row] * rows) + b"]", extra="Connection: close\r\n")
    took, replies = [], []

    def slow():
        before = time.monotonic()
        with connect(server.port, timeout=120) as sock:
            sock.sendall(many)
            replies.append(parse(receive(sock, 120)[0])[0])
        took.append(time.monotonic() - before)

    threads = [threading.Thread(target=slow, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    soon(lambda: server.metric("mlctl_large_requests_in_flight") > 0, "large requests")
    health, small = [], []
    while len(took) < 4:
        for waited, ask in ((health, lambda: server.get("/healthz")), (small, lambda: server.predicts(row))):
            before = time.monotonic()
            need(ask().status == 200, "beside the large ones")
            waited.append(time.monotonic() - before)
        time.sleep(0.005)
    for thread in threads:
        thread.join()
    need(all(reply.status == 200 and json.loads(reply.body) == [json.loads(alone)] * rows for reply in replies), "what is large gets the same answers")
    print("large: 4 requests of %d rows took %.1f to %.1f s; meanwhile /healthz p50 %.1f ms, p99 %.1f ms, one row p50 %.1f ms, p99 %.1f ms of %d" %
          (rows, min(took), max(took), *(1e3 * quantile(waited, q) for waited in (health, small) for q in (0.5, 0.99)), len(small)))
    need(quantile(health, 0.9) < 0.05 and quantile(small, 0.9) < 0.05, "others do not wait")
    server.stop()


def queue():
    """One worker: a request with it, one that waits, and what comes of the others."""
    model = wide("wide", "300,300")
    head = b",".join(b"c%d" % i for i in range(8)) + b"\n"
    kind = {"kind": "text/csv"}
    server = Server(model, "--threads", "1", "--workers", "1", "--max-inflight", "2", "--grace", "120", nice=1)
    soon(lambda: server.nices().count(os.nice(0) + 1 + 5) == 1, "the worker lets others go first")
    rows = 3000
    while True:
        before = time.monotonic()
        need(server.predicts(head + b"0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5\n" * rows, **kind).status == 200, "rows")
        if time.monotonic() - before > 1 or rows > 60000:
            break
        rows = min(2 * rows, 65000)
    long = post(head + b"0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5\n" * rows, extra="Connection: close\r\n", **kind)

    def begin(server):
        held = [connect(server.port, timeout=120) for _ in range(2)]
        for sock in held:
            sock.sendall(long)
        return held

    held = begin(server)
    soon(lambda: server.metric("mlctl_large_requests_in_flight") == 2, "two large requests")
    soon(lambda: server.metric("mlctl_large_requests_queued") == 1, "one worker has one of them, the other waits")
    with connect(server.port) as sock:
        sock.sendall(long[:-len(long) // 2])
        refused = reply(sock)[0]
        need(refused.status == 503 and refused.headers["connection"] == "close", "a long one is refused before its body is there")
    need(server.predicts(head + b"1,1,1,1,1,1,1,1\n", **kind).status == 200, "a small one is answered")
    need(server.metric("mlctl_large_requests_in_flight") == 2, "all that while they waited")
    with connect(server.port) as sock:
        first = time.monotonic()
        for again in range(2):
            sock.sendall(post(gzip.compress(head), extra="Content-Encoding: gzip\r\n", **kind) + b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n" * (not again))
            refused = reply(sock)
            if len(refused) < 2 - again:
                refused += reply(sock)
            need(refused[0].status == 503 and refused[0].headers["retry-after"] == "1" and "connection" not in refused[0].headers, "a short one is refused and the connection lives")
            need(again or refused[1].status == 200, "and serves")
        need(time.monotonic() - first >= 1, "who comes again before the second is over waits for its end")
    server.process.send_signal(signal.SIGTERM)
    for sock in held:
        answer = parse(receive(sock, 120)[0])[0]
        need(answer.status == 200 and answer.body.count(b"\n") == rows + 1, "what waits at SIGTERM is answered")
    need(server.process.wait(60) == 0, "the status of the end")

    server = Server(model, "--workers", "1", "--request-timeout", "0.2", "--grace", "0")
    held = begin(server)
    need([parse(receive(sock, 120)[0])[0].status for sock in held] == [504, 504], "what takes too long, and what has waited too long")
    server.stop()
    server = Server(model, "--workers", "1", "--grace", "0")
    held = begin(server)
    soon(lambda: server.metric("mlctl_large_requests_in_flight") > 0, "large requests")
    before = time.monotonic()
    server.stop()
    print("queue: 2 places, the others refused with 503, 504 after the time-out; with --grace 0 the end %.2f s after SIGTERM" % (time.monotonic() - before))


# Counts what is answered, and what is refused with a time to come again.
COUNTED = """
wrk.method = "POST"
local file = io.open("counted.body")
wrk.body = file:read("*a")
file:close()
done_, refused, other = 0, 0, 0
local threads = {}
function setup(thread) table.insert(threads, thread) end
function response(status, headers)
    if status == 200 then done_ = done_ + 1
    elseif status == 503 and headers["Retry-After"] == "1" then refused = refused + 1
    else other = other + 1 end
end
function done(summary)
    local function all(name) local n = 0 for _, thread in ipairs(threads) do n = n + thread:get(name) end return n end
    local e = summary.errors
    print("DONE", summary.duration / 1e6, all("done_"), all("refused"), all("other") + e.connect + e.read + e.write + e.timeout)
end
"""


def counted(server, connections, seconds, kind, body):
    """Clients who ask again at once: seconds, answers, refusals; neither is a failure. The server, of whom nobody else asks, counts the same."""
    with open("counted.lua", "w") as file:
        file.write(COUNTED)
    with open("counted.body", "wb") as file:
        file.write(body)
    out = subprocess.run(["wrk", "-t1", "-c%d" % connections, "-d%ds" % seconds, "--timeout", "60s", "-H", "Content-Type: " + kind, "-s", "counted.lua",
                          "http://%s:%d/predict" % (HOST, server.port)], stdout=subprocess.PIPE, text=True, check=True).stdout
    took, done, refused, failed = map(float, re.search(r"^DONE\s+(.*)$", out, re.M).group(1).split())
    need(failed == 0, "none fails", out)
    soon(lambda: server.get("/metrics").status == 200, "there is a place again")
    answers = server.metric('mlctl_http_requests_total{route="/predict",code="200"}')
    refusals = server.metric('mlctl_http_requests_total{route="/predict",code="503"}') + server.metric('mlctl_connections_refused_total{reason="full"}')
    for ours, theirs in ((done, answers), (refused, refusals)):  # at its end wrk leaves what is under way
        need(ours <= theirs <= ours + connections, "wrk has counted", ours, "and the server", theirs, "with", connections, "connections")
    return took, done, refused


def overload():
    """Clients who ask again at once, with bodies that are read before the refusal and with longer ones."""
    places, seconds = 32, 20 if FULL else 2
    model = wide("wide", "300,300")
    for rows in (600, 3000):
        body = b"c0,c1,c2,c3,c4,c5,c6,c7\n" + b"0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5\n" * rows
        goodput, cost = [], []
        for connections in (places, 8 * places if FULL else 2 * places):
            server = Server(model, "--max-inflight", str(places))
            memory, busy = server.status("VmRSS"), server.processor()
            took, done, refused = counted(server, connections, seconds, "text/csv", body)
            grown = server.status("VmHWM") - memory
            goodput.append(done / took)
            cost.append((server.processor() - busy) / max(done, 1))
            print("overload: %d rows, %d clients for %d places: %.1f answered and %.1f refused a second, processor %.1f ms an answer, memory %+d KiB" %
                  (rows, connections, places, done / took, refused / took, 1e3 * cost[-1], grown))
            # each client is refused once a second, and a hundred more may be at once
            need(refused <= (took + 1) * (100 + connections), refused, "refusals in", took, "s")
            need(grown < places * 2048, "memory")
            server.stop()
        need(refused > 0, "some were refused")
        # or, where others had the machine for longer, what an answer takes of it
        need(not FULL or goodput[1] > 0.9 * goodput[0] or 0.9 * cost[1] < cost[0], "those who are let in", goodput, cost)


def together():
    """Clients that ask at once what was asked one by one before, of a server that lets each request go alone."""
    clients, each = 12, 50 if FULL else 8
    model = wide("wide", "1800,1800")
    rows = [b"{%s}" % b",".join(b'"c%d":%.3f' % (c, random.random()) for c in range(8)) for _ in range(clients * each)]
    server = Server(model)
    alone = [server.predicts(row).body for row in rows]
    server.stop()
    server = Server(model, "--batch-window", "1ms")
    wrong = []

    def client(first):
        with connect(server.port, timeout=120) as sock:
            for i in range(first, len(rows), clients):
                sock.sendall(post(rows[i]))
                got = reply(sock, 120)[0]
                if got.status != 200 or got.body != alone[i]:
                    wrong.append((rows[i], got.status, got.body, alone[i]))

    threads = [threading.Thread(target=client, args=(first,), daemon=True) for first in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    need(not wrong, len(wrong), "answers are others in company", wrong[:1])
    name = 'mlctl_model_batch_requests_%s{model="wide",model_version="1"%s}'
    batches, asked, single = (server.metric(name % what) for what in (("count", ""), ("sum", ""), ("bucket", ',le="1.0"')))
    need(asked == len(rows) and single < batches < asked, "requests went together", batches, asked, single)
    need(server.predicts(b'{"c0":"a"}').status == 400 and server.predicts(rows[0]).body == alone[0], "and one that comes to nothing leaves none waiting")
    server.stop()
    print("together: %d requests of %d clients in %d batches, %d of them of one; every answer to the bit that of the request alone" % (asked, clients, batches, single))


BOMBS = ("{},", "[],", '"",', "0,", "0.5,", '{"a":{}},', "[[[[", '"\\u0041",', '{"x":1,"y":2},')
TENSOR = '{"inputs":[{"name":"input-0","shape":[1,2],"datatype":"FP64","data":'
# path, what stands around the bomb, and the statuses of its answer: a column that is none of the model's is passed over
PLACES = [
    ("/predict", "[", "0]", {400, 413}),
    ("/predict", '{"x":1,"y":2,"z":[', "0]}", {200, 400}),
    ("/v1/models/mean:predict", '{"instances":[', "0]}", {400, 413}),
    ("/v2/models/mean/infer", '{"inputs":[', "0]}", {400, 413}),
    ("/v2/models/mean/infer", TENSOR + "[", "0]}]}", {400, 413}),
    ("/invocations", '{"dataframe_split":{"columns":["x","y"],"data":[', "0]}}", {400, 413}),
]


def bombs():
    server = Server(MODEL)
    server.predicts()
    slowest, largest = (0.0, ""), (0, "")
    for path, before, behind, statuses in PLACES:
        for bomb in BOMBS:
            body = (before + bomb * (1048576 // len(bomb)) + behind).encode()
            name = "%s %s%s" % (path, before[-30:], bomb)
            took = []
            for _ in range(10):  # a busy machine may be late; what takes so long by itself does so every time
                server.forget_peak()
                resident, start = server.status("VmRSS"), time.monotonic()
                reply = server.predicts(body, path=path)
                took.append(time.monotonic() - start)
                grown = server.status("VmHWM") - resident
                need(reply.status in statuses, name, reply.status, reply.body[:200])
                need(grown <= 16384, name, grown, "KiB more")
                largest = max(largest, (grown, name))
                if took[-1] <= 0.1:
                    break
            slowest = max(slowest, (min(took), name))
    server.stop()
    print("bombs: %d of a megabyte; the slowest answer after %.0f ms (%s), the most memory %d KiB (%s)" %
          (len(BOMBS) * len(PLACES), 1e3 * slowest[0], slowest[1], *largest))
    need(slowest[0] <= 0.1, "answered within 100 ms")


def mutants():
    count = 20000 if FULL else 1000
    server = Server(MODEL, "--request-ids", "--access-log", "access.log", "--cors", "https://shop.example")
    for _ in range(40):
        server.predicts()
    descriptors, memory = server.descriptors() + 1, server.status("VmRSS")
    subprocess.run([sys.executable, os.path.join(HERE, "mutate.py"), str(server.port), str(count), str(random.randrange(1 << 30))], check=True)
    soon(lambda: server.metric("mlctl_connections") == 1, "connections given back")
    soon(lambda: server.descriptors() <= descriptors, "descriptors given back")
    grown = server.status("VmHWM") - memory
    server.stop()
    with open("access.log", "rb") as file:
        lines = [json.loads(line.decode()) for line in file]
    need(len(lines) >= count, len(lines), "lines in the log")
    print("mutants: after %d of them as many descriptors as before, peak of memory %+d KiB, %d lines in the log, each JSON" % (count, grown, len(lines)))


def tokens():
    """The time of a token wrong in its first letter and of one wrong in its last, over and over in random order."""
    count = 100000 if FULL else 4000
    made = json.loads(subprocess.run([MLCTL, "token", "new", "--name", "shop", "--json"], check=True, stdout=subprocess.PIPE, text=True).stdout)
    with open("keys", "w") as file:
        file.write(made["line"] + "\n")
    server = Server(MODEL, "--tokens", "keys")
    start = made["token"].index("_") + 1
    flip = {"A": "B"}.get
    wrong = [made["token"][:at] + (flip(made["token"][at], "A")) + made["token"][at + 1:] for at in (start, len(made["token"]) - 1)]
    requests = [b"GET /model HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + text.encode() + b"\r\n\r\n" for text in wrong]
    took, sock = ([], []), None
    for n in range(count):
        if n % 500 == 0:
            if sock:
                sock.close()
            sock = connect(server.port)
        which = random.getrandbits(1)
        before = time.perf_counter_ns()
        sock.sendall(requests[which])
        data = sock.recv(65536)
        took[which].append(time.perf_counter_ns() - before)
        need(data.startswith(b"HTTP/1.1 401"), data[:60])
    server.stop()
    # rank sums (Mann and Whitney, 1947): whatever the spread and the drift of the times, the order of the tries was by chance
    ranked = sorted((t, which) for which in (0, 1) for t in took[which])
    first, second = len(took[0]), len(took[1])
    ranks = sum(rank for rank, (_, which) in enumerate(ranked, 1) if which == 0)
    z = (ranks - first * (count + 1) / 2) / math.sqrt(first * second * (count + 1) / 12)
    p = math.erfc(abs(z) / math.sqrt(2))
    medians = [statistics.median(times) for times in took]
    print("tokens: %d wrong ones, medians %.0f ns and %.0f ns, difference %.1f standard errors, p %.3f" % (count, medians[0], medians[1], z, p))
    need(p > (0.01 if FULL else 0.0001), "the difference is chance")
    log = open("serve.log").read()
    need(made["token"] not in log and wrong[0] not in log, "no token in the log")


SOAK = """
local json = { ["Content-Type"] = "application/json" }
local batch, others, n = nil, nil, 0
function init()
    local function post(path, body, headers)
        headers = headers or json
        headers["Host"] = wrk.headers["Host"]
        return wrk.format("POST", path, headers, body)
    end
    local good = post("/predict", '{"x":4,"y":5}')
    batch = string.rep(good, 8) -- wrk wants as many requests of each call
    others = {
        post("/predict", '{"x":4,"y"'), post("/predict", '[{"x":4,"y":5},{"x":"a"}]'),
        post("/predict", 'x,y\\n1,2\\n', { ["Content-Type"] = "text/csv" }),
        post("/predict", 'no gzip', { ["Content-Type"] = "application/json", ["Content-Encoding"] = "gzip" }),
        post("/v1/models/live:predict", '{"instances":[[1,2],[3,4]]}'), post("/invocations", '{"instances":[[1,2]]}'),
        post("/v2/models/live/infer", '{"inputs":[{"name":"input-0","shape":[1,2],"datatype":"FP64","data":[1,2]}]}'),
        wrk.format("GET", "/nothing"), wrk.format("GET", "/metrics"), wrk.format("GET", "/model"), wrk.format("GET", "/openapi.json"),
    }
    for i, other in ipairs(others) do others[i] = string.rep(good, 3) .. other .. string.rep(good, 4) end
end
function request()
    n = n + 1
    if n % 6 == 0 then return others[n / 6 % #others + 1] end
    return batch
end
"""


def soak():
    """Pipelined requests, two in a hundred of them other ones or wrong, and a new model every few seconds."""
    wanted = int(os.environ.get("SOAK_REQUESTS", 24000000 if FULL else 60000))
    models = [train("a"), train("b", 1)]
    shutil.copyfile(models[0], "live.safetensors")
    server = Server("live.safetensors")
    with open("soak.lua", "w") as file:
        file.write(SOAK)
    seconds = 10 if FULL else 1
    asked, swapped, points = 0, 0, []
    server.predicts()
    descriptors = server.descriptors() + 1
    began = time.monotonic()
    while asked < wanted:
        load = subprocess.Popen(["wrk", "-t1", "-c16", "-d%ds" % seconds, "--timeout", "60s", "-s", "soak.lua", "http://%s:%d/" % (HOST, server.port)],
                                stdout=subprocess.PIPE, text=True)
        shutil.copyfile(models[swapped % 2], "next")
        os.rename("next", "live.safetensors")
        swapped += 1
        load.communicate()
        soon(lambda: server.descriptors() <= descriptors, "descriptors given back")
        now = json.loads("{%s}" % ",".join('"%s":%d' % (name, server.status(name)) for name in ("VmRSS", "VmHWM")))
        asked = int(sum(float(value) for value in re.findall(r"^mlctl_http_requests_total\{[^}]*\} (\S+)$", server.get("/metrics").body.decode(), re.M)))
        need(asked > (points[-1][0] if points else 0), "requests are answered")
        points.append((asked, now["VmRSS"], server.descriptors()))
        if FULL and len(points) % 6 == 1:
            print("soak: %d requests, resident %d KiB, %d descriptors, %d s" % (*points[-1], time.monotonic() - began), flush=True)
    warm = points[max(0, min(len(points) - 2, len(points) // 10))]
    server.stop()
    print("soak: %d requests, %d models, resident %d KiB after %d requests and %d KiB at the end, descriptors %d and %d" %
          (asked, swapped, warm[1], warm[0], points[-1][1], warm[2], points[-1][2]))
    need(points[-1][1] - warm[1] < (1024 if FULL else 8192), "memory is flat")


if __name__ == "__main__":
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    try:
        MODEL = train("mean")
        for burden in ARGUMENTS[1:]:
            {f.__name__: f for f in (swaps, drain, slow, files, kills, full, ready, large, overload, queue, together, bombs, mutants, tokens, soak)}[burden]()
            sys.stdout.flush()
    finally:
        for process in STARTED:
            if process.poll() is None:
                process.kill()
        os.chdir("/")
        shutil.rmtree(folder)
