#!/bin/bash
# run.sh DATA [RUNS]: Lighthouse (its own mobile profile) over home, course and lecture page of the system below DATA; medians of RUNS (5).
# The machine must be idle: figures vary greatly where cores are shared.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ -d "$here/node_modules" ] || (cd "$here" && npm ci --no-audit --no-fund >&2)
exec node "$here/lighthouse.mjs" "$@"
