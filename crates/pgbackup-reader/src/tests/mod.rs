mod archives;
mod place;
mod points;
mod reaching;
mod timelines;
mod walking;
pub(crate) mod writer;
