"""record_end - planted: a separator at the end of a read is taken for one between parts; "--" may follow, and ends the record.

The protocol is that of record.h. Class C, modelled on Http-Multipart-Data-Parser/HttpMultipartParser#31: the two
hyphens of an end boundary are in the next buffer.
"""
import socket
import threading


def serve(connection):
    pending, parts = b"", []
    while len(pending) < 65536 and (data := connection.recv(4096)):
        pending += data
        start = 0
        while (at := pending.find(b"\n--B", start)) >= 0:
            after = pending[at + 4:]
            if after in (b"-", b"--"):
                break
            if after.startswith(b"--\n"):
                parts.append(pending[:at])
                shown = b" ".join(b"[" + part.replace(b"\n", b"|") + b"]" for part in parts)
                connection.sendall(b"%d %s\n" % (len(parts), shown))
                pending, parts, start = after[3:], [], 0
            elif after[:1] in (b"\n", b""):  # the bug: b"" tells nothing yet
                parts.append(pending[:at])
                pending, start = after[1:], 0
            else:
                start = at + 1
    connection.close()


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()
