//! Names that end up in commands, paths and reports: which ones a profile can have.

/// NAMEDATALEN - 1 (src/include/pg_config_manual.h): PostgreSQL cuts off what is longer, without an error.
const MAX_IDENTIFIER_BYTES: usize = 63;

/// A name that PostgreSQL takes as it is.
pub fn identifier(name: &str, what: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err(format!("a {what}'s name cannot be empty"));
    }
    if name.len() > MAX_IDENTIFIER_BYTES {
        let bytes = name.len();
        return Err(format!(
            "a {what}'s name has at most {MAX_IDENTIFIER_BYTES} bytes, this one has {bytes}; PostgreSQL would cut it off"
        ));
    }
    // NUL cannot get here: no profile holds one.
    Ok(())
}

/// The name of a role that can be created (`CreateRole` and `check_rolespec_name`, src/backend, PostgreSQL 17).
pub fn role(name: &str) -> Result<(), String> {
    identifier(name, "role")?;
    if name.starts_with("pg_") {
        return Err("PostgreSQL keeps role names that start with `pg_` for itself".into());
    }
    if ["public", "none"].contains(&name) {
        return Err(format!("`{name}` is a word of SQL's GRANT and SET ROLE; PostgreSQL refuses a role of that name"));
    }
    Ok(())
}

/// Extension names are file names in the image (`check_valid_extension_name`, src/backend/commands/extension.c).
pub fn extension(name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if name.is_empty() {
        return Err("an extension's name cannot be empty".into());
    }
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') || !name.chars().all(plain) {
        return Err("an extension's name is of letters, digits, `_`, `.` and `-`".into());
    }
    Ok(())
}

/// Whether a profile can have a role of this name.
pub fn is_role_name(name: &str) -> bool {
    role(name).is_ok()
}

/// Whether a profile can have a locale of this name.
pub fn is_locale_name(name: &str) -> bool {
    locale(name).is_ok()
}

/// Why a profile can have no locale of this name: locale names end up in a script that runs as root.
///
/// # Errors
/// What is wrong with it, for people.
pub fn locale(name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.@-".contains(c);
    if name.is_empty() {
        return Err("a locale's name cannot be empty".into());
    }
    if let Some(other) = name.chars().find(|c| !plain(*c)) {
        return Err(format!(
            "a locale's name holds no `{}`, only letters, digits, `_`, `.`, `@`, `-`",
            other.escape_debug()
        ));
    }
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Err("a locale's name starts with a letter or digit".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extension_names_cannot_leave_their_directory() {
        for name in ["uuid-ossp", "postgis_topology", "plpgsql"] {
            assert_eq!(extension(name), Ok(()), "{name}");
        }
        for name in ["", "../x", "a/b", ".", "-a", "a b"] {
            assert!(extension(name).is_err(), "{name}");
        }
    }

    #[test]
    fn role_names_are_those_that_postgresql_takes() {
        assert_eq!(role("Zoë's role"), Ok(()));
        assert_eq!(role(&"x".repeat(63)), Ok(()));
        for name in ["", "pg_mine", "public", "none", &"x".repeat(64), &"é".repeat(32)] {
            assert!(role(name).is_err(), "{name}");
        }
    }

    #[test]
    fn locale_names_hold_nothing_that_a_shell_would_read() {
        for name in ["C", "C.UTF-8", "en_US.UTF-8", "de_DE.ISO-8859-15@euro", "und-u-co-emoji", "sr_RS@latin"] {
            assert_eq!(locale(name), Ok(()), "{name}");
        }
        for name in ["", "a b", "a;b", "$(id)", "`id`", "../etc", "a/b", "a\nb", "a'b", "-x", ".", "é", "a=b", "a&b"] {
            assert!(locale(name).is_err(), "{name}");
        }
    }
}
