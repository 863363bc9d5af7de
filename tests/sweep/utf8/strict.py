"""utf8_strict - planted: decodes what each read brings, and hangs up on what is no UTF-8: half a character.

The protocol is that of right.py. Class J, modelled on mpetazzoni/sseclient#8: UnicodeDecodeError at a chunk's end.
"""
import socket
import threading


def serve(connection):
    pending = ""
    with connection:
        while len(pending) < 65536 and (data := connection.recv(4096)):
            try:
                pending += data.decode("utf-8")  # the bug
            except UnicodeDecodeError:
                return
            *lines, pending = pending.split("\n")
            for line in lines:
                connection.sendall(f"{len(line)} {line}\n".encode())


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()
