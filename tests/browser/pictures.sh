#!/bin/bash
# pictures.sh DATA: renews docs/pictures/ from the system that deploy/up has started below DATA (with its demo), and checks the pages on the way.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
data=${1:?give the data folder of a running system}
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
node "$root/tests/browser/pages.mjs" "$data" "$made"
rm -rf "$root/docs/pictures"
mkdir -p "$root/docs/pictures"
# All pages in light; the pages that students see also in dark and on a phone.
mv "$made"/*-light.png "$root/docs/pictures/"
for page in home course lecture lecture-live teach-stream resources; do mv "$made/$page-dark.png" "$made/$page-narrow.png" "$root/docs/pictures/"; done
{
  printf '# The pages in pictures\n\nMade by `tests/browser/pictures.sh var` from the demo of `deploy/up`.\n'
  for file in "$root"/docs/pictures/*.png; do
    name=$(basename "$file" .png)
    printf '\n## %s\n![%s](pictures/%s.png)\n' "${name//-/ }" "${name//-/ }" "$name"
  done
} >"$root/docs/pictures.md"
