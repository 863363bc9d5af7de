# --- the conversation


class Run:
    def __init__(self, scenario, options):
        self.scenario, self.options, self.at = scenario, options, 0
        self.limit_s = options.timeout or scenario["timeout"]
        self.values = {"case": "".join(random.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(6)).encode()}
        self.selector = selectors.DefaultSelector()
        self.programs = {name: Program(name, spec) for name, spec in scenario["programs"].items()}
        self.started, self.connections, self.listeners, self.streams = [], {}, {}, {}
        for program in self.programs.values():
            self.streams.update({stream.name: stream for stream in program.streams.values()})
        self.chunks, self.paused, self.notes, self.ending, self.blind, self.why = 0, 0, [], False, False, ""
        self.folder = tempfile.mkdtemp(prefix="conversation-")
        self.values["tmp"] = os.fsencode(self.folder)

    # --- values

    def expand(self, data):
        if isinstance(data, bytes):
            return data
        for part in data:
            if isinstance(part, str) and part not in self.values:
                raise CannotRun(f"{show(part)} has no value yet")
        return b"".join(part if isinstance(part, bytes) else self.values[part] for part in data)

    def compile(self, pattern):
        if pattern is None:
            return None
        source = pattern["re"]
        parts = [source] if isinstance(source, bytes) else source
        return re.compile(b"".join(part if isinstance(part, bytes) else re.escape(self.expand([part])) for part in parts))

    def keep(self, pattern, match):
        for group, name in (pattern or {}).get("groups", {}).items():
            self.values[name] = match.group(group) or b""

    def note(self, text):
        if text not in self.notes:
            self.notes.append(text)

    def tell(self, text):
        if self.options.verbose:
            print("    " + text, flush=True)

    # --- waiting

    def watch(self, fd, take):
        self.selector.register(fd, selectors.EVENT_READ, take)

    def take_pipe(self, stream):
        def take(fd):
            data = os.read(fd, 65536)
            if data:
                stream.add(data)
            else:
                self.selector.unregister(fd)
                stream.end()
        return take

    def take_socket(self, connection, stream):
        def take(fd):
            try:
                data = connection.sock.recv(65536)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                self.selector.unregister(fd)
                stream.end(reset=True)
                return
            if data:
                stream.add(data)
                if hasattr(socket, "TCP_QUICKACK"):
                    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            else:
                self.selector.unregister(fd)
                stream.end()
        return take

    def pump(self, seconds):
        """Reads what is there, after waiting so long for the first of it; False: nothing was."""
        moved = False
        for _ in range(64):
            if not self.selector.get_map():
                time.sleep(0 if moved else seconds)
                break
            events = self.selector.select(0 if moved else seconds)
            ready = [key for key, _ in events if not self.holds_back(key.fd)]
            if events and not ready and not moved:
                time.sleep(seconds)
            if not ready:
                break
            for key in ready:
                key.data(key.fd)
            moved = True
        for program in self.started:
            program.read_logs(self.expand)
        return moved

    def holds_back(self, fd):
        return any(one.sock and one.sock.fileno() == fd and one.spec.get("on_expect") and not one.reading
                   for one in self.connections.values())

    def wait(self, fact, seconds=None, comes=None):
        """What the fact says when it is no longer None; None: nothing more comes, or time ran out, and self.why says which."""
        began = held_since = time.monotonic()
        pause, held = 0.0002, None
        while True:
            self.pump(0)
            self.watch_ends()
            value = fact()
            if value is not None:
                return value
            now = time.monotonic()
            if now - began > (self.limit_s if seconds is None else seconds):
                self.why = f"time ran out after {now - began:.1f} s"
                return None
            if comes and pause >= 0.01:
                kind, seen = self.look()
                if kind != QUIET or seen != held:
                    held, held_since = (seen if kind == QUIET else None), time.monotonic()
                elif now - held_since > HELD_S and not self.pump(0):
                    self.why = "nothing more comes: every thread waits for input"
                    return fact()
            if now - began < SPIN_S:  # most chunks are read at once, and a selector's shortest pause is 1 ms
                time.sleep(0.00002)
                continue
            self.pump(pause)
            pause = min(pause * 1.5, 0.01)

    def look(self):
        """Can the programs still say something without new input? See look_into."""
        alive = [program for program in self.started if program.runs()]
        if not LINUX or not WAITS or self.blind:
            return BLIND, None
        if any(not one.gone and one.sock and queued(one.sock.fileno(), SIOCOUTQ) for one in self.connections.values()):
            return BUSY, None
        kind, seen = look_into([program.process.pid for program in alive])
        if kind == WRITING:  # it goes on when somebody reads
            waits = any(one.spec.get("on_expect") and not one.reading for one in self.connections.values())
            return (QUIET if waits else BUSY), seen
        for one in self.connections.values():
            if kind != BUSY and one.local and not one.spec.get("on_expect") and (tcp_socket(one.ends) or [0] * 5)[2]:
                return BUSY, None  # it is still sending
        return kind, seen

    def settle(self, seconds, wakes):
        """Waits until all threads sleep; where a limit wakes them, until that has happened so often. False: time ran out."""
        state = {"seen": None, "wakes": 0}

        def fact():
            kind, seen = self.look()
            if kind in (QUIET, BLIND):
                return kind
            if kind == TIMED and seen != state["seen"]:
                state["wakes"] += state["seen"] is not None
                state["seen"] = seen
            return kind if kind == TIMED and state["wakes"] >= wakes else None
        kind = self.wait(fact, seconds)
        if kind == BLIND:
            self.note(f"what the program does can't be seen here: after a pause of {self.options.pace} s it was taken to be done")
            self.rest()
        self.pump(0)
        return kind is not None

    def rest(self):
        """The one place where only time is left."""
        end = time.monotonic() + self.options.pace
        while time.monotonic() < end:
            self.pump(max(0.0, end - time.monotonic()))

    # --- programs

    def start(self, program):
        if program.ready:
            return
        spec, self.values[program.name + ".dir"] = program.spec, b""
        attached = self.options.address if spec.get("listens") else None
        if "address" in spec and not attached:
            host, _, port = os.fsdecode(self.expand(spec["address"])).rpartition(":")
            attached = (host.strip("[]"), int(port))
        if attached:
            self.blind = True
            program.address, program.ports, program.ready = attached, [attached] * len(spec["ports"]), True
            for port in spec["ports"]:
                self.values[port["name"]] = str(attached[1]).encode()
            return
        if os.name != "posix":
            raise CannotRun("programs can be started on POSIX systems only: start it yourself, and say --port N")
        self.launch(program)
        program.ready = True
        if not spec.get("listens"):
            return
        if not LINUX:
            program.ports = [("127.0.0.1", int(self.values[port["name"]])) for port in spec["ports"] if port["chosen"]]
            if len(program.ports) < len(spec["ports"]):
                raise CannotRun("which port it chose can't be seen here: start it yourself, and say --port N")
            return
        if self.wait(lambda: self.map_ports(program)) is None:
            raise CannotRun(f"{show(program.name)} does not listen: {self.why}")

    def map_ports(self, program):
        found, ports = program.listens_on(), []
        for port in program.spec["ports"]:
            if port["chosen"]:
                one = next((one for one in found if one[1] == int(self.values[port["name"]])), None)
                if not one:
                    return None
                found.remove(one)
        for port in program.spec["ports"]:
            if not port["chosen"] and not found:
                return None
            ports.append(("127.0.0.1", int(self.values[port["name"]])) if port["chosen"] else found.pop(0))
            self.values[port["name"]] = str(ports[-1][1]).encode()
        hosts = {port: host for host, port in program.listens_on()}
        program.ports = [(hosts.get(port, host), port) for host, port in ports]
        return True

    def launch(self, program):
        spec, name = program.spec, program.name
        program.folder = os.path.join(self.folder, name)
        os.mkdir(program.folder, 0o700)
        self.values[name + ".dir"] = os.fsencode(program.folder)
        for port in spec.get("ports", ()):
            if port["chosen"]:
                with socket.create_server(("127.0.0.1", 0)) as free:
                    self.values[port["name"]] = str(free.getsockname()[1]).encode()
        for path, data in spec.get("files", ()):
            path = os.path.join(program.folder, os.fsdecode(self.expand(path)))
            if os.path.relpath(path, program.folder).startswith(".."):
                raise CannotRun(f"{show(path)} is not below the program's folder")
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(self.expand(data))
        environment = {key: os.environ[key] for key in ("PATH", "HOME", "USER", "LOGNAME") if key in os.environ}
        environment.update(LANG="C.UTF-8", TMPDIR=program.folder)
        for key, value in spec.get("environment", ()):
            environment.pop(key, None)
            if value is not None:
                environment[key] = os.fsdecode(self.expand(value))
        command = [self.expand(word) for word in spec["command"]]
        try:
            program.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, bufsize=0,
                cwd=self.expand(spec["cwd"]) if "cwd" in spec else program.folder, start_new_session=True)
        except (OSError, ValueError) as error:
            raise CannotRun(f"{show(name)} can't be started: {error}") from None
        self.started.append(program)
        for pipe in (program.process.stdin, program.process.stdout, program.process.stderr):
            os.set_blocking(pipe.fileno(), False)
        if not spec.get("stdio"):
            self.watch(program.process.stdout.fileno(), self.take_pipe(program.streams["stdout"]))
        self.watch(program.process.stderr.fileno(), self.take_pipe(program.streams["stderr"]))

    def watch_ends(self):
        for program in self.started:
            if program.runs() and program.process.poll() is not None:
                program.code = program.process.returncode
                self.pump(0)
                for name in program.logs:
                    program.streams[name].end()
                self.judge_end(program)

    def judge_end(self, program):
        report = SANITIZER.search(program.streams["stderr"].data)
        if report:
            raise Failed(f"{show(program.name)} left a sanitizer's report: {show(report.group())}")
        for step in self.scenario["steps"][self.at:]:
            if step[1] == "ended" and step[2] == program.name:
                wanted = step[3] is not None if program.code >= 0 else step[4] == signal_name(-program.code)
                if wanted:
                    return
        if program.crashed():
            raise Failed(f"{show(program.name)} crashed: it {program.how()}")
        if program.term_sent and program.code < 0 and program.code != -signal.SIGTERM and not program.signalled:
            raise Failed(f"{show(program.name)} {program.how()} at the end")
        if not program.term_sent and not (self.ending and (program.code == 0 or program.code == -signal.SIGTERM)):
            raise Failed(f"{show(program.name)} ended by itself, and no step expects it: it {program.how()}")

    def ended(self, program, code, killed, seconds):
        if self.wait(lambda: None if program.runs() else True, seconds, comes=True) is None:
            raise Failed(f"{show(program.name)} does not end: {self.why}")
        right = program.code == code if code is not None else -program.code == getattr(signal, killed, None)
        if not right:
            raise Failed(f"{show(program.name)}: expected {'exit code ' + str(code) if code is not None else killed}, "
                         f"but it {program.how()}")
