use super::feature_missing;
use crate::finding::kind::Kind;
use crate::finding::rule::{Known, Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "library-missing",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The dump creates functions from a library that the target does not have.",
    page: include_str!("../../../docs/findings/library-missing.md"),
    rules: &[
        // `could not access file "$libdir/postgis-1.5": No such file or directory`.
        Rule::new(Precedence::Library, &[], |failed| {
            let says = failed.says("could not access file \"") || failed.says("could not load library \"");
            says.then(|| library(failed.message.split('"').nth(1).unwrap_or_default()))
        }),
        // `could not find function "f" in file "x"`.
        Rule::new(Precedence::Library, &[], |failed| {
            failed.says("could not find function \"").then(|| library(&failed.after("\" in file \"")))
        }),
    ],
    refine: Some(|refine, failure, cause| feature_missing::of_version(refine, failure).unwrap_or(cause)),
    title: Some(|case| format!("the target has no library {:?}, or a different one of that name", case.subject)),
    fix: "The functions were dumped one by one because they belong to no extension. Turn them into an extension in the \
          source, or create the extension in the target and leave these functions out of the restore.",
    ..Kind::USUAL
};

fn library(file: &str) -> Known {
    Subject::Library(file.rsplit('/').next().unwrap_or(file).to_owned()).into()
}
