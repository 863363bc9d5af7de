"""client_ends_with - planted: an answer is whole when what was read ends with CR LF, and is then one line.

The protocol is that of speak.h. Class A, modelled on adafruit/Adafruit_CircuitPython_ESP_ATcontrol#43: the end of the
answer is looked for at the end of the read.
"""
import socket
import sys


def main():
    connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    pending = b""
    while data := connection.recv(4096):
        pending += data
        if not pending.endswith(b"\r\n"):
            continue
        line, pending = pending.decode().removesuffix("\r\n"), b""  # the bug: it may be several lines
        if line.startswith("101 "):
            connection.sendall(f"hi {line[4:]}\r\n".encode())
        elif line.startswith("SAY "):
            print("heard", line[4:], flush=True)
            connection.sendall(f"ack {len(line) - 4}\r\n".encode())
        elif line == "BYE":
            print("bye", flush=True)
            connection.sendall(b"bye\r\n")
            return
        else:
            print("what", flush=True)
            connection.sendall(b"what\r\n")
    sys.exit(1)


main()
