mod walking;
pub(crate) mod writer;
