"""
Limits answer, and the client gets to read the answer.

usage: limits.py PORT WHAT [ARGUMENT]
  body            a server with --max-body 100000
  connections N   a server with --max-connections N
  address N       a server with --max-per-address N
  files           a server with few open files
  spare PID N     a server with N open files at most
  wide N          a server of N columns c1 to cN, all of them from 0 to 1
  untaken PID     a server of people, --max-body 1900K: clients that do not take their long answers
  answers [MS]    a server as it comes: each limit is answered, in at most so many milliseconds (100)
"""
import json
import os
import socket
import sys
import time

from wire import HOST, Checks, ask, connect, parse, post, receive, reply, until

PORT, WHAT = int(sys.argv[1]), sys.argv[2]
check = Checks()
PROMPT = 5  # seconds: what is not answered at once waits for a body until its time-out, of 30
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"


def head(length, extra=b""):
    return (b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n%s\r\n" % (length, extra))


def timed(*args, **more):
    before = time.monotonic()
    replies, closed = ask(*args, **more)
    return replies, closed, time.monotonic() - before


def served():
    """One request is answered."""
    try:
        replies, _ = ask(PORT, HEALTH.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    except OSError:
        return False
    return [r.status for r in replies] == [200]


def body():
    row = b'{"x":4,"y":5}'
    # exactly the limit is fine
    replies, _ = ask(PORT, post(row + b" " * (100000 - len(row)), extra="Connection: close\r\n"))
    check([r.status for r in replies] == [200], "a body of the limit")
    # said beforehand: answered before any of the body, at once, with and without Expect
    for extra in (b"", b"Expect: 100-continue\r\n"):
        replies, closed, took = timed(PORT, head(100001, extra))
        check([r.status for r in replies] == [413] and closed and took < PROMPT, "413 before the body", took)
    # uploaded all the same: the reply is not lost to a reset, however much is on its way
    for size in (200000, 5000000):
        with connect(PORT) as sock:
            sock.sendall(head(size))
            try:
                sock.sendall(b" " * size)
            except OSError as problem:
                check(False, "the upload of", size, "was cut:", problem)
            received, closed = receive(sock, 20)
            check([r.status for r in parse(received)] == [413] and closed, "413 after the upload of", size)
    # in chunks nobody knows before; a little too much is read and answered, endless ones are cut
    chunk = b"2710\r\n" + b" " * 10000 + b"\r\n"
    start = head(0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    replies, closed = ask(PORT, start + chunk * 11 + b"0\r\n\r\n")
    check([r.status for r in replies] == [413] and closed, "413 for chunks")
    with connect(PORT) as sock:
        sock.sendall(start)
        try:
            for _ in range(2000):
                sock.sendall(chunk)
            check(False, "endless chunks are taken")
        except OSError:
            pass
    # Expect: 100-continue is granted when the body is welcome
    with connect(PORT) as sock:
        sock.sendall(head(len(row), b"Expect: 100-continue\r\nConnection: close\r\n"))
        check([r.status for r in reply(sock)] == [100], "100 Continue")
        sock.sendall(row)
        check([r.status for r in parse(receive(sock, 20)[0])] == [200], "200 after 100")
    # refusals that need no body come before it, too
    for changed, status in ((b"/predict", 404), (b"POST", 405), (b"application/json", 415)):
        request = head(50, b"Expect: 100-continue\r\n").replace(changed, {404: b"/x", 405: b"PUT", 415: b"text/x"}[status])
        replies, closed, took = timed(PORT, request)
        check([r.status for r in replies] == [status] and closed and took < PROMPT, status, "before the body", took)
        check(status != 405 or replies[0].headers.get("allow") == "POST", "Allow")


def taken(limit, status):
    """Opens `limit` connections; the next are answered `status` and closed, at once; a place that is left is free."""
    held = [connect(PORT) for _ in range(limit)]
    for sock in held:
        sock.sendall(HEALTH)
        check([r.status for r in reply(sock)] == [200], "within the limit")
    for _ in range(10):
        replies, closed, took = timed(PORT, HEALTH)
        check([r.status for r in replies] == [status] and closed and took < PROMPT, status, [r.status for r in replies])
        if replies:
            check(replies[0].headers["retry-after"] == "1", "Retry-After")
            check("%d connections" % limit in json.loads(replies[0].body)["error"], replies[0].body)
            check(replies[0].headers["x-content-type-options"] == "nosniff", "nosniff")
    held.pop().close()
    check(until(served), "after one has left")
    return held


def connections():
    taken(int(sys.argv[3]), 503)


def address():
    held = taken(int(sys.argv[3]), 429)
    with connect(PORT, source="127.0.0.2") as sock:
        sock.sendall(HEALTH)
        check([r.status for r in reply(sock)] == [200], "another address")
    del held


def files():
    held = []
    for _ in range(200):
        try:
            held.append(connect(PORT, timeout=0.2))
        except OSError:
            break
    time.sleep(0.3)
    for sock in held:
        sock.close()
    check(until(served), "serves again")


def memory(pid):
    """Resident bytes of a process."""
    with open("/proc/%d/status" % pid) as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


def hesitate(request):
    """Sends a request and takes no more of its answer than the status."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.settimeout(60)
    sock.connect((HOST, PORT))
    sock.sendall(request)
    return sock, int(sock.recv(12)[9:])


def untaken():
    pid = int(sys.argv[3])
    lines = b'{"age":31,"city":"Oslo","when":"2024-01-01"}\n' * 40000
    fields = b"Content-Type: application/jsonlines\r\nContent-Length: %d\r\n" % len(lines)
    short, long = post_to(b"/predict", fields, lines), post_to(b"/explain", fields, lines)
    # four megabytes each: more than the system takes, less than makes too many of them; the requests of those who wait are not kept
    clients = [hesitate(short) for _ in range(40)]
    check({status for _, status in clients} == {200}, "long requests", [status for _, status in clients])
    for sock, _ in clients:
        sock.close()
    before = memory(pid)
    clients = [hesitate(long) for _ in range(24)]
    answered = [status for _, status in clients]
    check(set(answered) == {200, 503}, "answers of clients that take none", answered)
    check(memory(pid) - before < 400 * MIB, "memory for them", (memory(pid) - before) // MIB, "MiB")
    check(served(), "a short answer")
    for sock, _ in clients:
        sock.close()
    last = post_to(b"/explain", fields + b"Connection: close\r\n", lines)
    check(until(lambda: [r.status for r in ask(PORT, last)[0]] == [200]), "a long answer when they have gone")


def filled(length, names=1):
    """A GET whose line and fields make that many bytes, by that many fields."""
    start, end = b"GET /healthz HTTP/1.1\r\nHost: a\r\n", b"\r\n"
    each = (length - len(start) - len(end)) // names
    return start + b"".join(b"F%d: %s\r\n" % (i, b"v" * (each - len(b"F%d: \r\n" % i))) for i in range(names)) + end


def post_to(path, fields, body=b""):
    return b"POST %s HTTP/1.1\r\nHost: a\r\n%s\r\n%s" % (path, fields, body)


JSON = b"Content-Type: application/json\r\n"
ROW = b'{"x":4,"y":5}'
def spare():
    """Clients that come faster than they can be turned away, and stay when they are."""
    pid, limit = int(sys.argv[3]), int(sys.argv[4])
    held, most, end = [], 0, time.monotonic() + 3
    while time.monotonic() < end:
        for _ in range(20):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex((HOST, PORT))
            held.append(sock)
        most = max(most, len(os.listdir("/proc/%d/fd" % pid)))
        if len(held) > 800:
            held.pop(0).close()
        time.sleep(0.02)
    check(limit // 2 < most <= limit - 5, most, "descriptors of", limit)
    for sock in held:
        sock.close()
    check(until(served), "serves again")


def wide():
    """Which number is too far out is found about as fast as the rows are read, however many columns they have."""
    columns, took = int(sys.argv[3]), {}
    for far, status in (("0.5", 200), ("1e308", 400)):
        row = [far] + ["0.5"] * (columns - 2) + [far]
        one = "{%s}" % ",".join('"c%d":%s' % (i + 1, value) for i, value in enumerate(row))
        request = post(("[%s]" % ",".join([one] * 131)).encode(), extra="Connection: close\r\n")
        took[status] = []
        for _ in range(5):
            replies, _, seconds = timed(PORT, request)
            check([r.status for r in replies] == [status], status, [r.status for r in replies])
            took[status].append(seconds)
    check(json.loads(replies[0].body)["rows"][19]["column"] == "c1", replies[0].body[:200])
    check(min(took[400]) < 8 * min(took[200]), took)


KIB = 1024
MIB = 1024 * KIB
# what is asked, the status, what else must hold of the head (a field and its value), whether the answer is JSON
ANSWERS = [
    ("a header of nearly 32 KiB", filled(32 * KIB - 8), 200, {}, True),
    ("a header of nearly 32 KiB in 100 fields", filled(32 * KIB - 8, 99), 200, {}, True),
    ("a header over 32 KiB", filled(32 * KIB + 64), 431, {}, True),
    ("a header over 32 KiB by many fields", filled(33 * KIB, 60), 431, {}, True),
    ("a header of 64 KiB, beyond the library's memory", filled(64 * KIB), 431, {}, False),
    ("a target of 8 KiB", b"GET /healthz?%s HTTP/1.1\r\nHost: a\r\n\r\n" % (b"q" * (8 * KIB - 9)), 200, {}, True),
    ("a target over 8 KiB", b"GET /healthz?%s HTTP/1.1\r\nHost: a\r\n\r\n" % (b"q" * (8 * KIB - 8)), 414, {}, True),
    ("a target of 64 KiB, beyond the library's memory", b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n" % (b"q" * 64 * KIB), 414, {}, False),
    ("100 header fields", filled(2 * KIB, 99), 200, {}, True),
    ("101 header fields", filled(2 * KIB, 100), 431, {}, True),
    ("3,000 header fields", filled(30 * KIB, 3000), 431, {}, False),
    ("a body over the limit, of which nothing is sent", post_to(b"/predict", JSON + b"Content-Length: 8388609\r\n"), 413, {}, True),
    ("the same, and the client asks first", post_to(b"/predict", JSON + b"Content-Length: 8388609\r\nExpect: 100-continue\r\n"), 413, {}, True),
    ("a length beyond all numbers", post_to(b"/predict", JSON + b"Content-Length: 9223372036854775807\r\n"), 413, {}, True),
    ("a body where none is taken", b"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", 413, {}, True),
    ("a POST without a length", post_to(b"/predict", JSON), 411, {}, True),
    ("no type", post_to(b"/predict", b"Content-Length: 13\r\n", ROW), 415, {}, True),
    ("a type of which nothing is understood", post_to(b"/predict", b"Content-Type: image/png\r\nContent-Length: 13\r\n", ROW), 415, {}, True),
    ("the same at /invocations, in plain text", post_to(b"/invocations", b"Content-Type: image/png\r\nContent-Length: 13\r\n", ROW), 415,
     {"content-type": "text/plain; charset=utf-8"}, False),
    ("a coding that is not understood", post_to(b"/predict", JSON + b"Content-Encoding: br\r\nContent-Length: 13\r\n", ROW), 415, {}, True),
    ("GET where POST is", b"GET /predict HTTP/1.1\r\nHost: a\r\n\r\n", 405, {"allow": "POST"}, True),
    ("POST where GET is", post_to(b"/model", b"Content-Length: 0\r\n"), 405, {"allow": "GET, HEAD"}, True),
    ("PUT where both are", b"PUT /models HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 405, {"allow": "GET, HEAD, POST"}, True),
    ("a method of nobody", b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 405, {"allow": "GET, HEAD"}, True),
    ("no such path", b"GET /predict/ HTTP/1.1\r\nHost: a\r\n\r\n", 404, {}, True),
    ("no such path, with a body that is not sent", post_to(b"/nothing", JSON + b"Content-Length: 1000\r\n"), 404, {}, True),
    ("no such model", b"GET /v2/models/nobody HTTP/1.1\r\nHost: a\r\n\r\n", 404, {}, True),
    ("another transfer coding", post_to(b"/predict", JSON + b"Transfer-Encoding: gzip, chunked\r\n"), 501, {}, True),
    ("a row", post_to(b"/predict", JSON + b"Content-Length: 13\r\n", ROW), 200, {}, True),
]


def first_answer(request):
    """What is answered first, and after how many milliseconds it is there."""
    with connect(PORT) as sock:
        before = time.monotonic()
        sock.sendall(request)
        data = b""
        while True:
            try:
                part = sock.recv(65536)
            except ConnectionResetError:
                part = b""
            data += part
            try:
                if data:
                    return parse(data)[0], 1e3 * (time.monotonic() - before)
            except ValueError:
                pass
            if not part:
                return None, 0


def answers():
    most, longest = float(sys.argv[3]) if len(sys.argv) > 3 else 100, []
    for title, request, status, fields, is_json in ANSWERS:
        took = []
        for _ in range(20):  # a busy machine may be late; what waits for a deadline of seconds is so every time
            answer, ms = first_answer(request)
            took.append(ms)
            if ms <= most:
                break
        check(answer and answer.status == status, title, status, answer and (answer.status, answer.body[:200]))
        if not answer:
            continue
        for name, value in fields.items():
            check(answer.headers.get(name) == value, title, name, answer.headers.get(name))
        if is_json and status >= 400:
            check(set(json.loads(answer.body)) == {"error", "error_code", "message"}, title, answer.body)
        check(min(took) <= most, title, took)
        longest.append((min(took), title))
    print("%d answers, the longest after %.1f ms: %s" % (len(longest), *max(longest)))
    check(served(), "after all of them")


{"answers": answers, "body": body, "connections": connections, "address": address, "files": files,
 "spare": spare, "wide": wide, "untaken": untaken}[WHAT]()
check.end()
