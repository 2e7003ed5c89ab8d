--- trigger-gone: object-missing @ with_words
DROP TRIGGER with_words ON m.rows;
--- trigger-extra: object-extra @ added
CREATE TRIGGER added BEFORE INSERT ON m.never_filled FOR EACH ROW EXECUTE FUNCTION m.stamp();
--- trigger-off: trigger-state-changed @ with_words
ALTER TABLE m.rows DISABLE TRIGGER with_words;
--- trigger-replica: trigger-state-changed @ with_words
ALTER TABLE m.rows ENABLE REPLICA TRIGGER with_words;
--- trigger-on: trigger-state-changed @ off
ALTER TABLE j.base ENABLE TRIGGER off;
--- trigger-always: trigger-state-changed @ always
ALTER TABLE j.child ENABLE TRIGGER always;
--- trigger-event: definition-changed @ with_words
CREATE OR REPLACE TRIGGER with_words BEFORE UPDATE OR DELETE ON m.rows FOR EACH ROW EXECUTE FUNCTION m.stamp('one', 'two');
--- trigger-timing: definition-changed @ with_words
CREATE OR REPLACE TRIGGER with_words AFTER UPDATE ON m.rows FOR EACH ROW EXECUTE FUNCTION m.stamp('one', 'two');
--- trigger-level: definition-changed @ with_words
CREATE OR REPLACE TRIGGER with_words BEFORE UPDATE ON m.rows FOR EACH STATEMENT EXECUTE FUNCTION m.stamp('one', 'two');
--- trigger-arguments: definition-changed @ with_words
CREATE OR REPLACE TRIGGER with_words BEFORE UPDATE ON m.rows FOR EACH ROW EXECUTE FUNCTION m.stamp('one', 'Two');
--- trigger-condition: definition-changed @ touch
CREATE OR REPLACE TRIGGER touch BEFORE INSERT OR UPDATE OF note ON j.base FOR EACH ROW
    WHEN (NEW.note IS DISTINCT FROM 'y') EXECUTE FUNCTION j.touch();
--- trigger-columns: definition-changed @ touch
CREATE OR REPLACE TRIGGER touch BEFORE INSERT OR UPDATE OF id ON j.base FOR EACH ROW
    WHEN (NEW.note IS DISTINCT FROM 'x') EXECUTE FUNCTION j.touch();
--- trigger-function: definition-changed @ touch
CREATE OR REPLACE TRIGGER touch BEFORE INSERT OR UPDATE OF note ON j.base FOR EACH ROW
    WHEN (NEW.note IS DISTINCT FROM 'x') EXECUTE FUNCTION m.stamp();
--- trigger-transition-table: definition-changed @ always
DROP TRIGGER always ON j.child;
CREATE TRIGGER always AFTER UPDATE ON j.child REFERENCING OLD TABLE AS went FOR EACH STATEMENT EXECUTE FUNCTION j.touch();
ALTER TABLE j.child ENABLE ALWAYS TRIGGER always;
--- trigger-deferrable: definition-changed @ checked
DROP TRIGGER checked ON m.rows;
CREATE CONSTRAINT TRIGGER checked AFTER INSERT ON m.rows DEFERRABLE FOR EACH ROW EXECUTE FUNCTION m.stamp();
--- event-trigger-gone: object-missing @ noted
DROP EVENT TRIGGER noted;
--- event-trigger-on: trigger-state-changed @ noted
ALTER EVENT TRIGGER noted ENABLE;
--- event-trigger-always: trigger-state-changed @ on_end
ALTER EVENT TRIGGER on_end ENABLE ALWAYS;
--- event-trigger-event: definition-changed @ noted
DROP EVENT TRIGGER noted;
CREATE EVENT TRIGGER noted ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION j.nothing();
ALTER EVENT TRIGGER noted DISABLE;
--- event-trigger-tags: definition-changed @ noted
DROP EVENT TRIGGER noted;
CREATE EVENT TRIGGER noted ON ddl_command_end WHEN TAG IN ('CREATE VIEW') EXECUTE FUNCTION j.nothing();
ALTER EVENT TRIGGER noted DISABLE;
--- event-trigger-owner: ownership-changed @ noted
UPDATE pg_event_trigger SET evtowner = 'shop_owner'::regrole WHERE evtname = 'noted';
