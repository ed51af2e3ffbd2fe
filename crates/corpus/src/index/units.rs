//! The units of a document to add.

use super::segment_writer::NewUnit;
use dechaff_duplicates::element_order::ElementOrder;
use dechaff_engine::linter::Linter;
use dechaff_text::Document;

/// Sketches a document, and returns its units without keys.
pub fn new_units(linter: &Linter, document: &Document<'_>) -> Vec<NewUnit> {
    let sketch = linter.sketch(document);
    let text = document.text().as_bytes();
    let mut units = Vec::new();
    for (position, check) in linter.indexed_checks() {
        let Some(part) = sketch.parts.get(position) else { continue };
        let (mut at, mut line) = (0, 1_u32);
        check.for_each_unit(part, &mut |unit| {
            let start = (unit.start as usize).min(text.len());
            let breaks = memchr::memchr_iter(b'\n', text.get(at..start).unwrap_or_default());
            line = line.saturating_add(u32::try_from(breaks.count()).unwrap_or(u32::MAX));
            at = start;
            units.push(NewUnit {
                check: check.number(),
                start: unit.start,
                line,
                bytes: part.get(unit.bytes).unwrap_or_default().to_vec(),
                keys: Vec::new(),
            });
        });
    }
    units
}

/// Adds the keys of units that have none.
pub fn add_keys(linter: &Linter, units: &mut [NewUnit], order: &ElementOrder) {
    for unit in units.iter_mut().filter(|unit| unit.keys.is_empty()) {
        let mut checks = linter.indexed_checks().map(|(_, check)| check);
        if let Some(check) = checks.find(|check| check.number() == unit.check) {
            check.keys(&unit.bytes, order, &mut unit.keys);
        }
    }
}
