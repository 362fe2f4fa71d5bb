"""
A stop while a model is read again and the disk of the audit log does not answer, which holds the thread that reads: the door is
closed all the same. Exit status 77: no file can be held here (lease.py).

usage: held.py PORT PID LOG
"""
import os
import signal
import sys

from lease import Lease
from wire import Checks, connect, until

PORT, PID, LOG = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
check = Checks()


def refused():
    try:
        connect(PORT).close()
        return False
    except OSError:
        return True


lease = Lease(LOG)
os.rename("next.safetensors", "live.safetensors")
check(lease.waited_for(), "that another model is there is noted")
os.kill(PID, signal.SIGTERM)
check(until(refused, 10), "nobody is let in any more")
lease.end()
check.end()
