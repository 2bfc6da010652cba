#!/bin/sh
# The same on the cluster, through its proxy: the primary may change at any moment, and the work goes on at the next one.
. "${0%/*}/lib/provision.sh"
. "${0%/*}/lib/postgres.sh"

begin pg-cluster-init
export PGAPPNAME=pg-cluster-init
provision_postgres pg_cluster
done_ok
