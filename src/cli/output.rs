//! Standard output and standard error: the only places where anything is printed. All text for people is
//! sanitized here, whoever put it together.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use anstream::ColorChoice;
use anyhow::Context;

use super::arguments::ColorWhen;
use crate::report::{Medium, printable, render_user_file_error};
use crate::text::PathName;
use crate::user_file::UserFileError;

/// Columns that reports are laid out for where there is neither a terminal nor the variable `COLUMNS`.
const COLUMNS: usize = 100;

/// Standard output, buffered.
pub(super) struct Output {
    stream: io::BufWriter<io::StdoutLock<'static>>,
    /// Whether reports may use colour.
    pub(super) color: bool,
    /// Columns of the terminal.
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
            _ => std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).unwrap_or(COLUMNS),
        };
        let is_terminal = stdout.is_terminal();
        Self { stream: io::BufWriter::new(stdout.lock()), color, columns, is_terminal }
    }

    /// Writes a report or a message; `false` when nobody reads any more.
    ///
    /// # Errors
    ///
    /// It cannot be written for another reason.
    pub(super) fn write(&mut self, text: &str) -> anyhow::Result<bool> {
        let text = self.medium().sanitize(text);
        let written = self.stream.write_all(text.as_bytes()).and_then(|()| self.stream.flush());
        taken(written)
    }

    /// Writes a report to standard error, where standard output is taken by a text.
    pub(super) fn write_aside(&self, text: &str) {
        // Nothing is left to do where standard error cannot be written.
        let _ = io::stderr().write_all(self.medium().sanitize(text).as_bytes());
    }

    fn medium(&self) -> Medium {
        if self.color { Medium::StyledText } else { Medium::Text }
    }

    /// Writes a document or a patch byte for byte, so that other programs can use it; a terminal gets it
    /// sanitized. `false` when nobody reads any more.
    ///
    /// # Errors
    ///
    /// It cannot be written for another reason.
    pub(super) fn write_exact(&mut self, text: &str) -> anyhow::Result<bool> {
        // A style in it is not dechaff's.
        let shown = if self.is_terminal { Medium::Text.sanitize(text) } else { text.into() };
        taken(self.stream.write_all(shown.as_bytes()).and_then(|()| self.stream.flush()))
    }

    /// Writes the bytes of a file as [`Self::write_exact`] does.
    ///
    /// # Errors
    ///
    /// It cannot be read, or not be written for another reason.
    pub(super) fn copy(&mut self, path: &Path) -> anyhow::Result<bool> {
        let unreadable = || format!("cannot read {}", path.name());
        if self.is_terminal {
            let bytes = std::fs::read(path).with_context(unreadable)?;
            return self.write_exact(&String::from_utf8_lossy(&bytes));
        }
        let mut file = File::open(path).with_context(unreadable)?;
        taken(io::copy(&mut file, &mut self.stream).and_then(|_| self.stream.flush()))
    }
}

fn taken(written: io::Result<()>) -> anyhow::Result<bool> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(anyhow::Error::new(error).context("cannot write to standard output")),
    }
}

/// Prints lines without a prefix to standard error.
pub(super) fn report(text: &str) {
    // Nothing is left to do where standard error cannot be written.
    let _ = io::stderr().write_all(Medium::Text.sanitize(text).as_bytes());
}

/// Prints what clap has to say, help or an error, and ends the process.
pub(super) fn exit(error: &clap::Error) -> ! {
    let (rendered, is_error) = (error.render(), error.use_stderr());
    let wants_color = if is_error { wants_color(&io::stderr()) } else { wants_color(&io::stdout()) };
    // The message quotes arguments: a style in one of them must not pass for clap's own.
    let has_style = std::env::args_os().any(|argument| argument.as_encoded_bytes().contains(&b'\x1b'));
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

/// Prints an error for a person.
pub(super) fn error(message: &str) {
    let _ = writeln!(io::stderr(), "dechaff: error: {}", printable(message));
}

/// Prints what a person should know though nothing failed.
pub(super) fn warning(message: &str) {
    let _ = writeln!(io::stderr(), "dechaff: warning: {}", printable(message));
}

/// Clears the line that a progress bar is on.
pub(super) fn clear_line() {
    if io::stderr().is_terminal() {
        let _ = io::stderr().write_all(b"\r\x1b[K");
    }
}

/// Prints an error in a user-written file.
pub(super) fn fault(error: &UserFileError) {
    let color = wants_color(&io::stderr());
    let _ = io::stderr().write_all(render_user_file_error(error, color).as_bytes());
}

/// Whether `stream` gets colour by default. `NO_COLOR` wins over `FORCE_COLOR`, which wins over `CLICOLOR_FORCE`, `CLICOLOR` and
/// whether the stream is a terminal.
fn wants_color(stream: &impl anstream::stream::RawStream) -> bool {
    let value = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    match value("FORCE_COLOR") {
        Some(forced) if value("NO_COLOR").is_none() => forced != "0" && forced != "false",
        _ => anstream::AutoStream::choice(stream) != ColorChoice::Never,
    }
}
