//! The measures of FineWeb-2 (Penedo et al. 2025, arXiv 2506.20920): those of Gopher and FineWeb in
//! datatrove, with thresholds and stop words per language.
//!
//! Source: `fineweb-2-pipeline.py`, step 5, in huggingface/fineweb-2 at commit d0defb2; thresholds
//! in `configs/` there. Measures that it disables are omitted.

use super::fineweb::{self, FineWeb};
use super::gopher::{GopherQuality, GopherRepetition, QUALITY, REPETITION};
use super::page::Page;
use super::set::{Measure, MeasureSet};
use dechaff_text::Span;

/// The rules of FineWeb-2 for one language.
pub(super) struct FineWeb2 {
    pub(super) repetition: GopherRepetition,
    pub(super) fineweb: FineWeb,
    pub(super) quality: GopherQuality,
}

/// The enabled measures, by their index in each set.
const OF_REPETITION: [usize; 11] = [0, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13];
const OF_FINEWEB: [usize; 4] = [0, 1, 3, 4];

const MEASURES: &[Measure] = &measures();

const fn measures() -> [Measure; 23] {
    let mut all = [REPETITION[0]; 23];
    let mut at = 0;
    while at < 11 {
        all[at] = REPETITION[OF_REPETITION[at]];
        at += 1;
    }
    while at < 15 {
        all[at] = fineweb::MEASURES[OF_FINEWEB[at - 11]];
        at += 1;
    }
    while at < 23 {
        all[at] = QUALITY[at - 15];
        at += 1;
    }
    all
}

fn pick(values: &[Option<f64>], indices: &[usize]) -> Vec<Option<f64>> {
    indices.iter().map(|index| values.get(*index).copied().flatten()).collect()
}

impl MeasureSet for FineWeb2 {
    fn measures(&self) -> &'static [Measure] {
        MEASURES
    }

    fn values(&self, page: &Page<'_>) -> Vec<Option<f64>> {
        let mut values = pick(&self.repetition.values(page), &OF_REPETITION);
        values.extend(pick(&self.fineweb.values(page), &OF_FINEWEB));
        values.extend(self.quality.values(page));
        values
    }

    fn heaviest(&self, page: &Page<'_>, name: &str) -> Option<Span> {
        let has = |measures: &[Measure]| measures.iter().any(|measure| measure.name == name);
        if has(QUALITY) {
            self.quality.heaviest(page, name)
        } else if has(fineweb::MEASURES) && name != "characters" {
            self.fineweb.heaviest(page, name)
        } else {
            self.repetition.heaviest(page, name)
        }
    }
}
