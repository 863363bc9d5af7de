"""utf8_right - the control of the utf8 family: bytes are joined to lines before they are decoded.

Each line is answered with the number of its characters, and the line.
"""
import socket
import threading


def serve(connection):
    pending = b""
    while len(pending) < 65536 and (data := connection.recv(4096)):
        pending += data
        *lines, pending = pending.split(b"\n")
        for line in lines:
            text = line.decode("utf-8", errors="replace")
            connection.sendall(f"{len(text)} {text}\n".encode())
    connection.close()


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()
