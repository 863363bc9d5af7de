"""cost_reparse - planted: at each read the parse of the first line starts again, byte by byte, and what it found is dropped.

The answers are those of sum.h. Class N, modelled on hyperium/hyper#3764: the parse is restarted at each partial read.
"""
import socket
import threading
import zlib

SUM_ROUNDS = 8


def parse(pending):
    """The length of the first line of these bytes and the number of its words, or None."""
    words, inside = 0, False
    for at, byte in enumerate(pending):
        if byte == 10:
            return at, words
        was_inside, inside = inside, not chr(byte).isspace()
        words += inside and not was_inside
    return None


def checksum(line):
    return zlib.crc32(bytes(byte for byte in line for _ in range(SUM_ROUNDS)))


def serve(connection):
    pending = b""
    while data := connection.recv(4096):
        pending += data
        while found := parse(pending):  # the bug: from the start, each time
            length, _ = found
            connection.sendall(b"%d bytes, sum %08x\n" % (length, checksum(pending[:length])))
            pending = pending[length + 1:]
    connection.close()


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()
