-- What only 18 has.
ALTER TABLE public.old_rows ADD CONSTRAINT not_enforced CHECK (price > 100) NOT ENFORCED;
ALTER TABLE public.old_rows ADD CONSTRAINT key_not_enforced FOREIGN KEY (id) REFERENCES public.tree NOT ENFORCED;
INSERT INTO public.old_rows (id, parent) VALUES (99, 1);
ALTER TABLE public.old_rows ADD CONSTRAINT has_price NOT NULL price NOT VALID;
CREATE TABLE public.stays (id integer, during int4range, PRIMARY KEY (id, during WITHOUT OVERLAPS));
INSERT INTO public.stays VALUES (1, '[1,10)'), (1, '[10,20)');
CREATE TABLE public.guests (id integer, during int4range,
    FOREIGN KEY (id, PERIOD during) REFERENCES public.stays (id, PERIOD during));
INSERT INTO public.guests VALUES (1, '[5,15)');
