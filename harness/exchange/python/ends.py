# --- what is received


class Stream:
    """Bytes that came, and how far steps have taken them. Of a connection the next bytes must fit; an output is searched."""

    def __init__(self, name, delimiter=b"\n", searched=True, ignore=()):
        self.name, self.delimiter, self.searched, self.ignore = name, delimiter, searched, ignore
        self.data, self.tail, self.cursor = bytearray(), b"", 0
        self.ended = self.reset = False

    def add(self, data):
        if len(self.data) + len(data) > KEPT_BYTES_MAX:
            raise CannotRun(f"{show(self.name)} sent more than {KEPT_BYTES_MAX >> 20} MiB")
        if not self.ignore:
            self.data += data
            return
        *lines, self.tail = (self.tail + data).split(self.delimiter)
        for line in lines:
            if not any(pattern.fullmatch(line) for pattern in self.ignore):
                self.data += line + self.delimiter

    def end(self, reset=False):
        self.ended, self.reset = not reset, reset
        if self.tail and not any(pattern.fullmatch(self.tail) for pattern in self.ignore):
            self.data += self.tail
        self.tail = b""

    def unread(self):
        return len(self.data) - self.cursor + len(self.tail)

    def fail(self, what, wanted):
        raise Failed(f"{show(self.name)}: expected {wanted}, got {show(self.data[self.cursor:])}: {what}")

    def lines(self):
        """(content, end) of each whole line from the cursor on."""
        at = self.cursor
        while True:
            stop = self.data.find(self.delimiter, at)
            if stop < 0:
                return
            yield bytes(self.data[at:stop]), stop + len(self.delimiter)
            at = stop + len(self.delimiter)

    def find_literal(self, literal, whole_lines):
        if not self.searched:
            have = self.data[self.cursor:self.cursor + len(literal)]
            if not literal.startswith(have):
                self.fail("the bytes differ", show(literal))
            return self.cursor + len(literal) if len(have) == len(literal) else None
        at = self.data.find(literal, self.cursor)
        while at >= 0 and whole_lines and literal and at > 0 and not self.data[:at].endswith(self.delimiter):
            at = self.data.find(literal, at + 1)
        return at + len(literal) if at >= 0 else None

    def find_line(self, pattern, found):
        for line, end in self.lines():
            match = pattern.fullmatch(line)
            if match:
                found.append(match)
                return end
            if not self.searched:
                self.fail("the line does not match", f"a line that matches {show(pattern.pattern)}")
        return None

    def find_unordered(self, wanted):
        left = list(wanted)
        end = self.cursor
        for line, stop in self.lines():
            if left and line in left:
                left.remove(line)
                end = stop
            elif left and not self.searched:
                self.fail("this line is none of those", f"lines {show(repr(left))}")
            if not left:
                break
        return None if left else end

    def find_rest(self, literal):
        rest = bytes(self.data[self.cursor:])
        if literal is not None and not literal.startswith(rest):
            self.fail("the bytes differ", f"{show(literal)}, then the end")
        return len(self.data) if self.ended and literal in (None, rest) else None

    def find_until_match(self, pattern):
        for line, end in self.lines():
            if pattern.fullmatch(line):
                return end
        return None

    def look(self, unit, wanted, check, found):
        """Where the unit ends; None: it is not whole yet."""
        if unit in ("data", "lines"):
            return self.find_literal(wanted, unit == "lines")
        if unit == "line matches":
            return self.find_line(check, found)
        if unit == "unordered":
            return self.find_unordered(wanted)
        if unit == "size":
            end = self.cursor + wanted if len(self.data) - self.cursor >= wanted else None
        elif unit == "until":
            at = self.data.find(wanted, self.cursor)
            end = at + len(wanted) if at >= 0 else None
        elif unit == "until matches":
            end = self.find_until_match(wanted)
        else:
            end = self.find_rest(wanted)
        if end is not None and check:
            match = check.fullmatch(bytes(self.data[self.cursor:end]))
            if not match:
                self.fail("it does not match the pattern", show(check.pattern))
            found.append(match)
        return end


# --- who is spoken to


class Program:
    def __init__(self, name, spec):
        self.name, self.spec = name, spec
        self.process = self.code = self.address = self.folder = None
        self.ports = []
        self.term_sent = self.signalled = self.ready = False
        self.streams = {one: Stream(f"{name}.{one}") for one in ("stdout", "stderr", *spec.get("logs", ()))}
        self.logs = {}

    def how(self):
        return f"exited with {self.code}" if self.code >= 0 else f"was killed by {signal_name(-self.code)}"

    def crashed(self):
        return self.code < 0 and signal_name(-self.code) in CRASHES

    def runs(self):
        return self.process is not None and self.code is None

    def read_logs(self, expand):
        for name, path in self.spec.get("logs", {}).items():
            try:
                with open(os.path.join(self.folder, os.fsdecode(expand(path))), "rb") as file:
                    file.seek(self.logs.get(name, 0))
                    data = file.read()
            except OSError:
                continue
            self.logs[name] = self.logs.get(name, 0) + len(data)
            self.streams[name].add(data)

    def listens_on(self):
        """[(host, port)] of the sockets of its processes, in the order in which they were made."""
        inodes = set()
        for pid in tree(self.process.pid):
            try:
                links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
            except OSError:
                continue
            inodes |= {link[8:-1] for link in links if link.startswith("socket:[")}
        rows = sorted((int(row[4]), row[0]) for row in tcp_listeners() if row[4] in inodes)
        return [(host_of(local), int(local.partition(":")[2], 16)) for _, local in rows]


class Connection:
    """One end that the script plays: a socket, or the two pipes of a program."""

    def __init__(self, name, spec, sock=None, program=None):
        self.name, self.spec, self.sock, self.program = name, spec, sock, program
        self.chunk = 0  # how many have left; not proved yet when `due`
        self.due = self.gone = self.reading = self.fin = False
        self.local, self.ends = False, None
        if sock:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            own, peer = sock.getsockname(), sock.getpeername()
            self.local = peer[0].startswith("127.") or peer[0] in ("::1", own[0])
            self.ends = peer, own

    def can_prove(self):
        return LINUX and (self.program is not None or self.local)

    def write(self, data, more=False):
        """How many bytes were taken; None: no room now."""
        try:
            if self.program:
                return os.write(self.program.process.stdin.fileno(), data)
            return self.sock.send(data, getattr(socket, "MSG_MORE", 0) if more else 0)
        except (BlockingIOError, InterruptedError):
            return None
        except (OSError, ValueError):
            self.gone = True
            return len(data)

    def unread(self):
        """How much of what was sent is not read by the program; None: its end is gone."""
        if self.program:
            return 0 if self.fin or not self.program.runs() else queued(self.program.process.stdin.fileno(), FIONREAD)
        waiting = queued(self.sock.fileno(), SIOCOUTQ)
        row = tcp_socket(self.ends)
        return waiting + row[3] if row else None

    def end_writing(self):
        self.fin = True
        try:
            if self.program:
                self.program.process.stdin.close()
            else:
                self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.gone = True

    def close(self):
        if self.sock:
            self.sock.close()
