#!/bin/bash
# PORT PATH: whether the HTTP server in this container answers with 200.
exec 3<>"/dev/tcp/$HOSTNAME/$1"
printf 'GET %s HTTP/1.0\r\n\r\n' "$2" >&3
read -r _ status _ <&3
[ "$status" = 200 ]
