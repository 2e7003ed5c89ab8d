-- Names that hold whatever PostgreSQL lets them.
CREATE ROLE "line
break; 1 ""role""" NOLOGIN;
CREATE SCHEMA "a/b\c; d";
CREATE SCHEMA "مخطط";
CREATE TABLE "a/b\c; d"."line
break" ("col
umn" integer PRIMARY KEY, "quo""te'" text);
INSERT INTO "a/b\c; d"."line
break" VALUES (1, E'\\.'), (2, E'a\nb');
ALTER TABLE "a/b\c; d"."line
break" OWNER TO "line
break; 1 ""role""";
CREATE TABLE "مخطط"."جدول" ("عمود" text);
INSERT INTO "مخطط"."جدول" VALUES ('قيمة');
CREATE TABLE "مخطط"."1; 1259 16384 TABLE public x owner" (id integer);
CREATE TABLE "مخطط"." leading and trailing " (id integer);
CREATE TABLE "مخطط".U&"tab!0009and carriage!000dreturn" UESCAPE '!' (id integer);
CREATE TABLE public."../../etc/passwd" (id integer);
INSERT INTO public."../../etc/passwd" VALUES (1);
CREATE TABLE public."$$;--/*" (id integer);
CREATE TABLE public."🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀" (id integer);
CREATE TABLE public."DATABASE x" (id integer);
COMMENT ON TABLE public."DATABASE x" IS 'no comment on a database';
CREATE TABLE public.nothing ();
INSERT INTO public.nothing DEFAULT VALUES;
CREATE VIEW public."view
; depends on: 1" AS SELECT 1 AS one;
CREATE TYPE public."ty;pe" AS ENUM ('a', 'b');
CREATE FUNCTION public."f(x)"(public."ty;pe", "arg
ument" text DEFAULT ');') RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE INDEX "in
dex" ON "a/b\c; d"."line
break" ("quo""te'");
ALTER TABLE "a/b\c; d"."line
break" ENABLE ROW LEVEL SECURITY;
CREATE POLICY "po
licy; TO x" ON "a/b\c; d"."line
break" TO "line
break; 1 ""role""";
GRANT SELECT ON "مخطط"."جدول" TO "line
break; 1 ""role""";
