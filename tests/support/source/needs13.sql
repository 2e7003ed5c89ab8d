-- What later versions no longer have.
CREATE AGGREGATE n.gathered(anyelement) (SFUNC = array_append, STYPE = anyarray, INITCOND = '{}');
CREATE FUNCTION n.half(integer) RETURNS integer LANGUAGE sql AS 'SELECT $1 / 2';
CREATE OPERATOR n.!# (LEFTARG = integer, PROCEDURE = n.half);
