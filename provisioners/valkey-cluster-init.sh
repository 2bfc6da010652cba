#!/bin/sh
# Makes one cluster of the nodes: every slot has a primary, every other node is a replica. Completes what is half made; what
# has an owner stays where it is, whoever put it there.
. "${0%/*}/lib/provision.sh"

begin valkey-cluster-init
login=$SECRETS/valkey_provisioner_password
setting VALKEY_NODES 'A-Za-z0-9.:,-' 'host:port,host:port'
whole VALKEY_REPLICAS
wanted="setting VALKEY_NODES must be host:port,host:port, not $VALKEY_NODES"
case ,$VALKEY_NODES, in *,,* | *,:* | *' '*) fail "$wanted" ;; esac
nodes=' '
count=0
for node in $(printf '%s' "$VALKEY_NODES" | tr ',' ' '); do
  case ${node#*:} in '' | 0* | *[!0-9]* | ??????*) fail "$wanted" ;; esac
  case $nodes in *" ${node%:*}:"*) fail "setting VALKEY_NODES names ${node%:*} twice" ;; esac
  nodes="$nodes$node "
  count=$((count + 1))
done
primaries=$((count / (VALKEY_REPLICAS + 1)))
[ $((primaries * (VALKEY_REPLICAS + 1))) -eq $count ] || fail "setting VALKEY_REPLICAS=$VALKEY_REPLICAS does not divide the $count nodes of VALKEY_NODES evenly"
[ "$primaries" -ge 3 ] || fail "setting VALKEY_NODES names $count nodes: three primaries with VALKEY_REPLICAS=$VALKEY_REPLICAS are $((3 * VALKEY_REPLICAS + 3))"
needs secret "$login"
lacking='' refused='' turn=0 marks='' sightings=0 action='' made=
line='
'

# NODE REQUESTS: 0 done, 1 try again, 2 hopeless. valkey-cli ends with 0 whatever it is told: its output decides.
valkey() {
  attempt valkey-cli -h "${1%:*}" -p "${1#*:}" --user provisioner --askpass <<PASSWORD_AND_REQUESTS || return 1
$(cat "$login")
$2
PASSWORD_AND_REQUESTS
  case $(cat "$err") in
    *'AUTH failed: WRONGPASS'*) return 2 ;;
    ?*) return 1 ;;
  esac
  while read -r row; do
    case $row in
      NOAUTH* | NOPERM* | DENIED* | 'ERR unknown '* | 'ERR This instance has cluster support disabled'*) verdict=2 ;;
      [A-Z][A-Z]*\ *) verdict=1 ;;
      *) continue ;;
    esac
    not_yet "$1: $row" || return "$verdict"
  done <"$out"
  [ -s "$out" ] || return 1
  printf '%s' "$lacking" >"$err"
}

not_yet() { # REASON: the last word on the cluster, also where time is up before the next call
  lacking=$*
  printf '%s\n' "$lacking" >"$err"
  return 1
}

# Asks every node for what it knows, and has lib/valkey_cluster.awk say what is left to do.
survey() {
  : >"$scratch/answers"
  for node in $nodes; do
    valkey "$node" "CLUSTER NODES${line}CLUSTER INFO" || return $?
    { echo "node $node" && cat "$out"; } >>"$scratch/answers"
  done
  attempt awk -v "primaries=$primaries" -v "turn=$turn" -f "${0%/*}/lib/valkey_cluster.awk" "$scratch/answers" || return 2
  steps=$(cat "$out")
}

# The steps that the survey may ask for, by their names there.

empty() {
  : "${action:=created}"
}

# A primary that still takes another for the owner of these slots refuses; when it does so again, it is the next one's turn.
assign() { # NODE "FROM TO"
  if valkey "$1" "CLUSTER ADDSLOTSRANGE $2"; then
    resource slots "${2% *}-${2#* }" created "primary=${1%:*}"
    : "${action:=updated}"
    return 0
  else
    code=$?
  fi
  [ "$refused" = "$2" ] || turn=-1
  refused=$2
  turn=$((turn + 1))
  return "$code"
}

# By the address that the other's name has now.
meet() { # NODE OTHER
  attempt getent ahostsv4 "${2%:*}" </dev/null || not_yet "the name ${2%:*} cannot be resolved" || return $?
  read -r address _ <"$out"
  valkey "$1" "CLUSTER MEET $address ${2#*:}"
}

forget() { # NODE ID
  valkey "$1" "CLUSTER FORGET $2" || return $?
  : "${action:=updated}"
}

follow() { # NODE "ID PRIMARY"
  valkey "$1" "CLUSTER REPLICATE ${2% *}" || return $?
  set -- "$1" "${2#* }"
  resource replica "${1%:*}" created "primary=${2%:*}"
  : "${action:=updated}"
}

# A slot that stays open was left so by somebody who was moving it. It is closed if none of its keys has moved; else both
# nodes serve it, and only whoever moves them can end that.
open() { # MARKS: given time while they change
  [ "$marks" = "$*" ] || sightings=0
  marks=$*
  sightings=$((sightings + 1))
  [ "$sightings" -ge 3 ] || not_yet "slots are on the move: $marks"
}

close() { # NODE "SLOT TAKER"
  keys=unknown
  if [ "${2#* }" != nobody ]; then
    valkey "${2#* }" "CLUSTER COUNTKEYSINSLOT ${2% *}" || return $?
    read -r keys <"$out"
  fi
  if [ "$keys" = 0 ]; then
    valkey "$1" "CLUSTER SETSLOT ${2% *} STABLE" || return $?
    resource slot "${2% *}" updated "node=${1%:*}" state=closed
    : "${action:=updated}"
  else
    resource slot "${2% *}" unchanged "node=${1%:*}" state=open "moved=$keys"
  fi
}

whole() { # PRIMARIES REPLICAS
  made="primaries=$1 replicas=$2"
}

# 0 when something was done, or nothing is left to do ($made); 1 while it takes time.
advance() {
  survey || return $?
  while read -r step first rest; do
    case $step in
      empty) empty ;;
      assign) assign "$first" "$rest" ;;
      meet) meet "$first" "$rest" ;;
      forget) forget "$first" "$rest" ;;
      follow) follow "$first" "$rest" ;;
      open) open "$first" "$rest" ;;
      close) close "$first" "$rest" ;;
      whole) whole "$first" "$rest" ;;
      *) not_yet "$first" "$rest" ;;
    esac || return $?
  done <<STEPS
$steps
STEPS
}

for node in $nodes; do await "$node" valkey "$node" 'CLUSTER INFO'; done
while [ -z "$made" ]; do await "$VALKEY_NODES" advance; done
# shellcheck disable=SC2086 # two words
resource cluster valkey-cluster "${action:-unchanged}" $made slots=16384
done_ok
