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
  lacking=$1
  printf '%s\n' "$lacking" >"$err"
  return 1
}

# What each node says of itself, "node id role primary slots…" in $members, and of the others, "node id state host slots…" in
# $sights. Of who is what, a node's own word counts.
survey() {
  members='' sights=$line ids=' ' unwell=
  for node in $nodes; do
    valkey "$node" "CLUSTER NODES${line}CLUSTER INFO" || return $?
    ok=
    while read -r id address flags primary _ _ _ link slots; do
      case $id,$link,$flags in
        cluster_state:ok*) ok=yes ;;
        cluster_slots_ok:16384*) [ -z "$ok" ] || ok=whole ;;
        *,*handshake*) ;;
        *myself*) members="$members$node $id $flags $primary $slots$line" ids="$ids$id " ;;
        *,noaddr* | *,fail* | *,disconnected,*) sights="$sights$node $id lost ${address#*,} $slots$line" ;;
        *,connected,*) sights="$sights$node $id seen ${address#*,} $slots$line" ;;
      esac
    done <"$out"
    [ "$ok" = whole ] || unwell="$unwell $node"
  done
}

# $held: ranges of slots with an owner; $owners: nodes that have some; $chosen: those and, while they are too few, nodes that
# have none yet; $spare: what is left to be a replica; $followed: whom the replicas follow; $open: slots between two owners;
# $gone: slots of a node that is none of these and out of reach.
take_stock() {
  held='' owners='' chosen='' spare='' followed=' ' open='' gone='' strangers=' '
  short=$primaries
  while read -r node id flags primary slots; do
    case $flags in *slave*) followed="$followed$primary " && continue ;; esac
    own=
    for range in $slots; do
      case $range in '['*) open="$open $node=$range" ;; *) own="$own $range" ;; esac
    done
    [ -z "$own" ] || owners="$owners $node=$id" short=$((short - 1))
    held="$held$own"
  done <<MEMBERS
${members%"$line"}
MEMBERS
  while read -r node id state host slots; do
    case $ids$strangers$slots in *" $id "* | *' ') continue ;; esac
    strangers="$strangers$id " held="$held ${slots%%'['*}" short=$((short - 1))
    [ "$state" = seen ] || gone="$slots of a former $host"
  done <<SIGHTS
$sights
SIGHTS
  while read -r node id flags _ slots; do
    case $flags,$owners in
      *slave*) ;;
      *" $node="*) chosen="$chosen $node" ;;
      *) if [ "$short" -gt 0 ]; then chosen="$chosen $node" short=$((short - 1)); else spare="$spare $node"; fi ;;
    esac
  done <<MEMBERS
${members%"$line"}
MEMBERS
}

gap() { # -> $from and $to, the first range that nobody owns
  from=0
  while :; do
    to=16383 next=
    for range in $held; do
      if [ "${range%-*}" -gt "$from" ]; then
        [ "${range%-*}" -gt "$to" ] || to=$((${range%-*} - 1))
      elif [ "${range#*-}" -ge "$from" ]; then
        next=$((${range#*-} + 1))
        break
      fi
    done
    [ -n "$next" ] || break
    from=$next
  done
  [ "$from" -le 16383 ]
}

# Of what nobody owns, each primary gets what lies in its even share. One that still takes another for the owner refuses; when
# it does so again, it is the next one's turn: whoever gave the slots up knows better.
assign() { # PRIMARY...
  while gap; do
    share=1
    while [ $((16384 * share / $#)) -le "$from" ]; do share=$((share + 1)); done
    [ "$to" -lt $((16384 * share / $#)) ] || to=$((16384 * share / $# - 1))
    eval "node=\${$(((share + turn - 1) % $# + 1))}"
    valkey "$node" "CLUSTER ADDSLOTSRANGE $from $to" || refuse $? || return $?
    resource slots "$from-$to" created "primary=${node%:*}"
    held="$held $from-$to"
  done
}

refuse() { # STATUS
  [ "$refused" = "$from-$to" ] || turn=-1
  refused=$from-$to
  turn=$((turn + 1))
  return "$1"
}

# Nodes that do not see each other are introduced, by the addresses that their names have now.
introduce() {
  apart='' places=
  for node in $nodes; do
    requests=
    while read -r other id _; do
      case $other,$sights in "$node",* | *"$line$node $id seen "*) ;; *) requests="$requests $other" ;; esac
    done <<MEMBERS
${members%"$line"}
MEMBERS
    [ -n "$requests" ] || continue
    apart=$node
    meetings=
    for other in $requests; do
      place "$other" || return $?
      meetings="$meetings${line}CLUSTER MEET $address ${other#*:}"
    done
    valkey "$node" "${meetings#"$line"}" || return $?
  done
  [ -z "$apart" ] || not_yet "$apart does not see every other node yet"
}

place() { # NODE -> $address
  case $places in *" $1="*) ;; *)
    attempt getent ahostsv4 "${1%:*}" </dev/null || not_yet "the name ${1%:*} cannot be resolved" || return $?
    read -r address _ <"$out"
    places="$places $1=$address "
    ;;
  esac
  address=${places#*" $1="}
  address=${address%% *}
}

# A node that came back empty has a new identity: what it was before, and what owns nothing any more, is forgotten.
forget() {
  while read -r node id state host slots; do
    case $ids,$state,$slots in *" $id "* | *,seen,* | *,lost,?*) continue ;; esac
    case $nodes in *" $host:"*) valkey "$node" "CLUSTER FORGET $id" || return $? ;; *) continue ;; esac
    action=updated
  done <<SIGHTS
$sights
SIGHTS
}

# A node without slots follows the primary that has the fewest replicas.
follow() {
  for node in $spare; do
    best='' fewest=$count
    for primary in $owners; do
      replicas=0
      for id in $followed; do [ "$id" != "${primary#*=}" ] || replicas=$((replicas + 1)); done
      [ "$replicas" -ge "$fewest" ] || best=$primary fewest=$replicas
    done
    valkey "$node" "CLUSTER REPLICATE ${best#*=}" || return $?
    resource replica "${node%:*}" created "primary=${best%%:*}"
    followed="$followed${best#*=} "
  done
}

# A slot that stays open was left so by somebody who was moving it. It is closed where none of its keys has moved; where some
# have, both nodes serve it, and only whoever moves them can end that.
close() {
  [ "$open" = "$open_before" ] || sightings=0
  open_before=$open
  sightings=$((sightings + 1))
  [ "$sightings" -ge 3 ] || not_yet "slots are on the move:$open" || return $?
  for mark in $open; do
    node=${mark%%=*} slot=${mark#*=[}
    peer=${slot##*-}
    case $slot in *-'<'-*) goal=$node ;; *) goal=${members%%" ${peer%]} "*} goal=${goal##*"$line"} ;; esac
    slot=${slot%%-*}
    keys=unknown
    if [ "$goal" != "$members" ]; then
      valkey "$goal" "CLUSTER COUNTKEYSINSLOT $slot" || return $?
      read -r keys <"$out"
    fi
    if [ "$keys" = 0 ]; then
      valkey "$node" "CLUSTER SETSLOT $slot STABLE" || return $?
      resource slot "$slot" updated "node=${node%:*}" state=closed
      action=updated
    else
      resource slot "$slot" unchanged "node=${node%:*}" state=open "moved=$keys"
    fi
  done
}

# One step further: 0 when something was done, or everything ($settled); 1 while the nodes have not told each other yet.
advance() {
  survey || return $?
  take_stock
  [ -n "$held" ] || : "${action:=created}"
  if [ -n "$unwell" ] && gap; then
    [ -n "$chosen" ] || not_yet "slots $from-$to have no owner, and every node is a replica" || return $?
    : "${action:=updated}"
    # shellcheck disable=SC2086 # a word each
    assign $chosen
    return
  fi
  introduce || return $?
  forget || return $?
  [ -z "$gone" ] || not_yet "no replica has taken over $gone yet" || return $?
  if [ -n "$spare" ]; then
    : "${action:=updated}"
    follow
    return
  fi
  [ -z "$unwell" ] || not_yet "the cluster is not in order as seen by$unwell" || return $?
  if [ -n "$open" ]; then close || return $?; fi
  settled=yes
}

lacking=
for node in $nodes; do await "$node" valkey "$node" 'CLUSTER INFO'; done
action='' settled='' open_before='' sightings=0 refused='' turn=0
until [ -n "$settled" ]; do await "$VALKEY_NODES" advance; done
# shellcheck disable=SC2086 # a word each
set -- $owners
primaries=$#
# shellcheck disable=SC2086
set -- $followed
resource cluster valkey-cluster "${action:-unchanged}" "primaries=$primaries" "replicas=$#" slots=16384
done_ok
