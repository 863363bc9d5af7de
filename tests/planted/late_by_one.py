"""late_by_one - planted: takes one line per read, so of two lines in one write the second is answered when the next read comes.

The protocol is that of line_server.h. Nothing is lost in the end: the final bytes are right, only the moment is wrong.
"""
import socket
import threading


def serve(connection):
    pending = b""
    while True:
        data = connection.recv(1024)
        pending += data
        line, newline, rest = pending.partition(b"\n")
        if newline:  # the bug: `if` for `while`
            connection.sendall(b"ok " + line + b"\n")
            pending = rest
        if not data:
            break
    while b"\n" in pending:
        line, _, pending = pending.partition(b"\n")
        connection.sendall(b"ok " + line + b"\n")
    if pending:
        connection.sendall(b"rest " + pending + b"\n")
    connection.close()


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()
