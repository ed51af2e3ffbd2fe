//! The parameters of a set of measures, as written in rule files and configurations.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};

use super::bound::Bound;
use super::c4::C4Page;
use super::datamap::Datamap;
use super::fineweb::FineWeb;
use super::fineweb2::FineWeb2;
use super::gopher::{GopherQuality, GopherRepetition};
use super::gopher_dolma::DolmaGopher;
use super::madlad::Madlad;
use super::nemo::NemoHeuristics;
use super::redpajama::RedPajama;
use super::refinedweb::RefinedWeb;
use super::set::MeasureSet;
use super::tokens::SpacyTokenizer;
use dechaff_findings::ParameterError;
use dechaff_text::language_code;

/// A set of measures and their thresholds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Parameters {
    /// The set.
    pub set: SetName,
    /// The stop words that `min-stop-words` and `stop-word-share` count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stop_words: Vec<String>,
    /// Maximum length of a short line, in characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short_line: Option<usize>,
    /// Strings that make a sentence questionable (`marked`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marked_strings: Vec<String>,
    /// Regular expressions that make a sentence questionable (`marked`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marked_patterns: Vec<String>,
    /// Whether C4 counts lines that do not end like a sentence.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unpunctuated_lines: bool,
    /// The language of all documents, as an ISO 639 code, for a set with `languages`. By default,
    /// the language of each document comes from its label, or is identified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Parameters by language code. Documents in other languages are not measured.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub languages: BTreeMap<String, LanguageParameters>,
    /// `min-` or `max-` followed by the name of a measure, with the smallest or largest value that
    /// passes; or `below-`, with the smallest value that fails. Shares are from 0 to 1.
    #[serde(flatten)]
    pub thresholds: BTreeMap<String, Threshold>,
}

/// The parameters for documents in one language.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LanguageParameters {
    /// The stop words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stop_words: Vec<String>,
    /// Thresholds, which have priority over those for all languages.
    #[serde(flatten)]
    pub thresholds: BTreeMap<String, Threshold>,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// A threshold.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Deserialize)]
#[serde(transparent)]
pub struct Threshold(pub f64);

impl Serialize for Threshold {
    /// Serializes a whole number without a decimal point.
    #[expect(clippy::cast_possible_truncation, reason = "thresholds are small")]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.fract() == 0.0 {
            true => serializer.serialize_i64(self.0 as i64),
            false => serializer.serialize_f64(self.0),
        }
    }
}

/// The sets of measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SetName {
    /// Gopher's quality rules in datatrove.
    #[serde(rename = "gopher-quality@datatrove")]
    GopherQuality,
    /// Gopher's repetition rules in datatrove.
    #[serde(rename = "gopher-repetition@datatrove")]
    GopherRepetition,
    /// Gopher's rules in Dolma, with blank lines as lines.
    #[serde(rename = "gopher@dolma-v1")]
    DolmaGopherV1,
    /// Gopher's rules in Dolma.
    #[serde(rename = "gopher@dolma-v2")]
    DolmaGopherV2,
    /// C4's page rules in datatrove.
    #[serde(rename = "c4-page@datatrove")]
    C4Page,
    /// FineWeb's own rules in datatrove.
    #[serde(rename = "fineweb@datatrove")]
    FineWeb,
    /// The rules of FineWeb-2, for languages other than English.
    #[serde(rename = "fineweb2")]
    FineWeb2,
    /// RefinedWeb's page rules in DCLM.
    #[serde(rename = "refinedweb@dclm")]
    RefinedWeb,
    /// The quality signals of RedPajama-V2.
    #[serde(rename = "redpajama-v2")]
    RedPajama,
    /// MADLAD-400's sentence rules in datamap-rs.
    #[serde(rename = "madlad400@datamap")]
    Madlad,
    /// The page rules of Dolma 3 in datamap-rs.
    #[serde(rename = "gopher@datamap")]
    Datamap,
    /// The heuristic filters of NeMo Curator for English.
    #[serde(rename = "heuristics@nemo-curator")]
    Nemo,
}

impl Parameters {
    /// Creates the set.
    pub(super) fn measure_set(&self) -> Box<dyn MeasureSet> {
        let tokenizer = match self.set {
            SetName::FineWeb2 if self.language.as_deref() == Some("pl") => SpacyTokenizer::Polish,
            SetName::FineWeb2 => SpacyTokenizer::General,
            _ => SpacyTokenizer::English,
        };
        match self.set {
            SetName::GopherQuality => Box::new(self.gopher_quality(tokenizer)),
            SetName::GopherRepetition => Box::new(GopherRepetition { tokenizer }),
            SetName::DolmaGopherV1 => Box::new(DolmaGopher { counts_blank_lines: true }),
            SetName::DolmaGopherV2 => Box::new(DolmaGopher { counts_blank_lines: false }),
            SetName::C4Page => Box::new(C4Page { needs_punctuation: !self.unpunctuated_lines }),
            SetName::FineWeb => Box::new(self.fineweb(tokenizer)),
            SetName::FineWeb2 => Box::new(FineWeb2 {
                repetition: GopherRepetition { tokenizer },
                fineweb: self.fineweb(tokenizer),
                quality: self.gopher_quality(tokenizer),
            }),
            SetName::RefinedWeb => Box::new(RefinedWeb),
            SetName::RedPajama => Box::new(RedPajama { stop_words: self.stop_words.clone() }),
            SetName::Madlad => Box::new(Madlad::new(&self.marked_strings, &self.marked_patterns)),
            SetName::Datamap => Box::new(Datamap),
            SetName::Nemo => Box::new(NemoHeuristics),
        }
    }

    /// Returns the parameters for each language code, or `self` for all documents.
    pub fn by_language(&self) -> Vec<(Option<String>, Self)> {
        if self.languages.is_empty() {
            return vec![(None, self.clone())];
        }
        let of_language = |(code, own): (&String, &LanguageParameters)| {
            let mut thresholds = self.thresholds.clone();
            thresholds.extend(own.thresholds.clone());
            let parameters = Self {
                language: Some(code.clone()),
                stop_words: own.stop_words.clone(),
                languages: BTreeMap::new(),
                thresholds,
                ..self.clone()
            };
            (Some(code.clone()), parameters)
        };
        self.languages.iter().map(of_language).collect()
    }

    fn gopher_quality(&self, tokenizer: SpacyTokenizer) -> GopherQuality {
        GopherQuality { stop_words: self.stop_words.clone(), tokenizer }
    }

    fn fineweb(&self, tokenizer: SpacyTokenizer) -> FineWeb {
        /// The length of a short line in FineWeb.
        const SHORT_LINE: usize = 30;
        FineWeb { short_line: self.short_line.unwrap_or(SHORT_LINE), tokenizer }
    }
}

/// Checks that each threshold belongs to a measure of the set, and that each language is a code.
///
/// # Errors
///
/// Returns an error for the first that does not, or for an invalid threshold or regular expression.
pub fn validate(parameters: &Parameters) -> Result<(), ParameterError> {
    let error = |message: String| Err(ParameterError { message, place: None });
    if parameters.set == SetName::FineWeb2 && parameters.languages.is_empty() {
        return error("`languages` has no language".into());
    }
    if parameters.set != SetName::FineWeb2 {
        let language = parameters.language.as_ref().map(|_| "language");
        let languages = (!parameters.languages.is_empty()).then_some("languages");
        if let Some(key) = language.or(languages) {
            return error(format!("unknown key `{key}`; this set is for one language"));
        }
    }
    for code in parameters.languages.keys().chain(&parameters.language) {
        if language_code(code).as_ref() != Some(code) {
            return error(format!("`{code}` is no code of a language; write it like `de`"));
        }
    }
    for (_, parameters) in parameters.by_language() {
        validate_thresholds(&parameters)?;
    }
    for pattern in &parameters.marked_patterns {
        if let Err(fault) = regex_automata::meta::Regex::new(pattern) {
            return error(format!(
                "`{pattern}` in `marked-patterns` is no regular expression: {fault}"
            ));
        }
    }
    Ok(())
}

fn validate_thresholds(parameters: &Parameters) -> Result<(), ParameterError> {
    let set = parameters.measure_set();
    let error = |message: String| Err(ParameterError { message, place: None });
    for (key, threshold) in &parameters.thresholds {
        let name = Bound::ALL.iter().find_map(|bound| key.strip_prefix(bound.prefix()));
        if !set.measures().iter().any(|measure| Some(measure.name) == name) {
            let names: Vec<&str> = set.measures().iter().map(|measure| measure.name).collect();
            return error(format!(
                "unknown key `{key}`; write `min-`, `max-` or `below-` and one of {}",
                names.join(", ")
            ));
        }
        if !threshold.0.is_finite() {
            return error(format!("`{key}` is not a finite number"));
        }
    }
    Ok(())
}
