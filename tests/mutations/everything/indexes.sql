--- index-gone: object-missing @ by_code
DROP INDEX j.by_code;
--- index-extra: object-extra @ added
CREATE INDEX added ON m.rows (note);
--- index-renamed: object-missing, object-extra @ by_code
ALTER INDEX j.by_code RENAME TO by_code_too;
--- index-method: definition-changed @ by_code
DROP INDEX j.by_code;
CREATE INDEX by_code ON j.people USING btree (code);
--- index-order: definition-changed @ by_mood
DROP INDEX j.by_mood;
CREATE INDEX by_mood ON j.people (mood NULLS LAST, lower(name::text)) INCLUDE (born) WHERE kind::text = 'a';
--- index-nulls: definition-changed @ by_mood
DROP INDEX j.by_mood;
CREATE INDEX by_mood ON j.people (mood DESC, lower(name::text)) INCLUDE (born) WHERE kind::text = 'a';
--- index-include: definition-changed @ by_mood
DROP INDEX j.by_mood;
CREATE INDEX by_mood ON j.people (mood DESC NULLS LAST, lower(name::text)) WHERE kind::text = 'a';
--- index-condition: definition-changed @ by_mood
DROP INDEX j.by_mood;
CREATE INDEX by_mood ON j.people (mood DESC NULLS LAST, lower(name::text)) INCLUDE (born) WHERE kind::text = 'b';
--- index-no-condition: definition-changed @ by_mood
DROP INDEX j.by_mood;
CREATE INDEX by_mood ON j.people (mood DESC NULLS LAST, lower(name::text)) INCLUDE (born);
--- index-expression: definition-changed @ by_mood
DROP INDEX j.by_mood;
CREATE INDEX by_mood ON j.people (mood DESC NULLS LAST, upper(name::text)) INCLUDE (born) WHERE kind::text = 'a';
--- index-not-unique: definition-changed @ by_expression
DROP INDEX j.by_expression;
CREATE INDEX by_expression ON j.people ((id + 1), (born IS NULL));
--- index-parentheses: definition-changed @ by_expression
DROP INDEX j.by_expression;
CREATE UNIQUE INDEX by_expression ON j.people ((id + 2), (born IS NULL));
--- index-operator-class: definition-changed @ columns_many
DROP INDEX m.columns_many;
CREATE INDEX columns_many ON m.columns USING btree (plain COLLATE "POSIX" DESC, (id + 1)) WITH (fillfactor = 60);
ALTER INDEX m.columns_many ALTER COLUMN 2 SET STATISTICS 300;
COMMENT ON INDEX m.columns_many IS 'An index';
--- index-collation: definition-changed @ columns_many
DROP INDEX m.columns_many;
CREATE INDEX columns_many ON m.columns USING btree (plain COLLATE "C" text_pattern_ops DESC, (id + 1)) WITH (fillfactor = 60);
ALTER INDEX m.columns_many ALTER COLUMN 2 SET STATISTICS 300;
COMMENT ON INDEX m.columns_many IS 'An index';
--- index-option: definition-changed @ columns_many
ALTER INDEX m.columns_many SET (fillfactor = 61);
--- index-statistics: definition-changed @ columns_many
ALTER INDEX m.columns_many ALTER COLUMN 2 SET STATISTICS 301;
--- index-statistics-gone: definition-changed @ columns_many
ALTER INDEX m.columns_many ALTER COLUMN 2 SET STATISTICS -1;
--- index-tablespace: definition-changed @ by_code
ALTER INDEX j.by_code SET TABLESPACE fast;
--- index-invalid: index-invalid @ by_code
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'j.by_code'::regclass;
--- index-not-ready: index-invalid @ by_code
UPDATE pg_index SET indisready = false WHERE indexrelid = 'j.by_code'::regclass;
--- index-not-live: index-invalid, object-missing @ by_code
UPDATE pg_index SET indislive = false WHERE indexrelid = 'j.by_code'::regclass;
--- index-lacks-a-row: index-corrupt, unique-broken @ columns_word
UPDATE pg_index SET indisready = false WHERE indexrelid = 'm.columns_word'::regclass;
--- then
CREATE TEMPORARY TABLE kept AS SELECT id, word, small FROM m.columns WHERE word = 'one';
DELETE FROM m.columns WHERE word = 'one';
INSERT INTO m.columns (id, word, small, quick) OVERRIDING SYSTEM VALUE SELECT id, word, small, now() FROM kept;
--- then
UPDATE pg_index SET indisready = true WHERE indexrelid = 'm.columns_word'::regclass;
--- partitioned-index-gone: object-missing @ parts_n
DROP INDEX j.parts_n;
--- matview-index-gone: object-missing @ summary_kind
DROP INDEX j.summary_kind;
--- statistics-object-gone: object-missing @ m.stats
DROP STATISTICS m.stats;
--- statistics-object-kinds: definition-changed @ m.stats
DROP STATISTICS m.stats;
CREATE STATISTICS m.stats (ndistinct) ON a, b FROM m.rows;
ALTER STATISTICS m.stats SET STATISTICS 250;
COMMENT ON STATISTICS m.stats IS 'Statistics';
--- statistics-object-target: definition-changed @ m.stats
ALTER STATISTICS m.stats SET STATISTICS 251;
--- statistics-object-columns: definition-changed @ m.stats
DROP STATISTICS m.stats;
CREATE STATISTICS m.stats (ndistinct, mcv) ON a, note FROM m.rows;
ALTER STATISTICS m.stats SET STATISTICS 250;
COMMENT ON STATISTICS m.stats IS 'Statistics';
