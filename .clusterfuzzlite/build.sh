#!/usr/bin/env bash
# Builds the fuzz targets as OSS-Fuzz and ClusterFuzzLite ask for it: with their compilers, flags and engine (CC, CXX, CFLAGS,
# CXXFLAGS, LIB_FUZZING_ENGINE), from $SRC/seam, by way of $WORK, into $OUT: targets, seeds, dictionaries, options. No network.
set -eu
source=${SRC:?}/seam
build=${WORK:?}/seam
cmake -S "$source" -B "$build" -G Ninja -DBUILD_TESTING=OFF -DSEAM_FUZZ_ENGINE=env
cmake --build "$build" --target fuzz_targets
for target in "$build"/fuzz/fuzz_*; do
    name=${target##*/fuzz_}
    cp "$target" "${OUT:?}/"
    # Seeds by their plain names, which OSS-Fuzz does not care for; python3, since not every image has zip.
    (cd "$source/corpus/$name" && find . -type f -print0 | sort -z | xargs -0 python3 -m zipfile -c "$OUT/fuzz_${name}_seed_corpus.zip")
    for kind in dict options; do
        [ ! -f "$source/fuzz/targets/$name.$kind" ] || cp "$source/fuzz/targets/$name.$kind" "$OUT/fuzz_$name.$kind"
    done
done
