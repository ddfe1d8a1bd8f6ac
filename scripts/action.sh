#!/usr/bin/env bash
# What the GitHub Action runs. Inputs come as SKIFF_* variables, so that their text is never read as shell.
set -euo pipefail

packages=()
for package in ${SKIFF_PACKAGES//,/ }; do packages+=(--package "$package"); done
read -r -a extra <<<"${SKIFF_ARGS:-}"

skiff() { npm --prefix "$SKIFF_ROOT" run --silent skiff -- "$@"; }

skiff create --name "$SKIFF_NAME" --host "$SKIFF_HOST" --port "$SKIFF_PORT" --timeout "$SKIFF_TIMEOUT" "${packages[@]}" "${extra[@]}"

home="${SKIFF_HOME:-$HOME/.skiff}/$SKIFF_NAME"
{
  echo "kubeconfig=$home/kubeconfig"
  echo "url=https://$SKIFF_HOST:$SKIFF_PORT/"
  echo "ca-certificate=$(skiff status --name "$SKIFF_NAME" -o json | node -pe 'JSON.parse(require("fs").readFileSync(0, "utf8")).caCertificate')"
} >>"${GITHUB_OUTPUT:-/dev/stdout}"
[ -z "${GITHUB_ENV:-}" ] || echo "KUBECONFIG=$home/kubeconfig" >>"$GITHUB_ENV"
