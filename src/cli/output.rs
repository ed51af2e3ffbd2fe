//! Standard output and standard error. All printing happens here, so that all text is sanitized.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use anstream::ColorChoice;
use anyhow::Context;

use super::choices::ColorWhen;
use crate::corpus::ReadError;
use crate::report::{Medium, printable, render_user_file_error};
use crate::text::PathName;
use crate::user_file::UserFileError;

/// Width of reports without a terminal and without the variable `COLUMNS`.
const DEFAULT_COLUMNS: usize = 100;

/// Standard output, buffered.
pub(super) struct Output {
    stream: io::BufWriter<io::StdoutLock<'static>>,
    /// Whether reports may use colour.
    pub(super) color: bool,
    /// Width of the terminal.
    pub(super) columns: usize,
    is_terminal: bool,
}

impl Output {
    pub(super) fn new(when: ColorWhen) -> Self {
        let stdout = io::stdout();
        let color = match when {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => wants_color(&stdout),
        };
        let columns = match terminal_size::terminal_size() {
            Some((width, _)) if stdout.is_terminal() => usize::from(width.0),
            _ => std::env::var("COLUMNS")
                .ok()
                .and_then(|columns| columns.parse().ok())
                .unwrap_or(DEFAULT_COLUMNS),
        };
        let is_terminal = stdout.is_terminal();
        Self { stream: io::BufWriter::new(stdout.lock()), color, columns, is_terminal }
    }

    /// Writes a report or message. Returns `false` if the pipe is closed.
    ///
    /// # Errors
    ///
    /// Writing fails for another reason.
    pub(super) fn write(&mut self, text: &str) -> anyhow::Result<bool> {
        let text = self.medium().sanitize(text);
        let written = self.stream.write_all(text.as_bytes()).and_then(|()| self.stream.flush());
        is_open(written)
    }

    /// Writes a report to standard error, because standard output receives a text.
    pub(super) fn write_to_stderr(&self, text: &str) {
        // A failure to write to standard error cannot be reported anywhere.
        let _ = io::stderr().write_all(self.medium().sanitize(text).as_bytes());
    }

    fn medium(&self) -> Medium {
        if self.color { Medium::StyledText } else { Medium::Text }
    }

    /// Writes a document or patch byte for byte for other programs, or sanitized to a terminal.
    /// Returns `false` if the pipe is closed.
    ///
    /// # Errors
    ///
    /// Writing fails for another reason.
    pub(super) fn write_exact(&mut self, text: &str) -> anyhow::Result<bool> {
        // Styles in the text do not come from dechaff.
        let shown = if self.is_terminal { Medium::Text.sanitize(text) } else { text.into() };
        is_open(self.stream.write_all(shown.as_bytes()).and_then(|()| self.stream.flush()))
    }

    /// Writes the bytes of a file as [`Self::write_exact`] does.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or writing fails for another reason.
    pub(super) fn copy(&mut self, path: &Path) -> anyhow::Result<bool> {
        let unreadable = || format!("cannot read {}", path.name());
        if self.is_terminal {
            let bytes = std::fs::read(path).with_context(unreadable)?;
            return self.write_exact(&String::from_utf8_lossy(&bytes));
        }
        let mut file = File::open(path).with_context(unreadable)?;
        is_open(io::copy(&mut file, &mut self.stream).and_then(|_| self.stream.flush()))
    }
}

fn is_open(written: io::Result<()>) -> anyhow::Result<bool> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(anyhow::Error::new(error).context("cannot write to standard output")),
    }
}

/// Prints lines without a prefix to standard error.
pub(super) fn report(text: &str) {
    // A failure to write to standard error cannot be reported anywhere.
    let _ = io::stderr().write_all(Medium::Text.sanitize(text).as_bytes());
}

/// Prints clap's help or error and exits.
pub(super) fn exit(error: &clap::Error) -> ! {
    let (rendered, is_error) = (error.render(), error.use_stderr());
    let wants_color =
        if is_error { wants_color(&io::stderr()) } else { wants_color(&io::stdout()) };
    // The message quotes arguments, whose styles must not be mistaken for clap's own.
    let has_style =
        std::env::args_os().any(|argument| argument.as_encoded_bytes().contains(&b'\x1b'));
    let text = match wants_color && !has_style {
        true => Medium::StyledText.sanitize(&rendered.ansi().to_string()).into_owned(),
        false => Medium::Text.sanitize(&rendered.to_string()).into_owned(),
    };
    let _ = match is_error {
        true => io::stderr().write_all(text.as_bytes()),
        false => io::stdout().write_all(text.as_bytes()),
    };
    std::process::exit(error.exit_code())
}

/// Prints an error.
pub(super) fn error(message: &str) {
    let _ = writeln!(io::stderr(), "dechaff: error: {}", printable(message));
}

/// Prints a warning.
pub(super) fn warning(message: &str) {
    let _ = writeln!(io::stderr(), "dechaff: warning: {}", printable(message));
}

/// Reports an input that was not read: a warning if it was skipped on purpose, otherwise an error.
pub(super) fn read_error(unread: &ReadError) {
    match unread {
        ReadError::NotText { .. }
        | ReadError::NotACorpus { .. }
        | ReadError::SkippedRecords { .. } => warning(&unread.to_string()),
        ReadError::UnreadableRecords { .. } | ReadError::Io { .. } => error(&unread.to_string()),
    }
}

/// Clears the line of the progress bar.
pub(super) fn clear_line() {
    if io::stderr().is_terminal() {
        let _ = io::stderr().write_all(b"\r\x1b[K");
    }
}

/// Prints an error in a configuration, rule or list file, with an excerpt.
pub(super) fn fault(fault: &UserFileError) {
    let color = wants_color(&io::stderr());
    let _ = io::stderr().write_all(render_user_file_error(fault, color).as_bytes());
}

/// Whether `stream` has colour by default. In order of precedence: `NO_COLOR`, `FORCE_COLOR`,
/// `CLICOLOR_FORCE`, `CLICOLOR`, and whether the stream is a terminal.
fn wants_color(stream: &impl anstream::stream::RawStream) -> bool {
    let value = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    match value("FORCE_COLOR") {
        Some(forced) if value("NO_COLOR").is_none() => forced != "0" && forced != "false",
        _ => anstream::AutoStream::choice(stream) != ColorChoice::Never,
    }
}
