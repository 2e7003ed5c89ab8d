mod archives;
mod hostile;
mod place;
mod points;
mod reaching;
mod surveying;
mod timelines;
mod walking;
pub(crate) mod writer;
