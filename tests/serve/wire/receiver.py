"""receiver.py PORT OUT [DELAY]: answers POSTs 204 and writes each as a line {"path","authorization","body"} to OUT; the first one
gets a 503, or with DELAY none does, and each waits for so many seconds. Port 0: prints a free port and ends."""

import http.server
import json
import socket
import sys
import time


DELAY = float(sys.argv[3]) if len(sys.argv) > 3 else 0


class Receiver(http.server.BaseHTTPRequestHandler):
    refused = False

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = 204 if Receiver.refused or DELAY else 503
        Receiver.refused = True
        time.sleep(DELAY)
        if status == 204:
            with open(sys.argv[2], "a") as out:
                line = {"path": self.path, "authorization": self.headers["Authorization"], "body": json.loads(body)}
                out.write(json.dumps(line) + "\n")
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):
        pass


if sys.argv[1] == "0":
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        print(free.getsockname()[1])
else:
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
