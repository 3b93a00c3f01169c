# shellcheck shell=bash
# DATA/endpoints.json: where everything is, for scripts. It holds passwords, so only its owner may read it.

pids_json() {
  local name
  {
    echo "runsvdir $(supervisor_pid)"
    for name in $(all_services); do echo "$(process_name "$name") $(service_pid "$name")"; done
  } | jq -Rn '[inputs | split(" ") | select(.[1] != "") | {(.[0]): (.[1] | tonumber)}] | add'
}

metrics_json() {
  local name
  for name in $(lectern_services); do echo "$(process_name "$name") http://127.0.0.1:$(admin_port "$name")/metrics"; done |
    jq -Rn '[inputs | split(" ") | {(.[0]): .[1]}] | add'
}

users_json() {
  [ -f "$DATA/credentials" ] || { echo '{}'; return; }
  jq -Rn '[inputs | split(" ") | {(.[0]): {email: .[1], password: .[2]}}] | add // {}' <"$DATA/credentials"
}

demo_json() {
  [ -f "$DATA/demo/ids" ] || { echo '{}'; return; }
  jq -Rn --arg token "$(cat "$DATA/demo/personal_token")" \
    '{lectures: ([inputs | split("=") | {(.[0]): .[1]}] | add), personal_token: $token}' <"$DATA/demo/ids"
}

# Written whole and renamed, under the lock that record-pid takes.
write_endpoints() {
  local new=$DATA/run/endpoints.new
  exec 9>"$DATA/run/endpoints.lock"
  flock 9
  (
    umask 077
    jq -n --arg gateway "http://$LISTEN:$(gateway_port 1)" --arg grpc "$LISTEN:$(grpc_port 1)" --arg endpoints "$(api_endpoints)" \
      --arg edge "http://$LISTEN:$(port_of edge)" --arg vod "http://$LISTEN:$(port_of vod)" \
      --arg rtmp "rtmp://$LISTEN:$(port_of rtmp)/live" --arg ca "$(is_loopback "$LISTEN" || echo "$DATA/tls/ca.crt")" \
      --argjson metrics "$(metrics_json)" --argjson pids "$(pids_json)" --argjson users "$(users_json)" --argjson demo "$(demo_json)" \
      '{gateway: $gateway, grpc: $grpc, grpc_all: ($endpoints | split(",")), edges: [$edge], vod: [$vod], rtmp: $rtmp,
        metrics: $metrics, pids: $pids, users: $users} + (if $ca == "" then {} else {ca: $ca} end) + $demo' >"$new"
  )
  if [ "$(id -u)" = 0 ]; then chown "$RUN_USER:" "$new" "$DATA/run/endpoints.lock"; fi
  mv "$new" "$DATA/endpoints.json"
  exec 9>&-
}
