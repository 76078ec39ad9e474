#!/bin/sh
# Compiles the engine's kernels from AssemblyScript to WebAssembly unless they are up to date. Run by npm's prepare; silent on success.
set -eu
cd "$(dirname "$0")/.."

made=
trap 'rm -f "$made"' EXIT
for source in packages/engine/src/*/kernel/*.ts; do
  target=$(dirname "$source")/../$(basename "$source" .ts).wasm
  if [ -f "$target" ] && [ -z "$(find "$source" tools/build-wasm.sh package-lock.json -newer "$target")" ]; then continue; fi
  # Written beside its place and renamed: a process that starts meanwhile never reads half a module.
  made=$target.$$.wasm
  node_modules/.bin/node node_modules/assemblyscript/bin/asc.js "$source" --outFile "$made" \
    --optimizeLevel 3 --runtime stub --noAssert --importMemory --enable simd,relaxed-simd
  mv "$made" "$target"
done
