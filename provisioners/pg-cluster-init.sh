#!/bin/sh
# The same on the cluster, through its proxy: the primary may change at any moment, and the work goes on at the next one.
. "${0%/*}/lib/provision.sh"

begin pg-cluster-init
. "${0%/*}/lib/postgres.sh"
provision_postgres pg_cluster
done_ok
