#!/bin/sh
# Formats the storage with the accounts on first boot, then becomes the broker. The first broker also grants the rights.
set -eu
umask 077
config=/run/kafka/server.properties
granted=/var/lib/kafka/data/.rights-granted
{
  cat /stack/server.properties
  printf 'node.id=%s\n' "$KAFKA_NODE_ID"
  printf 'advertised.listeners=PLAINTEXT://kafka-%s:19092,SASL://kafka-%s:19094\n' "$KAFKA_NODE_ID" "$KAFKA_NODE_ID"
} >"$config"

if [ ! -s /var/lib/kafka/data/logs/meta.properties ]; then
  # Kafka reads the @file itself, so no password is ever in an argument list.
  /opt/kafka/bin/kafka-storage.sh format --ignore-formatted --cluster-id "$KAFKA_CLUSTER_ID" --config "$config" \
    @/run/secrets/kafka_scram_credentials
fi

allow() {
  /opt/kafka/bin/kafka-acls.sh --bootstrap-server kafka-1:19094,kafka-2:19094,kafka-3:19094 \
    --command-config /run/secrets/kafka_admin.properties --add "$@"
}

grant() {
  until
    allow --allow-principal User:provisioner --topic infra-events --topic application-logs \
      --operation Create --operation Describe --operation DescribeConfigs --operation AlterConfigs \
      && allow --allow-principal User:ANONYMOUS --topic '*' --operation Read \
      && allow --deny-principal User:ANONYMOUS --topic __ --resource-pattern-type prefixed --operation All \
      && : >"$granted"
  do sleep 1; done
}

if [ -e /run/secrets/kafka_admin.properties ] && [ ! -e "$granted" ]; then grant >/run/kafka/grant.log 2>&1 & fi
exec /opt/kafka/bin/kafka-server-start.sh "$config"
