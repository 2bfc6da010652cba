#!/bin/sh
# Every command-line tool is a link to this file; its name says which class of tools.txt it starts.
wanted=${0##*/}
wanted=${wanted%.sh}
# The table is read beside stdin, which is the tool's own.
while read -r name class <&3; do
  [ "$name" != "$wanted" ] || exec /opt/kafka/bin/kafka-run-class.sh "$class" "$@" 3<&-
done 3</opt/kafka/bin/tools.txt
echo "$wanted: no tool of this image has this name" >&2
exit 64
