//! Hints for invalid command lines, for people who know other linters.

use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Options of other programs and their equivalents.
const OPTIONS: &[(&[&str], &str)] = &[
    (
        &["--dry-run", "-n", "--preview", "--check"],
        "'--diff' shows what '--fix' would change and writes nothing",
    ),
    (
        &["-v", "--verbose"],
        "everything is printed by default; '--statistics' summarises it by rule",
    ),
    (&["--json"], "use '--output-format json'"),
    (&["--format-output", "--report", "--reporter", "-f"], "use '--output-format'"),
    (&["-r", "-R", "--recursive"], "directories are always searched recursively"),
    (&["--threads", "--workers", "-t"], "use '--jobs'"),
    (&["--exclude"], "use '--config' with a key: --config 'exclude=[\"drafts\"]'"),
    (&["--include", "--glob", "-g"], "use '--config' with a key: --config 'include=[\"*.txt\"]'"),
    (&["--column", "--field"], "use '--text-field'"),
    (&["--fix-unsafe", "--unsafe"], "use '--fix --unsafe-fixes'"),
    (&["--list", "--list-rules", "--rules"], "'dechaff rule --all' lists the rules"),
];

/// Commands of other programs and their equivalents.
const COMMANDS: &[(&[&str], &str)] = &[
    (&["fix", "format", "fmt", "clean"], "'dechaff check --fix' fixes files in place"),
    (&["diff"], "'dechaff check --diff' shows what '--fix' would change"),
    (&["rules", "list"], "'dechaff rule --all' lists the rules"),
    (&["version"], "'dechaff --version' prints the version"),
    (&["test"], "'dechaff test-rules' tests custom rules"),
    (&["schema"], "'dechaff config --schema' prints the JSON Schema of configuration files"),
];

/// Replaces the suggestion in an error by a better hint, if there is one.
pub(super) fn explained(mut error: clap::Error) -> clap::Error {
    let word = |error: &clap::Error, kind| match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word.clone()),
        _ => None,
    };
    let hint = match error.kind() {
        ErrorKind::UnknownArgument => {
            word(&error, ContextKind::InvalidArg).and_then(|option| lookup(OPTIONS, &option))
        }
        ErrorKind::InvalidSubcommand => {
            word(&error, ContextKind::InvalidSubcommand).and_then(|command| {
                let is_path = command.contains(['*', '?', '/'])
                    || command == "."
                    || Path::new(&command).exists();
                is_path
                    .then(|| format!("to check it: dechaff check {command}"))
                    .or_else(|| lookup(COMMANDS, &command))
            })
        }
        _ => None,
    };
    if let Some(hint) = hint {
        error.remove(ContextKind::SuggestedSubcommand);
        error.remove(ContextKind::SuggestedArg);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![hint.into()]));
    }
    error
}

fn lookup(hints: &[(&[&str], &str)], word: &str) -> Option<String> {
    let word = word.split('=').next().unwrap_or(word);
    hints.iter().find(|(words, _)| words.contains(&word)).map(|(_, hint)| (*hint).to_owned())
}
