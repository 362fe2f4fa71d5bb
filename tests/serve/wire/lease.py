"""
A disk that does not answer: the audit log is moved away as by logrotate(8), and whoever opens the one that takes its place waits
until the lease on it (fcntl(2), F_SETLEASE) is given up, of which the kernel says that somebody does. It takes it away by itself
after /proc/sys/fs/lease-break-time, 45 seconds.
"""
import errno
import fcntl
import os
import signal
import sys

from wire import until


class Lease:
    """Of a new file at that path. The process ends with 77 where there are no leases."""

    def __init__(self, path):
        self.wanted = False
        os.rename(path, path + ".1")
        self.file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o640)
        signal.signal(signal.SIGIO, self.note)
        try:
            fcntl.fcntl(self.file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        except OSError as problem:
            if problem.errno not in (errno.EINVAL, errno.ENOLCK, errno.EACCES, errno.EPERM, errno.EOPNOTSUPP):
                raise
            print("%s: %s" % (path, problem.strerror))
            sys.exit(77)

    def note(self, *_):
        self.wanted = True

    def waited_for(self):
        """Whether somebody comes to open the file, and waits."""
        return until(lambda: self.wanted)

    def end(self):
        """Whoever waits goes on; an error when it was taken away before."""
        fcntl.fcntl(self.file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        os.close(self.file)
