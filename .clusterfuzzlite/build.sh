#!/usr/bin/env bash
# Builds the fuzz targets as OSS-Fuzz and ClusterFuzzLite ask for it: with their compilers, flags and engine (CC, CXX, CFLAGS,
# CXXFLAGS, LIB_FUZZING_ENGINE), from $SRC/seam, by way of $WORK, into $OUT: targets, seeds, dictionaries, options. No network.
set -euo pipefail
source=${SRC:?}/seam
build=${WORK:?}/seam
cmake -S "$source" -B "$build" -G Ninja -DBUILD_TESTING=OFF -DSEAM_FUZZ_ENGINE=env
cmake --build "$build" --target fuzz_targets
for target in "$build"/fuzz/fuzz_*; do
    name=${target##*/fuzz_}
    cp "$target" "${OUT:?}/"
    # python3, since not every image has zip.
    (cd "$source/corpus/$name" && python3 -m zipfile -c "$OUT/fuzz_${name}_seed_corpus.zip" .)
    # Beside the source they have the target's name, in $OUT the program's.
    [ ! -f "$source/fuzz/targets/$name.dict" ] || cp "$source/fuzz/targets/$name.dict" "$OUT/fuzz_$name.dict"
    [ ! -f "$source/fuzz/targets/$name.options" ] ||
        sed "s/^dict *= */&fuzz_/" "$source/fuzz/targets/$name.options" >"$OUT/fuzz_$name.options"
done
