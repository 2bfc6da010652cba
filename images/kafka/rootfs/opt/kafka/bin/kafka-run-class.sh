#!/bin/sh
# kafka-run-class.sh CLASS [ARGUMENT...]: a JVM for one class of Kafka, with the options of the official scripts.
# Class path and archive of preloaded classes stand together in an argument file: one is of no use without the other.
set -eu
class=${1:?a class name is missing}
shift

if [ "$class" = kafka.Kafka ]; then
  jvm=/opt/kafka/cds/server.args
  heap='-Xmx1G -Xms1G'
  performance='-server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35 -XX:+ExplicitGCInvokesConcurrent'
  logging=-Dlog4j2.configurationFile=/opt/kafka/config/log4j2.yaml
else
  # A tool lives a second: an optimising compiler and a concurrent collector would cost more than they bring.
  jvm=/opt/kafka/cds/tools.args
  heap=-Xmx256M
  performance='-XX:+UseSerialGC -XX:TieredStopAtLevel=1'
  logging='-Dorg.slf4j.simpleLogger.defaultLogLevel=warn -Dlog4j.provider=org.apache.logging.log4j.simple.internal.SimpleProvider'
fi
jmx=${KAFKA_JMX_OPTS-}
[ -z "${JMX_PORT-}" ] || jmx="${jmx:--Dcom.sun.management.jmxremote.authenticate=false -Dcom.sun.management.jmxremote.ssl=false} -Dcom.sun.management.jmxremote.port=$JMX_PORT"

# The variables hold several options each.
# shellcheck disable=SC2086
exec java "@$jvm" ${KAFKA_HEAP_OPTS:-$heap} ${KAFKA_JVM_PERFORMANCE_OPTS:-$performance} $jmx \
  "-Dkafka.logs.dir=${LOG_DIR:-/opt/kafka/logs}" ${KAFKA_LOG4J_OPTS:-$logging} ${KAFKA_OPTS-} "$class" "$@"
