#!/bin/sh
# Writes the configuration for the address family that is wanted, then runs HAProxy in the foreground.
set -eu
case $DISABLE_IPV6 in
  1 | [Tt][Rr][Uu][Ee] | [Yy][Ee][Ss]) bind=':2375' ;;
  *) bind='[::]:2375 v4v6' ;;
esac
sed "s/\${BIND_CONFIG}/$bind/" /usr/local/etc/haproxy/haproxy.cfg.template >/tmp/haproxy.cfg
case $1 in
  -*) set -- haproxy "$@" ;;
esac
if [ "$1" = haproxy ]; then
  shift
  set -- haproxy -W -db "$@"
fi
exec "$@"
