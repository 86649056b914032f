#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""secrets.py FOLDER MARK HOW: a server on loopback that notes what it is asked in FOLDER/first, and another one, as a
second host, in FOLDER/second; the port of the first goes to FOLDER/port. While a client waits for its answer it looks
at every process: whose arguments hold MARK goes to FOLDER/arguments, who of FOLDER could leave a core to FOLDER/cores.

HOW it answers: empty (a tool with nothing in it); redirect (307 to the second host); echo (401, and says all that it
was sent: in the reason, a header and the body); fail (500, likewise).
"""
import os
import socket
import sys
import threading

folder, mark, how = sys.argv[1:4]


def note(name, text):
    with open(f"{folder}/{name}", "a", encoding="latin-1") as out:
        out.write(text + "\n")


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:  # it is over, or not ours
        return b""


def look_at_processes():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        arguments = read(f"/proc/{pid}/cmdline")
        if int(pid) != os.getpid() and mark.encode() in arguments:
            note("arguments", repr(arguments))
        if arguments.split(b"\0")[0].find(b"porthole") < 0 or folder.encode() not in read(f"/proc/{pid}/environ"):
            continue
        for line in read(f"/proc/{pid}/limits").decode().splitlines():
            if line.startswith("Max core file size") and line.split()[4:6] != ["0", "0"]:
                note("cores", f"{arguments!r}: {line}")


def request_of(conn):
    data = b""
    while b"\r\n\r\n" not in data:
        more = conn.recv(65536)
        if not more:
            return None
        data += more
    head, rest = data.split(b"\r\n\r\n", 1)
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(rest) < length:
        rest += conn.recv(65536)
    return (head + b"\r\n\r\n" + rest).decode("latin-1")


def answer_to(request):
    said = " ".join(line for line in request.splitlines() if "uthorization" in line or mark in line)
    said = said.replace('"', "'").encode("latin-1")
    if how == "redirect":
        return b"307 Elsewhere", b"Location: http://localhost:%d/api\r\n" % second, b""
    if how in ("echo", "fail"):
        status = b"401 " if how == "echo" else b"500 "
        return status + said, b"X-Said: %s\r\n" % said, b'{"message": "not with %s", "detail": "%s"}' % (said, said)
    return b"200 OK", b"", b"{}"


def serve(conn, name):
    while True:
        request = request_of(conn)
        if request is None:
            return
        note(name, request)
        look_at_processes()
        status, header, body = answer_to(request)
        conn.sendall(
            b"HTTP/1.1 %s\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            % (status, header, len(body), body)
        )


def handle(conn, name):
    try:
        serve(conn, name)
    except (OSError, ValueError):
        pass
    finally:
        conn.close()


def accept(listener, name):
    while True:
        threading.Thread(target=handle, args=(listener.accept()[0], name), daemon=True).start()


other = socket.create_server(("127.0.0.1", 0))
second = other.getsockname()[1]
threading.Thread(target=accept, args=(other, "second"), daemon=True).start()
first = socket.create_server(("127.0.0.1", 0))
with open(f"{folder}/port.new", "w", encoding="ascii") as out:
    out.write(str(first.getsockname()[1]))
os.rename(f"{folder}/port.new", f"{folder}/port")
accept(first, "first")
