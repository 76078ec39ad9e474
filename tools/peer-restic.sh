#!/bin/sh
# A current restic (0.18) for the tests, beside the older one that Debian 12 installs. Taken from Debian 13 by apt, with a private
# configuration derived from this machine's own package sources; nothing on the machine is changed and no root is needed.
#
#   tools/peer-restic.sh [DIR]     leaves DIR/usr/bin/restic (default .cache/peer-restic) and prints its version
set -eu
umask 022

root=$(cd "$(dirname "$0")/.." && pwd)
dir=${1:-$root/.cache/peer-restic}
suite=trixie

fail() {
  echo "peer-restic: $1" >&2
  exit 1
}

# Prints the package sources of this machine in the one-line form of apt, for the wanted suite alone. Stanzas of other vendors do not
# name the machine's suite as a word of its own, so they fall away.
sources_for_suite() {
  for file in /etc/apt/sources.list.d/*.sources; do
    [ -f "$file" ] || continue
    grep -v '^#' "$file" && echo
  done | awk -v own="$1" -v wanted="$2" '
    BEGIN { RS = ""; FS = "\n" }
    {
      uris = ""; components = ""; signed = ""; found = 0
      for (i = 1; i <= NF; i++) {
        line = $i
        value = line; sub(/^[^:]*:[ \t]*/, "", value)
        if (line ~ /^URIs:/) uris = value
        if (line ~ /^Components:/) components = value
        if (line ~ /^Signed-By:/ && value ~ /^\//) signed = "[signed-by=" value "] "
        if (line ~ /^Suites:/) { n = split(value, suites, /[ \t]+/); for (j = 1; j <= n; j++) if (suites[j] == own) found = 1 }
      }
      n = split(uris, uri, /[ \t]+/)
      if (found) for (j = 1; j <= n; j++) if (uri[j] != "") print "deb " signed uri[j] " " wanted " " components
    }'
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -f "$file" ] || continue
    awk -v own="$1" -v wanted="$2" '$1 == "deb" { for (i = 2; i <= NF; i++) if ($i == own) { $i = wanted; print; next } }' "$file"
  done
}

if [ ! -x "$dir/usr/bin/restic" ]; then
  command -v apt-get >/dev/null || fail 'needs apt-get (Debian 12 or later); or set HOLDFAST_TEST_PEER_RESTIC to a restic of 0.18 or later'
  own=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  mkdir -p "$dir/apt/lists/partial" "$dir/apt/archives/partial"
  dir=$(cd "$dir" && pwd)
  sources_for_suite "$own" "$suite" >"$dir/apt/sources.list"
  [ -s "$dir/apt/sources.list" ] || fail "no package source of this machine names the suite $own"
  apt() {
    apt-get -qq -o "Dir::Etc::sourcelist=$dir/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
      -o "Dir::State::Lists=$dir/apt/lists" -o "Dir::Cache::archives=$dir/apt/archives" \
      -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o "APT::Sandbox::User=$(id -un)" "$@"
  }
  apt update >"$dir/apt/log" 2>&1 || { cat "$dir/apt/log" >&2; fail 'apt-get update failed'; }
  (cd "$dir/apt" && rm -f restic_*.deb && apt download restic >log 2>&1) || { cat "$dir/apt/log" >&2; fail 'apt-get download failed'; }
  dpkg-deb --extract "$dir"/apt/restic_*.deb "$dir/apt/unpacked"
  # Named last, so that an interrupted run is not taken for a finished one.
  mkdir -p "$dir/usr/bin"
  mv "$dir/apt/unpacked/usr/bin/restic" "$dir/usr/bin/restic"
  rm -rf "$dir/apt"
fi
"$dir/usr/bin/restic" version
