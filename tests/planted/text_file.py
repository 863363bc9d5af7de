"""text_file - planted, and seen in the wild: reads lines from, and writes answers to, one text file of the socket.

Python's text files drop what they have read ahead when they are written to, so of two lines in one write the second is lost.
The protocol is that of line_server.h.
"""
import socket
import threading


def serve(connection):
    with connection, connection.makefile("rw", encoding="utf-8", newline="\n") as lines:  # the bug: "rw"
        for line in lines:
            word = "ok" if line.endswith("\n") else "rest"
            lines.write(f"{word} {line.rstrip()}\n")
            lines.flush()


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()
