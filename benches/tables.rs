//! Measures the cost of tables: text without pipes, valid tables, broken ones, and one with 100,000
//! rows.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "its numbers are small"
)]
#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dechaff::config::Settings;
use dechaff::linter::Linter;
use dechaff::rule::Registry;
use dechaff::text::{Document, Origin};

const ROWS: usize = 20;

fn prose(bytes: usize) -> String {
    let line = "The talks went on for weeks, and neither side would say in public what it had offered (or asked for).\n";
    line.repeat(bytes / line.len())
}

fn table(rows: usize, row: impl Fn(usize) -> String) -> String {
    let mut text = String::from("| Key | Action | Since |\n|---|---|---|\n");
    for index in 0..rows {
        let _ = writeln!(text, "{}", row(index));
    }
    text
}

fn sound(index: usize) -> String {
    format!("| key {index} | moves the cursor on by one | {} |", index % 7)
}

/// A short row, a wrapped one, one with a pipe in code, and valid ones.
fn broken(index: usize) -> String {
    match index % 5 {
        0 => format!("| key {index} | moves the cursor on by one |"),
        1 => format!("| key {index} | moves the cursor\non by one | 2 |"),
        2 => format!("| key {index} | `a | b` | 2 |"),
        _ => sound(index),
    }
}

fn tables(criterion: &mut Criterion) {
    let many =
        |table: &str| format!("- An item above.\n{table}Text goes on below.\n\n").repeat(200);
    let texts = [
        ("prose without pipes", prose(1 << 20)),
        ("200 sound tables", format!("{}\n", table(ROWS, sound)).repeat(200)),
        ("200 broken tables", many(&table(ROWS, broken))),
        ("a table of 10,000 rows", table(10_000, sound)),
        ("a table of 100,000 rows", table(100_000, sound)),
        ("a broken table of 10,000 rows", table(10_000, broken)),
        ("a broken table of 100,000 rows", table(100_000, broken)),
        ("10,000 rows on one line", table(10_000, sound).replace('\n', " ")),
    ];
    let registry = Registry::embedded().unwrap();
    let with = Settings::new(&registry, &["MT".to_owned(), "MS".to_owned()], &[], &[]).unwrap();
    let linter = Linter::new(&registry, &with).unwrap();
    let mut group = criterion.benchmark_group("tables");
    group.sample_size(10);
    for (name, text) in &texts {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(*name, |bencher| {
            bencher.iter(|| {
                let document = Document::parse(Arc::new(Origin::file("a.md")), black_box(text));
                linter.check(&document)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, tables);
criterion_main!(benches);
