#!/bin/sh
# The interface of the official image: options or a .conf file are for the server; root gives its data and itself away.
set -eu
case ${1-} in -* | *.conf) set -- valkey-server "$@" ;; esac
if [ "${1-}" = valkey-server ]; then
  if [ "$(id -u)" = 0 ]; then
    find . ! -user valkey -exec chown valkey {} +
    exec setpriv --reuid=valkey --regid=valkey --clear-groups "$0" "$@"
  fi
  umask 077
  # Compiled in there, a setting here: it is the first, so that a file or a later option decides.
  case ${2-} in
    *.conf) ;;
    *)
      shift
      set -- valkey-server --protected-mode no "$@"
      ;;
  esac
fi
# Words, as there.
# shellcheck disable=SC2086
exec "$@" ${VALKEY_EXTRA_FLAGS-}
