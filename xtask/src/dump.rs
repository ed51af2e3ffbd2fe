//! Writes the features of labelled lines, to train on with `training/train.py`.
//!
//! `pages.jsonl` has a page per line. `units.i32` has a record of [`COLUMNS`] numbers per unit, in
//! the order of the pages, and `whole.f32` and `silenced.f32` a row of features per unit, with all
//! findings of named rules and with those of some. The script computes features that depend on the
//! weights of words or on the kind of page. `buckets.u32` has the buckets of all units.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Result;
use dechaff::check::classifier::{BUCKET_BITS, FEATURES, Feature, LineRows, Row, Survey};
use dechaff::text::{PageFeature, PageKind};
use serde_json::json;

use crate::pages::{self, Label};
use crate::prepare::{Prepared, prepare};

/// The fields of a record of `units.i32`.
const COLUMNS: [&str; 18] = [
    "page",
    "line",
    "label",
    "bytes",
    "named",
    "safe",
    "candidate",
    "reportable",
    "reportable_silenced",
    "flagged",
    "flagged_silenced",
    "prose",
    "run_start",
    "run_end",
    "heading",
    "grams",
    "phrases",
    "caution_milli",
];

/// Writes the pages below `folder` to `target`.
pub(crate) fn run(folder: &Path, target: &Path) -> Result<()> {
    let tracks = pages::read(folder)?;
    let prepared = prepare(&tracks)?;
    fs::create_dir_all(target)?;
    let create = |name: &str| -> Result<BufWriter<File>> {
        Ok(BufWriter::new(File::create(target.join(name))?))
    };
    let (mut page_file, mut units) = (create("pages.jsonl")?, create("units.i32")?);
    let (mut whole, mut silenced) = (create("whole.f32")?, create("silenced.f32")?);
    let mut buckets = create("buckets.u32")?;
    for (number, page) in prepared.iter().enumerate() {
        writeln!(page_file, "{}", describe(page))?;
        let contexts = page.whole.contexts();
        for (unit, context) in contexts.iter().enumerate() {
            let line = page.lines[unit];
            let is = |is: bool| i32::from(is);
            let [grams, phrases] = page.whole.buckets(unit);
            let record = [
                number as i32,
                line as i32,
                page.labels[unit].map_or(-1, i32::from),
                page.spans.get(line).map_or(0, |span| span.len()) as i32,
                is(page.named.get(line).is_some_and(|codes| !codes.is_empty())),
                is(page.safe.get(line).copied().unwrap_or(false)),
                is(page.whole.is_candidate(unit)),
                is(page.whole.may_report(unit)),
                is(page.silenced.may_report(unit)),
                is(page.whole.is_flagged(unit)),
                is(page.silenced.is_flagged(unit)),
                is(page.whole.is_prose(unit)),
                context.run.start as i32,
                context.run.end as i32,
                context.heading as i32,
                grams.len() as i32,
                phrases.len() as i32,
                (page.whole.caution(unit) * 1_000.0) as i32,
            ];
            record.iter().try_for_each(|value| units.write_all(&value.to_le_bytes()))?;
            grams
                .iter()
                .chain(phrases)
                .try_for_each(|bucket| buckets.write_all(&bucket.to_le_bytes()))?;
        }
        write_rows(&page.whole, &mut whole)?;
        write_rows(&page.silenced, &mut silenced)?;
    }
    let meta = json!({
        "columns": COLUMNS,
        "features": FEATURES,
        "first_features": Feature::ALL.iter().map(|feature| format!("{feature:?}")).collect::<Vec<_>>(),
        "measures": PageFeature::ALL.iter().map(|measure| format!("{measure:?}")).collect::<Vec<_>>(),
        "kinds": PageKind::ALL.map(PageKind::name),
        "bucket_bits": BUCKET_BITS,
    });
    fs::write(target.join("meta.json"), meta.to_string())?;
    Ok(())
}

fn describe(page: &Prepared<'_>) -> serde_json::Value {
    let label = |label: Label| match label {
        Label::Content => 0,
        Label::Noise => 1,
        Label::Mixed => -1,
    };
    let lines: Vec<_> = page
        .page
        .lines
        .iter()
        .map(|line| {
            let at = line.n - 1;
            (at, label(line.label), page.spans[at].len(), &page.named[at], page.safe[at])
        })
        .collect();
    json!({
        "id": page.page.id,
        "track": page.track,
        "source": page.page.source,
        "lang": page.page.lang,
        "domain": page.page.domain,
        "kind": page.page.kind,
        "profile": page.profile.values(),
        "units": page.whole.len(),
        "prose_blocks": page.whole.prose().blocks,
        "prose_share": page.whole.prose().share,
        "lines": lines,
    })
}

fn write_rows(survey: &Survey, file: &mut impl Write) -> Result<()> {
    let nothing: Row = [0.0; FEATURES];
    let rows = LineRows::new(survey, vec![0.0; survey.len()], 0.0);
    for unit in 0..survey.len() {
        let row = rows.row(unit).unwrap_or(nothing);
        row.iter().try_for_each(|value| file.write_all(&value.to_le_bytes()))?;
    }
    Ok(())
}
