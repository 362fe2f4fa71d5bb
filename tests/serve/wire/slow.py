"""
Clients that are slow on purpose are gone at their deadline, and others do not notice.

usage: slow.py PORT, of a server with --header-timeout 1 --body-timeout 1 --idle-timeout 1
"""
import socket
import sys
import threading
import time

from wire import HOST, Checks, ask, connect, post, receive

PORT = int(sys.argv[1])
HEAD = b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
check = Checks()


def lifetime(start, drip, name, low, high):
    """Seconds until the server closes a connection that drips a byte every 50 ms, which it counts from before a handshake."""
    before = time.monotonic()
    with connect(PORT) as sock:
        sock.sendall(start)
        closed = False
        while not closed and time.monotonic() - before < 20:
            try:
                if drip:
                    sock.sendall(drip)
                closed = receive(sock, 0.05)[1] is not False
            except OSError:
                closed = True
        took = time.monotonic() - before
    check(closed and low <= took <= high, name, "closed after", round(took, 2))


def unread():
    """A client that asks for much and does not read is reset."""
    body = b"[" + b",".join([b'{"x":1,"y":2}'] * 60000) + b"]"
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect((HOST, PORT))
    with sock:
        sock.sendall(post(body) + post(body))
        time.sleep(3)
        received, closed = receive(sock, 20)
    check(closed is not False and len(received) < 1000000, "unread replies:", len(received), closed)


LATE = 10  # seconds: the deadline is 1, and a busy machine late; one that a dripping byte puts off never comes
cases = [
    (b"", b"", "nothing at all", 0.9, LATE),
    (b"", b"a", "a request line byte by byte", 0.9, LATE),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: ", b"a", "headers byte by byte", 0.9, LATE),
    (b"GET / HTTP/1.1\r\n", b"X: a\r\n", "header after header", 0.9, LATE),
    (HEAD, b"", "no body", 0.9, LATE),
    (HEAD, b" ", "a body byte by byte", 0.9, LATE),
    (b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", b"", "idle after a reply", 0.9, LATE),
    (b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /", b"a", "a second request line byte by byte", 0.9, LATE),
    (b"GET /healthz?" + b"a&" * 4000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", b"", "thousands of arguments", 0, LATE),
]
threads = [threading.Thread(target=lifetime, args=case) for case in cases]
threads.append(threading.Thread(target=unread))
for thread in threads:
    thread.start()

# Meanwhile an honest client, and one whose body is slower than the time-out but fast enough on the way.
waited = []
for _ in range(100):
    before = time.monotonic()
    replies, _ = ask(PORT, post(b'{"x":4,"y":5}', extra="Connection: close\r\n"))
    waited.append(time.monotonic() - before)
    check([r.status for r in replies] == [200], "the honest client")
check(sorted(waited)[90] < 1.0, "the honest client waited", sorted(waited)[90:])
body = b'{"x":4,"y":5}' + b" " * 6000
parts = [post(body, extra="Connection: close\r\n")[:-6000]] + [b" " * 500] * 12
replies, _ = ask(PORT, None, parts=parts, pause=0.2)
check([r.status for r in replies] == [200], "2500 bytes a second are not too slow")
for thread in threads:
    thread.join()
check.end()
