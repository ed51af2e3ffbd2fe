//! Measures the cost of each step of finding near-duplicates, and how it scales.
//!
//! `cargo bench --bench duplicates -- [PARAGRAPHS…]`, by default 10,000 100,000 1,000,000. Run one
//! process per size to get the peak memory of that size. `--text FILE` measures the lines of a file
//! instead of planted paragraphs, and `--threshold T` sets a threshold other than 0.8. `--pairs`
//! prints each pair as two line numbers and its counts, to compare with other programs.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "its numbers are small"
)]
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for a person at a terminal"
)]

#[path = "../tests/it/planted/mod.rs"]
mod planted;

use std::time::{Duration, Instant};

use dechaff::duplicates::duplicate::{
    JoinLimits, Ratio, SHINGLE, Tokens, count_shared, join, shingles,
};
use dechaff::duplicates::store::MemoryStore;
use dechaff::text::Span;
use planted::MemorySets;

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let value = |name: &str| {
        arguments.iter().position(|argument| argument == name).map(|at| arguments[at + 1].clone())
    };
    let threshold: f64 = value("--threshold").map_or(0.8, |text| text.parse().unwrap());
    let prints_pairs = arguments.iter().any(|argument| argument == "--pairs");
    if let Some(path) = value("--text") {
        let text = std::fs::read_to_string(path).unwrap();
        let paragraphs: Vec<String> = text.lines().map(str::to_owned).collect();
        return measure(&paragraphs, threshold, prints_pairs);
    }
    let given: Vec<usize> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    for count in if given.is_empty() { vec![10_000, 100_000, 1_000_000] } else { given } {
        measure(&planted::paragraphs(count, 1), threshold, prints_pairs);
    }
}

fn measure(paragraphs: &[String], threshold: f64, prints_pairs: bool) {
    let bytes: usize = paragraphs.iter().map(String::len).sum();
    let start = Clock::start();
    let mut tokens = 0;
    for text in paragraphs {
        tokens += std::hint::black_box(Tokens::parse(text, Span::new(0, text.len()))).tokens.len();
    }
    let tokenise = start.elapsed();

    let start = Clock::start();
    let sets = MemorySets(
        paragraphs
            .iter()
            .map(|text| shingles(&Tokens::parse(text, Span::new(0, text.len()))))
            .collect(),
    );
    let sketch = start.elapsed();

    let start = Clock::start();
    let mut pairs = Vec::new();
    let limits = JoinLimits { postings: 1_000, memory: usize::MAX };
    let ratio = Ratio::new(threshold).unwrap();
    join(&sets, ratio, limits, &MemoryStore::default(), &mut |pair| pairs.push(pair)).unwrap();
    let joined = start.elapsed();

    let start = Clock::start();
    for pair in &pairs {
        let (left, right) = (&sets.0[pair.left as usize], &sets.0[pair.right as usize]);
        assert_eq!(
            count_shared(left, right, ratio.required(left.len(), right.len())),
            Some(pair.shared as usize)
        );
    }
    let verify = start.elapsed();

    if prints_pairs {
        for pair in &pairs {
            println!("{}\t{}\t{}", pair.left, pair.right, pair.shared);
        }
        return;
    }
    let rate = |time: Duration| bytes as f64 / 1e6 / time.as_secs_f64();
    println!(
        "{:>9} paragraphs {:>7.1} MB {tokens:>10} tokens, runs of {SHINGLE}, threshold {threshold}: {} pairs{}",
        paragraphs.len(),
        bytes as f64 / 1e6,
        pairs.len(),
        if pairs.iter().any(|pair| pair.is_truncated) { ", some crowded" } else { "" },
    );
    for (name, time) in [
        ("tokenise", tokenise),
        ("sketch", sketch),
        ("join", joined),
        ("verify", verify),
        ("sketch and join", sketch + joined),
    ] {
        println!("  {name:<16} {:>9.3} s {:>9.1} MB/s", time.as_secs_f64(), rate(time));
    }
    if let Some(peak) = peak_memory() {
        println!("  peak memory      {peak:>9} MB");
    }
}

/// Measures the processor time of this thread if the system reports it, otherwise wall-clock time,
/// which is longer on a busy machine.
struct Clock {
    wall: Instant,
    processor: Option<Duration>,
}

impl Clock {
    fn start() -> Self {
        Self { wall: Instant::now(), processor: processor_time() }
    }

    fn elapsed(&self) -> Duration {
        match (self.processor, processor_time()) {
            (Some(start), Some(end)) => end - start,
            _ => self.wall.elapsed(),
        }
    }
}

fn processor_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// Returns the peak memory of the process in megabytes, if the system reports it.
fn peak_memory() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim()
        .trim_end_matches("kB")
        .trim()
        .parse::<usize>()
        .ok()
        .map(|kilobytes| kilobytes / 1000)
}
