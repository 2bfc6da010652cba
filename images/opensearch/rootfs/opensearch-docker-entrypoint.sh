#!/bin/bash
# The interface of the official image: settings come as environment variables with a dot in their name, any other
# command than `opensearch` is just run. As there, the configuration is the one in config/, wherever
# OPENSEARCH_PATH_CONF points; who wants another one starts bin/opensearch.
set -euo pipefail
export OPENSEARCH_HOME=/usr/share/opensearch
export OPENSEARCH_PATH_CONF=$OPENSEARCH_HOME/config
export OPENSEARCH_JAVA_OPTS="-Dopensearch.cgroups.hierarchy.override=/ ${OPENSEARCH_JAVA_OPTS-}"

if [[ $# -eq 0 || $1 == -* ]]; then set -- opensearch "$@"; fi
if [[ $1 != opensearch ]]; then exec "$@"; fi

settings=()
while IFS='=' read -r -d '' name value; do
  if [[ -n $value && ($name =~ ^[a-z0-9_]+\.[a-z0-9_]+ || $name == processors) ]]; then settings+=("-E$name=$value"); fi
done < <(env --null)
if [[ ${DISABLE_SECURITY_PLUGIN-} == true ]]; then
  settings+=(-Eplugins.security.disabled=true)
elif [[ ${DISABLE_INSTALL_DEMO_CONFIG-} != true ]]; then
  echo 'opensearch-docker-entrypoint: this assembled image has no demo accounts and certificates:' \
    'configure security and set DISABLE_INSTALL_DEMO_CONFIG=true, or set DISABLE_SECURITY_PLUGIN=true' >&2
  exit 1
fi
exec "$@" "${settings[@]}"
