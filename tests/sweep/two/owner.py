"""two_owner - planted: who began the message that is being read is kept once, not per client, and gets the answer.

The protocol is that of right.c. Class D, modelled on ImtsSrl/KUKAVARPROXY#3: messages of one read are answered with the
id of the first.
"""
import selectors
import socket


class Server:
    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.clients = {}  # what is kept, and how many lines came
        self.owner = None

    def read(self, connection):
        data = connection.recv(4096)
        if not data or len(self.clients[connection][0]) > 65536:
            raise ConnectionResetError
        if self.owner not in self.clients:
            self.owner = connection
        self.clients[connection][0] += data
        while b"\n" in self.clients[connection][0]:
            line, _, rest = self.clients[connection][0].partition(b"\n")
            self.clients[connection][0] = rest
            self.clients[connection][1] += 1
            self.owner.sendall(b"%d %s\n" % (self.clients[connection][1], line))  # the bug: connection
            self.owner = connection if rest else None

    def run(self, listener):
        self.selector.register(listener, selectors.EVENT_READ)
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is listener:
                    connection, _ = listener.accept()
                    self.clients[connection] = [b"", 0]
                    self.selector.register(connection, selectors.EVENT_READ)
                    continue
                try:
                    self.read(key.fileobj)
                except OSError:
                    self.selector.unregister(key.fileobj)
                    del self.clients[key.fileobj]
                    key.fileobj.close()


Server().run(socket.create_server(("127.0.0.1", 0)))
