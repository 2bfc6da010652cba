#!/bin/sh
# Every command-line tool is a link to this file; its name says which class of tools.txt it starts.
wanted=${0##*/}
wanted=${wanted%.sh}
while read -r name class; do
  [ "$name" != "$wanted" ] || exec /opt/kafka/bin/kafka-run-class.sh "$class" "$@"
done </opt/kafka/bin/tools.txt
echo "$wanted: no tool of this image has this name" >&2
exit 64
