#!/bin/sh
# `npm test`: everything, on any Debian 12 or later, from a fresh clone. Installs the programs that the tests run against (as root;
# otherwise it says what to install), then checks types, lint and format and runs every test. Arguments go to Vitest.
set -eu

cd "$(dirname "$0")/.."

# One line for each Debian package: its name and a command that shows that it is there.
needed='
restic restic
radosgw radosgw
ceph-mon ceph-mon
ceph-osd ceph-osd
ceph-common ceph
curl curl
openssh-server sshd
openssh-client ssh
acl setfacl
attr setfattr
postgresql pg_ctlcluster
openssl openssl
chromium chromium
'

missing=$(echo "$needed" | while read -r package command; do
  [ -z "$package" ] || PATH=$PATH:/usr/sbin:/sbin command -v "$command" >/dev/null || echo "$package"
done)
if [ -n "$missing" ]; then
  install="apt-get update && apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $(echo "$missing" | tr '\n' ' ')"
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "test: programs that the tests run against are missing; as root: $install" >&2
    exit 1
  fi
  echo "== installing" $missing
  log=$(mktemp)
  DEBIAN_FRONTEND=noninteractive sh -c "$install" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
  rm -f "$log"
fi

# No test may meet a repository of whoever runs it.
for name in $(env | sed -n 's/^\(\(RESTIC\|HOLDFAST\|AWS\)_[A-Z0-9_]*\)=.*/\1/p'); do
  case $name in
  HOLDFAST_TEST_*) ;;
  *) unset "$name" ;;
  esac
done
rm -rf .cache/tests

sh tools/install.sh
[ -n "${HOLDFAST_TEST_PEER_RESTIC:-}" ] || sh tools/peer-restic.sh
PATH=$PWD/node_modules/.bin:$PATH:/usr/sbin:/sbin

echo '== types'
tsc -p tsconfig.json
tsc -p packages/web/tsconfig.json
echo '== lint and format'
biome check --error-on-warnings --max-diagnostics=200
echo '== tests'
exec node node_modules/vitest/vitest.mjs run "$@"
