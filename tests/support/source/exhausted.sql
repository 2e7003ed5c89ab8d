CREATE SEQUENCE public.short MAXVALUE 3;
CREATE TABLE public.full_up (id integer PRIMARY KEY DEFAULT nextval('public.short'));
INSERT INTO public.full_up DEFAULT VALUES;
INSERT INTO public.full_up DEFAULT VALUES;
INSERT INTO public.full_up DEFAULT VALUES;
