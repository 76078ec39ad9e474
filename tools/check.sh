#!/bin/sh
# The gate before every commit, under two minutes: types, lint and format, then the unit tests, among them the tidy test of the
# repository itself. Needs no servers and no programs beside Node.js. Arguments go to Vitest.
set -eu

cd "$(dirname "$0")/.."
sh tools/install.sh
PATH=$PWD/node_modules/.bin:$PATH

echo '== types'
tsc -p tsconfig.json
tsc -p packages/web/tsconfig.json
echo '== lint and format'
biome check --error-on-warnings --max-diagnostics=200
echo '== unit tests'
exec node node_modules/vitest/vitest.mjs run --project unit "$@"
