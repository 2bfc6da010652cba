#!/bin/sh
# Makes a role and a database of the same name for each application; a role or database that is there keeps what its owner set.
. "${0%/*}/lib/provision.sh"
. "${0%/*}/lib/postgres.sh"

begin mng-pg-init
export PGAPPNAME=mng-pg-init
provision_postgres mng_pg
done_ok
