mod archives;
mod walking;
pub(crate) mod writer;
