#!/bin/bash
# The edge's warm cache against nginx serving the same files, in the same minutes on the same cores: see README.md.
#   tests/bench/edge/run.sh [BUILD_DIR]        SECONDS_EACH=3 ROUNDS=3 CONNECTIONS=64
set -euo pipefail
source_dir=$(cd "$(dirname "$0")/../../.." && pwd)
build=${1:-$source_dir/build/release}
seconds=${SECONDS_EACH:-3} rounds=${ROUNDS:-3} connections=${CONNECTIONS:-64}
work=$(mktemp -d)
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap cleanup EXIT

ninja -C "$build" edge_bench >/dev/null
mkdir "$work/files"
chmod 755 "$work" "$work/files"
head -c 2048 /dev/urandom | base64 -w 60 | head -c 2048 > "$work/files/index.m3u8"
head -c 300000 /dev/urandom > "$work/files/small.m4s"
head -c 1200000 /dev/urandom > "$work/files/large.m4s"

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
nginx_port=$(free_port)
cat > "$work/nginx.conf" <<CONF
daemon off; master_process off; pid $work/nginx.pid; error_log $work/error.log;
worker_processes 1;
events { worker_connections 4096; }
http {
  access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 1000000000;
  open_file_cache max=1000 inactive=60s; default_type application/octet-stream;
  client_body_temp_path $work/b; proxy_temp_path $work/p; fastcgi_temp_path $work/f; uwsgi_temp_path $work/u; scgi_temp_path $work/s;
  server {
    listen 127.0.0.1:$nginx_port backlog=4096;
    location /plain/ { alias $work/files/; add_header Cache-Control "private, max-age=31536000, immutable"; }
    location /signed/ {
      secure_link \$arg_md5,\$arg_expires; secure_link_md5 "\$secure_link_expires\$uri secret";
      if (\$secure_link != "1") { return 403; }
      alias $work/files/; add_header Cache-Control "private, max-age=31536000, immutable";
    }
  }
}
CONF
taskset -c 0 /usr/sbin/nginx -p "$work" -c "$work/nginx.conf" 2>/dev/null &
pids+=($!)
mkfifo "$work/edge-in" "$work/edge-out"
taskset -c 0 "$build/bench/edge_bench" "$work/files" 0 < "$work/edge-in" > "$work/edge-out" &
pids+=($!)
exec 3> "$work/edge-in"
read -r edge_base < "$work/edge-out"
until curl -sf -o /dev/null "http://127.0.0.1:$nginx_port/plain/index.m3u8"; do sleep 0.05; done

signed() { # FILE
  local expires=4000000000 hash
  hash=$(printf '%s' "$expires/signed/$1 secret" | openssl md5 -binary | basenc --base64url | tr -d =)
  echo "http://127.0.0.1:$nginx_port/signed/$1?md5=$hash&expires=$expires"
}
ticks() { awk '{print $14 + $15}' "/proc/$1/stat"; }
# Appends "requests per second" and "microseconds of the server's CPU per request" of one window to a file.
window() { # FILE PID URL HEADER
  local before after
  before=$(ticks "$2")
  taskset -c 1 wrk -t1 -c"$connections" -d"${seconds}s" ${4:+-H "$4"} "$3" > "$work/wrk.out"
  after=$(ticks "$2")
  if grep -q "Non-2xx\|Socket errors" "$work/wrk.out"; then cat "$work/wrk.out" >&2; exit 1; fi
  awk -v ticks=$((after - before)) -v hz="$(getconf CLK_TCK)" \
    '/requests in/ {n = $1} /Requests\/sec/ {print $2, ticks / hz * 1e6 / n}' "$work/wrk.out" >> "$1"
}
# The median of a column, and the median of the ratios of two files' columns line by line (they were measured side by side).
column() { awk "{print \$$2}" "$1" | median; }
ratio() { paste "$1" "$2" | awk -v c="$3" '{print $c / $(c + 2)}' | median; }
median() { sort -g | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }

printf '%-11s | %9s %9s %9s %11s %12s | %8s %8s %8s %11s\n' "" "nginx/s" "signed/s" "edge/s" "edge/nginx" "edge/signed" \
  "nginx us" "sign. us" "edge us" "nginx/edge"
for case in "2KB index.m3u8" "300KB small.m4s" "1.2MB large.m4s" "range64KB large.m4s Range: bytes=65536-131071"; do
  read -r name file header <<< "$case"
  rm -f "$work/plain" "$work/signed" "$work/edge"
  for _ in $(seq "$rounds"); do
    window "$work/plain" "${pids[0]}" "http://127.0.0.1:$nginx_port/plain/$file" "${header:-}"
    window "$work/edge" "${pids[1]}" "$edge_base/$file" "${header:-}"
    window "$work/signed" "${pids[0]}" "$(signed "$file")" "${header:-}"
  done
  printf '%-11s | %9.0f %9.0f %9.0f %11.2f %12.2f | %8.1f %8.1f %8.1f %11.2f\n' "$name" \
    "$(column "$work/plain" 1)" "$(column "$work/signed" 1)" "$(column "$work/edge" 1)" \
    "$(ratio "$work/edge" "$work/plain" 1)" "$(ratio "$work/edge" "$work/signed" 1)" \
    "$(column "$work/plain" 2)" "$(column "$work/signed" 2)" "$(column "$work/edge" 2)" "$(ratio "$work/plain" "$work/edge" 2)"
done
exec 3>&-
