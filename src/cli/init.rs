//! `dechaff init`: writes a starter configuration.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

use anyhow::{Context, bail};

use super::Exit;
use super::arguments::InitArguments;
use super::choices::ColorWhen;
use super::output::Output;
use crate::text::PathName;

/// The starter configuration. All keys are commented out.
const STARTER: &str = include_str!("starter.toml");

pub(super) fn run(arguments: &InitArguments) -> anyhow::Result<Exit> {
    let path = arguments.folder.join("dechaff.toml");
    let path = path.strip_prefix(".").unwrap_or(&path);
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = match file {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!("{} already exists; not overwritten", path.name())
        }
        other => other.with_context(|| format!("cannot write {}", path.name()))?,
    };
    file.write_all(STARTER.as_bytes()).with_context(|| format!("cannot write {}", path.name()))?;
    Output::new(ColorWhen::Auto).write(&format!("wrote {}\n", path.name()))?;
    Ok(Exit::Success)
}
