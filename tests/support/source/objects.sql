-- Large objects of which one changes when the materialized view is refreshed.
SELECT lo_from_bytea(i, convert_to(repeat('contents ' || i, 500), 'UTF8')) FROM generate_series(20000, 20009) i;
CREATE TABLE public.files (id oid PRIMARY KEY);
INSERT INTO public.files SELECT oid FROM pg_largeobject_metadata;
CREATE FUNCTION public.tamper() RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    IF current_database() <> 'tampered' THEN RETURN 0; END IF;
    PERFORM lo_put(20003, 2047, 'x');
    RETURN 1;
END $$;
CREATE MATERIALIZED VIEW public.tampering AS SELECT public.tamper();
