#!/bin/bash
# A real S3 server for tests: Ceph's gateway over one monitor and one store that keeps its objects in memory. All state is in one
# folder and nothing outlives it. Needs no systemd, no keys between the daemons and no root.
#
#   ceph-s3.sh start DIR PORT MONITOR_PORT   DIR is new; the keys are in S3_ACCESS_KEY and S3_SECRET_KEY
#   ceph-s3.sh user DIR NAME ACCESS SECRET   one more user with keys of its own
#   ceph-s3.sh down DIR | up DIR             an outage: the gateway goes and comes back, the data stays
#   ceph-s3.sh stop DIR                      end all three daemons
set -euo pipefail
export LC_ALL=C PATH=$PATH:/usr/sbin:/sbin
self=$(readlink -f "$0")

# A zombie that nobody has waited for yet is gone too.
alive() {
  local state
  state=$(sed 's/.*) \(.\).*/\1/' "/proc/$1/stat" 2>/dev/null) && [ -n "$state" ] && [ "$state" != Z ]
}

# DIR NAME: asks the daemon to end, and ends it after five seconds.
end_one() {
  local pid
  pid=$(cat "$1/$2.pid" 2>/dev/null) || return 0
  kill -TERM "$pid" 2>/dev/null || true
  for _ in $(seq 100); do
    alive "$pid" || { rm -f "$1/$2.pid"; return 0; }
    sleep 0.05
  done
  kill -KILL "$pid" 2>/dev/null || true
  rm -f "$1/$2.pid"
}

# DIR: starts the gateway and waits until it answers.
gateway() {
  local dir=$1 port
  port=$(cat "$dir/port")
  setsid radosgw -c "$dir/ceph.conf" -n client.rgw.a -f >>"$dir/out/rgw.out" 2>&1 </dev/null &
  echo $! >"$dir/rgw.pid"
  for _ in $(seq 250); do
    curl -s -o /dev/null "http://127.0.0.1:$port/" && return 0
    alive "$(cat "$dir/rgw.pid")" || { tail -n 20 "$dir/out/rgw.out" >&2; return 1; }
    sleep 0.1
  done
  echo "ceph-s3: the gateway gave no answer in 25 s" >&2
  return 1
}

configuration() { # DIR PORT MONITOR_PORT FSID
  cat <<C
[global]
fsid = $4
mon_host = [v2:127.0.0.1:$3/0]
mon_initial_members = a
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_msgr1 = false
ms_bind_ipv6 = false
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
# The gateway asks the monitor for encryption by default, which needs keys: without this it hangs.
ms_mon_client_mode = crc
keyring = /dev/null
run_dir = $1/run
admin_socket = $1/run/\$name.\$pid.asok
pid_file = $1/run/\$name.pid
log_file = $1/out/\$name.log
crash_dir = $1/out
mon_data = $1/mon
osd_data = $1/osd
rgw_data = $1/rgw
# Newer packages have a relative path here, which fails with EOPNOTSUPP.
osd_class_dir = $(echo /usr/lib/*/rados-classes)
osd_objectstore = memstore
memstore_device_bytes = ${S3_MEMORY:-4G}
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
osd_class_update_on_start = false
osd_op_num_shards = 2
osd_op_num_threads_per_shard = 1
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
mon_data_avail_warn = 2
mon_data_avail_crit = 1
paxos_propose_interval = 0.02
paxos_min_wait = 0.01
rgw_frontends = beast endpoint=127.0.0.1:$2 tcp_nodelay=1
rgw_thread_pool_size = 32
rgw_rados_pool_pg_num_min = 1
rgw_override_bucket_index_max_shards = 1
rgw_dynamic_resharding = false
rgw_run_sync_thread = false
rgw_enable_usage_log = false
rgw_enable_ops_log = false
C
}

uuid() { cat /proc/sys/kernel/random/uuid; }

start() { # DIR PORT MONITOR_PORT
  local dir osd fsid
  mkdir -p "$1"
  dir=$(cd "$1" && pwd)
  cd "$dir"
  mkdir mon osd out run rgw
  trap 'code=$?; [ $code = 0 ] || for daemon in rgw osd mon; do end_one '"'$dir'"' $daemon; done' EXIT
  fsid=$(uuid)
  osd=$(uuid)
  echo "$2" >port
  configuration "$dir" "$2" "$3" "$fsid" >ceph.conf
  monmaptool --create --clobber --addv a "[v2:127.0.0.1:$3/0]" --fsid "$fsid" monmap >/dev/null
  ceph-mon -c ceph.conf -i a --mkfs --monmap monmap >out/mkfs.log 2>&1
  setsid ceph-mon -c ceph.conf -i a -f >out/mon.out 2>&1 </dev/null &
  echo $! >mon.pid
  timeout 20 ceph -c ceph.conf osd new "$osd" 0 >/dev/null 2>out/osd-new.log || { cat out/mon.out out/osd-new.log >&2; exit 1; }
  ceph-osd -c ceph.conf -i 0 --mkfs --osd-uuid "$osd" >>out/mkfs.log 2>&1
  setsid ceph-osd -c ceph.conf -i 0 -f >out/osd.out 2>&1 </dev/null &
  echo $! >osd.pid
  "$self" user "$dir" test "$S3_ACCESS_KEY" "$S3_SECRET_KEY"
  gateway "$dir"
}

user() { # DIR NAME ACCESS SECRET
  timeout 25 radosgw-admin -c "$1/ceph.conf" user create --uid="$2" --display-name="$2" --access-key="$3" --secret-key="$4" \
    >"$1/out/user-$2.log" 2>&1 || { tail -n 5 "$1/out/user-$2.log" >&2; return 1; }
}

case ${1:-} in
start) start "$2" "$3" "$4" ;;
user) user "$2" "$3" "$4" "$5" ;;
down) end_one "$2" rgw ;;
up) gateway "$2" ;;
stop) for daemon in rgw osd mon; do end_one "$2" "$daemon"; done ;;
*)
  sed -n 2,9p "$self" >&2
  exit 2
  ;;
esac
