"""
Limits answer, and the client gets to read the answer.

usage: limits.py PORT WHAT [ARGUMENT]
  body            a server with --max-body 100000
  connections N   a server with --max-connections N
  address N       a server with --max-per-address N
  files           a server with few open files
"""
import sys
import time

from wire import Checks, ask, connect, parse, post, receive, reply, until

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


{"body": body, "connections": connections, "address": address, "files": files}[WHAT]()
check.end()
