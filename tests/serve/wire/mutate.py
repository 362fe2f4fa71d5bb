"""
Requests of every kind, each with something wrong in a place that chance chooses: bytes that are lost, doubled, changed or
foreign, in the head, in the body, or anywhere. Whatever comes, the connection ends, no answer is a fault of the server's, and
the next sound request, on a connection that stays, is answered 200.

usage: mutate.py PORT COUNT [SEED], of a server whose model is mean, of the numbers x and y
"""
import gzip
import random
import re
import socket
import struct
import sys
import time

from shape_table import AMBIGUOUS, EITHER, SOUND
from wire import Checks, connect, post, receive

PORT, COUNT = int(sys.argv[1]), int(sys.argv[2])
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else 1
TENSOR = b'{"inputs":[{"name":"input-0","shape":[1,2],"datatype":"FP64",%s}]}'
BINARY = TENSOR % b'"parameters":{"binary_data_size":16}'
GOOD = post(b'{"x":4,"y":5}')
SEEDS = [
    GOOD,
    post(b'[{"x":4,"y":5},{"y":1.5e1,"x":null}]', extra="X-Request-Id: a-1\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"),
    post(b'x,y\n1,2\n"3",4\n', kind="text/csv; header=present"),
    post(b'{"x":1,"y":2}\n[3,4]\n', kind="application/jsonlines"),
    post(gzip.compress(b'{"x":4,"y":5}'), extra="Content-Encoding: gzip\r\nAccept-Encoding: gzip\r\n"),
    post(b'{"x":4,"y":5}', path="/explain"),
    post(b'{"instances":[[1,2],{"x":3,"y":4}]}', path="/v1/models/mean:predict"),
    post(b'{"inputs":{"x":[1,2],"y":[3,4]}}', path="/v1/models/mean/versions/1:predict"),
    post(b'{"examples":[{"x":1,"y":2}]}', path="/v1/models/mean:regress"),
    post(b'{"instances":[[1,2]]}', path="/v1/endpoints/1/deployedModels/2:predict"),
    post(TENSOR % b'"data":[[1,2]]', path="/v2/models/mean/infer"),
    post(BINARY + struct.pack("<2d", 1, 2), path="/v2/models/mean/infer", extra="Inference-Header-Content-Length: %d\r\n" % len(BINARY)),
    post(b'{"ready":true}', path="/v2/repository/index"),
    post(b'{"dataframe_split":{"columns":["y","x"],"index":[0],"data":[[1,2]]},"params":{}}', path="/invocations"),
    post(b'{"dataframe_records":[{"x":1,"y":2}]}', path="/invocations", kind="application/json; charset=utf-8"),
    post(b"1,2\n3,4\n", path="/invocations", kind="text/csv", extra="Accept: application/jsonlines\r\n"),
    b"GET /metrics HTTP/1.1\r\nHost: a\r\nAccept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n\r\n",
    b"HEAD /v2/models/mean/versions/1/ready?a=%20b&c HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n",
    b"OPTIONS /predict HTTP/1.1\r\nHost: a\r\nOrigin: https://shop.example\r\nAccess-Control-Request-Method: POST\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\nAuthorization: Bearer mlctl_AAAA\r\nCookie: a=b\r\n\r\n",
] + [data for _, data, _ in SOUND + EITHER + AMBIGUOUS if len(data) < 4096]
WORDS = [
    b"\r\n", b"\n", b"\r", b"\0", b"\x80", b"\xff\xfe", b"\r\n\r\n", b" ", b"\t", b":", b": ", b",", b";", b"%00", b"%zz", b"%2f", b"/", b"../", b"?", b"#", b"*",
    b"Content-Length: 5\r\n", b"Content-Length: 99999999999999999999\r\n", b"Transfer-Encoding: chunked\r\n", b"Expect: 100-continue\r\n", b"Host: b\r\n", b"Connection: close\r\n",
    b"Content-Encoding: gzip\r\n", b"Inference-Header-Content-Length: 0\r\n", b"HTTP/1.0", b"HTTP/9.9", b"GET ", b"GET /model HTTP/1.1\r\nHost: a\r\n\r\n", b"0\r\n\r\n", b"fffffffff\r\n",
    b"{", b"}", b"[", b"]", b'"', b"\\", b'\\u0000', b'\\ud800', b"null", b"NaN", b"1e999", b"-", b"-0", b"0x1", b"9" * 30, b"[" * 70, b'{"a":' * 70, b"x" * 9000, b"\xf0\x9f\x98\x80",
]
FAULTS = {b"500", b"502", b"503", b"504", b"507"}
check = Checks()


def mutated(choose, data):
    """With one to four changes."""
    for _ in range(choose.choice((1, 1, 1, 2, 2, 3, 4))):
        at = choose.randrange(len(data) + 1)
        end = min(len(data), at + choose.choice((1, 1, 2, 4, 16, 64)))
        what = choose.randrange(8)
        if what == 0:
            data = data[:at] + data[end:]
        elif what == 1:
            data = data[:end] + data[at:end] * choose.choice((1, 1, 2, 50)) + data[end:]
        elif what == 2 and at < len(data):
            data = data[:at] + bytes([data[at] ^ 1 << choose.randrange(8)]) + data[at + 1:]
        elif what == 3 and at < len(data):
            data = data[:at] + bytes([choose.randrange(256)]) + data[at + 1:]
        elif what == 4:
            data = data[:at]
        elif what == 5:
            other = choose.choice(SEEDS)
            data = data[:at] + other[choose.randrange(len(other)):]
        elif what == 6:
            data = data[:at] + data[at:end].swapcase() + data[end:]
        else:
            data = data[:at] + choose.choice(WORDS) + data[end if choose.random() < 0.3 else at:]
    return data


def request(choose):
    data = choose.choice(SEEDS)
    head, end, body = data.partition(b"\r\n\r\n")
    where = choose.randrange(4)
    if where == 0:
        return mutated(choose, head) + end + body
    if where == 1 and body and b"chunked" not in head:  # the length is right, so that what reads bodies gets it
        body = mutated(choose, body)
        return re.sub(rb"Content-Length: \d+", b"Content-Length: %d" % len(body), head) + end + body
    if where == 2:  # behind a sound one
        return GOOD + mutated(choose, data)
    return mutated(choose, data)


def send(choose, data):
    """In up to three pieces; what is answered until the connection ends."""
    cuts = sorted(choose.randrange(len(data) + 1) for _ in range(choose.choice((0, 0, 1, 2))))
    with connect(PORT) as sock:
        try:
            for start, end in zip([0] + cuts, cuts + [len(data)]):
                sock.sendall(data[start:end])
            if choose.random() < 0.1:  # gone, with a reset
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return b"", True
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has been closed on
        return receive(sock, 20)


def sound(sock):
    """A request on the connection that stays, which is a new one when the server says that it was the last."""
    sock = sock or connect(PORT)
    sock.sendall(GOOD)
    data = b""
    while not data.endswith(b"}\n"):
        part = sock.recv(65536)
        if not part:
            return False, None
        data += part
    last = b"\r\nConnection: close\r\n" in data
    if last:
        sock.close()
    return data.startswith(b"HTTP/1.1 200 "), None if last else sock


kept, statuses, began = None, {}, time.monotonic()
for n in range(COUNT):
    choose = random.Random("%d %d" % (SEED, n))
    data = request(choose)
    received, closed = send(choose, data)
    where = "seed %d, number %d: %r" % (SEED, n, data[:2000])
    check(closed is not False, "the connection does not end:", where)
    check(not received or received.startswith(b"HTTP/1.1 "), "no answer:", received[:200], where)
    for status in re.findall(rb"(?:^|\n)HTTP/1\.1 (\d{3}) ", received):
        statuses[status] = statuses.get(status, 0) + 1
        check(status not in FAULTS, status, received[:500], where)
    well, kept = sound(kept)
    check(well, "the next sound request is not answered 200, after", where)
    if check.failures > 5:
        break
print("mutate: %d requests, each followed by a sound one; %d answers: %s; %.0f s" %
      (n + 1, sum(statuses.values()), ", ".join("%s %d" % (status.decode(), statuses[status]) for status in sorted(statuses)), time.monotonic() - began))
check.end()
