//! Presets: built-in configurations, selected by a configuration or `--preset`.

use std::path::PathBuf;

use super::options::Layer;
use dechaff_findings::user_file::{UserFile, UserFileError, nearest};

/// The presets by name.
pub const PRESETS: [(&str, &str); 5] = [
    ("dclm", include_str!("presets/dclm.toml")),
    ("docs", include_str!("presets/docs.toml")),
    ("dolma3", include_str!("presets/dolma3.toml")),
    ("fineweb", include_str!("presets/fineweb.toml")),
    ("rag", include_str!("presets/rag.toml")),
];

/// Inserts the preset of each layer below that layer.
///
/// # Errors
///
/// No preset has that name.
pub fn with_presets(layers: Vec<Layer>) -> Result<Vec<Layer>, UserFileError> {
    let mut all = Vec::with_capacity(layers.len());
    for layer in layers {
        let preset = preset(&layer)?;
        all.push(layer);
        all.extend(preset);
    }
    Ok(all)
}

fn preset(layer: &Layer) -> Result<Option<Layer>, UserFileError> {
    let Some(named) = &layer.options.preset else { return Ok(None) };
    let name = named.get_ref().as_str();
    let Some((name, text)) = PRESETS.iter().find(|(known, _)| *known == name) else {
        let names = PRESETS.map(|(name, _)| name);
        let hint = match nearest(name, names.into_iter()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("available presets: {}", names.join(", ")),
        };
        let error = layer.error(format!("unknown preset `{name}`"), named.span());
        return Err(error.with_hint(Some(hint)));
    };
    let file = UserFile::new(format!("preset {name}"), *text);
    Layer::parse(&file, PathBuf::from(&layer.folder)).map(Some)
}
