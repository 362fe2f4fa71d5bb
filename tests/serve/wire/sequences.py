"""
Several requests on a connection, and requests that arrive in pieces.

usage: sequences.py PORT
"""
import sys

from wire import Checks, ask, connect, parse, post, receive, until

PORT = int(sys.argv[1])
BODY = b'{"x":4,"y":5}'
LAST = b"GET /version HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
check = Checks()


def statuses(replies):
    return [r.status for r in replies]


# Pipelined: answered in order, each with its own body.
rows = [b'{"x":%d,"y":%d}' % (i, i) for i in range(20)]
replies, closed = ask(PORT, b"".join(post(row) for row in rows) + LAST)
check(statuses(replies) == [200] * 21 and closed, "pipelined", statuses(replies))
alone = [ask(PORT, post(row, extra="Connection: close\r\n"))[0][0].body for row in rows]
check([r.body for r in replies[:20]] == alone, "pipelined in order")

# One after the other on one connection, errors among them, for as long as a connection may live.
with connect(PORT) as sock:
    served = 0
    while True:
        wrong = served % 3 == 1
        sock.sendall(post(b"{" if wrong else BODY))
        data = b""
        while True:
            data += sock.recv(65536)
            try:
                parse(data)
                break
            except (ValueError, KeyError):
                pass
        reply = parse(data)[0]
        served += 1
        check(reply.status == (400 if wrong else 200), "request", served)
        if reply.headers.get("connection") == "close":
            break
    check(served == 1000, "a connection carries 1000 requests, not", served)
    check(receive(sock, 20) == (b"", True), "and is closed then")

# HEAD: the head of GET, no body, and the connection stays in step.
for path in ("/healthz", "/readyz", "/metrics", "/model", "/version"):
    get, _ = ask(PORT, b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % path.encode())
    with connect(PORT) as sock:
        sock.sendall(b"HEAD %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % path.encode())
        head = parse(receive(sock, 20)[0], head=True)
    check(statuses(head) == [200] and statuses(get) == [200], "HEAD", path)
    check(head[0].headers["content-type"] == get[0].headers["content-type"], "HEAD type", path)
    check(path == "/metrics" or head[0].headers["content-length"] == get[0].headers["content-length"], "HEAD length")

# HTTP/1.0: closed after one reply unless asked otherwise.
request = b"POST /predict HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 13\r\n%s\r\n" + BODY
replies, closed = ask(PORT, request % b"" + LAST)
check(statuses(replies) == [200] and closed, "HTTP/1.0", statuses(replies))
replies, closed = ask(PORT, request % b"Connection: keep-alive\r\n" + LAST)
check(statuses(replies) == [200, 200] and closed, "HTTP/1.0 kept alive", statuses(replies))

# A request in two pieces, cut at every place.
whole = post(BODY, extra="Connection: close\r\n")
for cut in range(1, len(whole), 7):
    replies, _ = ask(PORT, None, parts=[whole[:cut], whole[cut:]], pause=0.005)
    check(statuses(replies) == [200], "cut at", cut)
chunked = (b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nConnection: close\r\n"
           b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(b"1\r\n%c\r\n" % c for c in BODY) + b"0\r\n\r\n")
for cut in range(130, len(chunked), 5):
    replies, _ = ask(PORT, None, parts=[chunked[:cut], chunked[cut:]], pause=0.005)
    check(statuses(replies) == [200], "chunked cut at", cut)

# Clients that go away amid a request leave nothing behind, even when the server learns of both at once.
busy = post(b"[" + b",".join([BODY] * 20000) + b"]")
with connect(PORT) as one, connect(PORT) as other:
    one.sendall(busy)
    other.sendall(busy)
    for cut in range(1, len(whole)):
        with connect(PORT) as sock:
            sock.sendall(whole[:cut])


def alone():
    replies, _ = ask(PORT, b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    return b"\nmlctl_connections 1\n" in replies[0].body


check(until(alone), "connections left behind")
check.end()
