"""
A stop while changes of models wait for the disk of the audit log: when the grace is over, the one that has begun is made, the others
are not. Exit status 77: no file can be held here (lease.py).

usage: halt.py PORT PID TOKEN LOG SAID, with --grace 1; SAID has what the server says
"""
import os
import signal
import sys
import time

from lease import Lease
from wire import Checks, change, until

PORT, PID, TOKEN, LOG, SAID = int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]
check = Checks()
threads = []


def steady():
    """No thread has ended for two seconds: what can end has."""
    threads.append(len(os.listdir("/proc/%d/task" % PID)))
    return len(threads) > 40 and len(set(threads[-40:])) == 1


def is_cut():
    with open(SAID) as said:
        return "connections were not done after 1 seconds" in said.read()


lease = Lease(LOG)
waiting = [change(PORT, TOKEN, "mean", "load")]
check(lease.waited_for(), "the change is noted")
waiting += [change(PORT, TOKEN, "mean", "unload") for _ in range(3)]
time.sleep(0.5)
os.kill(PID, signal.SIGTERM)
check(until(is_cut), "the grace is over")
check(until(steady), "the server waits for the disk")
lease.end()
check.end()
