//! How much is kept of a statement, which can be larger than memory.

/// Longer names and strings are cut off: none that matters is.
pub(super) const MAX_TOKEN_BYTES: usize = 64 * 1024;
/// No more of one statement is kept.
pub(super) const MAX_STATEMENT_BYTES: usize = 16 << 20;
/// So many tokens are kept of a statement of which only the beginning matters.
pub(super) const FIRST_TOKENS: usize = 48;
/// The same of one in which something else can stand far behind its beginning.
pub(super) const LONG_TOKENS: usize = 20_000;
/// The same of one that is read whole.
pub(super) const WHOLE_TOKENS: usize = 200_000;
/// The same of an INSERT: `INSERT INTO public.orders VALUES` has as many.
pub(super) const INSERT_TOKENS: usize = 6;
/// No more variables are followed in one line.
pub(super) const MAX_VARIABLES_PER_LINE: u32 = 200;
