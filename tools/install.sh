#!/bin/sh
# Makes a clone ready to run: dependencies when they are missing or older than package-lock.json, the WebAssembly kernel when it is
# missing or older than its source. Says nothing when there is nothing to do.
set -eu

cd "$(dirname "$0")/.."

fail() {
  echo "install: $1" >&2
  exit 1
}

# Runs a command quietly; what it printed is shown only if it fails.
quietly() {
  log=$(mktemp)
  if "$@" >"$log" 2>&1; then
    rm -f "$log"
  else
    cat "$log" >&2
    rm -f "$log"
    fail "\`$*\` failed"
  fi
}

if [ ! -e node_modules/.package-lock.json ] || [ -n "$(find package-lock.json -newer node_modules/.package-lock.json)" ]; then
  command -v npm >/dev/null || fail 'npm is missing (on Debian: apt-get install npm)'
  echo 'Installing dependencies…' >&2
  quietly npm ci --no-audit --no-fund
fi
quietly sh tools/build-wasm.sh
quietly sh tools/build-web.sh
