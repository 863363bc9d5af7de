    # --- what is sent

    def prove(self, connection):
        """The chunk that left last must have been read."""
        if not connection.due or connection.gone:
            return
        connection.due = False
        if not connection.can_prove():
            self.paused += 1
            self.rest()
            return
        looks = {"read": 0, "gone": 0}

        def fact():
            unread = connection.unread()
            looks["read"] = looks["read"] + 1 if unread == 0 else 0
            looks["gone"] = looks["gone"] + 1 if unread is None else 0
            connection.gone = looks["gone"] > 2
            return True if looks["read"] > 1 or connection.gone else None
        if self.wait(fact, comes=True) is None:
            raise Failed(f"chunk {connection.chunk} of {show(connection.name)} was not read: {self.why}")

    def put(self, connection, data, more=False):
        """One chunk, whole."""
        end = {"at": 0}

        def fact():
            while end["at"] < len(data) and not connection.gone:
                taken = connection.write(data[end["at"]:], more)
                if taken is None:
                    return None
                end["at"] += taken
            return True
        if self.wait(fact, comes=True) is None:
            raise Failed(f"{show(connection.name)} can't send: the program does not read; {self.why}")

    def step_send(self, name, chunks, fin_joins=False, unproved=False):
        connection = self.connections[name]
        for number, chunk in enumerate(chunks):
            data = self.expand(chunk)
            self.prove(connection)
            if connection.gone:
                self.note(f"{show(name)}: the program closed it before all was sent")
                return
            last = fin_joins and number == len(chunks) - 1
            if data:
                self.put(connection, data, last)
                connection.chunk += 1
                self.chunks += 1
                self.tell(f"{name} -> {show(data)}{' and FIN' if last else ''}")
                connection.due = not unproved
            if last:
                connection.end_writing()

    # --- steps

    def open(self, name, spec_name, sock=None, program=None):
        spec = self.scenario["connections"][spec_name]
        stream = Stream(name, spec["delimiter"], False, [self.compile(one) for one in spec.get("ignore", ())])
        connection = Connection(name, spec, sock, program)
        self.connections[name], self.streams[name] = connection, stream
        if sock:
            self.watch(sock.fileno(), self.take_socket(connection, stream))
        else:
            self.watch(program.process.stdout.fileno(), self.take_pipe(stream))

    def step_connect(self, name, target, refused=False):
        spec = self.scenario["connections"][name]
        if isinstance(target, tuple):
            program = self.programs[target[0]]
            if program.spec.get("stdio"):
                self.open(name, name, program=program)
                return
            address = program.ports[target[1]]
        else:
            host, _, port = os.fsdecode(self.expand(target)).rpartition(":")
            address, self.blind = (host.strip("[]"), int(port)), True
        deadline = time.monotonic() + (self.limit_s if not LINUX and not refused else 0)
        while True:
            sock = None
            try:
                family, kind, protocol, _, where = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)[0]
                sock = socket.socket(family, kind, protocol)
                if "receive_buffer" in spec:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, spec["receive_buffer"])
                sock.settimeout(self.limit_s)
                sock.connect(where)
                break
            except OSError as error:
                if sock:
                    sock.close()
                if refused and isinstance(error, ConnectionRefusedError):
                    return
                if time.monotonic() >= deadline:
                    self.watch_ends()
                    raise CannotRun(f"can't connect to {address[0]} port {address[1]}: {error}") from None
                self.pump(0.02)
        if refused:
            sock.close()
            raise Failed(f"{show(name)} was accepted, but it should be refused")
        self.open(name, name, sock)

    def step_listen(self, name, host, port):
        self.listeners[name] = socket.create_server((os.fsdecode(self.expand(host)), port), backlog=128,
                                                    family=socket.AF_INET6 if b":" in self.expand(host) else socket.AF_INET)
        self.listeners[name].setblocking(False)
        self.values[name + ".port"] = str(self.listeners[name].getsockname()[1]).encode()

    def step_accept(self, name, listener):
        def fact():
            try:
                return self.listeners[listener].accept()[0]
            except BlockingIOError:
                return None
        sock = self.wait(fact, comes=True)
        if sock is None:
            raise Failed(f"no program connects to {show(listener)}: {self.why}")
        spec = self.scenario["connections"][name]
        if "receive_buffer" in spec:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, spec["receive_buffer"])
        self.open(name, name, sock)

    def step_start(self, _):
        """It was started as the first step that names it."""

    def step_type(self, name, data, eof=False):
        program = self.programs[name]
        pipe = Connection(name, {}, program=program)
        self.put(pipe, self.expand(data))
        if pipe.gone:
            raise Failed(f"nothing can be typed: {show(name)} has closed its stdin")
        self.wait(lambda: True if not LINUX or pipe.unread() == 0 else None, comes=True)
        if eof:
            pipe.end_writing()

    def step_expect(self, name, unit, wanted=None, matches=None, within=None):
        stream, connection = self.streams[name], self.connections.get(name)
        pattern, found = self.compile(matches), []
        if unit in ("data", "lines", "until"):
            wanted = self.expand(wanted)
        elif unit == "unordered":
            wanted = [self.expand(line) for line in wanted]
        elif unit == "until matches":
            until, wanted = wanted, self.compile(wanted)
        elif unit == "rest" and wanted is not None:
            wanted = self.expand(wanted)

        def fact():
            end = stream.look(unit, wanted, pattern, found)
            return end if end is not None or not (stream.ended or stream.reset) else False
        if connection:
            connection.reading = True
        end = self.wait(fact, within, comes=True)
        if end is None or end is False:
            self.why = self.why if end is None else "it was reset" if stream.reset else "it has ended"
            stream.fail(self.why, f"{unit}{'' if wanted is None else ' ' + show(getattr(wanted, 'pattern', wanted))}")
        if unit == "until matches":
            last = [line for line, stop in stream.lines() if stop == end][0]
            self.keep(until, wanted.fullmatch(last))
        if found:
            self.keep(matches, found[-1])
        self.tell(f"{name} <- {show(stream.data[stream.cursor:end])}")
        stream.cursor = end
        if connection:
            connection.reading = False

    def step_silence(self, name, ms=None, within=None):
        stream, connection = self.streams[name], self.connections.get(name)
        if connection:
            connection.reading = True
            self.prove(connection)

        def fact():
            return True if stream.unread() or (ms is not None and (stream.ended or stream.reset)) else None
        if ms is not None:
            self.wait(fact, ms / 1000)
        elif not self.settle(within, 2):
            self.note(f"{show(name)} was silent, but may yet speak: {self.why}")
        if fact():
            stream.fail("it has ended" if not stream.unread() else "something came", "silence")
        if connection:
            connection.reading = False

    def step_reset(self, name, within=None):
        stream = self.streams[name]
        self.connections[name].reading = True
        self.wait(lambda: True if stream.reset or stream.ended or stream.unread() else None, within, comes=True)
        if not stream.reset or stream.unread():
            stream.fail("it was not", "that it is reset")

    def step_ended(self, name, code, killed, within=None):
        self.ended(self.programs[name], code, killed, within)

    def step_stop(self, name, code=None, killed=None):
        program = self.programs[name]
        self.settle(None, 0)
        program.term_sent = True
        if program.runs():
            program.process.terminate()
        if code is not None or killed:
            self.ended(program, code, killed, None)
        elif self.wait(lambda: None if program.runs() else True) is None:
            raise Failed(f"{show(name)} did not end after SIGTERM: {self.why}")

    def step_signal(self, name, number):
        self.programs[name].signalled = True
        self.programs[name].process.send_signal(getattr(signal, number))

    def step_settle(self, name, within=None):
        if not self.settle(within, 2):
            raise Failed(f"{show(name)} did not settle: {self.why}")

    def step_pause(self, ms):
        self.wait(lambda: None, ms / 1000)

    def step_set(self, name, data):
        self.values[name] = self.expand(data)

    def step_close(self, name, how):
        connection, stream = self.connections[name], self.streams[name]
        if not (connection.fin and how == "both"):
            self.prove(connection)
        if how == "write":
            connection.end_writing()
            return
        self.settle(None, 0)
        connection.reading = True
        self.pump(0)
        self.check_unread(connection, stream)
        if how == "reset" and connection.sock:
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif not connection.fin:
            connection.end_writing()
        self.drop(connection)
        if LINUX and connection.local:
            self.wait(lambda: None if (tcp_socket(connection.ends) or "??")[1] == ESTABLISHED else True)

    def check_unread(self, connection, stream):
        if stream.unread() and not connection.spec.get("rest"):
            raise Failed(f"{show(connection.name)} received {stream.unread()} bytes that no step took: "
                         f"{show(stream.data[stream.cursor:] + stream.tail)}")

    def drop(self, connection):
        if connection.sock and connection.sock.fileno() in self.selector.get_map():
            self.selector.unregister(connection.sock.fileno())
        connection.close()
        del self.connections[connection.name]

    # --- all of it

    def is_passed_over(self, verb, names):
        """Of a program that was not started here only its connections can be judged."""
        program = self.programs.get(names[0].partition(".")[0])
        if not program or not program.address or verb in ("connect", "start"):
            return False
        self.note(f"passed over: {verb} of {show(names[0])}, which was not started by this script")
        return True

    def programs_of(self, step):
        names = [step[3][0]] if step[1] == "connect" and isinstance(step[3], tuple) else \
            [step[2].partition(".")[0]] if isinstance(step[2], str) and step[1] not in ("listen", "accept", "set") else []
        return [self.programs[name] for name in names if name in self.programs]

    def play_step(self, step):
        try:
            for program in self.programs_of(step):
                self.start(program)
            if isinstance(step[2], str) and self.is_passed_over(step[1], [step[2]]):
                return
            *args, more = step[2:]
            getattr(self, "step_" + step[1])(*args, **more)
        except (Failed, CannotRun) as error:
            raise type(error)(f"{show(step[0])}: {step[1]}: {error}") from None

    def play(self):
        for self.at, step in enumerate(self.scenario["steps"]):
            self.play_step(step)
        self.at = len(self.scenario["steps"])
        self.finish()

    def finish(self):
        for connection in self.connections.values():
            connection.reading = True
        self.settle(None, 0)
        for connection in list(self.connections.values()):
            self.check_unread(connection, self.streams[connection.name])
        self.ending = True
        for connection in list(self.connections.values()):
            if connection.program:
                connection.end_writing()
            self.drop(connection)
        for program in reversed(self.started):
            if program.runs():
                self.settle(None, 0)
            if program.runs():
                program.term_sent = True
                program.process.terminate()
                if self.wait(lambda one=program: None if one.runs() else True) is None:
                    raise Failed(f"{show(program.name)} did not end after SIGTERM: {self.why}")

    def clean(self):
        for program in self.started:
            try:
                os.killpg(program.process.pid, signal.SIGKILL)
            except OSError:
                pass
            program.process.wait()
            for pipe in (program.process.stdin, program.process.stdout, program.process.stderr):
                try:
                    pipe.close()
                except OSError:
                    pass
        for one in [*self.connections.values()]:
            one.close()
        for one in self.listeners.values():
            one.close()
        self.selector.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def play_once(scenario, options, first):
    """0, 1 or 4, as the exit code says."""
    run, code, text = Run(scenario, options), 0, "passed"
    try:
        run.play()
    except Failed as error:
        code, text = 1, f"FAILED {error}"
    except (CannotRun, OSError) as error:
        code, text = 4, f"could not run: {error}"
    finally:
        run.clean()
    if first or code == 4:
        print(text)
        for note in run.notes:
            print("    note: " + note)
        if run.paused:
            print(f"    PACED, NOT PROVED: {run.paused} times nothing but a pause of {options.pace} s kept things apart")
        else:
            print(f"    {run.chunks} chunks; before the next one left, each was seen to be read")
        for program in run.started if code else ():
            tail = bytes(program.streams["stderr"].data[-1000:])
            if tail:
                print(f"    {program.name} said on stderr: {show(tail, 1000)}")
        sys.stdout.flush()
    return code


def read_options(words, scenario):
    parser = argparse.ArgumentParser(description="Plays " + show(scenario["name"]), epilog="Exit code: 0 as expected, 1 not, 4 not run.")
    parser.add_argument("--port", type=int, help="of a program that runs already on this machine")
    parser.add_argument("--connect", metavar="HOST:PORT", help="of a program that runs already")
    parser.add_argument("--runs", type=int, default=1, metavar="N")
    parser.add_argument("--timeout", type=float, metavar="S")
    parser.add_argument("--pace", type=float, default=0.2, metavar="S")
    parser.add_argument("--cost", action="store_true", help="what each byte costs when the first line is long")
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args(words)
    host, _, port = (options.connect or "").rpartition(":")
    if options.connect and (not host or not port.isdigit()):
        parser.error("--connect takes HOST:PORT")
    if options.runs < 1 or (options.timeout is not None and options.timeout <= 0) or options.pace < 0:
        parser.error("--runs and --timeout are above 0, --pace is not negative")
    options.address = (host.strip("[]"), int(port)) if options.connect else \
        ("127.0.0.1", options.port) if options.port is not None else None
    listening = [name for name, spec in scenario["programs"].items() if spec.get("listens") or "address" in spec]
    if options.address and len(listening) != 1:
        parser.error(f"--port and --connect stand for one program that listens, but there are {len(listening)}")
    return options


def main(scenario, words):
    options = read_options(words, scenario)
    print("plays " + show(scenario["name"]))
    if not LINUX:
        print(f"WARNING: there is no /proc/net/tcp here. Chunks are kept apart by a pause of {options.pace} s, and nothing is proved.")
    codes = []
    for number in range(options.runs):
        once = cost_once if options.cost else play_once
        codes.append(once(scenario, options, number == 0 or options.verbose))
    if options.runs > 1:
        failures = codes.count(1)
        lost = codes.count(4)
        print(f"reproduced {failures} of {options.runs}" + (f"; {lost} could not run" if lost else ""))
    return 1 if 1 in codes else 4 if 4 in codes else 0


if __name__ == "__main__":
    sys.exit(main(SCENARIO, sys.argv[1:]))
