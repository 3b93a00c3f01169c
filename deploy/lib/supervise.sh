# shellcheck shell=bash
# Supervision by runit: one runsvdir per DATA, one service folder per process, logs with rotation under DATA/log.

process_name() { case $1 in postgres) echo postgres ;; api-1) echo lectern-api ;; *) echo "lectern-$1" ;; esac; }

# write_file MODE TARGET <content: true where it changed.
write_file() {
  local new
  new=$(mktemp "$DATA/run/new.XXXXXX")
  cat >"$new"
  chmod "$1" "$new"
  if cmp -s "$new" "$2"; then rm "$new"; return 1; fi
  mv "$new" "$2"
}

# write_service NAME <run script after the common head. Leaves a mark where the service has to be started again.
write_service() {
  local name=$1 dir=$SERVICE/$1
  if [ ! -d "$dir" ]; then
    mkdir -p "$dir/log"
    touch "$dir/down"
  fi
  mkdir -p "$DATA/log/$name"
  printf 's5000000\nn8\n' | write_file 644 "$DATA/log/$name/config" || true
  printf '#!/bin/sh\nexec svlogd %q\n' "$DATA/log/$name" | write_file 755 "$dir/log/run" || true
  if {
    printf '#!/bin/sh\nexec 2>&1\nexport LECTERN_SYSTEM=%q\n' "$DATA"
    printf '%q %q %s $$\n' "$DATA/bin/record-pid" "$DATA" "$(process_name "$name")"
    # shellcheck disable=SC2016
    printf 'if [ -f token ]; then LECTERN_TOKEN=$(cat token) && export LECTERN_TOKEN; fi\n'
    cat
  } | write_file 700 "$dir/run"; then
    touch "$DATA/run/restart-$name"
  fi
}

supervisor_pid() {
  local pid
  pid=$(cat "$DATA/run/runsvdir.pid" 2>/dev/null) && [ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = runsvdir ] &&
    echo "$pid"
}

# Services are started one by one and in order, so each is marked down until its turn.
start_supervisor() {
  supervisor_pid >/dev/null && return 0
  local dir
  for dir in "$SERVICE"/*/; do touch "$dir/down"; done
  own_data
  # shellcheck disable=SC2016
  as_user setsid -f sh -c 'echo $$ >"$1/run/runsvdir.pid"; exec runsvdir -P "$1/service" >>"$1/log/runsvdir.log" 2>&1 </dev/null' \
    sh "$DATA" </dev/null >/dev/null 2>&1
  wait_for 10 "the supervisor" supervisor_pid
}

supervised() { [ -p "$SERVICE/$1/supervise/control" ] && sv status "$SERVICE/$1" 2>/dev/null | grep -qv '^fail'; }
service_pid() { local pid; pid=$(cat "$SERVICE/$1/supervise/pid" 2>/dev/null) && [ -n "$pid" ] && echo "$pid"; }
service_runs() { sv status "$SERVICE/$1" 2>/dev/null | grep -q '^run:'; }

# start_service NAME: also again, where its script or its program changed.
start_service() {
  wait_for 10 "the supervisor of $1" supervised "$1"
  if service_runs "$1" && [ -f "$DATA/run/restart-$1" ]; then sv -w 60 restart "$SERVICE/$1" >/dev/null || true; fi
  rm -f "$DATA/run/restart-$1" "$SERVICE/$1/down"
  sv up "$SERVICE/$1" >/dev/null
}

# stop_service NAME SECONDS: TERM, and KILL where that did not end it in time.
stop_service() {
  supervised "$1" || return 0
  sv -w "$2" down "$SERVICE/$1" >/dev/null 2>&1 || sv -w 10 force-stop "$SERVICE/$1" >/dev/null 2>&1 || true
}

# Everything of DATA belongs to the user that Lectern runs as.
own_data() { if [ "$(id -u)" = 0 ]; then chown -R -h "$RUN_USER:" "$DATA"; fi; }

# Pids of all processes of this system, also of ones that lost their parent: their environment names DATA. nginx writes its title over
# its environment; there its folder tells.
system_pids() {
  local dir
  for dir in /proc/[0-9]*; do
    if grep -zqxF "LECTERN_SYSTEM=$DATA" "$dir/environ" 2>/dev/null ||
      { [ "$(cat "$dir/comm" 2>/dev/null)" = nginx ] && grep -aqF -- "-p $DATA/rtmp-proxy/state/front/" "$dir/cmdline" 2>/dev/null; }; then
      echo "${dir#/proc/}"
    fi
  done
}

stop_supervisor() {
  local pid
  pid=$(supervisor_pid) || return 0
  kill -HUP "$pid"   # runsvdir passes it on as TERM: every runsv ends its service, its log, and itself
  wait_for 20 "the supervisor to end" not supervisor_pid || kill -KILL "$pid"
  rm -f "$DATA/run/runsvdir.pid"
}
not() { ! "$@"; }
