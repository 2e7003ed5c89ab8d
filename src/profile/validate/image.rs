//! Which image, as far as a profile's text says.

use super::{Places, steps};
use crate::profile::{ProfileError, Target};

/// What stands for the major version in `image_tag`.
const MAJOR: &str = "{postgres}";

pub fn check(target: &Target, at: &Places<'_>) -> Result<(), ProfileError> {
    if let Some(image) = &target.image {
        self::image(image).map_err(|why| at.bad(steps!["image"], why))?;
    }
    if let Some(repository) = &target.image_repository {
        self::image(repository).map_err(|why| at.bad(steps!["image_repository"], why))?;
        let last = repository.rsplit('/').next().unwrap_or_default();
        if last.contains([':', '@']) {
            let why = "a repository has no tag or digest; `postgres` and `image_tag` make the tag, or `image` names a whole \
                       image";
            return Err(at.bad(steps!["image_repository"], why));
        }
    }
    if let Some(tag) = &target.image_tag {
        self::tag(tag).map_err(|why| at.bad(steps!["image_tag"], why))?;
    }
    Ok(())
}

fn image(reference: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
    if reference.is_empty() {
        return Err("an image's name cannot be empty".into());
    }
    if let Some(other) = reference.chars().find(|c| !plain(*c)) {
        return Err(format!("an image's name holds no `{}`", other.escape_debug()));
    }
    if !reference.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Err("an image's name starts with a letter or digit".into());
    }
    let (name, digest) = reference.split_once('@').map_or((reference, None), |(name, digest)| (name, Some(digest)));
    let (registry, path) = match name.split_once('/') {
        // What has a dot or a port, or is localhost, is a registry.
        Some((first, path)) if first.contains(['.', ':']) || first == "localhost" => (Some(first), path),
        _ => (None, name),
    };
    let (repository, tag) = path.split_once(':').map_or((path, None), |(repository, tag)| (repository, Some(tag)));
    if repository.contains(|c: char| c.is_ascii_uppercase()) {
        return Err("a repository's name has no upper-case letters".into());
    }
    let port = registry.and_then(|registry| registry.split_once(':')).map(|(_, port)| port);
    let whole = repository.split('/').all(|part| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric()) && part.ends_with(|c: char| c.is_ascii_alphanumeric())
    });
    let tagged = tag.is_none_or(|tag| self::tag(tag).is_ok());
    if !whole || !tagged || port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return Err("an image is named like `postgis/postgis:17-3.5` or `registry.example.com:5000/postgres:17`".into());
    }
    if let Some(digest) = digest {
        let hexadecimal = digest.strip_prefix("sha256:").is_some_and(|hexadecimal| {
            hexadecimal.len() == 64 && hexadecimal.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        });
        if !hexadecimal {
            return Err("an image's digest is `sha256:` and 64 hexadecimal digits".into());
        }
    }
    Ok(())
}

/// The grammar of references (github.com/distribution/reference): at most 128 of these.
fn tag(tag: &str) -> Result<(), String> {
    // Two digits stand for every major.
    let example = tag.replace(MAJOR, "17");
    if example.contains(['{', '}']) {
        return Err(format!("only `{MAJOR}` stands for something in a tag"));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if example.is_empty() || example.len() > 128 || example.starts_with(['.', '-']) || !example.chars().all(plain) {
        return Err(format!("a tag is of letters, digits, `_`, `.` and `-`, such as `{MAJOR}-bookworm`"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_names_are_references_and_nothing_else() {
        let pinned = format!("localhost:5000/pg:17@sha256:{}", "0a".repeat(32));
        for name in ["postgres:17", "postgis/postgis:17-3.5", "Host.example/a__b/c-d:V_1", "localhost/x", &pinned] {
            assert_eq!(image(name), Ok(()), "{name}");
        }
        let short = format!("pg@sha256:{}", "0".repeat(63));
        for name in [
            "",
            "-v",
            "a b",
            "a;b",
            "$x",
            ".hidden",
            &short,
            "pg@md5:00",
            "pg@",
            "pg:",
            "Pg:17",
            "a//b",
            "a/",
            "a:1:2",
            "h:x/a",
        ] {
            assert!(image(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_tag_has_the_major_version_and_nothing_else_in_braces() {
        for name in ["{postgres}", "{postgres}-bookworm", "pg{postgres}_v2", "latest"] {
            assert_eq!(tag(name), Ok(()), "{name}");
        }
        for name in ["", "{major}", "a b", "-x", "a:b", "a/b", &"x".repeat(129)] {
            assert!(tag(name).is_err(), "{name}");
        }
    }
}
