//! What is known of PostgreSQL itself, version by version: what each brought, its predefined roles, its extensions, its encodings.

mod contrib;
pub mod encoding;
mod locale;
mod major;

pub use contrib::{Availability, availability, comes_with_postgresql};
pub use locale::normal_locale;
pub use major::{Change, MAJORS, Major, predefined_role_since, predefined_roles};
