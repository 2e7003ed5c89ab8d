//! What is known of PostgreSQL itself: its versions and what each brought, its predefined roles,
//! its extensions, its encodings, the options of its clients.

mod client_options;
mod contrib;
pub mod encoding;
mod locale;
pub mod log_records;
mod major;
mod packages;
mod settings;

pub use client_options::{Tool, psql_variable};
pub use contrib::{Availability, availability, comes_with_postgresql};
pub use locale::normal_locale;
pub use major::{Change, MAJORS, Major, predefined_role_since, predefined_roles};
pub use packages::{debian_package, image_with};
pub use settings::{names_of_settings, settings};
