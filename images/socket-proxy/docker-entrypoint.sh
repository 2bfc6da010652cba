#!/bin/sh
# Writes the configuration for the address family that is wanted, then runs HAProxy in the foreground.
set -eu
# As many as HAProxy's maxconn takes; a lower hard limit is HAProxy's to complain about.
ulimit -n 10000 2>/dev/null || :
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
