"""
What /metrics counts is what clients count: several ask at once for whatever there is, right and wrong, and afterwards the
counters have grown by just as many requests of each status, and by as many rows.

usage: totals.py PORT REQUESTS, of a server of which nobody else asks anything, whose model takes the numbers x and y
"""
import collections
import random
import re
import sys
import threading

from wire import Checks, connect, parse, post, receive

PORT, EACH, CLIENTS = int(sys.argv[1]), int(sys.argv[2]) // 8, 8
# what is asked, and the rows that an answer of it predicts
ASKED = [
    (post(b'{"x":4,"y":5}'), 1),
    (post(b"[" + b",".join([b'{"x":4,"y":5}'] * 50) + b"]"), 50),
    (post(b"x,y\n1,2\n3,4\n", kind="text/csv"), 2),
    (post(b'{"instances":[[1,2],[3,4],[5,6]]}', path="/v1/models/mean:predict"), 3),
    (post(b'{"inputs":[{"name":"input-0","shape":[1,2],"datatype":"FP64","data":[1,2]}]}', path="/v2/models/mean/infer"), 1),
    (post(b'{"instances":[[1,2]]}', path="/invocations"), 1),
    (post(b'{"x":4,"y"'), 0),
    (post(b'[{"x":4,"y":5},{"x":"a","y":5}]'), 0),
    (post(b"row", kind="text/plain"), 0),
    (post(b"", path="/model"), 0),
    (post(b"{}", path="/nothing"), 0),
    (b"GET /model HTTP/1.1\r\nHost: a\r\n\r\n", 0),
    (b"GET /nothing/%d HTTP/1.1\r\nHost: a\r\n\r\n", 0),
    (b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 0),
    (b"GET /healthz HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 101 + b"\r\n", 0),
    (post(b"{}", extra="Transfer-Encoding: chunked\r\n"), 0),
    (b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: gzip\r\n\r\n", 0),
]
check = Checks()
counted, rows = [], []


def client(seed):
    choose, codes, predicted, sock = random.Random(seed), collections.Counter(), 0, None
    for n in range(EACH):
        if sock is None:
            sock = connect(PORT)
        data, n_rows = choose.choice(ASKED)
        sock.sendall(data % n if b"%d" in data else data)
        got = b""
        while True:
            part = sock.recv(65536)
            got += part
            try:
                reply = parse(got)[0]
                break
            except (ValueError, KeyError, IndexError):
                if not part:
                    check(False, "closed after", got, "for", data[:100])
                    return
        codes[str(reply.status)] += 1
        predicted += n_rows if reply.status == 200 else 0
        if reply.headers.get("connection") == "close":
            sock.close()
            sock = None
    counted.append(codes)
    rows.append(predicted)


def metrics():
    with connect(PORT) as sock:
        sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        text = parse(receive(sock, 60)[0])[0].body.decode()
    codes = collections.Counter()
    for code, value in re.findall(r'^mlctl_http_requests_total\{.*,code="(\w+)"\} (\S+)$', text, re.M):
        codes[code] += int(float(value))
    spent = sum(int(float(n)) for n in re.findall(r"^mlctl_http_request_duration_seconds_count\{.*\} (\S+)$", text, re.M))
    return codes, spent, int(float(re.search(r"^mlctl_rows_total (\S+)$", text, re.M).group(1)))


before, spent_before, rows_before = metrics()
threads = [threading.Thread(target=client, args=(seed,)) for seed in range(CLIENTS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
after, spent_after, rows_after = metrics()
ours = sum(counted, collections.Counter({"200": 1}))  # the look before
theirs = collections.Counter({code: after[code] - before[code] for code in after if after[code] != before[code]})
check(sum(ours.values()) == CLIENTS * EACH + 1, "some were not answered:", sum(ours.values()))
check(ours == theirs, "clients have counted", dict(ours), "and /metrics", dict(theirs))
check(spent_after - spent_before == sum(ours.values()), "the histograms have", spent_after - spent_before, "of", sum(ours.values()))
check(rows_after - rows_before == sum(rows), "rows:", rows_after - rows_before, "of", sum(rows))
print("totals: %d requests of %d clients: %s; %d rows" % (sum(ours.values()), CLIENTS, dict(sorted(ours.items())), sum(rows)))
check.end()
