-- What versions before 18 do not have.
CREATE TABLE n.virtual (id integer, next integer GENERATED ALWAYS AS (id + 1) VIRTUAL, "time" uuid DEFAULT uuidv7());
CREATE TABLE n.rooms (id int4range, valid daterange, PRIMARY KEY (id, valid WITHOUT OVERLAPS));
CREATE TABLE n.stays (id int4range, valid daterange,
    FOREIGN KEY (id, PERIOD valid) REFERENCES n.rooms (id, PERIOD valid));
CREATE TABLE n.loose (a integer, CONSTRAINT positive CHECK (a > 0) NOT ENFORCED);
CREATE TABLE n.child () INHERITS (n.loose);
ALTER TABLE n.child ADD CONSTRAINT a_is_there NOT NULL a;
ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner GRANT SELECT ON LARGE OBJECTS TO shop_report;
