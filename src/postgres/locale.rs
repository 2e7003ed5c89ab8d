//! Names of locales as the C library spells them.

/// `en_US.UTF-8` and `en_US.utf8` are one locale; `POSIX` is `C`.
pub fn normal_locale(name: &str) -> String {
    let plain: String = name.chars().filter(|c| *c != '-').collect::<String>().to_ascii_lowercase();
    if plain == "posix" { "c".into() } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_locale_has_several_spellings() {
        assert_eq!(normal_locale("en_US.UTF-8"), normal_locale("en_US.utf8"));
        assert_eq!(normal_locale("POSIX"), normal_locale("C"));
        assert_ne!(normal_locale("C"), normal_locale("C.UTF-8"));
    }
}
