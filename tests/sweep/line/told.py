"""line_told - planted: each read that brings more of a line that is too long already answers with the error.

The protocol is that of answer.h. Class H, modelled on tokio-rs/tokio#3555: the error comes per chunk, not once.
"""
import socket
import threading

LINE_BYTES_MAX = 64


def serve(connection):
    pending, overlong = b"", False
    while data := connection.recv(4096):
        pending += data
        while b"\n" in pending:
            line, _, pending = pending.partition(b"\n")
            if overlong or len(line) > LINE_BYTES_MAX:
                connection.sendall(b"err too long\n")
            else:
                connection.sendall(b"ok " + line + b"\n" if line else b"empty\n")
            overlong = False
        if overlong or len(pending) > LINE_BYTES_MAX:
            connection.sendall(b"err too long\n")  # the bug: the newline tells it, too
            pending, overlong = b"", True
    connection.close()


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()
