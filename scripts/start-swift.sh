#!/bin/bash
# OpenStack Swift with its S3 interface, on this machine alone: a real server for the tests of the S3 driver.
#
#   scripts/start-swift.sh FOLDER [PORT]        PORT and the four after it; 18080 when it is left out
#
# Stays in the foreground as the parent of its servers, so that somebody reaps them on any host, and takes them with
# it on SIGTERM and when one of them ends. With UNTIL_EOF=1 also when its input ends, because whoever started it is gone;
# then FOLDER goes too. Prints one line "ready <endpoint>". Key test:tester, secret testing, region us-east-1.
# SWIFT_MIN_PART_BYTES lowers the 5 MiB that a part must have, so that tests with thousands of parts are cheap.
#
# Debian: apt-get install --no-install-recommends swift-proxy swift-account swift-container swift-object memcached
set -u
folder=${1:?usage: start-swift.sh FOLDER [PORT]}
proxy=${2:-18080}
memcached=$((proxy + 1)) object=$((proxy + 2)) container=$((proxy + 3)) account=$((proxy + 4))
user=$(id -un)
mkdir -p "$folder"/{etc,srv/d1,cache,log}
folder=$(cd "$folder" && pwd)

# One ring each: where an object lies is a question with one answer here.
/usr/bin/python3 - "$folder/etc" "object:$object" "container:$container" "account:$account" <<'PYTHON' || exit 1
import sys
from swift.common.ring import RingBuilder
for name, port in (ring.split(':') for ring in sys.argv[2:]):
    builder = RingBuilder(2, 1, 0)
    builder.add_dev(dict(id=0, region=1, zone=1, weight=1, device='d1', meta='', ip='127.0.0.1', port=int(port),
                         replication_ip='127.0.0.1', replication_port=int(port)))
    builder.rebalance()
    builder.get_ring().save('%s/%s.ring.gz' % (sys.argv[1], name))
PYTHON

common="bind_ip = 127.0.0.1
workers = 0
user = $user
swift_dir = $folder/etc
log_address = /nonexistent
log_level = ERROR"

# On a busy machine a listing must not fall behind, which the default of one second allows.
for server in object container account; do
  cat >"$folder/etc/$server-server.conf" <<CONF
[DEFAULT]
$common
bind_port = ${!server}
devices = $folder/srv
mount_check = false
db_preallocation = off
fallocate_reserve = 0
recon_cache_path = $folder/cache
container_update_timeout = 60
conn_timeout = 20
node_timeout = 60
[pipeline:main]
pipeline = $server-server
[app:$server-server]
use = egg:swift#$server
CONF
done

filters=(catch_errors gatekeeper healthcheck cache listing_formats bulk s3api tempauth copy slo)
{
  cat <<CONF
[DEFAULT]
$common
bind_port = $proxy
[pipeline:main]
pipeline = ${filters[*]} proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
conn_timeout = 20
node_timeout = 60
recoverable_node_timeout = 60
error_suppression_limit = 1000000
CONF
  for filter in "${filters[@]}"; do
    printf '[filter:%s]\nuse = egg:swift#%s\n' "$filter" "${filter/#cache/memcache}"
    case $filter in
    cache) echo "memcache_servers = 127.0.0.1:$memcached" ;;
    tempauth) echo 'user_test_tester = testing .admin' ;;
    slo) printf 'max_manifest_segments = 10000\nmax_manifest_size = 8388608\n' ;;
    s3api) printf '%s\n' 'location = us-east-1' 'max_upload_part_num = 10000' \
      "min_segment_size = ${SWIFT_MIN_PART_BYTES:-5242880}" ;;
    esac
  done
} >"$folder/etc/proxy-server.conf"

children=()
stop() {
  trap '' TERM INT
  kill "${children[@]}" 2>/dev/null
  wait "${children[@]}" 2>/dev/null
  [[ ${UNTIL_EOF:-} ]] && rm -rf "$folder"
  exit "$1"
}
trap 'stop 0' TERM INT

memcached -u "$user" -l 127.0.0.1 -p "$memcached" -U 0 -m 16 >"$folder/log/memcached" 2>&1 </dev/null &
children+=($!)

# Four processes that load Swift once: loading it takes longer than most tests. Ends with the first of them.
cat >"$folder/etc/servers.py" <<'PYTHON'
import os, signal, sys
from swift.account import server
from swift.common.middleware import bulk, copy, listing_formats, slo, tempauth
from swift.common.middleware.s3api import s3api
from swift.common.wsgi import run_wsgi
from swift.container import server
from swift.obj import server as objects
from swift.proxy import server

folder, servers = sys.argv[1], []

def stop(*_):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for pid in servers:
        try:
            os.kill(pid, signal.SIGTERM)
        except ProcessLookupError:
            pass

for name in ('object', 'container', 'account', 'proxy'):
    pid = os.fork()
    if pid == 0:
        log = os.open('%s/log/%s' % (folder, name), os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        more = {'global_conf_callback': objects.global_conf_callback} if name == 'object' else {}
        sys.exit(run_wsgi('%s/etc/%s-server.conf' % (folder, name), name + '-server', verbose=True, **more))
    servers.append(pid)
signal.signal(signal.SIGTERM, stop)
ended, _ = os.wait()
servers.remove(ended)
stop()
for pid in servers:
    os.waitpid(pid, 0)
PYTHON
/usr/bin/python3 "$folder/etc/servers.py" "$folder" >"$folder/log/servers" 2>&1 </dev/null &
children+=($!)

# The proxy answers before the servers behind it do.
answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
all_answer() {
  local port
  for port in "$object" "$container" "$account"; do answers "$port" || return 1; done
  curl -sf -o /dev/null "http://127.0.0.1:$proxy/healthcheck"
}

for ((tries = 0; ; tries++)); do
  for child in "${children[@]}"; do
    kill -0 "$child" 2>/dev/null && continue
    echo "A server of Swift did not start:" >&2
    tail -n 5 "$folder"/log/* >&2
    stop 1
  done
  all_answer && break
  ((tries < 300)) || { echo 'Swift did not answer within a minute' >&2; stop 1; }
  sleep 0.2
done
echo "ready http://127.0.0.1:$proxy"

if [[ ${UNTIL_EOF:-} ]]; then
  parent=$$
  { cat >/dev/null; kill -TERM "$parent" "${children[@]}" 2>/dev/null; } <&0 &
fi
wait -n "${children[@]}"
stop 1
