-- One dump for the three failures that only a restore shows. Whoever restores it as a member of shop_billing without its
-- rights, on a target without shop_owner, may fill the invoices and may not set their sequence; a Latin-1 target has no
-- room for the notes.
CREATE SEQUENCE public.invoice_numbers;
CREATE TABLE public.invoices (number bigint PRIMARY KEY DEFAULT nextval('public.invoice_numbers'), total numeric);
INSERT INTO public.invoices (total) SELECT i FROM generate_series(1, 40) AS i;
CREATE TABLE public.notes (id integer PRIMARY KEY, note text);
INSERT INTO public.notes VALUES (1, 'plain'), (2, 'Журнал');
ALTER TABLE public.invoices OWNER TO shop_owner;
ALTER TABLE public.notes OWNER TO shop_owner;
ALTER SEQUENCE public.invoice_numbers OWNER TO shop_billing;
