#!/bin/bash
# Writes the engine's record of this project's containers to stdout, one JSON object a line, in the form of its events:
#   start, die, oom    as they happen; at each connection again what the engine still remembers of them
#   running, exited    what is there at each connection, for the engine remembers 256 events only
#   memory             of each running container, every 15 s: in use (without what the kernel can reclaim), reserved, limit
#   connected          a connection began: before it, what is neither remembered nor still there was missed
# Nothing is kept between starts. What is written twice is the same to the byte, so Loki holds it once.
set -euo pipefail

filters=%7B%22label%22%3A%5B%22com.docker.compose.project%3D$STACK%22%5D%2C%22type%22%3A%5B%22container%22%5D
of_interest=%2C%22event%22%3A%5B%22start%22%2C%22die%22%2C%22oom%22%5D%7D
listed=%7B%22label%22%3A%5B%22com.docker.compose.project%3D$STACK%22%5D%7D

request() { # PATH -> the answer's body on stdout; fails unless it is 200
  local line
  { exec 3<>"/dev/tcp/$ENGINE"; } 2>/dev/null || return 1
  printf 'GET %s HTTP/1.0\r\nHost: engine\r\n\r\n' "$1" >&3
  read -r line <&3 && [[ $line == *' 200 '* ]] || return 1
  while read -r line <&3 && [ "$line" != $'\r' ]; do :; done
  cat <&3
}

nanoseconds() { date --utc --date "$1" +%s%N; }

# inspect's text -> $name $service $kind $status $code $oom $started $finished $reserved $limit
known() {
  [[ $1 =~ \"Name\":\"/([^\"]+)\" ]] && name=${BASH_REMATCH[1]} || return 1
  [[ $1 =~ \"com.docker.compose.service\":\"([^\"]+)\" ]] && service=${BASH_REMATCH[1]} || return 1
  [[ $1 =~ \"dayzero.kind\":\"([^\"]+)\" ]] && kind=${BASH_REMATCH[1]} || kind=
  [[ $1 =~ \"State\":\{\"Status\":\"([a-z]+)\" ]] && status=${BASH_REMATCH[1]} || return 1
  [[ $1 =~ \"OOMKilled\":(true|false) ]] && oom=${BASH_REMATCH[1]} || return 1
  [[ $1 =~ \"ExitCode\":(-?[0-9]+),\"Error\" ]] && code=${BASH_REMATCH[1]} || return 1
  [[ $1 =~ \"StartedAt\":\"([^\"]+)\",\"FinishedAt\":\"([^\"]+)\" ]] || return 1
  started=${BASH_REMATCH[1]} finished=${BASH_REMATCH[2]}
  [[ $1 =~ \"MemoryReservation\":([0-9]+) ]] && reserved=${BASH_REMATCH[1]} || reserved=0
  [[ $1 =~ \"Memory\":([0-9]+) ]] && limit=${BASH_REMATCH[1]} || limit=0
}

record() { # ACTION ID NANOSECONDS [JSON]
  printf '{"Type":"container","Action":"%s","Actor":{"ID":"%s","Attributes":{"com.docker.compose.project":"%s","com.docker.compose.service":"%s","dayzero.kind":"%s","name":"%s","exitCode":"%s","oom":"%s"}},%s"timeNano":%s}\n' \
    "$1" "$2" "$STACK" "$service" "$kind" "$name" "$code" "$oom" "${4-}" "$3"
}

containers() { # [all] -> ids
  (request "/containers/json?${1:+all=1&}filters=$listed") | grep -oE '"Id":"[0-9a-f]{64}"' | cut -d '"' -f 4
}

take_stock() {
  local id found
  for id in $(containers all); do
    if ! found=$(request "/containers/$id/json") || ! known "$found"; then continue; fi # gone meanwhile
    case $status in
      running) record running "$id" "$(nanoseconds "$started")" ;;
      exited | dead) record exited "$id" "$(nanoseconds "$finished")" ;;
    esac
  done
}

weigh() {
  local id found used
  for id in $(containers); do
    if ! found=$(request "/containers/$id/json") || ! known "$found"; then continue; fi
    found=$(request "/containers/$id/stats?stream=false&one-shot=true") || continue
    [[ $found =~ \"memory_stats\":\{\"usage\":([0-9]+) ]] || continue
    used=${BASH_REMATCH[1]}
    [[ $found =~ \"(total_)?inactive_file\":([0-9]+) ]] && used=$((used - BASH_REMATCH[2]))
    record memory "$id" "$(date +%s%N)" "\"used\":$used,\"reserved\":$reserved,\"limit\":$limit,"
  done
}

keep_weighing() {
  while :; do
    weigh || : # the engine is away: the connection below says so
    sleep 15
  done
}

# The stock is taken after the connection is there, so that nothing ends unseen between the two.
follow() {
  local line
  { exec 4<>"/dev/tcp/$ENGINE"; } 2>/dev/null || return 1
  printf 'GET /events?since=1&filters=%s HTTP/1.0\r\nHost: engine\r\n\r\n' "$filters$of_interest" >&4
  read -r line <&4 && [[ $line == *' 200 '* ]] || return 1
  printf '{"Type":"watch","Action":"connected","Actor":{"Attributes":{"com.docker.compose.project":"%s","com.docker.compose.service":"engine-watch"}},"timeNano":%s}\n' "$STACK" "$(date +%s%N)"
  : >/tmp/connected
  take_stock
  grep --line-buffered '^{' <&4
}

trap 'exit 0' TERM INT # bash heeds it while it waits, not while it has a command in the foreground
keep_weighing &
while :; do
  follow &
  wait $! || :
  rm -f /tmp/connected
  printf 'no connection to the engine by %s, trying again\n' "$ENGINE" >&2
  sleep 1
done
