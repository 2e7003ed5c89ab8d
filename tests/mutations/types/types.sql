--- types-nan: rows-changed @ every_type
UPDATE public.every_type SET c = 'Infinity' WHERE id = 1;
--- types-minus-zero: rows-changed @ every_type
UPDATE public.every_type SET e = '-0' WHERE id = 5;
--- types-real-digit: rows-changed @ every_type
UPDATE public.every_type SET d = 1.1000001 WHERE id = 6;
--- types-money: rows-changed @ every_type
UPDATE public.every_type SET f = '12.35' WHERE id = 1;
--- types-char-padding: rows-changed @ every_type
UPDATE public.every_type SET i = 'ab c' WHERE id = 1;
--- types-date-era: rows-changed @ every_type
UPDATE public.every_type SET o = '0044-03-15' WHERE id = 4;
--- types-time-of-day: rows-changed @ every_type
UPDATE public.every_type SET p = '00:00:00' WHERE id = 1;
--- types-time-zone-of-timetz: rows-changed @ every_type
UPDATE public.every_type SET q = '06:30:00+00' WHERE id = 1;
--- types-interval: rows-changed @ every_type
UPDATE public.every_type SET r = '12 mons -2 days 03:04:05.679' WHERE id = 1;
--- types-point: rows-changed @ every_type
UPDATE public.every_type SET u = '(1.5,2e300)' WHERE id = 1;
--- types-inet: rows-changed @ every_type
UPDATE public.every_type SET ac = '::2' WHERE id = 1;
--- types-inet-mask: rows-changed @ every_type
UPDATE public.every_type SET ac = '::1/127' WHERE id = 1;
--- types-bits: rows-changed @ every_type
UPDATE public.every_type SET af = B'10100' WHERE id = 1;
--- types-bits-length: rows-changed @ every_type
UPDATE public.every_type SET ag = B'10' WHERE id = 1;
--- types-xml: rows-changed @ every_type
UPDATE public.every_type SET ak = '<a>y</a>' WHERE id = 1;
--- types-json-double-key: rows-changed @ every_type
UPDATE public.every_type SET al = '{"a": 2}' WHERE id = 1;
--- types-jsonb-null-word: rows-changed @ every_type
UPDATE public.every_type SET am = NULL WHERE id = 4;
--- types-range-bound: rows-changed @ every_type
UPDATE public.every_type SET aq = '(2024-07-01 12:00:00+00,)' WHERE id = 1;
--- types-composite-null: rows-changed @ every_type
UPDATE public.every_type SET ar = ROW(NULL, 'a,"b" (c)', 1.50) WHERE id = 1;
--- types-composite-zone: rows-changed @ every_type
UPDATE public.every_type SET ar = ROW('2024-07-01 12:00:01+00', 'a,"b" (c)', 1.50) WHERE id = 1;
--- types-domain-over-moments: rows-changed @ every_type
UPDATE public.every_type SET av = ARRAY['2024-01-01 00:00:01+00']::timestamptz[] WHERE id = 1;
--- types-text-array-null-word: rows-changed @ every_type
UPDATE public.every_type SET an = ARRAY['a', 'NULL', '', 'NULL', 'x,y', '"', '\'] WHERE id = 1;
--- types-hstore: rows-changed @ every_type
UPDATE public.every_type SET bb = 'a=>1, "b c"=>"NULL"' WHERE id = 1;
--- types-regclass: rows-changed @ every_type
UPDATE public.every_type SET aw = 'public.wide' WHERE id = 1;
--- types-escape-character: rows-changed @ every_type
UPDATE public.every_type SET g = replace(g, '\', '') WHERE id = 1;
--- types-tab: rows-changed @ every_type
UPDATE public.every_type SET g = replace(g, E'\t', ' ') WHERE id = 1;
--- types-control-character: rows-changed @ every_type
UPDATE public.every_type SET g = E'\x01' WHERE id = 5;
--- types-row-without-columns: rows-extra @ no columns
INSERT INTO public."no columns" DEFAULT VALUES;
--- types-wide-row: rows-missing, rows-extra @ wide
UPDATE public.wide SET c299 = 0 WHERE c1 = 4;
--- types-child-row-in-parent: rows-missing, rows-extra @ child
INSERT INTO public.parent SELECT a, b FROM ONLY public.child WHERE a = 7;
DELETE FROM ONLY public.child WHERE a = 7;
--- types-row-behind-row-security: rows-missing, rows-extra @ secret
UPDATE public.secret SET what = 'c';
--- types-partition-with-other-order: rows-missing, rows-extra @ parted_new
UPDATE public.parted SET note = 'n' WHERE k = 900;
--- types-identity-value: rows-missing, rows-extra @ generated
UPDATE public.generated SET id = DEFAULT WHERE a = 100;
