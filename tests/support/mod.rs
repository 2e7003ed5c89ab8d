//! What the tests on real PostgreSQL share: images, dumps made by real source clusters, a home to run the program in.

pub mod backup;
pub mod docker;
pub mod dumps;
pub mod home;
pub mod images;
pub mod once;
pub mod proxy;
pub mod server;
pub mod several;
pub mod shared;
pub mod yaml;

pub use dumps::dump;
pub use home::{Home, Ran};
pub use server::Server;

/// The majors that the suite covers.
pub const MAJORS: [u16; 4] = [13, 15, 17, 18];

/// The newest major, and the source's own: what a healthy dump is restored into where not every pair is asked for.
pub fn own_and_newest(source: u16) -> Vec<u16> {
    if source == 18 { vec![18] } else { vec![18, source] }
}

/// Every major that is not older than the source.
pub fn own_and_newer(source: u16) -> Vec<u16> {
    MAJORS.into_iter().filter(|major| *major >= source).collect()
}

/// The roles of the source clusters, as a profile makes them.
pub const SHOP_ROLES: &str = r#"
roles:
  - {name: shop_owner}
  - {name: shop_app, login: true, member_of: [shop_report]}
  - {name: shop_report}
  - {name: shop_billing}
  - {name: 'Bücher "und" книги; --'}
"#;

/// A profile whose cluster is like the source: everything that a dump of the shop needs is there.
pub fn matching(name: &str, major: u16) -> String {
    format!("name: {name}\npostgres: {major}\n{SHOP_ROLES}database: {{name: shop, owner: shop_owner}}\n")
}

/// A profile of which nothing but the version is said.
pub fn bare(name: &str, major: u16) -> String {
    format!("name: {name}\npostgres: {major}\n")
}

/// The text of a plain dump with statements put in before its end.
pub fn with_statements(dump: &std::path::Path, statements: &str) -> String {
    let text = std::fs::read_to_string(dump).unwrap();
    let end = text.find("--\n-- PostgreSQL database dump complete").expect("a plain dump has an end");
    format!("{}{statements}\n\n{}", &text[..end], &text[end..])
}

/// The text of a plain dump without `\restrict`, as older versions wrote it.
pub fn unrestricted(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with(r"\restrict") && !line.starts_with(r"\unrestrict"));
    lines.map(|line| format!("{line}\n")).collect()
}
