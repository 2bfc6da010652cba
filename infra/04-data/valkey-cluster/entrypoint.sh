#!/bin/sh
# Corrects what the node remembers of its cluster, becomes the server, and beside it introduces the node to its peers anew
# whenever they have other addresses than it remembers: by itself a cluster never recovers from all addresses changing.
set -eu
umask 077
export LC_ALL=C
memory=/data/nodes.conf
found=/run/valkey/found-peers

# Valkey before 8.1.2 may note a replica under another shard than its primary's and refuses that file at the next start
# ("corrupted cluster config file", valkey-io/valkey#2171): a replica is in its primary's shard.
correct_shards() {
  awk 'function shard(words) { return match(words, /shard-id=[0-9a-f]+/) ? substr(words, RSTART, RLENGTH) : "" }
    NR == FNR { if ($3 ~ /master/) of[$1] = shard($2); next }
    $3 ~ /slave/ && of[$4] != "" { sub(/shard-id=[0-9a-f]+/, of[$4]) }
    { print }' "$memory" "$memory" >"$memory.corrected"
  mv "$memory.corrected" "$memory"
}

ask() { # REQUEST: the reply of this node
  {
    cat /run/secrets/valkey_node_password
    printf '\n%s\n' "$1"
  } | timeout 5 valkey-cli --user node --askpass 2>/dev/null
}

# Names of the peers; once they have been found, only of those that are out of reach.
peers() {
  printf '%s\n' "$table" | awk -F '[ ,]' -v found="$([ ! -e "$found" ] || echo yes)" '
    / (myself,|handshake)/ || $3 == "" || (found && / connected/ && !/,(fail|noaddr)/) { next }
    { print $3 }'
}

look_for_peers() {
  table=$(ask 'CLUSTER NODES')
  case $table in *myself*) ;; *) return 1 ;; esac
  absent=0 present=1 astray=
  while read -r name; do
    [ -n "$name" ] || continue
    address=$(getent ahostsv4 "$name" | awk 'NR == 1 { print $1 }')
    if [ -z "$address" ]; then
      absent=$((absent + 1))
      continue
    fi
    present=$((present + 1))
    case $table in
      *" $address:6379@16379,$name"[,\ ]*) ;;
      *)
        astray=yes
        ask "CLUSTER MEET $address 6379" >/run/valkey/meet.log
        ;;
    esac
  done <<PEERS
$(peers)
PEERS
  [ -z "$astray" ] && [ "$present" -gt "$absent" ] || return 1
  : >"$found"
}

# A replica copies whoever answers at the address that it remembers of its primary, and may be elected with what it has
# copied. Addresses are dealt out anew at each start: it is told the present one, or none until its primary is there.
correct_primary() {
  awk '
    $3 ~ /myself/ && $3 ~ /slave/ { primary = $4 }
    { names[$1] = $2 }
    END { if (primary in names) { split(names[primary], part, ","); print primary, part[2] } }' "$memory" >/run/valkey/primary
  read -r primary name </run/valkey/primary || return 0
  address=$(getent ahostsv4 "$name" | awk 'NR == 1 { print $1 }')
  awk -v primary="$primary" -v address="$address" '
    $1 == primary {
      sub(/^[^,]*/, address == "" ? ":0@0" : address ":6379@16379", $2)
      sub(/,noaddr/, "", $3)
      if (address == "") $3 = $3 ",noaddr"
    }
    { print }' "$memory" >"$memory.corrected"
  mv "$memory.corrected" "$memory"
}

keep_in_touch() {
  while :; do
    if look_for_peers; then sleep 5; else sleep 0.5; fi
  done
}

{
  cat /stack/valkey.conf
  printf 'cluster-announce-hostname %s\nmasteruser node\nmasterauth %s\n' "$(uname -n)" "$(cat /run/secrets/valkey_node_password)"
} >/run/valkey/valkey.conf
if [ -s "$memory" ]; then
  correct_shards
  correct_primary
fi
rm -f "$found"
keep_in_touch 2>/run/valkey/peers.log &
exec valkey-server /run/valkey/valkey.conf
