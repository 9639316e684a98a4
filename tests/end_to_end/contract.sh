#!/usr/bin/env bash
# The daemon and the emulator against Airbyte's own API documents, with prism between them. See CONTRACT.md.
set -euo pipefail

[[ $# -eq 1 ]] || { echo "usage: contract.sh DIRECTORY_OF_AIRBYTE_DOCUMENTS   (SYNCWARDEN: another binary)" >&2; exit 2; }
documents=$(readlink -f "$1")
here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
binary=$(readlink -f "${SYNCWARDEN:-$here/../../build/gcc/src/app/syncwarden}")
for document in spec-subset.json spec-subset-0.50.40.json public-subset.json; do
  [[ -r $documents/$document ]] || { echo "contract: no $document in $documents" >&2; exit 2; }
done
[[ -x $binary ]] || { echo "contract: no $binary; ./dev build makes it" >&2; exit 2; }
command -v prism >/dev/null || { echo "contract: no prism on PATH (npm install @stoplight/prism-cli)" >&2; exit 2; }
exec python3 -B "$here/contract.py" "$binary" "$documents"
