#!/bin/sh
# Whether each URL given is answered with 200, asked with whatever client the image has.
set -eu

ask() {
  if command -v wget >/dev/null; then
    wget -q -T 4 -O /dev/null "$1"
  elif command -v curl >/dev/null; then
    curl --silent --fail --max-time 4 --output /dev/null "$1"
  else
    # Of the three, bash alone is in Debian's smallest image.
    # shellcheck disable=SC2016 # expanded by that bash
    timeout 4 bash -c '
      rest=${1#http://} && host=${rest%%/*} && path=/${rest#*/}
      exec 3<>"/dev/tcp/${host%:*}/${host#*:}"
      printf "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n" "$path" "$host" >&3
      read -r _ status _ <&3 && [ "$status" = 200 ]' bash "$1"
  fi
}

for url in "$@"; do ask "$url"; done
