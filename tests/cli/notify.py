# SPDX-License-Identifier: GPL-3.0-or-later
"""Receives the notices of the tests on the loopback interface; prints its port. What comes is added to DIR/NAME, a
body a line, where NAME is the path's first part; that says how it behaves, too:
ok 200 · no 500 as long as DIR/no.fails is there · cut and slow give no answer · gone 404 · moved a redirect to ok."""
import http.server
import os
import sys

DIR = sys.argv[1]


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        name = self.path.split("/")[1]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open(os.path.join(DIR, name), "ab") as out:
            out.write(body + b"\n")
        if name == "cut":
            self.close_connection = True
            return
        if name == "slow":
            self.rfile.read(1)  # until the other end has had enough
            self.close_connection = True
            return
        fails = os.path.exists(os.path.join(DIR, name + ".fails"))
        status = {"gone": 404, "moved": 302}.get(name, 500 if fails else 200)
        self.send_response(status)
        if name == "moved":
            self.send_header("Location", "/ok/moved")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
print(server.server_address[1], flush=True)
server.serve_forever()
