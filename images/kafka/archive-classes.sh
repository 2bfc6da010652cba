#!/bin/sh
# Part of the image build: runs a throw-away broker and the tools once while noting which classes they load, and
# dumps these classes into two archives that every later JVM maps instead of loading. Nothing else is kept of it.
set -eu
kafka=/opt/kafka
bootstrap='--bootstrap-server 127.0.0.1:9092'
scratch=$(mktemp -d)
cd "$scratch"
mkdir "$kafka/cds"

# An archive is valid for one exact class path: explicit, in a fixed order, no wildcard.
class_path() { find "$@" -name '*.jar' | LC_ALL=C sort | paste -sd: -; }
server_path=$(class_path $kafka/libs)
tools_path=$(class_path $kafka/libs $kafka/libs-tools | tr ':' '\n' | grep -v -e /log4j-core- -e /log4j-slf4j-impl- | paste -sd: -)

arguments() { # ARCHIVE CLASS-PATH
  cat <<ARGUMENTS
-XX:SharedArchiveFile=$kafka/cds/$1.jsa
-Xshare:auto
-Xlog:disable
-Xlog:all=error:stderr
-XX:-UsePerfData
-Djava.awt.headless=true
-Djava.library.path=$kafka/native
-Dorg.xerial.snappy.lib.path=$kafka/native
-Dorg.xerial.snappy.lib.name=libsnappyjava.so
-DZstdNativePath=$kafka/native/libzstd-jni.so
-cp
$2
ARGUMENTS
}
arguments server "$server_path" >$kafka/cds/server.args
arguments tools "$tools_path" >$kafka/cds/tools.args

# ---- a broker with every security feature that clients meet
cat >server.properties <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:9093
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093,SASL://127.0.0.1:9094
advertised.listeners=PLAINTEXT://127.0.0.1:9092,SASL://127.0.0.1:9094
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:SASL_PLAINTEXT,SASL:SASL_PLAINTEXT
inter.broker.listener.name=SASL
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
sasl.mechanism.controller.protocol=PLAIN
config.providers=dir
config.providers.dir.class=org.apache.kafka.common.config.provider.DirectoryConfigProvider
config.providers.dir.param.allowed.paths=$scratch
listener.name.sasl.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="archive" password="\${dir:$scratch:password}";
listener.name.controller.sasl.enabled.mechanisms=PLAIN
listener.name.controller.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="archive" password="\${dir:$scratch:password}" user_archive="\${dir:$scratch:password}";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:archive;User:ANONYMOUS
log.dirs=$scratch/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
PROPERTIES
printf archive >password
printf -- '--add-scram\nSCRAM-SHA-512=[name=archive,password=archive]\n' >format.args
cat >client.properties <<'PROPERTIES'
security.protocol=SASL_PLAINTEXT
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="archive" password="archive";
PROPERTIES

runs=0
# Arguments come as one text.
# shellcheck disable=SC2086
noting() { # TOOL [ARGUMENT...]: runs it the ordinary way, only that it also notes its classes
  runs=$((runs + 1))
  KAFKA_OPTS="-XX:DumpLoadedClassList=$scratch/tools-$runs.classes" "$kafka/bin/$1.sh" $2 >"run-$runs.log" 2>&1 || {
    cat "run-$runs.log" >&2
    return 1
  }
}
noting kafka-storage "format --cluster-id AAAAAAAAAAAAAAAAAAAAAA --config server.properties @format.args"
KAFKA_OPTS="-XX:DumpLoadedClassList=$scratch/server.classes" KAFKA_HEAP_OPTS=-Xmx384m LOG_DIR=$scratch \
  $kafka/bin/kafka-server-start.sh server.properties >server.log 2>&1 &
server=$!
attempts=0
until grep -q 'Kafka Server started' server.log; do
  attempts=$((attempts + 1))
  if [ $attempts -gt 240 ] || ! kill -0 $server; then
    cat server.log >&2
    exit 1
  fi
  sleep 0.5
done

sasl='--bootstrap-server 127.0.0.1:9094 --command-config client.properties'
noting kafka-topics "$bootstrap --create --if-not-exists --topic a --partitions 3 --replication-factor 1 --config min.insync.replicas=1"
noting kafka-topics "$sasl --create --topic b"
noting kafka-topics "$sasl --describe"
noting kafka-topics "$sasl --list"
noting kafka-topics "$sasl --alter --topic a --partitions 4"
noting kafka-configs "$sasl --alter --entity-type topics --entity-name a --add-config retention.ms=1000000"
noting kafka-configs "$sasl --describe --entity-type topics --entity-name a"
noting kafka-acls "$sasl --add --allow-principal User:c --operation Create --operation Describe --topic a"
noting kafka-acls "$sasl --list"
noting kafka-broker-api-versions "$sasl"
noting kafka-metadata-quorum "$sasl describe --status"
noting kafka-cluster "cluster-id $bootstrap"
noting kafka-console-producer "$bootstrap --topic a" </etc/hostname
noting kafka-console-consumer "$bootstrap --topic a --from-beginning --max-messages 1 --timeout-ms 20000"
noting kafka-consumer-groups "$bootstrap --list"
noting kafka-get-offsets "$bootstrap --topic a"
noting kafka-topics "$sasl --delete --topic b"
kill $server
wait $server || [ $? -eq 143 ]

# ---- the archives; G1 alone can put heap objects into one, and any collector can use them
archive() { # NAME: the lists of several runs merge once what is particular to a run is gone from their lines
  cat "$1"*.classes | grep -v -e '^#' -e ' source: ' | sed 's/ id: .*//' | LC_ALL=C sort -u >"$1.all"
  grep -v -e SharedArchiveFile -e Xshare $kafka/cds/"$1.args" >dump.args
  java -Xshare:dump -XX:+UseG1GC "-XX:SharedClassListFile=$1.all" "-XX:SharedArchiveFile=$kafka/cds/$1.jsa" @dump.args
}
archive server
archive tools
chmod 0644 $kafka/cds/*
cd /
rm -rf "$scratch"
