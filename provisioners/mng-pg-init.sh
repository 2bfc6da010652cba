#!/bin/sh
# Makes a role and a database of the same name for each application; a role or database that is there keeps what its owner set.
. "${0%/*}/lib/provision.sh"

begin mng-pg-init
setting PG_ROLES 'a-z0-9_' 'role names of lower-case letters, digits and underscores'
setting PGHOST 'A-Za-z0-9.-' 'a host name'
for role in $PG_ROLES; do
  case $role in [!a-z_]* | pg_* | provisioner | postgres | public | none | template0 | template1) fail "setting PG_ROLES: $role cannot be the name of an application's role" ;; esac
  [ ${#role} -le 63 ] || fail "setting PG_ROLES: $role is longer than 63 characters"
done
[ ${#PGHOST} -le 253 ] || fail "setting PGHOST is longer than 253 characters"
case $PGHOST in *' '*) fail "setting PGHOST must be one host name, not $PGHOST" ;; esac
login=$SECRETS/mng_pg_provisioner_pgpass
statements=$PROVISIONING/role_and_database.sql
needs secret "$login"
for role in $PG_ROLES; do needs secret "$SECRETS/mng_pg_${role}_password"; done
needs script "$statements"
export PGUSER=provisioner PGDATABASE=postgres PGPASSFILE="$login" PGAPPNAME=mng-pg-init
export PGCONNECT_TIMEOUT="${PROVISION_ATTEMPT_TIMEOUT%%.*}" PGTARGETSESSIONATTRS=read-write

# 0 done, 1 try again, 2 hopeless
telling='*[Ee][Rr][Rr][Oo][Rr]: *'
sql() {
  attempt psql --no-psqlrc --quiet --no-password --tuples-only --no-align --field-separator ' ' --set ON_ERROR_STOP=1 "$@" && return 0
  case $(cat "$err") in
    *"authentication failed"* | *"no password supplied"* | *"permission denied"* | *"pg_hba.conf"* | *"must be"*) return 2 ;;
    *"syntax error"* | *"does not exist"* | *"is reserved"* | *"didn't match"*) return 2 ;;
  esac
  return 1
}

answers() {
  sql --command 'SELECT 1'
}

# The password is fed twice to psql's own \password, which sends the server a SCRAM verifier and nothing else.
ensure() { # ROLE
  sql --set "role=$1" --file "$statements" <<PASSWORD_TWICE
$(cat "$SECRETS/mng_pg_$1_password")
$(cat "$SECRETS/mng_pg_$1_password")
PASSWORD_TWICE
}

await mng-pg answers
for role in $PG_ROLES; do
  await mng-pg ensure "$role"
  while read -r kind name action; do resource "$kind" "$name" "$action"; done <"$out"
done
done_ok
