#!/bin/sh
# GF_X__FILE names a file that holds the value of GF_X. Grafana reads it itself, so it stays out of the environment.
set -eu
for name in $(env | sed -n 's/^\(GF_[A-Za-z0-9_]*\)__FILE=..*/\1/p'); do
  file='' value=''
  eval "file=\$${name}__FILE value=\${$name-}"
  if [ -n "$value" ]; then
    echo "ERROR: Both $name and ${name}__FILE are set (but are exclusive)" >&2
    exit 1
  fi
  if [ ! -r "$file" ]; then
    echo "ERROR: ${name}__FILE: $file cannot be read: mount it, readable for account $(id -u)" >&2
    exit 1
  fi
  export "$name=\$__file{$file}"
  unset "${name}__FILE"
done
export HOME="$GF_PATHS_HOME"
exec grafana server --homepath="$GF_PATHS_HOME" --config="$GF_PATHS_CONFIG" --packaging=docker "$@" \
  cfg:default.log.mode=console \
  cfg:default.paths.data="$GF_PATHS_DATA" \
  cfg:default.paths.logs="$GF_PATHS_LOGS" \
  cfg:default.paths.plugins="$GF_PATHS_PLUGINS" \
  cfg:default.paths.provisioning="$GF_PATHS_PROVISIONING"
