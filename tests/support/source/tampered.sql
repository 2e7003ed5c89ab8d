-- A database that changes its own rows when a restore refreshes its materialized view, which is the last thing that a
-- restore does: pg_restore and psql see nothing wrong.
CREATE TABLE public.changed (id integer PRIMARY KEY, note text);
INSERT INTO public.changed SELECT i, 'secret note ' || i FROM generate_series(1, 5000) i;
CREATE TABLE public.lost (id integer PRIMARY KEY, note text);
INSERT INTO public.lost SELECT i, 'secret note ' || i FROM generate_series(1, 5000) i;
CREATE TABLE public.doubled (id integer, note text);
INSERT INTO public.doubled SELECT i, 'secret note ' || i FROM generate_series(1, 5000) i;
CREATE TABLE public.swapped (id integer PRIMARY KEY, a text, b text);
INSERT INTO public.swapped SELECT i, 'secret a ' || i, 'secret b ' || i FROM generate_series(1, 5000) i;
CREATE TABLE public.same (id integer PRIMARY KEY, note text);
INSERT INTO public.same SELECT i, 'secret note ' || i FROM generate_series(1, 5000) i;
CREATE FUNCTION public.tamper() RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    IF current_database() = 'tampered' THEN RETURN 0; END IF;
    UPDATE public.changed SET note = overlay(note PLACING 'S' FROM 1) WHERE id = 500;
    DELETE FROM public.lost WHERE id = 501;
    INSERT INTO public.doubled SELECT * FROM public.doubled WHERE id = 502;
    UPDATE public.swapped s SET a = o.a FROM public.swapped o WHERE s.id + o.id = 30 AND s.id IN (10, 20);
    RETURN 1;
END $$;
CREATE MATERIALIZED VIEW public.tampering AS SELECT public.tamper();
