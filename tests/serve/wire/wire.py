"""Raw HTTP/1.1 over a socket: bytes out, replies in. Over TLS when WIRE_CA names who may sign. Standard library only."""
import os
import socket
import ssl
import time

HOST = "127.0.0.1"


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body


def connect(port, timeout=20.0, source=None):
    sock = socket.create_connection((HOST, port), timeout, source and (source, 0))
    if "WIRE_CA" in os.environ:
        sock = ssl.create_default_context(cafile=os.environ["WIRE_CA"]).wrap_socket(sock, server_hostname=HOST)
    return sock


def receive(sock, seconds):
    """All bytes until the other side closes or the time is up; and whether it closed (None: reset)."""
    data, until = b"", time.monotonic() + seconds
    while True:
        left = until - time.monotonic()
        if left <= 0:
            return data, False
        sock.settimeout(left)
        try:
            part = sock.recv(65536)
        except socket.timeout:
            return data, False
        except ConnectionResetError:
            return data, None
        if not part:
            return data, True
        data += part


def parse(data, head=False):
    """The replies in a stream of bytes; anything that is left over is an error."""
    replies = []
    while data:
        top, found, data = data.partition(b"\r\n\r\n")
        if not found:
            raise ValueError("incomplete head: %r" % top)
        lines = top.decode("latin-1").split("\r\n")
        version, status, _ = lines[0].split(" ", 2)
        if version != "HTTP/1.1":
            raise ValueError("version %s" % version)
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            if name.lower() in headers:
                raise ValueError("header %s twice" % name)
            headers[name.lower()] = value
        status = int(status)
        length = 0 if head or status == 100 else int(headers["content-length"])
        if len(data) < length:
            raise ValueError("body of %d bytes, expected %d" % (len(data), length))
        replies.append(Reply(status, headers, data[:length]))
        data = data[length:]
    return replies


def reply(sock, seconds=20.0):
    """The replies in what comes until they are whole, the connection is closed or the time is up."""
    data, until = b"", time.monotonic() + seconds
    while time.monotonic() < until:
        part, closed = receive(sock, 0.05)
        data += part
        try:
            if data or closed is not False:
                return parse(data)
        except (ValueError, KeyError):
            if closed is not False:
                raise
    return []


def until(holds, seconds=20.0):
    """Whether it comes to hold, as it may late on a busy machine."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def ask(port, data, seconds=20.0, parts=None, pause=0.0):
    """Sends bytes (in parts, with a pause between) and reads until the end: (replies, closed)."""
    with connect(port) as sock:
        for part in parts or [data]:
            sock.sendall(part)
            if pause:
                time.sleep(pause)
        received, closed = receive(sock, seconds)
        return parse(received), closed


def post(body, kind="application/json", extra="", path="/predict"):
    return ("POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n"
            % (path, kind, len(body), extra)).encode() + body


def change(port, token, model, what):
    """A connection on which a change of that model is asked for."""
    sock = connect(port)
    sock.sendall(("POST /v2/repository/models/%s/%s HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\nContent-Length: 0\r\n"
                  "Connection: close\r\n\r\n" % (model, what, token)).encode())
    return sock


class Checks:
    """Collects what went wrong; the process's exit status says whether anything did."""

    def __init__(self):
        self.failures = 0

    def __call__(self, holds, *what):
        if not holds:
            self.failures += 1
            print("not so:", *what)

    def end(self):
        raise SystemExit(1 if self.failures else 0)
