"""clock - a control: every answer carries the time of day, so no two runs say the same. Lines are taken apart right."""
import socket
import threading
import time


def serve(connection):
    pending = b""
    while len(pending) < 65536 and (data := connection.recv(4096)):
        *lines, pending = (pending + data).split(b"\n")
        for line in lines:
            connection.sendall(time.strftime("%H:%M:%S").encode() + b" ok " + line + b"\n")
    connection.close()


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()
