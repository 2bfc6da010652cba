#!/bin/sh
# kafka-server-start.sh FILE [--override NAME=VALUE]...: becomes a broker, a controller or both, as FILE says.
[ $# -gt 0 ] || {
  echo "usage: ${0##*/} server.properties [--override property=value]..." >&2
  exit 1
}
exec /opt/kafka/bin/kafka-run-class.sh kafka.Kafka "$@"
