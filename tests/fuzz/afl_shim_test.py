"""AFL++'s interface to a target's mutator, without AFL++: fuzz/afl_shim.c in each target's library.

    afl_shim_test.py CORPUS LIBRARY...     libraries fuzz_NAME_afl.so, whose seeds are in CORPUS/NAME

What is made fits max_size, is another input than it was made of most of the time, and the same again for the same seed; the
input that was given stays as it is.
"""
import ctypes
import pathlib
import sys
import unittest

CORPUS, LIBRARIES = pathlib.Path(sys.argv[1]), [pathlib.Path(path) for path in sys.argv[2:]]
ROUNDS = 200
Bytes = ctypes.POINTER(ctypes.c_uint8)


class Shim:
    def __init__(self, path, seed):
        library = ctypes.CDLL(str(path))
        self.init, self.change, self.deinit = library.afl_custom_init, library.afl_custom_fuzz, library.afl_custom_deinit
        self.init.restype, self.init.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_uint]
        self.change.restype = ctypes.c_size_t
        self.change.argtypes = [ctypes.c_void_p, Bytes, ctypes.c_size_t, ctypes.POINTER(Bytes), Bytes, ctypes.c_size_t,
                                ctypes.c_size_t]
        self.deinit.restype, self.deinit.argtypes = None, [ctypes.c_void_p]
        self.data = self.init(None, seed)
        assert self.data, "afl_custom_init failed"

    def made_of(self, data, other, max_size):
        given = (ctypes.c_uint8 * max(len(data), 1))(*data)
        beside = (ctypes.c_uint8 * len(other))(*other) if other is not None else None
        out = Bytes()
        size = self.change(self.data, given, len(data), ctypes.byref(out), beside, len(other or b""), max_size)
        assert bytes(given[:len(data)]) == data, "it wrote to what it was given"
        assert size <= max_size, f"{size} bytes where {max_size} are allowed"
        return bytes(out[:size])

    def end(self):
        self.deinit(self.data)


def chain(path, seed, seeds, max_size):
    """What a shim makes of one seed after the other, and of what it made."""
    shim, made, last = Shim(path, seed), [], b""
    for number in range(ROUNDS):
        last = shim.made_of(last if number % 3 else seeds[number % len(seeds)][:max_size], seeds[-number % len(seeds)], max_size)
        made.append(last)
    shim.end()
    return made


class AflShim(unittest.TestCase):
    def each(self):
        self.assertTrue(LIBRARIES)
        for path in LIBRARIES:
            name = path.stem.removeprefix("fuzz_").removesuffix("_afl")
            seeds = [seed.read_bytes() for seed in sorted((CORPUS / name).iterdir())]
            self.assertTrue(seeds, name)
            yield path, seeds

    def test_a_seed_decides_what_is_made(self):
        for path, seeds in self.each():
            with self.subTest(path.stem):
                made = chain(path, 1, seeds, 4096)
                self.assertEqual(made, chain(path, 1, seeds, 4096))
                self.assertNotEqual(made, chain(path, 2, seeds, 4096))
                self.assertGreater(len(set(made)), ROUNDS // 2)

    def test_what_is_made_fits(self):
        for path, seeds in self.each():
            with self.subTest(path.stem):
                for max_size in (1, 2, 3, 7, 64, 4096, 1 << 20):
                    chain(path, 3, seeds, max_size)

    def test_from_nothing_and_without_another_input(self):
        for path, seeds in self.each():
            with self.subTest(path.stem):
                shim = Shim(path, 4)
                made = {shim.made_of(b"", other, 256) for other in (None, b"", seeds[0], *[None] * ROUNDS)}
                self.assertGreater(len(made), 3)
                shim.end()

    def test_the_mutator_knows_the_language(self):
        """Not AFL++'s own bytes: what the line reader's target declares comes in."""
        for path, _ in self.each():
            with self.subTest(path.stem):
                if path.stem == "fuzz_line_reader_afl":
                    shim = Shim(path, 5)
                    made = [shim.made_of(b"\x0a\x00hello", None, 4096) for _ in range(ROUNDS)] # delimiter CR LF . CR LF, limit 64
                    self.assertGreater(sum(b"\r\n.\r\n" in data for data in made), 5)
                    self.assertTrue(any(len(data) > 60 for data in made))
                    shim.end()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
