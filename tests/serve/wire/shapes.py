"""
Request shapes that the library lets through or answers with care, and what the server makes of them. Each is followed by
a second request: an ambiguous one must get exactly one reply, after which the connection is closed; a sound one must
leave the connection in step, so that the second is answered too.

usage: shapes.py PORT
"""
import sys

from shape_table import AMBIGUOUS, BODY, EITHER, POST, SECOND, SILENT, SOUND, TWICE
from wire import Checks, ask, connect, parse, receive

PORT = int(sys.argv[1])
check = Checks()


def replies_of(name, data):
    with connect(PORT) as sock:
        sock.sendall(data)
        received, closed = receive(sock, 20)
    if name in TWICE:
        head = received.partition(b"\r\n\r\n")[0]
        if received.startswith(head + b"\r\n\r\n" + head + b"\r\n\r\n"):
            received = received[len(head) + 4:]
    return parse(received), closed


for name, data, status in SOUND:
    replies, closed = replies_of(name, data + SECOND)
    check([r.status for r in replies] == [status, 200] and closed,
          name, [r.status for r in replies], "expected", [status, 200], "closed:", closed)

for name, data, status in EITHER:
    replies, closed = replies_of(name, data + SECOND)
    check([r.status for r in replies] in ([200, 200], [status]) and closed, name, [r.status for r in replies], closed)

for name, data, status in AMBIGUOUS:
    replies, closed = replies_of(name, data + SECOND)
    statuses = status if isinstance(status, tuple) else (status,)
    check([r.status for r in replies] in [[s] for s in statuses] and closed,
          name, [r.status for r in replies], "expected", [status], "closed:", closed)
    if replies and name not in TWICE and b"{" in replies[0].body:
        check(replies[0].headers.get("connection") == "close", name, "says close")

for name, data, statuses in SILENT:
    replies, closed = replies_of(name, data)
    check(len(replies) <= 1 and closed is not False and all(r.status in statuses for r in replies),
          name, [r.status for r in replies], closed)

# A reply to a sound request after all of that: the server lives.
replies, _ = ask(PORT, POST + b"Connection: close\r\nContent-Length: 13\r\n\r\n" + BODY)
check([r.status for r in replies] == [200], "still alive")
check.end()
