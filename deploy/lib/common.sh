# shellcheck shell=bash
# What the deploy commands share: options, words, paths, the user that Lectern runs as.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
LIB=$ROOT/deploy/lib
PROGRAMS=(lectern-api lectern-worker lectern-vod lectern-edge lectern-rtmp-proxy lecternctl)

say() { printf '%s\n' "$*" >&2; }
step() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
die() { say "${0##*/}: $*"; exit 1; }
usage_error() { say "${0##*/}: $* (see --help)"; exit 2; }

# as_root COMMAND...: the machine's own changes (packages, a system user) are the only ones that need it.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Where everything lives: DATA/{config,service,log,run,bin,share,pg,vod,edge,worker-*,credentials,endpoints.json}.
set_data() {
  case $1 in /*) DATA=$1 ;; *) DATA=$PWD/$1 ;; esac
  DATA_GIVEN=${DATA%/}
  if [ -d "$DATA" ]; then DATA=$(cd "$DATA" && pwd -P); fi
  SERVICE=$DATA/service
  CONFIG=$DATA/config
}

# Options of the last `up` are the defaults of the next one and of every other command.
load_config() {
  LISTEN=127.0.0.1 PORT_BASE=7400 EXTERNAL_DB='' API_INSTANCES=1 DEMO=yes
  # shellcheck source=/dev/null
  if [ -f "$CONFIG" ]; then . "$CONFIG"; fi
}

# The unprivileged user that every process runs as: the caller, or `lectern` where the caller is root.
set_user() {
  if [ "$(id -u)" != 0 ]; then
    RUN_USER=$(id -un)
    return
  fi
  RUN_USER=lectern
  id -u lectern >/dev/null 2>&1 ||
    useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin lectern
}

# as_user COMMAND...
as_user() {
  if [ "$(id -un)" = "$RUN_USER" ]; then "$@"; else (cd / && chpst -u "$RUN_USER:$RUN_USER" "$@"); fi
}

# wait_for SECONDS WHAT COMMAND...: repeats it until it succeeds.
wait_for() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || { say "timed out waiting for $what"; return 1; }
    sleep 0.1
  done
}

# Ports, all above PORT_BASE. API instance K has its gateway at 2(K-1) and its gRPC one above.
gateway_port() { echo $((PORT_BASE + 2 * ($1 - 1))); }
grpc_port() { echo $((PORT_BASE + 2 * ($1 - 1) + 1)); }
port_of() {
  case $1 in
    vod) echo $((PORT_BASE + 10)) ;;
    edge) echo $((PORT_BASE + 11)) ;;
    rtmp) echo $((PORT_BASE + 12)) ;;
    worker) echo $((PORT_BASE + 13)) ;;          # live streams, from proxies
    worker-shared) echo $((PORT_BASE + 14)) ;;
  esac
}
admin_port() {
  case $1 in
    api-*) echo $((PORT_BASE + 19 + ${1#api-})) ;;
    worker) echo $((PORT_BASE + 24)) ;;
    worker-shared) echo $((PORT_BASE + 25)) ;;
    vod) echo $((PORT_BASE + 26)) ;;
    edge) echo $((PORT_BASE + 27)) ;;
    rtmp-proxy) echo $((PORT_BASE + 28)) ;;
  esac
}

# In the order in which they start; they stop in the reverse order.
lectern_services() {
  local k
  for ((k = 1; k <= API_INSTANCES; ++k)); do echo "api-$k"; done
  echo vod
  echo edge
  echo worker
  if [ "$DEMO" = yes ]; then echo worker-shared; fi
  echo rtmp-proxy
}
all_services() {
  if [ -z "$EXTERNAL_DB" ]; then echo postgres; fi
  lectern_services
  if [ -d "$SERVICE/demo-encoder" ]; then echo demo-encoder; fi
}

is_loopback() { case $1 in 127.* | localhost | ::1) return 0 ;; *) return 1 ;; esac; }
