# shellcheck shell=sh disable=SC2034,SC2154 # $telling, $out and $err are provision.sh's
# What the provisioners of PostgreSQL share: an application's role and database of the same name, each made where it is
# missing and left alone where it is there. Sourced after the script has begun.
#
#   provision_postgres PREFIX      the whole work, for the roles in $PG_ROLES on the server $PGHOST; PREFIX begins the names
#                                  of the secrets: PREFIX_provisioner_pgpass, and PREFIX_ROLE_password for each role

# 0 done, 1 try again, 2 hopeless. A server that is lost, shut down, read-only or hidden behind its proxy may come back.
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
$(cat "$SECRETS/${prefix}_$1_password")
$(cat "$SECRETS/${prefix}_$1_password")
PASSWORD_TWICE
}

provision_postgres() {
  prefix=$1
  setting PG_ROLES 'a-z0-9_' 'role names of lower-case letters, digits and underscores'
  setting PGHOST 'A-Za-z0-9.-' 'a host name'
  for role in $PG_ROLES; do
    case $role in [!a-z_]* | pg_* | provisioner | postgres | public | none | template0 | template1) fail "setting PG_ROLES: $role cannot be the name of an application's role" ;; esac
    [ ${#role} -le 63 ] || fail "setting PG_ROLES: $role is longer than 63 characters"
  done
  [ ${#PGHOST} -le 253 ] || fail "setting PGHOST is longer than 253 characters"
  case $PGHOST in *' '*) fail "setting PGHOST must be one host name, not $PGHOST" ;; esac
  login=$SECRETS/${prefix}_provisioner_pgpass
  statements=$PROVISIONING/role_and_database.sql
  needs secret "$login"
  for role in $PG_ROLES; do needs secret "$SECRETS/${prefix}_${role}_password"; done
  needs script "$statements"
  export PGUSER=provisioner PGDATABASE=postgres PGPASSFILE="$login" PGAPPNAME="$_init"
  export PGCONNECT_TIMEOUT="${PROVISION_ATTEMPT_TIMEOUT%%.*}" PGTARGETSESSIONATTRS=read-write

  await "$PGHOST" answers
  for role in $PG_ROLES; do
    await "$PGHOST" ensure "$role"
    while read -r kind name action; do resource "$kind" "$name" "$action"; done <"$out"
  done
}
