//! Which files a configuration may read.
//!
//! A corpus is data and may contain a `dechaff.toml` from an unknown source. So a configuration
//! found below or outside the working directory can only read files in its own directory, and
//! cannot use an index. Configurations that apply to the working directory itself, and those passed
//! with `--config`, are trusted.

use std::path::{Path, PathBuf};

use toml::Spanned;

use super::settings_resolver::absolute;
use crate::config::Layer;
use crate::corpus::CONFIG_FILE_NAMES;
use crate::user_file::{UserFile, UserFileError};

/// The hint for a refused configuration.
const REMEDY: &str = "a configuration inside a corpus can only read files below its own directory; run dechaff \
                      from that directory, or pass the configuration with --config, if you trust it";

/// Whether a configuration in `folder` is trusted when dechaff runs in `here`.
pub(super) fn is_trusted(here: &Path, folder: &Path) -> bool {
    here.starts_with(folder)
}

/// Refuses a configuration file that links to a file outside its directory, without reading it.
///
/// # Errors
///
/// The file is outside its directory.
pub(super) fn check_file(here: &Path, path: &Path, shown: &str) -> Result<(), UserFileError> {
    let folder = path.parent().unwrap_or(path);
    if may_read(here, folder, path) {
        return Ok(());
    }
    let file = UserFile::new(shown, "");
    Err(UserFileError::new(
        &file,
        "this configuration is a link to a file outside its directory",
        None,
    )
    .with_hint(Some(REMEDY.into())))
}

/// Refuses an untrusted layer that names files outside its directory.
///
/// # Errors
///
/// The first such path.
pub(super) fn check_paths(here: &Path, layer: &Layer) -> Result<(), UserFileError> {
    let options = &layer.options;
    let single: [(&str, &Option<Spanned<String>>); 3] = [
        ("extend", &options.extend),
        ("baseline", &options.baseline),
        ("ignore-list", &options.ignore_list),
    ];
    let single = single.into_iter().filter_map(|(key, path)| path.as_ref().map(|path| (key, path)));
    for (key, path) in single.chain(options.rules.iter().map(|path| ("rules", path))) {
        if !may_read(here, &layer.folder, &layer.folder.join(path.get_ref())) {
            let message = format!("`{key}` is outside the directory of this configuration");
            return Err(layer.error(message, path.span()).with_hint(Some(REMEDY.into())));
        }
    }
    if let Some(index) = options.against.first() {
        let message = "`against` cannot be set here, because an index can refer to files anywhere";
        return Err(layer.error(message, index.span()).with_hint(Some(REMEDY.into())));
    }
    Ok(())
}

/// Whether `path`, with links resolved, is below `folder` or is a configuration that applies to
/// `here`.
fn may_read(here: &Path, folder: &Path, path: &Path) -> bool {
    let target = real(path);
    let applies_here =
        target.file_name().is_some_and(|name| CONFIG_FILE_NAMES.iter().any(|known| name == *known))
            && target.parent().is_some_and(|parent| is_trusted(&real(here), parent));
    applies_here || target.starts_with(real(folder))
}

/// Resolves the links in the existing part of `path`.
fn real(path: &Path) -> PathBuf {
    let path = absolute(Path::new("/"), path);
    let existing = path.ancestors().find_map(|parent| Some((parent, parent.canonicalize().ok()?)));
    match existing {
        Some((parent, real)) => {
            path.strip_prefix(parent).map_or_else(|_| path.clone(), |rest| real.join(rest))
        }
        None => path,
    }
}
