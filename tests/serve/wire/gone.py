"""
A server that shakes hands over TLS and resets the connection, before the client has sent its request: what `mlctl health` says is
what it says when the request has gone out.

usage: gone.py MLCTL CERT KEY
"""
import os
import signal
import socket
import ssl
import struct
import subprocess
import sys

from wire import HOST, Checks, until

MLCTL, CERT, KEY = sys.argv[1:]
check = Checks()
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(CERT, KEY)
context.maximum_version = ssl.TLSVersion.TLSv1_2  # where the server's is the last word
coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
server = context.wrap_bio(coming, going, server_side=True)


def is_held(pid):
    with open("/proc/%d/stat" % pid) as file:
        return file.read().rpartition(")")[2].split()[0] == "T"


with socket.create_server((HOST, 0)) as door:
    client = subprocess.Popen([MLCTL, "health", "https://%s:%d" % door.getsockname()], stderr=subprocess.PIPE, text=True)
    door.settimeout(20)
    sock, _ = door.accept()
    sock.settimeout(20)
    while True:
        try:
            server.do_handshake()
            break
        except ssl.SSLWantReadError:
            sock.sendall(going.read())
            data = sock.recv(65536)
            if not data:
                sys.exit("the client has ended: " + client.communicate()[1])
            coming.write(data)
    os.kill(client.pid, signal.SIGSTOP)
    check(until(lambda: is_held(client.pid)), "the client is held")
    sock.sendall(going.read())
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
    os.kill(client.pid, signal.SIGCONT)
    said = client.communicate()[1]
check(client.returncode == 5, "exit status", client.returncode)
check("ended the connection without an answer; one that asks for certificates wants --cert FILE --key FILE\n" in said, said)
check.end()
