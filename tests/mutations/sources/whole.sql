-- A cluster: roles with all that they can have, two databases with all that they can have.
SET password_encryption = 'scram-sha-256';
CREATE ROLE boss CREATEDB CREATEROLE NOLOGIN;
CREATE ROLE worker LOGIN PASSWORD 'worker''s own' VALID UNTIL '2030-01-01 00:00:00+00' CONNECTION LIMIT 7;
CREATE ROLE plain LOGIN NOINHERIT;
CREATE ROLE replicator LOGIN REPLICATION;
CREATE ROLE passer BYPASSRLS;
CREATE ROLE crew;
CREATE ROLE visitors;
CREATE ROLE top LOGIN SUPERUSER;
GRANT crew TO worker;
GRANT crew TO boss WITH ADMIN OPTION;
GRANT visitors TO crew;
GRANT pg_monitor TO boss;
ALTER ROLE worker SET search_path = app, public;
ALTER ROLE worker SET statement_timeout = '5s';
ALTER ROLE boss SET work_mem = '8MB';
COMMENT ON ROLE worker IS 'Who works';
GRANT SET ON PARAMETER log_statement TO boss;
GRANT ALTER SYSTEM ON PARAMETER work_mem TO crew;

CREATE DATABASE whole TEMPLATE template0 OWNER boss CONNECTION LIMIT 50;
CREATE DATABASE second TEMPLATE template0;
COMMENT ON DATABASE whole IS 'All of it';
ALTER DATABASE whole SET search_path = app, public;
ALTER DATABASE whole SET TimeZone = 'Europe/Berlin';
ALTER ROLE worker IN DATABASE whole SET lock_timeout = '1s';
REVOKE CONNECT, TEMPORARY ON DATABASE whole FROM PUBLIC;
GRANT CONNECT ON DATABASE whole TO crew WITH GRANT OPTION;
GRANT CREATE ON DATABASE second TO worker;
\c whole
CREATE SCHEMA app AUTHORIZATION boss;
CREATE TABLE app.things (id integer PRIMARY KEY, name text);
INSERT INTO app.things SELECT i, 'thing ' || i FROM generate_series(1, 20) AS i;
ALTER TABLE app.things OWNER TO boss;
GRANT SELECT ON app.things TO crew;
ALTER DEFAULT PRIVILEGES FOR ROLE boss GRANT SELECT ON TABLES TO crew;
\c second
CREATE TABLE public.others (id integer PRIMARY KEY, name text);
INSERT INTO public.others SELECT i, 'other ' || i FROM generate_series(1, 10) AS i;
