#!/bin/sh
# Creates the baseline topics. Alters nothing that exists but min.insync.replicas, which the inventory marks as enforced.
. "${0%/*}/lib/provision.sh"

begin kafka-init
config=$SECRETS/kafka_provisioner.properties
setting KAFKA_BOOTSTRAP 'A-Za-z0-9.:,-' 'host:port,host:port'
setting TOPICS 'A-Za-z0-9._-' 'topic names of letters, digits, dots, underscores and dashes'
whole TOPIC_PARTITIONS
whole TOPIC_REPLICAS
whole TOPIC_MIN_INSYNC

wanted="setting KAFKA_BOOTSTRAP must be host:port,host:port, not $KAFKA_BOOTSTRAP"
case ,$KAFKA_BOOTSTRAP, in *,,* | *,:* | *' '*) fail "$wanted" ;; esac
brokers=0
for broker in $(printf '%s' "$KAFKA_BOOTSTRAP" | tr ',' ' '); do
  port=${broker#*:}
  case $port in '' | 0* | *[!0-9]* | ??????*) fail "$wanted" ;; esac
  brokers=$((brokers + 1))
done
[ "$TOPIC_REPLICAS" -le "$brokers" ] || fail "setting TOPIC_REPLICAS=$TOPIC_REPLICAS cannot be met by $brokers brokers"
[ "$TOPIC_MIN_INSYNC" -le "$TOPIC_REPLICAS" ] || fail "setting TOPIC_MIN_INSYNC=$TOPIC_MIN_INSYNC is above TOPIC_REPLICAS=$TOPIC_REPLICAS"
for topic in $TOPICS; do
  case $topic in . | ..) fail "setting TOPICS: $topic cannot be the name of a topic" ;; esac
  [ ${#topic} -le 249 ] || fail "setting TOPICS: $topic is longer than 249 characters"
done
needs secret "$config"

# 0 done, 1 try again, 2 hopeless: what the CLI printed decides, for its exit code does not tell.
telling='*Exception: *'
kafka() {
  tool=$1
  shift
  attempt "$tool" --bootstrap-server "$KAFKA_BOOTSTRAP" --command-config "$config" "$@" && return 0
  case $(cat "$err" "$out") in
    *"No resolvable bootstrap urls"*) return 1 ;; # a ConfigException too, but the name may yet appear
    *SaslAuthenticationException* | *AuthorizationException* | *"Not authorized"*) return 2 ;;
    *InvalidTopicException* | *ConfigException* | *InvalidConfigurationException* | *PolicyViolationException*) return 2 ;;
  esac
  return 1
}

describe() {
  kafka kafka-topics --describe
}

field() { # TOPIC KEY: its value in the last description, nothing if there is no such topic
  tab=$(printf '\t')
  while IFS= read -r row; do
    case $row$tab in
      "Topic: $1$tab"*"PartitionCount: "*)
        value=${row#*"$2"}
        [ "$value" = "$row" ] || printf '%s' "${value%%[!A-Za-z0-9._-]*}"
        ;;
    esac
  done <"$out"
}

# The CLI does not say of which topic it speaks.
about() { # TOPIC COMMAND [ARG...]
  asked=$1
  shift
  kafka "$@" && return 0 || code=$?
  if [ "$code" -eq 2 ]; then
    said=$(last_error)
    printf 'topic %s: %s\n' "$asked" "$said" >"$err"
  fi
  return "$code"
}

create() {
  about "$1" kafka-topics --create --if-not-exists --topic "$1" --partitions "$TOPIC_PARTITIONS" \
    --replication-factor "$TOPIC_REPLICAS" --config "min.insync.replicas=$TOPIC_MIN_INSYNC"
}

enforce() {
  about "$1" kafka-configs --alter --entity-type topics --entity-name "$1" --add-config "min.insync.replicas=$TOPIC_MIN_INSYNC"
}

await "$KAFKA_BOOTSTRAP" describe
absent=
for topic in $TOPICS; do
  [ -n "$(field "$topic" 'PartitionCount: ')" ] || absent="$absent $topic"
done
for topic in $absent; do await "$KAFKA_BOOTSTRAP" create "$topic"; done
[ -z "$absent" ] || await "$KAFKA_BOOTSTRAP" describe

lax=
for topic in $TOPICS; do
  partitions=$(field "$topic" 'PartitionCount: ')
  replicas=$(field "$topic" 'ReplicationFactor: ')
  insync=$(field "$topic" 'min.insync.replicas=')
  [ -n "$partitions" ] || fail "topic $topic is still not there after it was created"
  [ "$replicas" -ge "$TOPIC_REPLICAS" ] || fail "topic $topic exists with replication factor $replicas, below the promised $TOPIC_REPLICAS: reassign its partitions"
  action=unchanged
  case " $absent " in *" $topic "*) action=created ;; esac
  if [ "${insync:-none}" != "$TOPIC_MIN_INSYNC" ]; then
    lax="$lax $topic"
    continue
  fi
  resource topic "$topic" $action "partitions=$partitions" "replication_factor=$replicas" "min.insync.replicas=$insync"
done
for topic in $lax; do
  await "$KAFKA_BOOTSTRAP" enforce "$topic"
  action=updated
  case " $absent " in *" $topic "*) action=created ;; esac
  resource topic "$topic" $action "min.insync.replicas=$TOPIC_MIN_INSYNC"
done
done_ok
