#!/bin/sh
# Builds the pages of the browser unless they are up to date. Run by npm's prepare; silent on success.
set -eu
cd "$(dirname "$0")/.."

web=packages/web
target=$web/dist/index.html
sources="$web/src $web/public $web/index.html $web/vite.config.ts $web/page-hints.config.ts packages/protocol/src package-lock.json"
# shellcheck disable=SC2086
if [ -f "$target" ] && [ -z "$(find $sources -newer "$target" | head -n 1)" ]; then exit 0; fi

# Built beside its place and renamed: a server that runs meanwhile never sends half of it.
made=$web/dist.$$
log=$made.log
trap 'rm -rf "$made" "$log"' EXIT
if ! node_modules/.bin/node node_modules/vite/bin/vite.js build $web --outDir "../../$made" --emptyOutDir --logLevel warn >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
touch "$made/index.html"
rm -rf $web/dist
mv "$made" $web/dist
