#!/usr/bin/env bash
# docker/kubernetes against the schemas that npm has of Kubernetes and of the Prometheus operator. Installs them into the
# user's cache, once.
set -euo pipefail

here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
project=$(readlink -f "$here/../..")
command -v npm >/dev/null || { echo "kubernetes: no npm; ./dev deps npm installs it" >&2; exit 1; }
export NODE_TOOLS=${XDG_CACHE_HOME:-$HOME/.cache}/syncwarden-kubernetes
if [[ ! -d $NODE_TOOLS/node_modules/kubernetes-models ]]; then
  npm install --prefix "$NODE_TOOLS" --no-audit --no-fund --loglevel=error \
    kubernetes-models@5.1.0 @kubernetes-models/prometheus-operator@6.0.0 js-yaml@4.1.0 >/dev/null
fi
[[ -e $NODE_TOOLS/package.json ]] || echo '{}' >"$NODE_TOOLS/package.json"
mapfile -t files < <(find "$project/docker/kubernetes" -name '*.yaml' ! -name kustomization.yaml | sort)
exec node "$here/kubernetes.mjs" "${files[@]}"
