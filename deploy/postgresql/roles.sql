-- The roles of Jakelu in a PostgreSQL database, and the schema of its tables. Run it once in that database, as a
-- role that may make roles; to run it again changes nothing:
--
--     createdb jakelu
--     psql --dbname jakelu --file deploy/postgresql/roles.sql
--
-- jakelu_owner    makes and changes tables: `jakelu database migrate` runs as this role, and nothing else does
-- jakelu_gateway  serves: it reads and writes rows of the tables that a migration names for it; no table is its own
-- jakelu_retention takes bodies and addresses that have expired, and keeps holds: `jakelu journal prune` and
--                 `hold` run as this role, and nothing else does; it is a member of jakelu_gateway
-- jakelu_auditor  reads what is meant for auditors; of the state nothing
--
-- How they log in (password, certificate, peer) is yours to say, in pg_hba.conf and with ALTER ROLE. Rights on
-- tables are given by the migrations that make them; default privileges there are none.

DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY[
        'jakelu_owner', 'jakelu_gateway', 'jakelu_retention', 'jakelu_auditor'
    ] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted) THEN
            EXECUTE format(
                'CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', wanted);
        END IF;
    END LOOP;
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format(
        'GRANT CONNECT ON DATABASE %I TO jakelu_owner, jakelu_gateway, jakelu_retention, jakelu_auditor',
        current_database());
END
$$;

GRANT jakelu_gateway TO jakelu_retention;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
CREATE SCHEMA IF NOT EXISTS jakelu AUTHORIZATION jakelu_owner;
REVOKE ALL ON SCHEMA jakelu FROM PUBLIC;
GRANT USAGE ON SCHEMA jakelu TO jakelu_gateway, jakelu_auditor;
