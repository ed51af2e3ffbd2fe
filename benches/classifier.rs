//! Measures the cost of the classifier compared with parsing and with the phrase rules.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "its numbers are small"
)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "benchmarks may panic")]

use std::fs;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dechaff::linter::Linter;
use dechaff::rule::{Registry, Rule};
use dechaff::text::{Document, Origin};

fn classifier(criterion: &mut Criterion) {
    let registry = Registry::embedded().unwrap();
    let linter = |includes: fn(&Rule) -> bool| {
        Linter::from_rules(registry.rules().iter().filter(|rule| includes(rule))).unwrap()
    };
    let linters = [
        ("parsing alone", linter(|_| false)),
        ("with the classifier", linter(|rule| rule.info.code.starts_with("BP9"))),
        (
            "with the named rules",
            linter(|rule| rule.info.code.starts_with("BP") && !rule.info.code.starts_with("BP9")),
        ),
    ];
    let texts: Vec<String> = fs::read_dir("seeds")
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    let origin = Arc::new(Origin::file("a.txt"));
    let mut group = criterion.benchmark_group("seed articles");
    group.throughput(Throughput::Bytes(texts.iter().map(|text| text.len() as u64).sum()));
    for (name, linter) in &linters {
        group.bench_function(*name, |bencher| {
            bencher.iter(|| {
                let check = |text| {
                    linter.check(&Document::parse(Arc::clone(&origin), black_box(text))).len()
                };
                texts.iter().map(|text| check(text)).sum::<usize>()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, classifier);
criterion_main!(benches);
