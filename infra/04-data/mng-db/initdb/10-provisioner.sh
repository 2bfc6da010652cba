#!/bin/sh
# First boot of a server, and of the cluster's first member: the account that provisions. It may make roles and databases, and is no superuser.
set -eu
secret=$PROVISIONER_PASSWORD_FILE
[ -s "$secret" ]
psql --no-psqlrc --quiet --no-password --set ON_ERROR_STOP=1 <<'SQL'
SET client_min_messages = warning;
CREATE ROLE provisioner LOGIN NOSUPERUSER CREATEROLE CREATEDB NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 8;
ALTER ROLE provisioner SET statement_timeout = '60s';
-- An attempt that was given up keeps neither its locks nor its connection.
ALTER ROLE provisioner SET client_connection_check_interval = '1s';
REVOKE CONNECT, TEMPORARY ON DATABASE template1 FROM PUBLIC;
-- Gives a new database to the role of its name, and takes from the provisioner the hold that a maker has on what it made:
-- afterwards it can neither drop nor open the one, nor become the other, change its password or grant it to anybody.
-- What the provisioner has not made, or has handed over before, stays as it is. Returns whether there was anything to do.
CREATE FUNCTION public.hand_over(application name) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  made boolean := EXISTS (SELECT FROM pg_database WHERE datname = application AND datdba = 'provisioner'::regrole);
  held boolean := EXISTS (
    SELECT FROM pg_auth_members
    WHERE member = 'provisioner'::regrole AND roleid = to_regrole(quote_ident(application)));
BEGIN
  IF made THEN
    EXECUTE format('ALTER DATABASE %1$I OWNER TO %1$I', application);
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', application);
    EXECUTE format('COMMENT ON DATABASE %I IS %L', application, 'provisioned by an init');
  END IF;
  IF held THEN
    EXECUTE format('REVOKE %I FROM provisioner CASCADE', application);
  END IF;
  RETURN made OR held;
END $$;
REVOKE EXECUTE ON FUNCTION public.hand_over(name) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.hand_over(name) TO provisioner;
SQL
# psql hashes the password itself; it takes the two answers from stdin because setsid leaves it no terminal.
{
  cat "$secret"
  echo
  cat "$secret"
  echo
} | setsid psql --no-psqlrc --quiet --no-password --set ON_ERROR_STOP=1 --command '\password provisioner'
