#!/bin/bash
# Runs bench_dispatch on a PostgreSQL cluster of its own, durable (fsync on), which is gone afterwards.
# Usage: run.sh BUILD_FOLDER [flags of bench_dispatch]
set -euo pipefail
build=$1
shift
source_dir=$(cd "$(dirname "$0")/../../.." && pwd)
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
dir=$(mktemp -d "${TMPDIR:-/var/tmp}/lectern-bench-XXXXXX")
as_server() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
[ "$(id -u)" = 0 ] && chown postgres "$dir"
trap 'as_server "$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$dir"' EXIT
as_server "$bin/initdb" -D "$dir/data" -U lectern -A trust -E UTF8 --locale=C >/dev/null
as_server "$bin/pg_ctl" -D "$dir/data" -w -l "$dir/log" -o "-c listen_addresses='' -c unix_socket_directories='$dir' -c max_connections=100" start >/dev/null
as_server "$bin/createdb" -h "$dir" -U lectern lectern
"$build/bench/bench_dispatch" --database_url "host=$dir user=lectern dbname=lectern" --migrations_dir "$source_dir/migrations" "$@" 2>"${BENCH_LOG:-/dev/null}"
