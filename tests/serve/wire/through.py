"""
The shapes of shape_table.py by way of proxies. An ambiguous one gets at most one answer that is none of ours, or one refusal
that is; what follows it on the connection is answered only after a refusal that the proxy gave by itself, in step. After
each, a hundred requests by the same proxy get their own answers: its connections to the server are in step, too.

usage: through.py NAME=PORT...
"""
import json
import sys

from shape_table import AMBIGUOUS, EITHER, POST, SECOND, SILENT, SOUND
from wire import Checks, connect, receive

check = Checks()


def statuses(data):
    """Of the replies, however they are framed."""
    return [int(part[:3]) for part in data.split(b"HTTP/1.1 ")[1:] if part[:3].isdigit()]


def in_step(port):
    with connect(port) as sock:
        for i in range(20):
            body = b'{"x":%d,"y":%d}' % (i, i)
            sock.sendall(POST + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            data = b""
            while not data.endswith(b"}\n"):
                part = sock.recv(65536)
                if not part:
                    return False
                data += part
            if abs(json.loads(data.partition(b"\r\n\r\n")[2])["prediction"] - i) > 0.1:
                return False
    return True


for argument in sys.argv[1:]:
    name, _, port = argument.partition("=")
    port, passed = int(port), []
    with connect(port) as sock:
        sock.sendall(SECOND)
        second = receive(sock, 20)[0].partition(b"\r\n\r\n")[2]
    for title, data, expected in SOUND + EITHER + AMBIGUOUS + SILENT:
        with connect(port) as sock:
            try:
                sock.sendall(data + SECOND)
            except OSError:
                pass
            received, closed = receive(sock, 3)
        got = statuses(received)
        if (title, data, expected) in SOUND:
            check(got[:1] == [expected] or got[0] in (400, 301), name, title, got, "expected", expected)
        else:
            check(len(got) <= 2 and (len(got) < 2 or received.endswith(second)), name, title, got, received[-300:])
            if got and got[0] == 200:
                passed.append(title)
        check(in_step(port), name, "is out of step after", title)
    print("%s: %d shapes; made sound by the proxy, or sound to it: %s" % (name, len(SOUND + EITHER + AMBIGUOUS + SILENT), ", ".join(passed)))
check.end()
