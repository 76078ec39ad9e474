#!/bin/sh
# `npm run bench`: measures holdfast beside restic and borg on the same data. Installs what is missing (as root; otherwise it says what to
# install). Arguments go to the bench: --quick, --only CASE, --folder DIR, --program PATH, --help.
set -eu

cd "$(dirname "$0")/.."

if ! command -v borg >/dev/null; then
  install='apt-get update && apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends borgbackup'
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "bench: borg is missing; as root: $install" >&2
    exit 1
  fi
  echo '== installing borgbackup'
  log=$(mktemp)
  DEBIAN_FRONTEND=noninteractive sh -c "$install" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
  rm -f "$log"
fi

sh tools/install.sh
[ -n "${HOLDFAST_TEST_PEER_RESTIC:-}" ] || sh tools/peer-restic.sh
exec node_modules/.bin/node bench/main.ts "$@"
