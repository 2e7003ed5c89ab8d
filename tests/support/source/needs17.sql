-- What versions before 16 or 17 do not have.
CREATE VIEW n.js AS SELECT t.* FROM JSON_TABLE('[1]'::jsonb, '$[*]' COLUMNS (x integer PATH '$')) AS t;
CREATE VIEW n.made AS SELECT JSON_OBJECT('a' : 1) AS o, '1' IS JSON AS j;
CREATE VIEW n.octal AS SELECT to_oct(8) AS o, any_value(id) AS v FROM n.plain;
CREATE COLLATION n.built (provider = builtin, locale = 'C.UTF-8');
CREATE COLLATION n.ruled (provider = icu, locale = 'und', rules = '&V << w <<< W');
CREATE FUNCTION n.on_login() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;
CREATE EVENT TRIGGER arrives ON login EXECUTE FUNCTION n.on_login();
CREATE FUNCTION n.timed() RETURNS integer LANGUAGE sql SET transaction_timeout TO '1h' AS 'SELECT 1';
CREATE SUBSCRIPTION sub17 CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false, origin = none);
GRANT SELECT, MAINTAIN ON n.pairs TO shop_app;
GRANT SELECT ON n.points TO pg_maintain;
