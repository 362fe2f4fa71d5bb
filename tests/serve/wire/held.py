"""
A stop while models are read again, which takes as long as they are large: the thread that reads them is held, and the
door is closed all the same. Exit status 77: no process may hold another's thread here.

usage: held.py PORT PID
"""
import ctypes
import os
import signal
import sys

from wire import Checks, connect, until

PORT, PID = int(sys.argv[1]), int(sys.argv[2])
SEIZE, INTERRUPT, DETACH, WALL = 0x4206, 0x4207, 17, 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long
check = Checks()


def refused():
    try:
        connect(PORT).close()
        return False
    except OSError:
        return True


thread = max(int(task) for task in os.listdir("/proc/%d/task" % PID))  # the last that was started
if libc.ptrace(SEIZE, thread, None, None) != 0:
    print(os.strerror(ctypes.get_errno()))
    sys.exit(77)
libc.ptrace(INTERRUPT, thread, None, None)
os.waitpid(thread, WALL)
os.kill(PID, signal.SIGTERM)
check(until(refused, 10), "nobody is let in any more")
libc.ptrace(DETACH, thread, None, None)
check.end()
