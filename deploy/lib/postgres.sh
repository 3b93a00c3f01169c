# shellcheck shell=bash
# The private PostgreSQL cluster: data in DATA/pg, reached only through a unix socket whose folder is closed to others.

pg_bin() {
  local dirs=(/usr/lib/postgresql/*/bin)
  echo "${dirs[-1]}"
}

# A socket's path may have 107 bytes; a long DATA gets a short folder elsewhere, which is written down.
set_socket_dir() {
  SOCKET_DIR=$DATA/run/pg
  if [ $((${#SOCKET_DIR} + ${#PG_SOCKET_NAME})) -gt 107 ]; then
    SOCKET_DIR=$(cat "$DATA/run/socket_dir" 2>/dev/null) || SOCKET_DIR=$(mktemp -u /tmp/lectern-XXXXXXXX)
    echo "$SOCKET_DIR" >"$DATA/run/socket_dir"
  fi
}
PG_SOCKET_NAME=/.s.PGSQL.5432

database_url() {
  if [ -n "$EXTERNAL_DB" ]; then echo "$EXTERNAL_DB"; else echo "postgresql://lectern@/lectern?host=${SOCKET_DIR//\//%2F}"; fi
}

create_cluster() {
  [ -z "$EXTERNAL_DB" ] || return 0
  set_socket_dir
  mkdir -p "$SOCKET_DIR"
  chmod 700 "$SOCKET_DIR"
  if [ "$(id -u)" = 0 ]; then chown "$RUN_USER:" "$SOCKET_DIR"; fi
  if [ ! -s "$DATA/pg/PG_VERSION" ]; then
    step "Creating the database cluster"
    rm -rf "$DATA/pg" "$DATA/pg.new"
    own_data
    # Renamed when it is whole, so that a half-made cluster is never taken for one.
    as_user "$(pg_bin)/initdb" -D "$DATA/pg.new" -U lectern -A trust -E UTF8 --no-locale --data-checksums >"$DATA/log/initdb.log" 2>&1 ||
      { cat "$DATA/log/initdb.log" >&2; die "initdb failed"; }
    mv "$DATA/pg.new" "$DATA/pg"
  fi
  write_service postgres <<RUN
exec $(printf '%q' "$(pg_bin)/postgres") -D $(printf '%q' "$DATA/pg") -k $(printf '%q' "$SOCKET_DIR") -c listen_addresses= -c unix_socket_permissions=0700 \\
  -c max_connections=200 -c shared_buffers=128MB -c log_line_prefix='%m [%p] ' -c timezone=UTC
RUN
  # TERM would wait for clients to go; INT is PostgreSQL's fast stop, with nothing lost.
  mkdir -p "$SERVICE/postgres/control"
  # shellcheck disable=SC2016
  printf '#!/bin/sh\nexec kill -INT "$(cat supervise/pid)"\n' | write_file 755 "$SERVICE/postgres/control/t" || true
}

pg_answers() { as_user "$(pg_bin)/pg_isready" -q -h "$SOCKET_DIR" -d postgres -U lectern; }

start_database() {
  [ -z "$EXTERNAL_DB" ] || return 0
  start_service postgres
  wait_for 60 "PostgreSQL (see $DATA/log/postgres/current)" pg_answers || die "the database does not answer"
  local have
  have=$(as_user "$(pg_bin)/psql" -h "$SOCKET_DIR" -U lectern -d postgres -Atc "select 1 from pg_database where datname = 'lectern'")
  if [ "$have" != 1 ]; then as_user "$(pg_bin)/createdb" -h "$SOCKET_DIR" -U lectern lectern; fi
}
