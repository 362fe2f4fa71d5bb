"""
The rate of an address is exact: whoever asks all the time is let in rate · t + burst times in t seconds, to one request, and
never more often before; each address for itself.

usage: rate.py PORT RATE BURST SECONDS ADDRESS..., of a server with --rate-limit RATE --rate-burst BURST
"""
import sys
import threading
import time

from wire import Checks, connect, parse

PORT, RATE, BURST, SECONDS = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
ASKED = b"GET /version HTTP/1.1\r\nHost: a\r\n\r\n"
PAUSE = 0.2 / RATE  # seconds; a client that is late for less than burst / rate loses nothing
check = Checks()
said = []


def answer(sock):
    data = b""
    while True:
        part = sock.recv(65536)
        if not part:
            raise EOFError("closed after %r" % data)
        data += part
        try:
            return parse(data)[0]
        except (ValueError, KeyError):
            pass


def client(address):
    taken = refused = 0
    sock, began, known, after = None, None, None, 0.0  # the server's time begins between the two
    try:
        while after < SECONDS:
            if sock is None:
                sock = connect(PORT, source=address)
            asked = time.monotonic()
            began = began or asked
            sock.sendall(ASKED)
            reply = answer(sock)
            known = known or time.monotonic()
            after = time.monotonic() - began
            if reply.headers.get("connection") == "close":
                sock.close()
                sock = None
            if reply.status == 200:
                taken += 1
                check(taken <= RATE * after + BURST + 1, address, "has got", taken, "in", after, "s")
            else:
                refused += 1
                check(reply.status == 429 and int(reply.headers["retry-after"]) >= 1, address, reply.status, reply.headers)
                check(taken >= RATE * (asked - known) + BURST - 1, address, "is refused after", taken, "in", asked - known, "s")
            time.sleep(PAUSE)
    except (OSError, EOFError) as problem:
        check(False, address, repr(problem))
    check(refused > taken, address, "has hardly been refused:", refused)
    said.append("%s %d of %.1f" % (address, taken, RATE * after + BURST))


threads = [threading.Thread(target=client, args=(address,)) for address in sys.argv[5:]]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("rate: in %g s at %g a second and %d at once: %s" % (SECONDS, RATE, BURST, ", ".join(sorted(said))))
check.end()
