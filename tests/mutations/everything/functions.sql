--- function-gone: object-missing @ m.short
DROP FUNCTION m.short(integer);
--- function-extra: object-extra @ m.added
CREATE FUNCTION m.added() RETURNS integer LANGUAGE sql AS 'SELECT 1';
--- function-short-body: definition-changed @ m.short
CREATE OR REPLACE FUNCTION m.short(a integer) RETURNS integer LANGUAGE sql AS 'SELECT a - 1';
--- function-body-space: definition-changed @ m.short
CREATE OR REPLACE FUNCTION m.short(a integer) RETURNS integer LANGUAGE sql AS 'SELECT a  + 1';
--- function-body-comment: definition-changed @ j.touch
CREATE OR REPLACE FUNCTION j.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := NEW.note || '?'; RETURN NEW; END $$;
--- function-atomic-body: definition-changed @ m.atomic
CREATE OR REPLACE FUNCTION m.atomic(a integer) RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT a + 2; END;
--- function-atomic-as-text: definition-changed @ m.atomic
CREATE OR REPLACE FUNCTION m.atomic(a integer) RETURNS integer LANGUAGE sql AS 'SELECT a + 1';
--- function-default: definition-changed @ m.many
CREATE OR REPLACE FUNCTION m.many(a integer DEFAULT 8, OUT b integer, OUT c text) LANGUAGE plpgsql IMMUTABLE LEAKPROOF AS $$ BEGIN b := a; c := 'c'; END $$;
--- function-argument-name: definition-changed @ m.short
DROP FUNCTION m.short(integer);
SET check_function_bodies = off;
CREATE FUNCTION m.short(aa integer) RETURNS integer LANGUAGE sql AS 'SELECT a + 1';
--- function-volatility: definition-changed @ m.many
ALTER FUNCTION m.many(integer) STABLE;
--- function-leakproof: definition-changed @ m.many
ALTER FUNCTION m.many(integer) NOT LEAKPROOF;
--- function-strict: definition-changed @ m.short
ALTER FUNCTION m.short(integer) STRICT;
--- function-not-strict: definition-changed @ j.secret
ALTER FUNCTION j.secret(integer, text[]) CALLED ON NULL INPUT;
--- function-security: definition-changed @ j.secret
ALTER FUNCTION j.secret(integer, text[]) SECURITY INVOKER;
--- function-security-definer: definition-changed, security-definer-owner-changed @ m.short
ALTER FUNCTION m.short(integer) SECURITY DEFINER;
--- function-parallel: definition-changed @ j.secret
ALTER FUNCTION j.secret(integer, text[]) PARALLEL RESTRICTED;
--- function-cost: definition-changed @ j.secret
ALTER FUNCTION j.secret(integer, text[]) COST 6;
--- function-rows: definition-changed @ j.secret
ALTER FUNCTION j.secret(integer, text[]) ROWS 8;
--- function-setting: definition-changed @ j.secret
ALTER FUNCTION j.secret(integer, text[]) SET search_path = j, pg_catalog;
--- function-setting-gone: definition-changed @ j.secret
ALTER FUNCTION j.secret(integer, text[]) RESET search_path;
--- function-setting-added: definition-changed @ m.short
ALTER FUNCTION m.short(integer) SET work_mem = '1MB';
--- function-language: definition-changed @ m.stamp
CREATE OR REPLACE FUNCTION m.stamp() RETURNS trigger LANGUAGE mine AS $$ BEGIN RETURN NEW; END $$;
--- function-support: definition-changed @ j.eq
ALTER FUNCTION j.eq(j.pair, integer) SUPPORT pg_catalog.textlike_support;
--- function-return-type: definition-changed @ m.short
DROP FUNCTION m.short(integer);
CREATE FUNCTION m.short(a integer) RETURNS bigint LANGUAGE sql AS 'SELECT a + 1';
--- function-internal-name: definition-changed @ m.base_out
CREATE OR REPLACE FUNCTION m.base_out(m.base) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'varcharout';
--- function-variadic: definition-changed @ j.secret
CREATE OR REPLACE FUNCTION j.secret(a integer, VARIADIC b text[] DEFAULT '{x}') RETURNS TABLE (x integer, y text)
    LANGUAGE sql STABLE STRICT SECURITY DEFINER PARALLEL SAFE COST 5 ROWS 7 SET search_path = pg_catalog, j
    AS 'SELECT a, b[1]';
--- procedure-gone: object-missing @ j.proceed
DROP PROCEDURE j.proceed(integer);
--- procedure-body: definition-changed @ j.proceed
CREATE OR REPLACE PROCEDURE j.proceed(INOUT n integer) LANGUAGE plpgsql AS $_$ BEGIN n := n + 2; END $_$;
--- aggregate-gone: object-missing @ m.sum_up
DROP AGGREGATE m.sum_up(integer);
--- aggregate-initial: definition-changed @ m.sum_up
CREATE OR REPLACE AGGREGATE m.sum_up(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '1', PARALLEL = SAFE, COMBINEFUNC = int4pl);
--- aggregate-combine: definition-changed @ m.sum_up
CREATE OR REPLACE AGGREGATE m.sum_up(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0', PARALLEL = SAFE);
--- aggregate-function: definition-changed @ j.total
CREATE OR REPLACE AGGREGATE j.total(integer) (SFUNC = int4mi, STYPE = integer, INITCOND = '0');
