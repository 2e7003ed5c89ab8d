//! A workflow of GitHub Actions.

use super::text::comment;

/// Rehearses every night, and where somebody asks for it.
pub fn github(dump: &str) -> String {
    format!(
        "# Copy to .github/workflows/restore.yaml. It is in a folder of its own because every *.yaml beside the profiles would\n\
         # be read as one. {dump} is only what these files were written for: fetch the newest dump.\n\
         name: restore rehearsal\n\
         on:\n  schedule:\n    - cron: \"17 4 * * *\"\n  workflow_dispatch:\n\
         jobs:\n  rehearse:\n    runs-on: ubuntu-latest\n    timeout-minutes: 60\n    steps:\n      \
         - uses: actions/checkout@v4\n      \
         - run: cargo install --locked --git https://example.com/your/copy/of/pgrehearse\n      \
         - run: ./fetch-last-nights-dump newest.dump     # yours to write\n      \
         - run: pgrehearse run newest.dump -p pgrehearse/ --report json=report.json\n      \
         - uses: actions/upload-artifact@v4\n        if: always()\n        with: {{name: restore-report, path: report.json}}\n",
        dump = comment(dump)
    )
}
