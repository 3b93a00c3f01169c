# shellcheck shell=bash
# A system from nothing to ready: the API, its administrator, the organizations, and the resources that join them.

ctl() {
  XDG_CONFIG_HOME=$DATA/ctl LECTERN_ENDPOINT=$(api_endpoints) LECTERN_CA=$(is_loopback "$LISTEN" || echo "$DATA/tls/ca.crt") \
    "$DATA/bin/lecternctl" "$@"
}
ctl_json() { ctl --output json "$@"; }

# password_of ROLE: from DATA/credentials (lines "role email password"), made when it is first asked for.
credential() { awk -v role="$1" -v field="$2" '$1 == role {print $field; exit}' "$DATA/credentials" 2>/dev/null; }
email_of() { credential "$1" 2; }
password_of() { credential "$1" 3; }
make_credential() {
  if [ -n "$(credential "$1" 2)" ]; then return 0; fi
  (umask 077 && printf '%s %s %s\n' "$1" "$2" "$(openssl rand -hex 12)" >>"$DATA/credentials")
}

sign_in() { LECTERN_PASSWORD=$(password_of "$1") ctl login --email "$(email_of "$1")" >/dev/null; }

start_api() {
  local k
  if [ ! -f "$DATA/run/migrated" ] || [ "$DATA/bin/lectern-api" -nt "$DATA/run/migrated" ]; then
    step "Applying migrations"
    LECTERN_DATABASE_URL=$(database_url) as_user "$DATA/bin/lectern-api" --migrate --migrations_dir="$DATA/share/migrations" \
      2>"$DATA/log/migrate.log" || { tail -5 "$DATA/log/migrate.log" >&2; die "the migrations failed"; }
    touch "$DATA/run/migrated"
  fi
  make_credential admin admin@example.org
  if [ ! -f "$DATA/run/admin-created" ]; then
    LECTERN_DATABASE_URL=$(database_url) LECTERN_ADMIN_PASSWORD=$(password_of admin) as_user "$DATA/bin/lectern-api" \
      --create_admin="$(email_of admin)" 2>"$DATA/log/create-admin.log" || { tail -5 "$DATA/log/create-admin.log" >&2; die "no administrator"; }
    touch "$DATA/run/admin-created"
  fi
  for ((k = 1; k <= API_INSTANCES; ++k)); do start_service "api-$k"; done
  for ((k = 1; k <= API_INSTANCES; ++k)); do wait_ready "api-$k"; done
}

# organization NAME [PARENT]: prints its resource name; makes it where it does not exist.
organization() {
  local found
  found=$(ctl_json org list | jq -r --arg name "$1" --arg parent "${2:-}" \
    '.organizations[] | select(.displayName == $name and .parent == $parent) | .name' | head -1)
  [ -n "$found" ] || found=$(ctl_json org create "$1" ${2:+--parent "$2"} | jq -r .name)
  [ -n "$found" ] || die "no organization $1"
  echo "$found"
}

# join SERVICE ORGANIZATION: the token is there for the first start only; afterwards the resource has its own credential.
join() {
  local dir=$SERVICE/$1
  if [ ! -f "$DATA/$1/joined" ]; then
    mkdir -p "$DATA/$1/state"
    chmod 700 "$DATA/$1/state"
    (umask 077 && ctl org token create "$2" >"$dir/token.new") || die "no token for $1"
    mv "$dir/token.new" "$dir/token"
    own_data
  fi
  start_service "$1"
}
finish_join() {
  wait_ready "$1"
  if [ -f "$SERVICE/$1/token" ]; then
    rm -f "$SERVICE/$1/token"
    touch "$DATA/$1/joined"
  fi
}

# Everything was joined before: no organization has to be looked up.
all_joined() {
  local name
  for name in $(lectern_services); do
    case $name in api-*) ;; *) [ -f "$DATA/$name/joined" ] || return 1 ;; esac
  done
}

start_resources() {
  local name home='' shared=''
  if ! all_joined; then
    sign_in admin
    step "Joining the resources"
    if [ "$DEMO" = yes ]; then demo_organizations; else home=$(organization University) shared=$home; fi
    home=${home:-$DEMO_MIDDLE} shared=${shared:-$DEMO_OTHER}
  fi
  for name in $(lectern_services); do
    case $name in
      api-*) ;;
      worker-shared) join "$name" "$shared" ;;
      *) join "$name" "$home" ;;
    esac
  done
  for name in $(lectern_services); do
    case $name in api-*) ;; *) finish_join "$name" ;; esac
  done
}
