"""client_reader - planted: a new reader is made for each line, and takes more from the socket than the line.

The protocol is that of speak.h. Class D, modelled on Clever/amazon-kinesis-client-go#12: what a reader has read ahead is
lost with it.
"""
import socket
import sys


def main():
    connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    while True:
        with connection.makefile("rb") as reader:  # the bug: one reader for all lines
            line = reader.readline().decode().removesuffix("\r\n")
        if line.startswith("101 "):
            connection.sendall(f"hi {line[4:]}\r\n".encode())
        elif line.startswith("SAY "):
            print("heard", line[4:], flush=True)
            connection.sendall(f"ack {len(line) - 4}\r\n".encode())
        elif line == "BYE":
            print("bye", flush=True)
            connection.sendall(b"bye\r\n")
            return
        elif line:
            print("what", flush=True)
            connection.sendall(b"what\r\n")
        else:
            sys.exit(1)


main()
