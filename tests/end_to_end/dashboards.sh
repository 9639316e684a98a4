#!/usr/bin/env bash
# See dashboards.py and CONTRACT.md. --help tells the flags.
set -euo pipefail

here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
for tool in prometheus python3; do
  command -v "$tool" >/dev/null || { echo "dashboards: no $tool; ./dev deps test installs it" >&2; exit 1; }
done
python=/usr/bin/python3 # Debian's own first: that is where ./dev puts the modules
[[ -x $python ]] || python=python3
exec "$python" -B "$here/dashboards.py" "$@"
