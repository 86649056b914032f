#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""https.py FOLDER MODE [CERT]: a server on loopback that plays an empty MLflow; its port goes to FOLDER/port, the heads
of requests to FOLDER/requests. CERT is a PEM file with certificate and key.

MODE: tls; old (TLS 1.1 at most); mutual (wants a certificate of FOLDER/ca.pem's); plain (no TLS); proxy (CONNECT only).
"""
import os
import select
import socket
import ssl
import sys
import threading

folder, mode = sys.argv[1], sys.argv[2]


def note(text):
    with open(f"{folder}/requests", "a", encoding="latin-1") as out:
        out.write(text)


def head_of(conn):
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
    return head.decode("latin-1")


def pump(a, b):
    while True:
        for one in select.select([a, b], [], [])[0]:
            data = one.recv(65536)
            if not data:
                return
            (b if one is a else a).sendall(data)


def proxy(conn):
    head = head_of(conn)
    note(head + "\n")
    host, port = head.split(" ")[1].rsplit(":", 1)
    conn.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
    with socket.create_connection(("127.0.0.1", int(port))) as there:
        pump(conn, there)


def serve(conn):
    while True:
        head = head_of(conn)
        if head is None:
            return
        note(head + "\n")
        path = head.split(" ")[1]
        body, kind = (b"3.17.2", b"text/plain") if path == "/version" else (b"{}", b"application/json")
        conn.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (kind, len(body), body)
        )


def handle(conn):
    try:
        if mode == "proxy":
            proxy(conn)
        elif mode == "plain":
            note(conn.recv(65536).decode("latin-1") + "\n")
            conn.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        else:
            serve(context.wrap_socket(conn, server_side=True))
    except (OSError, ValueError):
        pass
    finally:
        conn.close()


if mode in ("tls", "old", "mutual"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3])
    if mode == "old":
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    if mode == "mutual":
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(f"{folder}/ca.pem")
listener = socket.create_server(("127.0.0.1", 0))
with open(f"{folder}/port.new", "w", encoding="ascii") as out:
    out.write(str(listener.getsockname()[1]))
os.rename(f"{folder}/port.new", f"{folder}/port")
while True:
    threading.Thread(target=handle, args=(listener.accept()[0],), daemon=True).start()
