#!/bin/sh
# Compiles the chunker's kernel from AssemblyScript to WebAssembly unless it is up to date. Run by npm's prepare; silent on success.
set -eu
cd "$(dirname "$0")/.."

source=packages/engine/src/chunker/kernel/kernel.ts
target=packages/engine/src/chunker/kernel.wasm
if [ -f "$target" ] && [ -z "$(find "$source" tools/build-wasm.sh package-lock.json -newer "$target")" ]; then exit 0; fi

# Written beside its place and renamed: a process that starts meanwhile never reads half a module.
made=$target.$$.wasm
trap 'rm -f "$made"' EXIT
node_modules/.bin/node node_modules/assemblyscript/bin/asc.js "$source" --outFile "$made" \
  --optimizeLevel 3 --runtime stub --noAssert --importMemory --enable simd,relaxed-simd
mv "$made" "$target"
