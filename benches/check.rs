//! Checking the same bytes as one line and as many: the cost of a document must not hang on how it is cut.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark may fail aloud")]

use std::fs;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dechaff::config::Settings;
use dechaff::engine::Linter;
use dechaff::rule::Registry;
use dechaff::text::{Document, Origin};

/// Bytes of the checked text.
const BYTES: usize = 20_000_000;

fn check(criterion: &mut Criterion) {
    let linter = Linter::new(&Registry::embedded().unwrap(), &Settings::default()).unwrap();
    let mut seeds: Vec<_> = fs::read_dir("seeds").unwrap().map(|entry| entry.unwrap().path()).collect();
    seeds.sort();
    let article: String = seeds.iter().map(|path| fs::read_to_string(path).unwrap() + "\n").collect();
    let lines = article.repeat(BYTES / article.len());
    let line = lines.replace('\n', " ");

    let mut group = criterion.benchmark_group("check 20 MB");
    group.throughput(Throughput::Bytes(lines.len() as u64));
    group.sample_size(10).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(20));
    for (name, text) in [("as lines", &lines), ("as one line", &line)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let document = Document::parse(Arc::new(Origin::file("a.txt")), black_box(text));
                linter.check(&document).len()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, check);
criterion_main!(benches);
