//! Where a source is, as it is typed: a path, or a repository of backups with its kind before it.

use std::path::{Path, PathBuf};

use super::error::RunError;

/// Where a source is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A path, whose content says what it is.
    Path(PathBuf),
    /// `barman:HOME?server=NAME`: what Barman keeps. The server may be left out where there is one.
    Barman { home: PathBuf, server: Option<String> },
    /// `pgbackrest:REPOSITORY?stanza=NAME`: a repository of pgBackRest. The stanza may be left out where there is one.
    PgBackRest { repository: PathBuf, stanza: Option<String> },
}

impl Location {
    /// Reads what was typed. A file that is called so is a path all the same.
    ///
    /// # Errors
    /// Where a repository is meant, and not said as one is.
    pub fn parse(typed: &Path) -> Result<Self, RunError> {
        let path = || Ok(Location::Path(typed.to_owned()));
        let Some(text) = typed.to_str().filter(|_| !typed.exists()) else { return path() };
        let Some((kind, rest)) = text.split_once(':') else { return path() };
        let (place, question) = rest.split_once('?').map_or((rest, None), |(place, question)| (place, Some(question)));
        let key = match kind {
            "barman" => "server",
            "pgbackrest" => "stanza",
            _ => return path(),
        };
        let wrong =
            |why: String| RunError::Usage(format!("{text}: {why}; write {kind}:/path or {kind}:/path?{key}=NAME"));
        let name = match question.map(|question| question.split_once('=')) {
            None => None,
            Some(Some((given, name))) if given == key && !name.is_empty() => Some(name.to_owned()),
            Some(_) => return Err(wrong(format!("after the question mark stands {key}=NAME"))),
        };
        if place.is_empty() {
            return Err(wrong("there is no path".to_owned()));
        }
        let place = PathBuf::from(place);
        Ok(match kind {
            "barman" => Location::Barman { home: place, server: name },
            _ => Location::PgBackRest { repository: place, stanza: name },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(typed: &str) -> Result<Location, String> {
        Location::parse(Path::new(typed)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_repository_is_named_by_its_kind_its_path_and_what_is_meant_in_it() {
        let home = PathBuf::from("/no/home");
        let server = Some("main".to_owned());
        assert_eq!(
            read("barman:/no/home?server=main"),
            Ok(Location::Barman { home: home.clone(), server: server.clone() })
        );
        assert_eq!(read("barman:/no/home"), Ok(Location::Barman { home: home.clone(), server: None }));
        assert_eq!(
            read("pgbackrest:/no/home?stanza=main"),
            Ok(Location::PgBackRest { repository: home, stanza: server })
        );
        assert_eq!(read("/no/home"), Ok(Location::Path("/no/home".into())));
        assert_eq!(read("s3:/no/home"), Ok(Location::Path("s3:/no/home".into())));
    }

    #[test]
    fn a_repository_that_is_not_named_so_is_refused_with_what_to_write() {
        for typed in ["barman:/no/home?stanza=main", "barman:/no/home?server=", "pgbackrest:/no/home?main", "barman:"] {
            let refused = read(typed).unwrap_err();
            assert!(refused.contains("; write ") && refused.contains(":/path?"), "{typed}: {refused}");
        }
    }
}
