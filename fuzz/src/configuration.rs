//! Configuration files as people write them.

use std::path::{Path, PathBuf};

use dechaff::config::{self, Layer, Settings};
use dechaff::linter::Linter;
use dechaff::user_file::UserFile;

use super::input::{self, Control};
use super::shared::{REGISTRY, shown};

/// The first byte chooses between `dechaff.toml` and `pyproject.toml`, and whether the rules are
/// compiled; the rest is the file.
pub fn run(input: &[u8]) {
    let (mut control, bytes) = Control::split(input, 1);
    let options = control.byte();
    let text = input::text(bytes);
    let _ = config::parse_size(&text);
    let file = UserFile::new("dechaff.toml", text);
    let layer = match options & 1 {
        0 => shown(Layer::parse(&file, PathBuf::from("/corpus"))),
        _ => shown(Layer::parse_pyproject(&file, PathBuf::from("/corpus"))).flatten(),
    };
    let Some(layer) = layer else { return };
    let Some(settings) = shown(Settings::from_layers(&REGISTRY, &[layer.clone(), layer])) else {
        return;
    };
    for path in ["/corpus/a.txt", "/corpus/quotes/ü.md", "/elsewhere", ""].map(Path::new) {
        let _ = (
            settings.is_excluded(path),
            settings.is_excluded_below(path),
            settings.is_included(path),
        );
        let _ = settings.ignored_in(&REGISTRY, path);
    }
    // Compiling all rules takes a hundred times as long as the rest.
    if options == b'C' {
        Linter::new(&REGISTRY, &settings).expect("rules with settings that were taken compile");
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let rules = REGISTRY.rules().iter().map(|rule| {
        let values = rule.parameter_values();
        let values: String =
            values.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
        format!("0[rule.{}]\nseverity = \"info\"\n{values}", rule.info.code).into_bytes()
    });
    rules.collect()
}
