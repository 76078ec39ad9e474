#!/bin/sh
# `npm run bench:server`: measures the server, one thing after the other. Nothing else should run meanwhile.
set -eu

cd "$(dirname "$0")/../.."
sh tools/install.sh
[ -n "${HOLDFAST_TEST_PEER_RESTIC:-}" ] || sh tools/peer-restic.sh
for name in managed agents browse search; do
  echo "== $name"
  node_modules/.bin/node "bench/server/$name.ts"
done
