--- view-gone: object-missing @ m.invoker
DROP VIEW m.invoker;
--- view-extra: object-extra @ m.added
CREATE VIEW m.added AS SELECT 1 AS one;
--- view-condition: definition-changed @ j.one
CREATE OR REPLACE VIEW j.one AS SELECT people.id, people.name, people.kind FROM j.people WHERE people.kind::text = 'b'::text;
--- view-parentheses: definition-changed @ m.invoker
CREATE OR REPLACE VIEW m.invoker WITH (security_invoker = true) AS SELECT id FROM m.rows WHERE flag OR (n > 1 AND id > 3);
--- view-cast: definition-changed @ m.invoker
CREATE OR REPLACE VIEW m.invoker WITH (security_invoker = true) AS SELECT id FROM m.rows WHERE (flag OR n::integer > 1) AND id > 3;
--- view-no-longer-invoker: definition-changed @ m.invoker
ALTER VIEW m.invoker RESET (security_invoker);
--- view-barrier: definition-changed @ j.checked
ALTER VIEW j.checked SET (security_barrier = false);
--- view-check-option: definition-changed @ j.checked
ALTER VIEW j.checked SET (check_option = local);
--- view-left-join: definition-changed @ j.many
CREATE OR REPLACE VIEW j.many AS
    SELECT p.id, b.name AS boss, count(*) OVER w AS n, array_agg(p.mood) FILTER (WHERE p.price > 1) OVER w AS moods,
        CASE WHEN p.price BETWEEN 1 AND 2 THEN 'low' ELSE NULL END AS height, (p.born AT TIME ZONE 'UTC')::date AS day
    FROM j.people p JOIN j.people b ON b.id = p.boss WHERE p.id IN (SELECT c.id FROM j.child c)
    WINDOW w AS (PARTITION BY p.mood ORDER BY p.id);
--- view-column-renamed: definition-changed @ m.invoker
ALTER VIEW m.invoker RENAME COLUMN id TO number;
--- view-column-added: definition-changed @ m.invoker
CREATE OR REPLACE VIEW m.invoker WITH (security_invoker = true) AS SELECT id, note FROM m.rows WHERE (flag OR n > 1) AND id > 3;
--- view-of-other-table: definition-changed @ m.with_default
CREATE OR REPLACE VIEW m.with_default AS SELECT id, note FROM m.never_filled;
--- view-is-a-table: object-missing, definition-changed, object-extra @ m.invoker
DROP VIEW m.invoker;
CREATE TABLE m.invoker (id integer);
--- matview-gone: object-missing @ m.kept
DROP MATERIALIZED VIEW m.kept;
--- matview-not-filled: materialized-view-empty @ m.kept
REFRESH MATERIALIZED VIEW m.kept WITH NO DATA;
--- matview-filled: materialized-view-empty, definition-changed, rows-extra @ j.unfilled
REFRESH MATERIALIZED VIEW j.unfilled;
--- matview-definition: definition-changed @ m.kept
DROP MATERIALIZED VIEW m.kept;
CREATE MATERIALIZED VIEW m.kept WITH (fillfactor = 80) AS SELECT id, note FROM m.rows WHERE id < 11;
COMMENT ON MATERIALIZED VIEW m.kept IS 'A materialized view';
ALTER MATERIALIZED VIEW m.kept OWNER TO shop_owner;
GRANT SELECT ON m.kept TO shop_report;
--- matview-option: definition-changed @ m.kept
ALTER MATERIALIZED VIEW m.kept SET (fillfactor = 81);
--- matview-stale: materialized-view-empty, rows-changed @ m.kept
CREATE TABLE m.rows_before AS SELECT * FROM m.rows;
ALTER TABLE m.rows DISABLE TRIGGER USER;
UPDATE m.rows SET note = 'stale' WHERE id = 1;
REFRESH MATERIALIZED VIEW m.kept;
UPDATE m.rows SET note = (SELECT note FROM m.rows_before AS b WHERE b.id = 1) WHERE id = 1;
ALTER TABLE m.rows ENABLE TRIGGER USER;
DROP TABLE m.rows_before;
--- rule-gone: object-missing @ quiet
DROP RULE quiet ON j.other;
--- rule-extra: object-extra @ added
CREATE RULE added AS ON DELETE TO m.never_filled DO INSTEAD NOTHING;
--- rule-condition: definition-changed @ quiet
CREATE OR REPLACE RULE quiet AS ON DELETE TO j.other WHERE old.id > 6 DO INSTEAD NOTHING;
--- rule-instead: definition-changed @ noted
CREATE OR REPLACE RULE noted AS ON UPDATE TO m.keyless DO INSTEAD NOTIFY keyless;
--- rule-state: trigger-state-changed @ noted
ALTER TABLE m.keyless ENABLE RULE noted;
--- rule-off: trigger-state-changed @ quiet
ALTER TABLE j.other DISABLE RULE quiet;
