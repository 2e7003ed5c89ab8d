--- role-superuser: role-changed @ worker
ALTER ROLE worker SUPERUSER;
--- undo
ALTER ROLE worker NOSUPERUSER;
--- role-no-superuser: role-changed @ top
ALTER ROLE top NOSUPERUSER;
--- undo
ALTER ROLE top SUPERUSER;
--- role-createdb: role-changed @ boss
ALTER ROLE boss NOCREATEDB;
--- undo
ALTER ROLE boss CREATEDB;
--- role-createrole: role-changed @ worker
ALTER ROLE worker CREATEROLE;
--- undo
ALTER ROLE worker NOCREATEROLE;
--- role-login: role-changed @ worker
ALTER ROLE worker NOLOGIN;
--- undo
ALTER ROLE worker LOGIN;
--- role-login-added: role-changed @ crew
ALTER ROLE crew LOGIN;
--- undo
ALTER ROLE crew NOLOGIN;
--- role-inherit: role-changed @ plain
ALTER ROLE plain INHERIT;
--- undo
ALTER ROLE plain NOINHERIT;
--- role-replication: role-changed @ replicator
ALTER ROLE replicator NOREPLICATION;
--- undo
ALTER ROLE replicator REPLICATION;
--- role-bypassrls: role-changed @ visitors
ALTER ROLE visitors BYPASSRLS;
--- undo
ALTER ROLE visitors NOBYPASSRLS;
--- role-connection-limit: role-changed @ worker
ALTER ROLE worker CONNECTION LIMIT 8;
--- undo
ALTER ROLE worker CONNECTION LIMIT 7;
--- role-valid-until: role-changed @ worker
ALTER ROLE worker VALID UNTIL '2031-01-01 00:00:00+00';
--- undo
ALTER ROLE worker VALID UNTIL '2030-01-01 00:00:00+00';
--- role-valid-for-ever: role-changed @ worker
ALTER ROLE worker VALID UNTIL 'infinity';
--- undo
ALTER ROLE worker VALID UNTIL '2030-01-01 00:00:00+00';
--- role-password: role-changed @ worker
COPY (SELECT rolpassword FROM pg_authid WHERE rolname = 'worker') TO '/tmp/kept_password';
ALTER ROLE worker PASSWORD 'another';
--- undo
UPDATE pg_authid SET rolpassword = trim(E'\n' FROM pg_read_file('/tmp/kept_password')) WHERE rolname = 'worker';
--- role-password-gone: role-changed @ worker
COPY (SELECT rolpassword FROM pg_authid WHERE rolname = 'worker') TO '/tmp/kept_password';
ALTER ROLE worker PASSWORD NULL;
--- undo
UPDATE pg_authid SET rolpassword = trim(E'\n' FROM pg_read_file('/tmp/kept_password')) WHERE rolname = 'worker';
--- role-password-added: role-changed @ plain
ALTER ROLE plain PASSWORD 'added';
--- undo
ALTER ROLE plain PASSWORD NULL;
--- role-setting: role-changed @ worker
ALTER ROLE worker SET statement_timeout = '6s';
--- undo
ALTER ROLE worker SET statement_timeout = '5s';
--- role-setting-gone: role-changed @ boss
ALTER ROLE boss RESET work_mem;
--- undo
ALTER ROLE boss SET work_mem = '8MB';
--- role-setting-added: role-changed @ crew
ALTER ROLE crew SET work_mem = '8MB';
--- undo
ALTER ROLE crew RESET work_mem;
--- role-setting-list: role-changed @ worker
ALTER ROLE worker SET search_path = public, app;
--- undo
ALTER ROLE worker SET search_path = app, public;
--- role-setting-in-database: role-changed @ worker
ALTER ROLE worker IN DATABASE whole SET lock_timeout = '2s';
--- role-setting-in-database-gone: role-changed @ worker
ALTER ROLE worker IN DATABASE whole RESET ALL;
--- role-setting-in-database-added: role-changed @ crew
ALTER ROLE crew IN DATABASE whole SET lock_timeout = '2s';
--- setting-of-all-roles: role-changed
ALTER ROLE ALL SET lock_timeout = '3s';
--- undo
ALTER ROLE ALL RESET lock_timeout;
--- role-gone: role-missing, role-changed, object-missing @ passer
DROP ROLE passer;
--- undo
CREATE ROLE passer BYPASSRLS;
--- role-extra: object-extra, role-changed @ added
CREATE ROLE added SUPERUSER LOGIN;
--- undo
DROP ROLE added;
--- role-comment: comment-lost, role-changed @ worker
COMMENT ON ROLE worker IS 'Another';
--- undo
COMMENT ON ROLE worker IS 'Who works';
--- membership-gone: role-changed @ worker
REVOKE crew FROM worker;
--- undo
GRANT crew TO worker;
--- membership-added: role-changed @ plain
GRANT boss TO plain;
--- undo
REVOKE boss FROM plain;
--- membership-in-predefined-added: role-changed @ worker
GRANT pg_read_all_data TO worker;
--- undo
REVOKE pg_read_all_data FROM worker;
--- membership-in-predefined-gone: role-changed @ boss
REVOKE pg_monitor FROM boss;
--- undo
GRANT pg_monitor TO boss;
--- membership-admin-gone: role-changed @ boss
REVOKE ADMIN OPTION FOR crew FROM boss;
--- undo
GRANT crew TO boss WITH ADMIN OPTION;
--- membership-admin-added: role-changed @ worker
GRANT crew TO worker WITH ADMIN OPTION;
--- undo
REVOKE ADMIN OPTION FOR crew FROM worker;
--- membership-inherit: role-changed @ worker
--- from 16
GRANT crew TO worker WITH INHERIT FALSE;
--- undo
GRANT crew TO worker WITH INHERIT TRUE;
--- membership-set: role-changed @ worker
--- from 16
GRANT crew TO worker WITH SET FALSE;
--- undo
GRANT crew TO worker WITH SET TRUE;
--- parameter-privilege-gone: role-changed, privileges-changed @ log_statement
REVOKE SET ON PARAMETER log_statement FROM boss;
--- undo
GRANT SET ON PARAMETER log_statement TO boss;
--- parameter-privilege-added: role-changed, privileges-wider @ log_statement
GRANT SET ON PARAMETER log_statement TO PUBLIC;
--- undo
REVOKE SET ON PARAMETER log_statement FROM PUBLIC;
--- database-setting: role-changed @ whole
ALTER DATABASE whole SET TimeZone = 'UTC';
--- database-setting-gone: role-changed @ whole
ALTER DATABASE whole RESET search_path;
--- database-setting-added: role-changed @ whole
ALTER DATABASE whole SET default_transaction_read_only = on;
--- database-connection-limit: role-changed @ whole
ALTER DATABASE whole CONNECTION LIMIT 51;
--- database-no-connection-limit: role-changed @ whole
ALTER DATABASE whole CONNECTION LIMIT -1;
--- database-owner: ownership-changed, role-changed @ whole
ALTER DATABASE whole OWNER TO worker;
--- database-comment: comment-lost, definition-changed @ whole
COMMENT ON DATABASE whole IS 'Another';
--- database-comment-gone: comment-lost, definition-changed @ whole
COMMENT ON DATABASE whole IS NULL;
--- database-privilege-gone: privileges-changed @ whole
REVOKE CONNECT ON DATABASE whole FROM crew;
--- database-privilege-to-public: privileges-wider @ whole
GRANT CONNECT ON DATABASE whole TO PUBLIC;
--- database-privilege-added: privileges-wider @ whole
GRANT CREATE ON DATABASE whole TO worker;
--- database-grant-option-gone: privileges-changed @ whole
REVOKE GRANT OPTION FOR CONNECT ON DATABASE whole FROM crew;
--- database-other-privilege: privileges-changed @ second
REVOKE CREATE ON DATABASE second FROM worker;
--- undo
GRANT CREATE ON DATABASE second TO worker;
--- database-other-to-public: privileges-changed @ second
REVOKE CONNECT ON DATABASE second FROM PUBLIC;
--- undo
GRANT CONNECT ON DATABASE second TO PUBLIC;
--- database-is-template: role-changed, definition-changed @ whole
UPDATE pg_database SET datistemplate = true WHERE datname = 'whole';
--- database-collation-version: collation-version-differs @ whole
UPDATE pg_database SET datcollversion = '1' WHERE datname = 'whole';
--- database-gone: object-missing, rows-missing @ second
ALTER DATABASE second RENAME TO "second gone";
--- undo
ALTER DATABASE "second gone" RENAME TO second;
--- database-extra: object-extra @ added
CREATE DATABASE added;
--- undo
DROP DATABASE added;
--- whole-row-changed: rows-changed @ app.things
UPDATE app.things SET name = 'x' WHERE id = 1;
--- whole-default-privileges-gone: privileges-changed @ DEFAULT PRIVILEGES FOR TABLES
ALTER DEFAULT PRIVILEGES FOR ROLE boss REVOKE SELECT ON TABLES FROM crew;
