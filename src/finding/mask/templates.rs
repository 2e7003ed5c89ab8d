//! Messages whose parts are known: which are fixed words, which name something, and which hold a value.
//!
//! In braces: nothing for a name or names (shown where they are known), `v` for a value (never shown), `d` for a number that
//! is no row's, `o` for a kind of object, `s` for the operating system's words, `b` for bytes, `l` for a locale, `p` for a file
//! of the server. Where PostgreSQL's own code speaks, messages that are not here are shown as far as their words are known.

use std::sync::LazyLock;

/// Of the server, and of the clients, which repeat them.
const MESSAGES: &str = r#"
{o} "{}" does not exist
{o} "{}" already exists
{o} "{}" of relation "{}" does not exist
{o} "{}" of relation "{}" already exists
{o} "{}" for table "{}" does not exist
{o} "{}" for table "{}" already exists
{o} "{}" for relation "{}" already exists
{o} "{}" of relation "{}" contains null values
{o} "{}" already exists in schema "{}"
{o} "{}" for encoding "{l}" does not exist
{o} "{}" for encoding "{l}" already exists
{o} "{}" for access method "{}" already exists
{o} "{}" does not exist for access method "{}"
{o} "{}" already exists with same argument types
{o} {} does not exist
{o} {} already exists
{o} {} is not unique
large object {d} does not exist
{o} with OID {d} does not exist
cross-database references are not implemented: {}
column {}.{} does not exist
operator does not exist: {}
operator is not unique: {}
operator is only a shell: {}
schema "{}" does not exist, skipping
permission denied for {o} {}
permission denied for large object {d}
permission denied for column "{}" of relation "{}"
permission denied: "{}" is a system catalog
permission denied: "{}" is a system trigger
permission denied to {}
permission denied to set parameter "{}"
permission denied to set role "{}"
permission denied to grant role "{}"
permission denied to create extension "{}"
permission denied to alter role
permission denied to create role
permission denied to create database
permission denied to rename database
permission denied to copy database "{}"
permission denied to rename role
permission denied to drop role
permission denied to revoke role "{}"
permission denied to grant privileges as role "{}"
permission denied to revoke privileges granted by role "{}"
permission denied to change default privileges
permission denied to alter setting
permission denied to reassign objects
permission denied to drop objects
permission denied to set session authorization
permission denied to set session authorization "{}"
permission denied to create tablespace "{}"
permission denied to create event trigger "{}"
permission denied to change owner of event trigger "{}"
permission denied to change owner of foreign-data wrapper "{}"
permission denied to change owner of publication "{}"
permission denied to change owner of subscription "{}"
permission denied to create foreign-data wrapper "{}"
permission denied to alter foreign-data wrapper "{}"
permission denied to create subscription
permission denied to create "{}.{}"
permission denied to create temporary tables in database "{}"
permission denied to COPY from a file
permission denied to COPY to a file
permission denied to COPY to or from an external program
must be owner of {o} {}
must be owner of large object {d}
must be member of role "{}"
must be able to SET ROLE "{}"
must have admin option on role "{}"
must be superuser
syntax error at or near "{}"
syntax error at end of input
unterminated quoted string at or near "{v}"
unterminated quoted identifier at or near "{v}"
unterminated dollar-quoted string at or near "{v}"
unterminated /* comment at or near "{v}"
trailing junk after numeric literal at or near "{v}"
trailing junk after parameter at or near "{v}"
zero-length delimited identifier at or near "{v}"
missing FROM-clause entry for table "{}"
invalid reference to FROM-clause entry for table "{}"
column reference "{}" is ambiguous
unrecognized configuration parameter "{}"
parameter "{}" cannot be changed without restarting the server
parameter "{}" cannot be changed now
parameter "{}" cannot be changed
parameter "{}" cannot be set after connection start
parameter "{}" requires a numeric value
parameter "{}" requires a Boolean value
invalid value for parameter "{}": "{}"
invalid value for parameter "{}": {}
invalid configuration parameter name "{}"
invalid input syntax for type {}: "{v}"
invalid input syntax for type {}
invalid input value for enum {}: "{v}"
invalid enum label "{v}"
"{v}" is not an existing enum label
"{v}" is not a valid binary digit
"{v}" is not a valid hexadecimal digit
"{v}" is out of range for type {}
value "{v}" is out of range for type {}
value "{v}" is out of range for {} type {}
value too long for type {}
value for domain {} violates check constraint "{}"
domain {} does not allow null values
bit string length {d} does not match type {}
bit string too long for type {}
malformed array literal: "{v}"
malformed range literal: "{v}"
malformed multirange literal: "{v}"
malformed record literal: "{v}"
date/time field value out of range: "{v}"
date out of range: "{v}"
timestamp out of range: "{v}"
interval out of range: "{v}"
interval field value out of range: "{v}"
time zone displacement out of range: "{v}"
time zone "{v}" not recognized
time zone "{v}" is not recognized
invalid cidr value: "{v}"
invalid hexadecimal digit: "{v}"
invalid symbol "{v}" found while decoding base64 sequence
no operand in tsquery: "{v}"
syntax error in tsquery: "{v}"
syntax error in tsvector: "{v}"
invalid regular expression: {v}
invalid XML content
invalid XML document
numeric field overflow
integer out of range
bigint out of range
smallint out of range
division by zero
invalid byte sequence for encoding "{l}": {b}
invalid byte sequence for encoding "{l}"
invalid byte value for encoding "{l}": {b}
character with byte sequence {b} in encoding "{l}" has no equivalent in encoding "{l}"
duplicate key value violates unique constraint "{}"
could not create unique index "{}"
could not create exclusion constraint "{}"
conflicting key value violates exclusion constraint "{}"
insert or update on table "{}" violates foreign key constraint "{}"
update or delete on table "{}" violates foreign key constraint "{}" on table "{}"
new row for relation "{}" violates check constraint "{}"
new row for relation "{}" violates partition constraint
new row violates row-level security policy for table "{}"
new row violates row-level security policy "{}" for table "{}"
query would be affected by row-level security policy for table "{}"
no partition of relation "{}" found for row
partition constraint of relation "{}" is violated by some row
check constraint "{}" of relation "{}" is violated by some row
null value in column "{}" of relation "{}" violates not-null constraint
null value in column "{}" violates not-null constraint
column "{}" of relation "{}" contains null values
cannot insert into generated column "{}"
cannot insert a non-DEFAULT value into column "{}"
column "{}" is of type {} but expression is of type {}
column "{}" is a generated column
column "{}" named in key does not exist
column "{}" referenced in foreign key constraint does not exist
column "{}" specified more than once
missing data for column "{}"
extra data after last expected column
COPY format "{}" not recognized
literal newline found in data
literal carriage return found in data
end-of-copy marker corrupt
end-of-copy marker does not match previous newline style
unterminated CSV quoted field
unexpected EOF on client connection with an open transaction
COPY from stdin failed: {v}
there is no unique constraint matching given keys for referenced table "{}"
there is no unique or exclusion constraint matching the ON CONFLICT specification
multiple primary keys for table "{}" are not allowed
index row size {d} exceeds btree version {d} maximum {d} for index "{}"
index row size {d} exceeds maximum {d} for index "{}"
index row requires {d} bytes, maximum size is {d}
row is too big: size {d}, maximum size {d}
extension "{}" is not available
extension "{}" must be installed in schema "{}"
extension "{}" has no installation script nor update path for version "{}"
extension "{}" has no update path from version "{}" to version "{}"
required extension "{}" is not installed
could not open extension control file "{p}": {s}
could not access file "{p}": {s}
could not load library "{p}": {v}
could not find function "{}" in file "{p}"
can only create extension in database {}
{} must be loaded via shared_preload_libraries
{} schema reserved for {} functions
tried calling {} when extension isn't loaded
language "{}" is not trusted
language "{}" does not support inline code execution
role name "{}" is reserved
unacceptable schema name "{}"
unacceptable tablespace name "{}"
role "{}" cannot be dropped because some objects depend on it
role "{}" is a member of role "{}"
role "{}" is already a member of role "{}"
role "{}" is not permitted to log in
cannot drop {} because other objects depend on it
cannot drop {} because {} requires it
cannot drop the currently open database
database "{}" is being accessed by other users
source database "{}" is being accessed by other users
template database "{}" does not exist
option "{}" not recognized
option "{}" not found
unrecognized parameter "{}"
unrecognized role option "{}"
unrecognized privilege type "{}"
unrecognized subscription parameter: "{}"
invalid locale name: "{l}"
invalid LC_COLLATE locale name: "{l}"
invalid LC_CTYPE locale name: "{l}"
could not create locale "{l}": {s}
could not open collator for locale "{l}": {v}
could not convert locale name "{l}" to language tag: {v}
encoding "{l}" does not match locale "{l}"
encoding "{l}" is not supported with ICU provider
new encoding ({l}) is incompatible with the encoding of the template database ({l})
new collation ({l}) is incompatible with the collation of the template database ({l})
new LC_COLLATE ({l}) is incompatible with the LC_COLLATE of the template database ({l})
new LC_CTYPE ({l}) is incompatible with the LC_CTYPE of the template database ({l})
new ICU locale ({l}) is incompatible with the ICU locale of the template database ({l})
new locale provider ({}) does not match locale provider of the template database ({})
collation attribute "{}" not recognized
directory "{p}" does not exist
could not set permissions on directory "{p}": {s}
could not open file "{p}" for reading: {s}
could not open server file "{p}": {s}
could not resize shared memory segment "{v}" to {d} bytes: {s}
could not extend file "{v}": {s}
could not write to file "{v}": {s}
could not read block {d} in file "{v}": {v}
out of memory
out of shared memory
deadlock detected
current transaction is aborted, commands ignored until end of transaction block
canceling statement due to user request
canceling statement due to statement timeout
canceling statement due to lock timeout
terminating connection due to administrator command
terminating connection because of crash of another server process
the database system is starting up
the database system is shutting down
the database system is in recovery mode
sorry, too many clients already
cannot execute {} in a read-only transaction
cannot execute {} during recovery
{} cannot run inside a transaction block
{} cannot be executed from a function
grant options cannot be granted back to your own grantor
grantor must be current user
function {} already exists in schema "{}"
function {} does not exist
aggregate {}(*) does not exist
type "{}" is only a shell
type {} does not exist
"{}" is not a {}
"{}" is a {}
"{}" is an {}
"{}" is already a partition
relation "{}" is not a parent of relation "{}"
relation "{}" has been concurrently dropped
cannot change name of view column "{}" to "{}"
cannot change name of input parameter "{}"
cannot change data type of view column "{}" from {} to {}
cannot drop columns from view
cannot cast type {} to {}
foreign key constraint "{}" cannot be implemented
materialized view "{}" has not been populated
column "{}.{}" must appear in the GROUP BY clause or be used in an aggregate function
nextval: reached maximum value of sequence "{}" ({d})
setval: value {v} is out of bounds for sequence "{}" ({v}..{v})
currval of sequence "{}" is not yet defined in this session
publication "{}" is not a member of {}
subscription "{}" already exists
could not connect to the publisher: {v}
could not connect to the publisher
could not establish connection
could not connect to server "{}"
password is required
invalid connection string syntax: {v}
connection to server at "{v}", port {d} failed: {v}
invalid large-object descriptor: {d}
data type {} has no default operator class for access method "{}"
operator class "{}" does not accept data type {}
operator class "{}" of access method {} is missing operator(s)
functions in index expression must be marked IMMUTABLE
functions in index predicate must be marked IMMUTABLE
generation expression is not immutable
return type mismatch in function declared to return {}
no schema has been selected to create in
control reached end of function without RETURN
query has no destination for result data
record "{}" has no field "{}"
record "{}" is not assigned yet
infinite recursion detected in policy for relation "{}"
stack depth limit exceeded
invalid option "{}"
invalid option name "{}"
user mapping for "{}" does not exist for server "{}"
user mapping for "{}" already exists for server "{}"
conversion between {} and {} is not supported
unsupported Unicode escape sequence
"#;

/// Of pg_restore and psql themselves.
const CLIENTS: &str = r#"
invalid command \{}
backslash commands are restricted; only \unrestrict is allowed
unsupported version ({d}.{d}) in file header
unsupported version ({d}.{d}-{d}) in file header
input file appears to be a text format dump. Please use psql.
input file does not appear to be a valid archive
input file does not appear to be a valid archive (too short?)
input file is too short (read {d}, expected {d})
did not find magic string in file header
file has unsupported version ({d}.{d})
could not read from input file: {s}
could not read from input file: end of file
could not read from input file
could not read input file: {s}
could not find entry for ID {d}
could not find block ID {d} in archive -- possibly due to out-of-order restore request, which cannot be handled due to lack of data offsets in archive
could not find block ID {d} in archive -- possibly due to out-of-order restore request, which cannot be handled due to non-seekable input file
could not find block ID {d} in archive -- possibly corrupt archive
could not open input file "{p}": {s}
could not open file "{p}": {s}
could not open large object TOC file "{p}" for input: {s}
could not open TOC file "{p}": {s}
could not uncompress data: {v}
could not close data file "{p}": {s}
corrupt tar header found in {v} (expected {d}, computed {d}) file position {d}
a worker process died unexpectedly
worker process failed: exit code {d}
could not connect to database "{}"
connection to database "{}" failed: {v}
connection to server was lost
parallel restore from non-seekable file is not supported
parallel restore is not supported with this archive file format
cannot restore from compressed archive (compression not supported in this installation)
this build does not support compression with {}
this build does not support compression
unexpected end of file
unexpected end of COPY or FETCH statement
unrecognized archive format "{}"; please specify "c", "d", or "t"
unrecognized data block type ({d}) while searching archive
unrecognized data block type {d} while restoring archive
entry ID {d} out of range -- perhaps a corrupt TOC
found unexpected block ID ({d}) when reading data -- expected {d}
\connect: connection to server failed
{v}: No such file or directory
\{}: missing required argument
\{}: extra argument "{v}" ignored
\copy: {v}
unterminated quoted string
found EOF before closing \endif(s)
"#;

/// What the server says further of an error.
const HINTS: &str = r#"
You might need to add explicit type casts.
No function matches the given name and argument types. You might need to add explicit type casts.
No operator matches the given name and argument types. You might need to add explicit type casts.
No procedure matches the given name and argument types. You might need to add explicit type casts.
You might need to increase max_locks_per_transaction.
You might need to increase "max_locks_per_transaction".
You might need to increase "{}".
Must be superuser to create this extension.
Must have CREATE privilege on current database to create this extension.
The extension must first be installed on the system where PostgreSQL is running.
Use CREATE EXTENSION ... CASCADE to install required extensions too.
Use DROP ... CASCADE to drop the dependent objects too.
Perhaps you meant to reference the column "{}".
Perhaps you meant to reference the column "{}" or the column "{}".
Perhaps you meant the option "{}".
Perhaps you meant the table alias "{}".
Valid options in this context are: {}
DatabaseFacts are no valid options in this context.
Use the same encoding as in the template database, or use template0 as template.
If the locale name is specific to ICU, use ICU_LOCALE.
If the locale name is specific to the builtin provider, use BUILTIN_LOCALE.
Use the same collation as in the template database, or use template0 as template.
Use the same LC_CTYPE as in the template database, or use template0 as template.
Use the same locale provider as in the template database, or use template0 as template.
The owner of a subscription must be a superuser.
COPY FROM instructs the PostgreSQL server process to read a file. You may want a client-side facility such as psql's \copy.
This may be caused by the client sending data in the wrong encoding.
Consider a function index of an MD5 hash of the value, or use full text indexing.
Values larger than 1/3 of a buffer page cannot be indexed.
Use OVERRIDING SYSTEM VALUE to override.
Create a unique index with no WHERE clause on one or more columns of the materialized view.
Use the REFRESH MATERIALIZED VIEW command.
If you want to discard the contents, use TRUNCATE.
"#;

/// One message, in pieces.
#[derive(Debug)]
pub struct Template {
    pub parts: Vec<TemplatePart>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemplatePart {
    Fixed(&'static str),
    Hole(Hole),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hole {
    Name,
    Value,
    Number,
    Object,
    System,
    Bytes,
    Locale,
    Path,
}

fn read(text: &'static str) -> Vec<Template> {
    text.lines().filter(|line| !line.is_empty()).map(|line| Template { parts: parts(line) }).collect()
}

fn parts(line: &'static str) -> Vec<TemplatePart> {
    let mut parts = Vec::new();
    let mut rest = line;
    while let Some((fixed, after)) = rest.split_once('{') {
        let (kind, after) = after.split_once('}').unwrap_or((after, ""));
        if !fixed.is_empty() {
            parts.push(TemplatePart::Fixed(fixed));
        }
        parts.push(TemplatePart::Hole(match kind {
            "d" => Hole::Number,
            "o" => Hole::Object,
            "s" => Hole::System,
            "b" => Hole::Bytes,
            "l" => Hole::Locale,
            "p" => Hole::Path,
            "" => Hole::Name,
            _ => Hole::Value,
        }));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(TemplatePart::Fixed(rest));
    }
    parts
}

static OF_MESSAGES: LazyLock<Vec<Template>> = LazyLock::new(|| read(MESSAGES));
static OF_CLIENTS: LazyLock<Vec<Template>> = LazyLock::new(|| read(CLIENTS));
static OF_HINTS: LazyLock<Vec<Template>> = LazyLock::new(|| read(HINTS));

/// Messages of the server.
pub fn messages() -> &'static [Template] {
    &OF_MESSAGES
}

/// Messages of clients.
pub fn clients() -> &'static [Template] {
    &OF_CLIENTS
}

/// Hints of the server.
pub fn hints() -> &'static [Template] {
    &OF_HINTS
}
