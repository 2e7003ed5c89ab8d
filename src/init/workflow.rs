//! A workflow of GitHub Actions.

use std::path::Path;

use super::text::{comment, quoted};
use crate::restore::shell_words;

/// Rehearses every night, and where somebody asks for it, on the profiles in `folder`: on all of them, or on these alone where the
/// dump is known to fail in others, since a job that fails every night is soon looked at by nobody.
pub fn github(dump: &str, folder: &Path, only: Option<&[&str]>) -> String {
    let folder = format!("{}/", folder.display().to_string().trim_end_matches('/'));
    let profiles: Vec<String> = only.unwrap_or(&[""]).iter().map(|file| format!("{folder}{file}")).collect();
    let profiles: Vec<String> = profiles.into_iter().map(|path| format!("-p {}", shell_words(&[path]))).collect();
    let run = format!("pgrehearse run newest.dump {} --report json=report.json", profiles.join(" "));
    let left_out = match only {
        Some(_) => {
            "# managed.yaml is left out, because this dump fails there: name the whole folder once it comes back.\n"
        }
        None => "",
    };
    // A plain value of YAML ends at ` #` and cannot hold `: `.
    let run = if run.contains([':', '#', '\'', '"']) { quoted(&run) } else { run };
    format!(
        "# Copy to .github/workflows/restore.yaml. It is in a folder of its own because every *.yaml beside the profiles would\n\
         # be read as one. {dump} is only what these files were written for: fetch the newest dump.\n\
         {left_out}name: restore rehearsal\n\
         on:\n  schedule:\n    - cron: \"17 4 * * *\"\n  workflow_dispatch:\n\
         jobs:\n  rehearse:\n    runs-on: ubuntu-latest\n    timeout-minutes: 60\n    steps:\n      \
         - uses: actions/checkout@v4\n      \
         - run: cargo install --locked --git https://example.com/your/copy/of/pgrehearse     # yours to name\n      \
         - run: ./fetch-last-nights-dump newest.dump     # yours to write\n      \
         - run: {run}\n      \
         - uses: actions/upload-artifact@v4\n        if: always()\n        with: {{name: restore-report, path: report.json}}\n",
        dump = comment(dump)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workflow_is_yaml_and_rehearses_on_the_folder_that_was_written() {
        for (folder, wanted) in [
            ("pgrehearse", "-p pgrehearse/ "),
            ("ci/restore/", "-p ci/restore/ "),
            ("it's: a #1", r"-p 'it'\''s: a #1/' "),
        ] {
            let text = github("a\n: #.dump", Path::new(folder), None);
            let read: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
            let steps = read["jobs"]["rehearse"]["steps"].as_sequence().unwrap();
            let runs: Vec<&str> = steps.iter().filter_map(|step| step["run"].as_str()).collect();
            assert!(runs.iter().any(|run| run.contains(wanted)), "{text}");
        }
    }

    #[test]
    fn the_workflow_leaves_out_where_the_dump_is_known_to_fail() {
        let text = github("a.dump", Path::new("pgrehearse"), Some(&["source.yaml", "next-major.yaml"]));
        let run = "run: pgrehearse run newest.dump -p pgrehearse/source.yaml -p pgrehearse/next-major.yaml --report";
        assert!(text.contains(run) && text.contains("# managed.yaml is left out"), "{text}");
        assert!(!github("a.dump", Path::new("pgrehearse"), None).contains("left out"));
    }
}
