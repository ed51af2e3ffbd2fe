//! The language server, driven like from an editor.

mod actions;
mod client;
mod copies;
mod indexes;
mod lifecycle;
mod neovim;
mod positions;
mod settings;
mod sync;

/// A line that BP001 reports, between two that it does not.
const PROMPT: &str =
    "The mill closed in the spring.\n\nLeave a comment\n\nIt opened again in May.\n";
