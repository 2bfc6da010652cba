#!/bin/sh
# First boot: the account that provisions. It may make roles and databases, and is no superuser.
set -eu
secret=/run/secrets/mng_pg_provisioner_password
[ -s "$secret" ]
psql --no-psqlrc --quiet --no-password --set ON_ERROR_STOP=1 <<'SQL'
SET client_min_messages = warning;
CREATE ROLE provisioner LOGIN NOSUPERUSER CREATEROLE CREATEDB NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 8;
-- Lets it make a database that belongs to a role of its making, without holding that role's rights.
ALTER ROLE provisioner SET createrole_self_grant = 'set';
ALTER ROLE provisioner SET statement_timeout = '60s';
REVOKE CONNECT, TEMPORARY ON DATABASE template1 FROM PUBLIC;
SQL
# psql hashes the password itself; it takes the two answers from stdin because setsid leaves it no terminal.
{
  cat "$secret"
  echo
  cat "$secret"
  echo
} | setsid psql --no-psqlrc --quiet --no-password --set ON_ERROR_STOP=1 --command '\password provisioner'
