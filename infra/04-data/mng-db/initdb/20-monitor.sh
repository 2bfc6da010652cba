#!/bin/sh
# First boot: the account that reads the server's metrics. It sees statistics and settings, and no table of anybody.
set -eu
secret=/run/secrets/mng_pg_monitor_password
[ -s "$secret" ]
psql --no-psqlrc --quiet --no-password --set ON_ERROR_STOP=1 <<'SQL'
SET client_min_messages = warning;
CREATE ROLE monitor LOGIN NOSUPERUSER NOREPLICATION NOBYPASSRLS IN ROLE pg_monitor CONNECTION LIMIT 4;
ALTER ROLE monitor SET statement_timeout = '10s';
SQL
# As in 10-provisioner.sh: psql hashes the password itself.
{
  cat "$secret"
  echo
  cat "$secret"
  echo
} | setsid psql --no-psqlrc --quiet --no-password --set ON_ERROR_STOP=1 --command '\password monitor'
