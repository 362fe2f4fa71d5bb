"""
What Amazon SageMaker asks of a container while it is busy: a connection within 250 ms, and an empty 200 of /ping within 2 s.

usage: container.py PORT, of a server of `mean`
"""
import sys
import threading
import time

from wire import Checks, ask, connect, parse, receive

PORT = int(sys.argv[1])
PROBES = 25
check = Checks()
over = threading.Event()
answered = []


def busy(rows):
    """Asks for so many rows again and again: a few thousand keep a loop thread, many of them a worker."""
    body = b"4,5\n" * rows
    head = (b"POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Type: text/csv\r\nConnection: close\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body))
    while not over.is_set():
        replies, _ = ask(PORT, head + body, seconds=60)
        answered.append([r.status for r in replies])


loads = [threading.Thread(target=busy, args=(rows,)) for rows in (2000, 2000, 2000, 20000, 60000, 60000)]
for load in loads:
    load.start()
while len(answered) < len(loads):
    time.sleep(0.01)
for probe in range(PROBES):
    before = time.monotonic()
    with connect(PORT) as sock:
        connected = time.monotonic() - before
        sock.sendall(b"GET /ping HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        replies = parse(receive(sock, 20)[0])
    took = time.monotonic() - before
    check(connected < 0.25, "a connection after", connected)
    check(took < 2, "/ping after", took)
    check([(r.status, r.body) for r in replies] == [(200, b"")], "/ping says", replies)
over.set()
for load in loads:
    load.join()
check(all(statuses in ([200], [503]) for statuses in answered) and [200] in answered, "the load got", answered)
check.end()
