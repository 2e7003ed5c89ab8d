use crate::finding::kind::Kind;
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "library-not-preloaded",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The dump needs an extension whose library must be loaded when the server starts.",
    page: include_str!("../../../docs/findings/library-not-preloaded.md"),
    rules: &[
        // The extension's script asks for a parameter that the library defines, or says so in words of its own.
        Rule::new(Precedence::Extension, &[], |failed| {
            let asks = failed.state == "42704" && failed.says("unrecognized configuration parameter");
            let extension = failed.extension().filter(|_| asks || needs_preloading(failed.message));
            extension.map(|name| Subject::Library(name).into())
        }),
        Rule::new(Precedence::Library, &[], |failed| {
            needs_preloading(failed.message).then(|| Subject::Words(failed.shape()).into())
        }),
    ],
    lacks_objects: true,
    may_follow: true,
    title: Some(|case| match case.of {
        Subject::Library(name) => format!("{name} must be loaded when the server starts"),
        words => format!("a library must be loaded when the server starts: {words}"),
    }),
    fix: "Preload the library and restart the server; in a profile, set it under cluster.settings.",
    commands: Some(|case| match case.of {
        Subject::Library(name) => vec![format!("shared_preload_libraries = '{name}'")],
        // Which one the message does not say.
        _ => Vec::new(),
    }),
    ..Kind::USUAL
};

/// What libraries say that have to be there from the server's start on; each has words of its own.
fn needs_preloading(message: &str) -> bool {
    message.contains("shared_preload_libraries") || message.contains(" extension isn't loaded")
}
