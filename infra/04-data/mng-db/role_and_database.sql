-- One application's role and database, by the provisioner of a server or of a cluster. Each step is whole or not at all, so that a killed run is completed
-- by the next; prints "kind name action". The name comes as the variable "role" and is quoted by psql.
SET client_min_messages = warning;
SET lock_timeout = '30s';
SELECT FROM pg_advisory_lock(hashtext('role_and_database'));

BEGIN;
SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') AS new_role \gset
\if :new_role
CREATE ROLE :"role" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT 50;
\password :role
\echo role :role created
\else
\echo role :role unchanged
\endif
COMMIT;

SELECT NOT EXISTS (SELECT FROM pg_database WHERE datname = :'role') AS new_database \gset
\if :new_database
CREATE DATABASE :"role";
\endif
SELECT hand_over(:'role') AS handed_over \gset
SELECT 'database', :'role', CASE WHEN :'new_database' THEN 'created' WHEN :'handed_over' THEN 'updated' ELSE 'unchanged' END;
