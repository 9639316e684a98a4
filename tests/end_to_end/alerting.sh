#!/usr/bin/env bash
# See alerting.py and CONTRACT.md. --help tells the flags.
set -euo pipefail

here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
for tool in prometheus prometheus-alertmanager python3; do
  command -v "$tool" >/dev/null || { echo "alerting: no $tool; ./dev deps test installs it" >&2; exit 1; }
done
python=/usr/bin/python3 # Debian's own first: that is where ./dev puts the modules
[[ -x $python ]] || python=python3
exec "$python" -B "$here/alerting.py" "$@"
