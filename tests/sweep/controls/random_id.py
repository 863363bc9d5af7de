"""random_id - a control: every client gets an id, and every answer to it carries it. Lines are taken apart right."""
import secrets
import socket
import threading


def serve(connection):
    pending, name = b"", secrets.token_hex(4).encode()
    connection.sendall(b"welcome " + name + b"\n")
    while len(pending) < 65536 and (data := connection.recv(4096)):
        *lines, pending = (pending + data).split(b"\n")
        for line in lines:
            connection.sendall(name + b" ok " + line + b"\n")
    connection.close()


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()
