# --- what a long line costs

LINE_BYTES, SLICE_BYTES, LINE_S = 4096, 512, 60  # byte by byte
FLOOD_BYTES, FLOOD_CHUNK_BYTES, FLOOD_SLICE_BYTES, FLOOD_S = 4 << 20, 65536, 1 << 19, 10  # without end
GROWTH_MIN, SLICE_MIN_S, INVERSIONS_MAX = 1.8, 0.003, 3  # the last three slices against the first three; of 21 pairs of 7
MEMORY_MIN_BYTES = 32  # for each byte of a slice that is sent byte by byte
MEASUREMENTS_MAX, MEASUREMENTS_ALIKE = 4, 2


def line_of(scenario):
    """(step number, connection, what stands before the end of the line) of the first line that is sent."""
    for number, step in enumerate(scenario["steps"]):
        if step[1] != "send" or not all(isinstance(chunk, bytes) for chunk in step[3]):
            continue
        data, delimiter = b"".join(step[3]), scenario["connections"][step[2]]["delimiter"]
        content = data[:-len(delimiter)]
        if content and data.endswith(delimiter) and all(0x20 <= byte < 0x7F for byte in content):
            return number, step[2], content
    raise CannotRun("--cost makes the first line that is sent longer, and no line of printable ASCII is sent")


def spent(run):
    """(seconds of processor time, bytes resident) of all programs."""
    seconds = resident = 0
    for root in [program.process.pid for program in run.started]:
        for pid in tree(root):
            resident += int((read_text(f"/proc/{pid}/statm").split() or ["0", "0"])[1]) * os.sysconf("SC_PAGESIZE")
            seconds += sum(int((read_text(task + "/schedstat").split() or "0")[0]) for task in threads_of([pid])) / 1e9
    return seconds, resident


def feed(scenario, options, size, chunk, part, limit_s):
    """What was spent after each `part` bytes of a line of that size; None: the program refuses it, or is too slow to tell."""
    number, name, content = line_of(scenario)
    line = (content + content[-1:] * size)[:size]
    run, seen = Run(scenario, options), []
    try:
        for run.at, step in enumerate(scenario["steps"][:number]):
            run.play_step(step)
        if not run.started:
            raise CannotRun("--cost is told of programs that this script starts")
        stream, end = run.streams[name], time.monotonic() + limit_s
        for at in range(0, size, part):
            for first in range(at, at + part, chunk):
                run.step_send(name, [line[first:first + chunk]])
            run.prove(run.connections[name])
            run.settle(None, 0)
            if run.connections[name].gone or stream.ended or stream.reset:
                return None
            seen.append(spent(run))
            if time.monotonic() > end:
                break
    finally:
        run.clean()
    return seen if len(seen) >= 4 else None


def grows(values, least):
    """Does each of the later ones exceed the one before by so much?"""
    return all(after - before >= least for before, after in zip(values[len(values) // 2 - 1:], values[len(values) // 2:]))


def inversions(values):
    return sum(after < before for at, before in enumerate(values) for after in values[at + 1:])


def costs_ever_more(scenario, options):
    slower = larger = 0
    for _ in range(MEASUREMENTS_MAX):
        seen = feed(scenario, options, LINE_BYTES, 1, SLICE_BYTES, LINE_S)
        if not seen:
            return None
        times = [after[0] - before[0] for before, after in zip(seen, seen[1:])]
        first, last = sorted(times[:3])[1], sorted(times[-3:])[1]
        slower += inversions(times) <= INVERSIONS_MAX and last >= SLICE_MIN_S and last >= GROWTH_MIN * first
        larger += grows([one[1] for one in seen], MEMORY_MIN_BYTES * SLICE_BYTES)
        if slower == MEASUREMENTS_ALIKE:
            return "a line fed byte by byte costs ever more: %.1f us a byte after %d bytes, %.1f after %d" % (
                first / SLICE_BYTES * 1e6, 3 * SLICE_BYTES, last / SLICE_BYTES * 1e6, (len(seen) - 1) * SLICE_BYTES)
        if larger == MEASUREMENTS_ALIKE:
            return "a line fed byte by byte takes %d bytes of memory for each" % (
                (seen[-1][1] - seen[0][1]) / (len(seen) - 1) / SLICE_BYTES)
        if not slower and not larger:
            break
    return None


def is_kept_whole(scenario, options):
    for size in (FLOOD_BYTES, 2 * FLOOD_BYTES):
        seen = feed(scenario, options, size, FLOOD_CHUNK_BYTES, FLOOD_SLICE_BYTES, FLOOD_S)
        if not seen or not grows([one[1] for one in seen], FLOOD_SLICE_BYTES // 2):
            return None
    return "a line that does not end is kept whole: %d KiB more after %d KiB" % (
        (seen[-1][1] - seen[0][1]) >> 10, (len(seen) - 1) * FLOOD_SLICE_BYTES >> 10)


def cost_once(scenario, options, first):
    """In place of the conversation: what its first line costs when it is long. 0, 1 or 4, as the exit code says."""
    code, text = 0, "passed: a long line costs no more a byte than a short one"
    try:
        if not LINUX or options.address:
            raise CannotRun("what a program costs is told on Linux, of programs that this script starts")
        found = costs_ever_more(scenario, options) or is_kept_whole(scenario, options)
        if found:
            code, text = 1, f"FAILED {found}"
    except Failed as error:
        code, text = 1, f"FAILED {error}"
    except (CannotRun, OSError) as error:
        code, text = 4, f"could not run: {error}"
    if first or code == 4:
        print(text, flush=True)
    return code
