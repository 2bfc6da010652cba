#!/bin/sh
# Makes a role and a database of the same name for each application; a role or database that is there keeps what its owner set.
. "${0%/*}/lib/provision.sh"

begin mng-pg-init
. "${0%/*}/lib/postgres.sh"
provision_postgres mng_pg
done_ok
