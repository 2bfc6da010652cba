#!/bin/sh
# The interface of the official image: options alone mean HAProxy, which runs in the foreground with a master that can reload.
set -e
case ${1-} in -*) set -- haproxy "$@" ;; esac
if [ "${1-}" = haproxy ]; then
  shift
  set -- haproxy -W -db "$@"
fi
exec "$@"
