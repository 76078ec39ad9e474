#!/bin/sh
# `npm run screenshots [-- FOLDER]`: pictures of every page (desk light and dark, phone) of a server with some history, in FOLDER or in
# .cache/screenshots. They are made in passing by the test that holds every page against the rules of accessibility.
set -eu

cd "$(dirname "$0")/.."
sh tools/install.sh
PATH=$PWD/node_modules/.bin:$PATH
node node_modules/vitest/vitest.mjs run test/e2e/web/accessibility.test.ts --reporter dot
if [ $# -gt 0 ]; then
  folder=$1
  case $folder in
  /*) ;;
  *) folder=${INIT_CWD:-.}/$folder ;;
  esac
  mkdir -p "$folder"
  cp -R .cache/screenshots/. "$folder"
fi
