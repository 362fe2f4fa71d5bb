"""
Changes of models while the disk of the audit log does not answer: whoever asked for them waits, nobody else does, and too many are
refused. The server has one thread of a loop. Exit status 77: no file can be held here (lease.py).

usage: change.py PORT TOKEN LOG
"""
import sys

from lease import Lease
from wire import Checks, ask, connect, post, receive, reply

PORT, TOKEN, LOG = int(sys.argv[1]), sys.argv[2], sys.argv[3]
WAITING = 16  # of them the server lets wait
LARGE = ("[" + ",".join('{"x":%d,"y":2}' % (i % 50) for i in range(20000)) + "]").encode()
check = Checks()
lease = Lease(LOG)


def change(what):
    sock = connect(PORT)
    sock.sendall(b"POST /v2/repository/models/mean/%s HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\nContent-Length: 0\r\n"
                 b"Connection: close\r\n\r\n" % (what, TOKEN.encode()))
    return sock


def others_are_answered():
    for data in (b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                 b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                 post(b'{"x":4,"y":5}', extra="Connection: close\r\n"), post(LARGE, extra="Connection: close\r\n")):
        replies, _ = ask(PORT, data)
        check([r.status for r in replies] == [200], data[:40], [r.status for r in replies])


waiting = [change(b"load")]
check(lease.waited_for(), "the change is noted")
others_are_answered()
waiting += [change((b"rollback", b"load")[i % 2]) for i in range(WAITING - 1)]
others_are_answered()
for _ in range(3):
    refused = reply(change(b"load"))
    check([r.status for r in refused] == [503], "one more is refused", [r.status for r in refused])
    check([r.headers.get("retry-after") for r in refused] != [None], "and told when to come again")
others_are_answered()
for sock in waiting:
    check(receive(sock, 0.01)[0] == b"", "a change is answered when it has been made")
lease.end()
statuses = [[r.status for r in reply(sock)] for sock in waiting]
check(statuses == [[200]] + [[400], [200]] * ((WAITING - 1) // 2) + [[400]], "all are answered then", statuses)  # there is nothing to go back to
check.end()
