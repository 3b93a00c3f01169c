# shellcheck shell=bash
# The run scripts of Lectern's processes: their flags in one place.

q() { printf '%q' "$1"; }

api_endpoints() {
  local k list=''
  for ((k = 1; k <= API_INSTANCES; ++k)); do list+=${list:+,}$LISTEN:$(grpc_port "$k"); done
  echo "$list"
}

# Without TLS for loopback addresses only.
tls_server_flags() {
  if ! is_loopback "$LISTEN"; then echo "--tls_cert=$(q "$DATA/tls/api.crt") --tls_key=$(q "$DATA/tls/api.key")"; fi
}
tls_client_flags() {
  if ! is_loopback "$LISTEN"; then echo "--api_ca=$(q "$DATA/tls/ca.crt")"; fi
}

# A private authority and a certificate for this address; people copy ca.crt to the machines that join.
create_certificates() {
  if is_loopback "$LISTEN"; then return 0; fi
  local tls=$DATA/tls name=DNS:$LISTEN
  [ ! -f "$tls/$LISTEN.done" ] || return 0
  step "Making a private certificate authority"
  mkdir -p "$tls"
  if [[ $LISTEN =~ ^[0-9.]+$|: ]]; then name=IP:$LISTEN; fi
  (
    umask 077
    [ -f "$tls/ca.key" ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=Lectern private CA" \
      -keyout "$tls/ca.key" -out "$tls/ca.crt"
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$LISTEN" -keyout "$tls/api.key" -out "$tls/api.csr"
    openssl x509 -req -in "$tls/api.csr" -CA "$tls/ca.crt" -CAkey "$tls/ca.key" -CAcreateserial -days 825 -out "$tls/api.crt" \
      -extfile <(printf 'subjectAltName=%s,DNS:localhost,IP:127.0.0.1\n' "$name")
  ) >"$DATA/log/openssl.log" 2>&1 || { cat "$DATA/log/openssl.log" >&2; die "openssl failed"; }
  touch "$tls/$LISTEN.done"
}

# A build without the gateway has no such flag.
gateway_flags() {
  if "$DATA/bin/lectern-api" --help | grep -c gateway_listen >/dev/null; then
    echo "--gateway_listen=$LISTEN:$(gateway_port "$1") --web_dir=$(q "$DATA/share/api/web/dist")"
  fi
}

write_api() {
  local k=$1
  write_service "api-$k" <<RUN
LECTERN_DATABASE_URL=$(q "$(database_url)") && export LECTERN_DATABASE_URL
exec $(q "$DATA/bin/lectern-api") --grpc_listen=$LISTEN:$(grpc_port "$k") $(gateway_flags "$k") \\
  --master_key_file=$(q "$DATA/secrets/master.key") --create_master_key \\
  --public_rtmp_url=rtmp://$LISTEN:$(port_of rtmp)/live --public_grpc_endpoint=$LISTEN:$(grpc_port "$k") \\
  --admin_port=$(admin_port "api-$k") --drain_timeout=10s $(tls_server_flags)
RUN
}

# link_flags NAME
link_flags() {
  echo "--api=$(api_endpoints) $(tls_client_flags) --state_dir=$(q "$DATA/$1/state") --admin_port=$(admin_port "$1")"
}

write_vod() {
  write_service vod <<RUN
exec $(q "$DATA/bin/lectern-vod") $(link_flags vod) --listen=$LISTEN --port=$(port_of vod) --public_url=http://$LISTEN:$(port_of vod) \\
  --data_dir=$(q "$DATA/vod/media") --drain_timeout=10s
RUN
}

write_edge() {
  write_service edge <<RUN
exec $(q "$DATA/bin/lectern-edge") $(link_flags edge) --listen=$LISTEN --port=$(port_of edge) --public_url=http://$LISTEN:$(port_of edge) \\
  --cache_dir=$(q "$DATA/edge/cache") --drain_timeout=5s
RUN
}

write_worker() {
  write_service "$1" <<RUN
exec $(q "$DATA/bin/lectern-worker") $(link_flags "$1") --scratch_dir=$(q "$DATA/$1/scratch") --slots=$(worker_slots) \\
  --rtmp_listen=$LISTEN --rtmp_port=$(port_of "$1") --rtmp_public_url=rtmp://$LISTEN:$(port_of "$1") --drain_timeout=10s
RUN
}
worker_slots() { local n; n=$(nproc); echo $((n > 1 ? n : 1)); }

write_rtmp_proxy() {
  write_service rtmp-proxy <<RUN
exec $(q "$DATA/bin/lectern-rtmp-proxy") $(link_flags rtmp-proxy) --listen=$LISTEN --rtmp_port=$(port_of rtmp) \\
  --public_url=rtmp://$LISTEN:$(port_of rtmp)/live --drain_timeout=10s
RUN
}

write_services() {
  local name
  for name in $(lectern_services); do
    case $name in
      api-*) write_api "${name#api-}" ;;
      vod) write_vod ;;
      edge) write_edge ;;
      worker*) write_worker "$name" ;;
      rtmp-proxy) write_rtmp_proxy ;;
    esac
  done
}

# ready NAME: its own word for it.
ready() { curl -fsS -m 2 "http://127.0.0.1:$(admin_port "$1")/readyz" >/dev/null 2>&1; }
why_not_ready() { curl -sS -m 2 "http://127.0.0.1:$(admin_port "$1")/readyz" 2>&1 | head -c 300; }

wait_ready() {
  wait_for 60 "lectern-$1" ready "$1" ||
    { say "it says: $(why_not_ready "$1")"; tail -5 "$DATA/log/$1/current" >&2; die "$1 does not become ready (see $DATA/log/$1/current)"; }
}
