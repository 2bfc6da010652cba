#!/bin/sh
# Becomes a member of the cluster: lays out Patroni's configuration and undoes a first boot that was cut short.
set -eu
umask 077
configuration=/run/patroni/configuration
mkdir -p "$configuration"
ln -sf /etc/patroni/*.yml /run/secrets/pg_cluster_patroni.yml "$configuration/"
name=$(uname -n)
export PATRONI_NAME="$name" PATRONI_RESTAPI_CONNECT_ADDRESS="$name:8008" PATRONI_POSTGRESQL_CONNECT_ADDRESS="$name:5432"
python3 /stack/first_boot.py
exec patroni "$configuration"
