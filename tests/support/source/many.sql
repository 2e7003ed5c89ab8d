-- As many tables as a database for many tenants has.
SELECT format('DO $$ BEGIN FOR i IN %s..%s LOOP EXECUTE format(%L, i); END LOOP; END $$', i, i + 499,
    'CREATE TABLE public.tenant_%s (id integer, note text)') FROM generate_series(1, 5000, 500) AS i \gexec
INSERT INTO public.tenant_7 VALUES (1, 'one'), (2, 'two');
