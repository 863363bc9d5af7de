"""utf8_chunks - planted: decodes what each read brings, so a character over two reads becomes replacement characters.

The protocol is that of right.py. Class J, modelled on centrifugal/centrifuge-js#387: a TextDecoder without stream:true.
"""
import socket
import threading


def serve(connection):
    pending = ""
    while len(pending) < 65536 and (data := connection.recv(4096)):
        pending += data.decode("utf-8", errors="replace")  # the bug
        *lines, pending = pending.split("\n")
        for line in lines:
            connection.sendall(f"{len(line)} {line}\n".encode())
    connection.close()


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()
