# Reads what each node of a cluster says ("node HOST:PORT", then its CLUSTER NODES and CLUSTER INFO) and prints what is left
# to do, a line each, as a call of a function of valkey-cluster-init.sh:
#   empty                   no slot has an owner
#   assign NODE FROM TO     slots that nobody owns, to the primary in whose even share they are
#   meet NODE OTHER         nodes that do not see each other
#   forget NODE ID          a former identity of a node that came back empty
#   follow NODE ID PRIMARY  a node without slots, and the primary with the fewest replicas
#   open MARKS              slots between two owners, all in one line
#   close NODE SLOT TAKER   each of them
#   not_yet REASON          what only time can bring
#   whole PRIMARIES REPLICAS
# What has an owner is never given to another. Of its own part a node's own word counts. Variables: primaries, the least there
# are to be; turn, how many primaries have refused the slots in question.

$1 == "node" { node[++nodes] = me = $2; next }
$1 ~ /^cluster_state:ok/ { ok[me] = 1 }
$1 ~ /^cluster_slots_ok:16384/ { full[me] = 1 }
$3 ~ /handshake/ || $8 !~ /connected/ { next }
$3 ~ /myself/ {
  id[me] = $1
  of[$1] = me
  part[me] = after(8)
  if ($3 ~ /slave/) primary[me] = $4
  next
}
{
  seen[me, $1] = $8 == "connected" && $3 !~ /,(fail|noaddr)/
  split($2, place, ",")
  host[$1] = place[2]
  if (after(8) != "") elsewhere[$1] = after(8)
  if (!seen[me, $1]) lost[++losses] = me " " $1 " " after(8)
}

function after(column,   i, words) {
  for (i = column + 1; i <= NF; i++) words = words (words == "" ? "" : " ") $i
  return words
}

function own(parts,   i, n, word, range, total) { # marks them in held; how many slots there are, open ones apart
  n = split(parts, word, " ")
  for (i = 1; i <= n; i++) {
    if (word[i] ~ /^\[/) continue
    if (split(word[i], range, "-") == 1) range[2] = range[1]
    for (; range[1] + 0 <= range[2] + 0; range[1]++) {
      held[range[1] + 0] = 1
      total++
      owned++
    }
  }
  return total
}

END {
  short = primaries
  for (i = 1; i <= nodes; i++) if (!(node[i] in primary) && (owns[node[i]] = own(part[node[i]]))) short--
  for (other in elsewhere) {
    if (other in of) continue
    if (own(elsewhere[other])) short--
  }
  for (i = 1; i <= nodes; i++) {
    if (node[i] in primary) follows[primary[node[i]]]++
    else if (owns[node[i]] || short-- > 0) chosen[++count] = node[i]
    else spare[++spares] = node[i]
  }

  if (!owned) print "empty"
  for (from = 0; from < 16384; from = to + 1) {
    to = from
    if (from in held) continue
    if (!count) {
      print "not_yet slot " from " has no owner, and every node is a replica"
      exit
    }
    for (share = 1; int(16384 * share / count) <= from; share++);
    while (to + 1 < int(16384 * share / count) && !((to + 1) in held)) to++
    print "assign", chosen[(share + turn - 1) % count + 1], from, to
    gaps++
  }
  if (gaps) exit

  for (i = 1; i <= nodes; i++)
    for (j = i + 1; j <= nodes; j++)
      if (!seen[node[i], id[node[j]]] || !seen[node[j], id[node[i]]]) {
        print "meet", node[i], node[j]
        apart = node[i] " and " node[j] " do not see each other yet"
      }
  if (apart) {
    print "not_yet " apart
    exit
  }

  for (i = 1; i <= losses; i++) {
    split(lost[i], word, " ")
    if (word[2] in of) continue
    if (word[3] != "") {
      print "not_yet no replica has taken over the slots of a former " host[word[2]] " yet: " word[3]
      exit
    }
    for (j = 1; j <= nodes; j++)
      if (substr(node[j], 1, index(node[j], ":") - 1) == host[word[2]]) print "forget", word[1], word[2]
  }

  for (i = 1; i <= spares; i++) {
    best = ""
    for (j = 1; j <= count; j++)
      if (owns[chosen[j]] && (best == "" || follows[id[chosen[j]]] + 0 < follows[id[best]] + 0)) best = chosen[j]
    print "follow", spare[i], id[best], best
    follows[id[best]]++
  }
  if (spares) exit

  for (i = 1; i <= nodes; i++)
    if (!(ok[node[i]] && full[node[i]])) {
      print "not_yet the cluster is not in order as seen by " node[i]
      exit
    }

  for (i = 1; i <= nodes; i++) {
    if (node[i] in primary) continue
    n = split(part[node[i]], word, " ")
    for (j = 1; j <= n; j++) {
      if (word[j] !~ /^\[/) continue
      marks = marks " " node[i] "=" word[j]
      split(substr(word[j], 2, length(word[j]) - 2), mark, /-[<>]-/)
      taker = word[j] ~ /-<-/ ? id[node[i]] : mark[2]
      todo[++todos] = node[i] " " mark[1] " " ((taker in of) ? of[taker] : "nobody")
    }
  }
  if (todos) print "open" marks
  for (i = 1; i <= todos; i++) print "close", todo[i]
  for (i = 1; i <= nodes; i++) if (!(node[i] in primary)) leaders++
  print "whole", leaders, nodes - leaders
}
