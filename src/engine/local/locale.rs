//! Whether this machine has the locales that a target wants. They cannot be made here: that takes root.

use std::process::{Command, Stdio};

use crate::engine::{EngineError, InitdbOptions};
use crate::profile::LocaleProvider;

/// Checks that every locale of `options` exists.
///
/// # Errors
/// [`EngineError::Unavailable`] names the first that does not.
pub(super) fn check(options: &InitdbOptions) -> Result<(), EngineError> {
    let Some(known) = installed() else {
        // musl has no `locale` program and takes any name: initdb will refuse what it does not know.
        return Ok(());
    };
    let own = (options.locale_provider != LocaleProvider::Builtin).then_some(&options.locale);
    for wanted in own.into_iter().chain(&options.locales) {
        if !exists(wanted, &known) {
            return Err(EngineError::Unavailable {
                what: format!("locale {wanted}"),
                reason: "it is not installed on this machine, and the local engine cannot create it".into(),
                remedy: remedy(wanted),
            });
        }
    }
    Ok(())
}

/// What `locale -a` lists, normalised.
fn installed() -> Option<Vec<String>> {
    let output = Command::new("locale").arg("-a").env_clear().env("PATH", path()).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).lines().map(normalise).collect())
}

fn path() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into())
}

fn exists(wanted: &str, known: &[String]) -> bool {
    matches!(wanted, "C" | "POSIX") || known.contains(&normalise(wanted))
}

/// The form in which glibc compares names: `en_US.UTF-8@x` and `en_US.utf8@x` are the same locale.
fn normalise(name: &str) -> String {
    let (base, modifier) = match name.split_once('@') {
        Some((base, modifier)) => (base, Some(modifier)),
        None => (name, None),
    };
    let mut normal = match base.split_once('.') {
        Some((language, codeset)) => {
            let codeset: String = codeset.chars().filter(char::is_ascii_alphanumeric).collect();
            format!("{language}.{}", codeset.to_ascii_lowercase())
        }
        None => base.to_owned(),
    };
    if let Some(modifier) = modifier {
        normal.push('@');
        normal.push_str(modifier);
    }
    normal
}

/// How a locale is made with glibc's tools.
fn remedy(name: &str) -> String {
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-@".contains(c)) {
        return "check its name, or use `--engine docker`".into();
    }
    let language = name.split(['.', '@']).next().unwrap_or(name);
    let codeset = name.split_once('.').map_or("UTF-8", |(_, rest)| rest.split('@').next().unwrap_or(rest));
    format!(
        "make it with `localedef -i {language} -f {codeset} {name}` as root (on Debian: package `locales`, a line in \
         /etc/locale.gen, `locale-gen`), or use `--engine docker`, which makes it"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_codeset_are_one_locale() {
        let known = vec![normalise("en_US.utf8"), normalise("de_DE.iso885915@euro")];
        assert!(exists("en_US.UTF-8", &known));
        assert!(exists("de_DE.ISO-8859-15@euro", &known));
        assert!(exists("C", &known));
        assert!(!exists("en_US", &known));
        assert!(!exists("de_DE.ISO-8859-15", &known));
    }

    #[test]
    fn the_remedy_names_the_command() {
        assert!(remedy("tr_TR.UTF-8").contains("localedef -i tr_TR -f UTF-8 tr_TR.UTF-8"));
        assert!(!remedy("x; rm -rf /").contains("rm -rf"));
    }
}
