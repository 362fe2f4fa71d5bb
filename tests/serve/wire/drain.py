"""
A stop under load: every request that a connection has taken is answered in full, new connections are refused, and the
process ends by itself.

usage: drain.py PORT PID SECONDS-BEFORE-THE-SIGNAL
"""
import os
import signal
import sys
import threading
import time

from wire import Checks, connect, parse, post, until

PORT, PID, DELAY = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
REQUEST = post(b"[" + b",".join([b'{"x":%d,"y":2}' % i for i in range(200)]) + b"]")
check = Checks()
done = [0] * 16
failed = []


def one(sock):
    """One request and its reply: True to go on, False when the server said that this was the last."""
    sock.sendall(REQUEST)
    data = b""
    while True:
        part = sock.recv(65536)
        if not part:
            raise EOFError("closed after %d bytes of a reply" % len(data))
        data += part
        try:
            reply = parse(data)[0]
        except (ValueError, KeyError):
            continue
        if reply.status != 200 or reply.body.count(b"prediction") != 200:
            raise EOFError("status %d" % reply.status)
        return reply.headers.get("connection") != "close"


def client(i):
    while True:
        try:
            sock = connect(PORT)
        except OSError:
            return  # nobody listens any more
        with sock:
            try:
                while one(sock):
                    done[i] += 1
                done[i] += 1
            except (OSError, EOFError) as problem:
                failed.append(problem)
                return


threads = [threading.Thread(target=client, args=(i,)) for i in range(len(done))]
for thread in threads:
    thread.start()
check(until(lambda: sum(done) > 100, 60), "only", sum(done), "requests in a minute")
time.sleep(DELAY)
os.kill(PID, signal.SIGTERM)
before = time.monotonic()
for thread in threads:
    thread.join()
check(time.monotonic() - before < 20, "clients done after", time.monotonic() - before)
check(not failed, len(failed), "requests of", sum(done), "failed:", failed[:3])
print(sum(done), "requests answered")
check.end()
