//! The versions of PostgreSQL, as it writes them.

/// The major version that a version text begins with: `17.6 (Debian …)`, `18beta1`; `9.6.24` is 9.
pub fn major_of(version: &str) -> Option<u16> {
    let digits: String = version.trim().chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}
