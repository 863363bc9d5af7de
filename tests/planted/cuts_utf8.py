"""cuts_utf8 - planted: decodes what each read brings, so a character over two reads becomes two replacement characters.

The protocol is that of line_server.h.
"""
import selectors
import socket


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ, None)
    texts = {}
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                connection, _ = listener.accept()
                texts[connection] = ""
                selector.register(connection, selectors.EVENT_READ, None)
                continue
            connection = key.fileobj
            data = connection.recv(1024)
            texts[connection] += data.decode("utf-8", errors="replace")  # the bug
            *lines, texts[connection] = texts[connection].split("\n")
            for line in lines:
                connection.sendall(f"ok {line}\n".encode())
            if not data:
                if texts[connection]:
                    connection.sendall(f"rest {texts[connection]}\n".encode())
                selector.unregister(connection)
                del texts[connection]
                connection.close()


main()
