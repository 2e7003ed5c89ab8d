--- shop-enum-value: rows-changed @ shop.orders
ALTER TABLE shop.orders DISABLE TRIGGER USER;
UPDATE shop.orders SET state = 'new' WHERE number = 1003;
ALTER TABLE shop.orders ENABLE TRIGGER USER;
--- shop-composite-value: rows-changed @ shop.customers
UPDATE shop.customers SET lives_at = ROW(E'line\nbreak\ttab\\', '') WHERE id = 3;
--- shop-citext-case: rows-changed @ shop.customers
UPDATE shop.customers SET email = 'Ada@example.com' WHERE id = 1;
--- shop-letter: rows-changed @ shop.customers
UPDATE shop.customers SET name = replace(name, 'К', 'K') WHERE id = 2;
--- shop-mojibake: rows-changed @ shop.customers
UPDATE shop.customers SET name = convert_from(convert_to(name, 'UTF8'), 'LATIN1') WHERE id = 4;
--- shop-question-marks: rows-changed @ shop.customers
UPDATE shop.customers SET name = '??' WHERE id = 4;
--- shop-empty-bytes-to-null: rows-changed @ shop.customers
UPDATE shop.customers SET photo = NULL WHERE id = 3;
--- shop-row-without-columns-gone: rows-missing @ shop.nothing
DELETE FROM shop.nothing WHERE ctid = (SELECT min(ctid) FROM shop.nothing);
--- shop-carriage-return: rows-missing, rows-extra @ DROP TABLE shop.orders
UPDATE "Löwe ""quoted"" \ 雪"."""; DROP TABLE shop.orders; --" SET "select" = E'\n' WHERE "select" = E'\r\n';
--- shop-partition-moved: rows-missing, rows-extra @ shop.events
UPDATE shop.events SET at = '2027-05-05' WHERE at = '2025-05-05';
--- shop-policy-gone: policy-lost @ shop.orders
DROP POLICY "reads ""all""; --" ON shop.orders;
--- shop-definer-no-search-path: definition-changed @ shop.balance
ALTER FUNCTION shop.balance(integer, text) RESET search_path;
--- shop-row-of-a-matview-gone: rows-missing @ shop.orders
ALTER TABLE shop.orders DISABLE TRIGGER ALL;
DELETE FROM shop.orders WHERE number = 1001;
REFRESH MATERIALIZED VIEW shop.turnover;
ALTER TABLE shop.orders ENABLE TRIGGER ALL;
--- shop-sequence-of-default-behind: sequence-behind, sequence-changed @ shop.order_numbers
SELECT setval('shop.order_numbers', 1000, false);
--- shop-downward-sequence: sequence-behind, sequence-changed @ shop.credit_ids
SELECT setval('shop.credit_ids', -1);
--- shop-cycling-sequence: sequence-changed @ shop.slots
SELECT setval('shop.slots', 7);
--- shop-large-object-byte: large-objects-changed @ large object
SELECT lo_put(4711, 3, '\xfe');
--- shop-trigger-function-body: definition-changed @ shop.stamp
CREATE OR REPLACE FUNCTION shop.stamp() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    NEW.app_user := coalesce(NEW.app_user, current_user);
    RETURN NEW;
END
$body$;
--- shop-unique-index-gone: object-missing @ customers_email_key
ALTER TABLE shop.customers DROP CONSTRAINT customers_email_key;
--- shop-domain-check-gone: object-missing, definition-changed @ shop.price
ALTER DOMAIN shop.price DROP CONSTRAINT price_check;
--- shop-partial-index: definition-changed @ orders_of_customers
DROP INDEX shop.orders_of_customers;
CREATE INDEX orders_of_customers ON shop.orders (customer) WHERE state <> 'paid';
