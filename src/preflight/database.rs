//! The database: whether its encoding can hold the dump's text, and whether its locale is there.

use super::has::Has;
use super::locale::{Locale, other_locale};
use super::{PreflightFinding, Request};
use crate::finding::{Name, Subject};
use crate::postgres::encoding::normal_encoding;
use crate::postgres::normal_locale;
use crate::profile::{LocaleProvider, Target};

/// Text that the database's encoding may not hold. What the rows hold is not known, so none of this is certain.
pub fn encoding(request: &Request<'_>, has: &Has<'_>, foreseen: &mut Vec<PreflightFinding>) {
    // A database that the dump creates has the dump's encoding.
    let Some(dumped) = request.requirements.encoding.as_deref().filter(|_| !has.creates_database) else { return };
    let own = has.target.database_encoding();
    let (from, to) = (normal_encoding(dumped), normal_encoding(own));
    if from == to {
        return;
    }
    let expected = match (from.as_str(), to.as_str()) {
        ("SQLASCII", _) => PreflightFinding::new(
            Name::EncodingInvalidBytes,
            Subject::None,
            format!("the dump's text has no encoding (SQL_ASCII) and may not be valid {own}"),
        )
        .seen(["the server takes its bytes unverified".to_owned()])
        .fix(
            "Find out the real encoding of the source's text and name it when you dump: the server then converts. Only if \
             the bytes are to stay as they are, restore into a database of encoding SQL_ASCII.",
            vec!["pg_dump --encoding=LATIN1 …   # if the bytes are Latin-1".into()],
        ),
        (_, "SQLASCII") => PreflightFinding::new(
            Name::EncodingUnverified,
            Subject::None,
            format!("{dumped} text may go into the database as bytes without an encoding (SQL_ASCII)"),
        ),
        // Every encoding can be converted to UTF8.
        (_, "UTF8") => return,
        _ => PreflightFinding::new(
            Name::EncodingUnrepresentable,
            Subject::None,
            format!("text of the dump may not fit into encoding {own:?}"),
        )
        .seen([format!("the dump is in {dumped}")])
        .fix("Create the target database in UTF8, which holds every character.", Vec::new()),
    };
    foreseen.push(expected.may());
}

/// What the database that the profile creates goes by.
fn of_target(target: &Target) -> Locale {
    let (locale, provider) = (target.database_locale(), target.database_locale_provider());
    // The builtin provider's databases have C for the rest (initdb and CREATE DATABASE as pgrehearse runs them).
    let of_libc = if provider == LocaleProvider::Builtin { "C" } else { locale };
    Locale {
        collate: of_libc.to_owned(),
        ctype: of_libc.to_owned(),
        provider: provider.name().to_owned(),
        provider_locale: match provider {
            LocaleProvider::Libc => None,
            LocaleProvider::Icu => target.database_icu_locale().map(str::to_owned),
            LocaleProvider::Builtin => Some(locale.to_owned()),
        },
    }
}

/// Locales that the target may lack, where the dump creates its database; and those that differ, where it does not.
pub fn locale(request: &Request<'_>, has: &Has<'_>, foreseen: &mut Vec<PreflightFinding>) {
    let cluster = &has.target.cluster;
    let databases = &request.requirements.databases;
    if !has.creates_database {
        if let [created] = databases.as_slice()
            && let Some(finding) = other_locale(created, &of_target(has.target), has.target, false)
        {
            foreseen.push(PreflightFinding { finding, subject: Subject::None, is_rule: false });
        }
        return;
    }
    // Every image has the first two, and all but the oldest the third.
    let installed = ["C", "POSIX", "C.UTF-8"].into_iter().chain(cluster.locales.iter().map(String::as_str));
    let installed: Vec<String> = installed.chain([cluster.locale.as_str()]).map(normal_locale).collect();
    let mut named: Vec<&str> = Vec::new();
    for created in databases {
        for locale in [&created.locale, &created.lc_collate, &created.lc_ctype].into_iter().flatten() {
            if installed.contains(&normal_locale(locale)) || named.contains(&locale.as_str()) {
                continue;
            }
            named.push(locale);
            let title = format!("locale {locale:?} may not exist in this target");
            foreseen.push(
                PreflightFinding::new(Name::LocaleUnavailable, Subject::Locale(locale.clone()), title)
                    .may()
                    .objects(vec![format!("DATABASE {}", created.name)])
                    .seen(["the profile names no such locale".to_owned()])
                    .fix(
                        "If the target has it, name it in the profile's cluster.locales; otherwise create the database \
                         yourself with a locale that the target has, and restore without --create.",
                        vec![format!("cluster: {{locales: [{locale}]}}")],
                    ),
            );
        }
    }
}
