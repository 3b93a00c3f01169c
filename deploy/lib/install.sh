# shellcheck shell=bash
# Packages and the build.

# Prints those of its arguments that are not installed.
missing_packages() {
  local wanted=() package
  for package in "$@"; do if [ -n "$package" ]; then wanted+=("$package"); fi; done
  comm -23 <(printf '%s\n' "${wanted[@]}" | sort -u) \
    <(dpkg-query -W -f='${Package} ${db:Status-Abbrev}\n' "${wanted[@]}" 2>/dev/null | awk '$2 ~ /^ii/ {print $1}' | sort -u)
}

install_packages() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  [ "${#missing[@]}" -gt 0 ] || return 0
  step "Installing ${#missing[@]} Debian packages"
  as_root apt-get update -q >&2
  # The package would set up a cluster of its own and start it; ours is private and lives under --data.
  if [[ " ${missing[*]} " == *" postgresql-15 "* ]]; then
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends postgresql-common >&2
    as_root sed -ri 's/^#?\s*create_main_cluster\s*=.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
  fi
  if [[ " ${missing[*]} " == *" nginx "* ]]; then install_nginx; fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends "${missing[@]}" >&2
}

# The package would start a web server on port 80, now and at every boot; only its program is needed.
install_nginx() {
  local policy=/usr/sbin/policy-rc.d ours=no
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    ours=yes
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends nginx >&2 || true
  if [ "$ours" = yes ]; then as_root rm -f "$policy"; fi
  if command -v systemctl >/dev/null; then as_root systemctl disable nginx >/dev/null 2>&1 || true; fi
}

# build_programs JOBS
build_programs() {
  local build=$ROOT/build/release
  if [ ! -f "$build/build.ninja" ]; then
    step "Configuring"
    (cd "$ROOT" && cmake --preset release) >"$ROOT/build-configure.log" 2>&1 ||
      { tail -30 "$ROOT/build-configure.log" >&2; die "the configuration failed"; }
    rm -f "$ROOT/build-configure.log"
  fi
  step "Building"
  ninja -C "$build" -j "$1" "${PROGRAMS[@]}" >&2 || die "the build failed"
}

# The pages are bundled again only where their sources are newer than the bundle.
build_web() {
  local web=$ROOT/api/web built=$ROOT/api/web/dist/pages.json
  if [ -f "$built" ] && [ -z "$(find "$web/src" "$web"/*.mjs "$web/package-lock.json" "$ROOT/proto" -path "$web/src/generated" -prune -o \
    -type f -newer "$built" -print)" ]; then
    return 0
  fi
  step "Building the web pages"
  {
    if [ ! -d "$web/node_modules" ] || [ "$web/package-lock.json" -nt "$web/node_modules" ]; then
      (cd "$web" && npm ci --no-audit --no-fund && touch node_modules)
    fi
    (cd "$web" && npm run build)
  } >"$web/build.log" 2>&1 || { tail -20 "$web/build.log" >&2; die "the pages did not build"; }
  rm -f "$web/build.log"
}

# place FILE TARGET: copies it where it differs, in one step, so that a running program keeps its own file. True if it did.
place() {
  if cmp -s "$1" "$2"; then return 1; fi
  mkdir -p "$(dirname "$2")"
  cp "$1" "$2.new"
  chmod --reference="$1" "$2.new"
  mv "$2.new" "$2"
}

# A restart needs nothing outside DATA: programs, migrations and pages are copied there. Prints the programs that changed.
install_programs() {
  local program file
  for program in "${PROGRAMS[@]}"; do
    if place "$ROOT/build/release/bin/$program" "$DATA/bin/$program"; then echo "$program"; fi
  done
  place "$LIB/record-pid" "$DATA/bin/record-pid" || true
  while IFS= read -r -d '' file; do
    # The API holds the pages in memory.
    if place "$ROOT/$file" "$DATA/share/$file" && [[ $file == api/web/* ]]; then echo lectern-api; fi
  done < <(cd "$ROOT" && find migrations api/web/dist -type f -print0)
}
