#!/bin/sh
# Whatever is given are the server's arguments, with or without its name in front.
set -eu
case ${1-} in
  '' | minio) ;;
  *) set -- minio "$@" ;;
esac
exec "$@"
