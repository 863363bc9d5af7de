"""upgrade_plain - planted: what came with UPGRADE was split into lines already; these run in the clear behind the upgrade.

The protocol is that of rot13.h. Class K, modelled on aio-libs/aiosmtpd#380 (CVE-2024-34083): the buffer is not
flushed at STARTTLS.
"""
import codecs
import socket
import threading


def serve(connection):
    pending, upgraded = b"", False
    while len(pending) < 65536 and (data := connection.recv(4096)):
        if upgraded:
            data = codecs.encode(data.decode("latin-1"), "rot13").encode("latin-1")
        pending += data
        while b"\n" in pending:
            line, _, pending = pending.partition(b"\n")
            if line == b"UPGRADE" and not upgraded:
                upgraded = True  # the bug: pending stays
                connection.sendall(b"go ahead\n")
                continue
            answer = b"ok " + line + b"\n"
            if upgraded:
                answer = codecs.encode(answer.decode("latin-1"), "rot13").encode("latin-1")
            connection.sendall(answer)
    connection.close()


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()
