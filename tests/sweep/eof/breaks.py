"""eof_breaks - planted: reads until nothing more is there, and leaves the loop at the end of the stream before it has looked
at what it read in the same round.

The protocol is that of right.c. Class L, modelled on nyaruka/goflow#1574: the loop breaks on io.EOF before the line that
came with it is used.
"""
import selectors
import socket


def handle(connection, pending, data):
    *lines, pending = (pending + data).split(b"\n")
    for line in lines:
        connection.sendall(b"ok " + line + b"\n")
    return pending


def attend(connection, pending):
    """Returns what is kept, and whether the stream has ended."""
    data = b""
    while True:
        try:
            more = connection.recv(4096, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return handle(connection, pending, data), False
        if len(pending) > 65536:
            return pending, True
        if not more:
            return pending, True  # the bug: data
        data += more


def main():
    selector, pending = selectors.DefaultSelector(), {}
    listener = socket.create_server(("127.0.0.1", 0))
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                connection, _ = listener.accept()
                pending[connection] = b""
                selector.register(connection, selectors.EVENT_READ)
                continue
            connection = key.fileobj
            try:
                pending[connection], ended = attend(connection, pending[connection])
                if ended and pending[connection]:
                    connection.sendall(b"rest " + pending[connection] + b"\n")
            except OSError:
                ended = True
            if ended:
                selector.unregister(connection)
                del pending[connection]
                connection.close()


main()
