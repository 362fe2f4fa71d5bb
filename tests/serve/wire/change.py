"""
Changes of models while the disk of the audit log does not answer: whoever asked for them waits, nobody else does, and too many are
refused. The server has one thread of a loop. Exit status 77: no file can be held here (lease.py).

usage: change.py PORT TOKEN LOG
"""
import sys

from lease import Lease
from wire import Checks, ask, change, post, receive, reply, until

PORT, TOKEN, LOG = int(sys.argv[1]), sys.argv[2], sys.argv[3]
WAITING = 16  # of them the server lets wait
LARGE = ("[" + ",".join('{"x":%d,"y":2}' % (i % 50) for i in range(20000)) + "]").encode()
METRICS = b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
check = Checks()
lease = Lease(LOG)


def others_are_answered():
    for data in (b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", METRICS,
                 post(b'{"x":4,"y":5}', extra="Connection: close\r\n"), post(LARGE, extra="Connection: close\r\n")):
        replies, _ = ask(PORT, data)
        check([r.status for r in replies] == [200], data[:40], [r.status for r in replies])


waiting = [change(PORT, TOKEN, "mean", "load")]
check(lease.waited_for(), "the change is noted")
others_are_answered()
waiting += [change(PORT, TOKEN, "mean", ("rollback", "load")[i % 2]) for i in range(WAITING - 1)]
check(until(lambda: b"\nmlctl_model_changes_in_flight %d\n" % WAITING in ask(PORT, METRICS)[0][0].body), "all of them wait")
for _ in range(3):
    refused = reply(change(PORT, TOKEN, "mean", "load"))
    check([r.status for r in refused] == [503], "one more is refused", [r.status for r in refused])
    check([r.headers.get("retry-after") for r in refused] != [None], "and told when to come again")
others_are_answered()
for sock in waiting:
    check(receive(sock, 0.01)[0] == b"", "a change is answered when it has been made")
lease.end()
statuses = [[r.status for r in reply(sock)] for sock in waiting]
check(statuses == [[200]] + [[400], [200]] * ((WAITING - 1) // 2) + [[400]], "all are answered then", statuses)  # there is nothing to go back to
check.end()
