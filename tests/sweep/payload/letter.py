"""payload_letter - planted: the letter of a command is taken from the buffer before the rest of its line has come.

When the rest comes, its first byte is taken for the letter. The protocol is that of store.h. Class F, modelled on
redis/hiredis#85: the type byte of a reply is consumed though no more data is there.
"""
import socket
import threading


def serve(connection):
    pending, value = b"", b""
    while len(pending) < 65536 and (data := connection.recv(4096)):
        pending += data
        while pending:
            letter, pending = pending[:1], pending[1:]
            line, newline, rest = pending.partition(b"\n")
            if not newline:
                pending = letter + pending if pending else b""  # the bug: one letter alone is lost
                break
            if letter == b"G" and not line:
                connection.sendall(b"value " + value + b"\n")
            elif letter == b"P" and line[:1] == b" " and line[1:].isdigit():
                size = int(line[1:])
                if len(rest) < size + 1:
                    pending = letter + pending
                    break
                value, rest = rest[:size], rest[size + 1:]
                connection.sendall(b"stored " + value + b"\n")
            else:
                connection.sendall(b"err\n")
            pending = rest
    connection.close()


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()
