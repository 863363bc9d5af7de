"""delivery_peer.py LOG - what delivery_peer.c is, in ten lines of Python."""
import socket
import sys

listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(5)
print("PORT", listener.getsockname()[1], flush=True)
connection, _ = listener.accept()
with open(sys.argv[1], "w") as log:
    while data := connection.recv(4096):
        log.write(f"{len(data)}\n")
