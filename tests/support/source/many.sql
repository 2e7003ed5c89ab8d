-- As many tables as a database for many tenants has.
SELECT format('CREATE TABLE public.tenant_%s (id integer, note text)', i) FROM generate_series(1, 5000) AS i \gexec
INSERT INTO public.tenant_7 VALUES (1, 'one'), (2, 'two');
