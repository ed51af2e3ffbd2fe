//! Measures the cost of each stage of a check, and how it scales with text, rules and threads.
//!
//! `cargo bench --bench check -- [FOLDER]`. Without a folder, the seed articles are repeated to 20
//! MB, both as a file with many lines and as a single line. Files are read before the clock starts.
//! `benches/grow.py` generates larger corpora.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "its numbers are small"
)]
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a program for a person at a terminal"
)]

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dechaff::config::Settings;
use dechaff::linter::Linter;
use dechaff::rule::{Registry, Rule};
use dechaff::text::{Document, Origin, words};
use dechaff::user_file::UserFile;
use rayon::prelude::*;

/// Size of the repeated seed articles in bytes.
const BYTES: usize = 20_000_000;
/// The number of runs of each stage. The median is reported.
const ROUNDS: usize = 5;

fn main() {
    let folder = std::env::args().skip(1).find(|argument| argument != "--bench");
    if let Some(folder) = folder {
        let mut texts = Vec::new();
        read(Path::new(&folder), &mut texts);
        measure(&folder, &texts);
        return;
    }
    let mut texts = Vec::new();
    read(Path::new("seeds"), &mut texts);
    let article: String = texts.iter().map(|(_, text)| text.clone() + "\n").collect();
    let lines = article.repeat(BYTES / article.len());
    let line = lines.replace('\n', " ");
    measure("seed articles, many lines", &[(origin("a.txt"), lines)]);
    measure("seed articles, one line", &[(origin("a.txt"), line)]);
    let short = "Share this\nRead more\nHe came in at 10.\nx\n\n".repeat(BYTES / 4 / 42);
    measure("short lines", &[(origin("a.txt"), short)]);
}

type Text = (Arc<Origin>, String);

fn origin(path: &str) -> Arc<Origin> {
    Arc::new(Origin::file(path))
}

fn read(folder: &Path, texts: &mut Vec<Text>) {
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read(&path, texts);
        } else if path.extension().is_some_and(|extension| extension == "txt" || extension == "md")
        {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            texts.push((origin(&path.to_string_lossy()), text));
        }
    }
}

fn measure(name: &str, texts: &[Text]) {
    let bytes: usize = texts.iter().map(|(_, text)| text.len()).sum();
    println!("{name}: {} documents, {:.1} MB", texts.len(), bytes as f64 / 1e6);
    let tell = |name: &str, time: Duration| {
        println!(
            "  {name:<34}{:>8.3} s {:>9.1} MB/s",
            time.as_secs_f64(),
            bytes as f64 / 1e6 / time.as_secs_f64()
        );
    };
    let each = |work: &(dyn Fn(&Document<'_>) -> usize + Sync)| -> usize {
        texts.iter().map(|(origin, text)| work(&Document::parse(Arc::clone(origin), text))).sum()
    };
    tell("lines and blocks", median(|| each(&|document| document.blocks().len())));
    tell("and words", median(|| each(&|document| words(document.text()).count())));
    let sentences = |document: &Document<'_>| {
        (0..document.blocks().len()).map(|block| document.sentences(block).len()).sum()
    };
    tell("and sentences", median(|| each(&sentences)));

    let registry = Registry::embedded().unwrap();
    let linter = |select: &str| {
        let select: Vec<String> = select.split_whitespace().map(str::to_owned).collect();
        Linter::new(&registry, &Settings::new(&registry, &select, &[], &[]).unwrap()).unwrap()
    };
    for (name, select) in [
        ("pattern rules", "BP SY"),
        ("structure", "MS"),
        ("tables", "MT"),
        ("all of one document", "BP SY MS MT EN"),
    ] {
        let linter = linter(select);
        each(&|document| linter.check(document).len());
        tell(name, median(|| each(&|document| linter.check(document).len())));
    }
    let more: Vec<Rule> = registry.rules().iter().cloned().chain(generated(300)).collect();
    let more = Linter::from_rules(&more).unwrap();
    each(&|document| more.check(document).len());
    tell(
        "and 300 generated pattern rules",
        median(|| each(&|document| more.check(document).len())),
    );

    let duplicates = linter("ND");
    tell("sketches", median(|| each(&|document| duplicates.sketch(document).parts.len())));
    let all = Linter::new(&registry, &Settings::default()).unwrap();
    let mut threads = 1;
    while threads <= std::thread::available_parallelism().map_or(1, std::num::NonZero::get) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let work = |(origin, text): &Text| {
            let document = Document::parse(Arc::clone(origin), text);
            all.check(&document).len() + all.sketch(&document).parts.len()
        };
        let time = median(|| pool.install(|| texts.par_iter().map(work).sum()));
        tell(&format!("all, and sketches, {threads} threads"), time);
        threads *= 2;
    }
    if let Some(peak) = peak_memory() {
        println!("  peak memory, texts included       {peak:>8} MB");
    }
}

fn median(work: impl Fn() -> usize) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            black_box(work());
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[ROUNDS / 2]
}

/// Generates rules like the real ones, about made-up words.
fn generated(count: usize) -> Vec<Rule> {
    let syllables = [
        "ba", "con", "der", "fil", "gra", "hus", "im", "jor", "kel", "lum", "mis", "nor", "pro",
        "qui", "ras", "sti",
    ];
    let mut state = 7_u64;
    let mut word = move || {
        let mut word = String::new();
        for _ in 0..3 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            word.push_str(syllables[(state >> 60) as usize]);
        }
        word
    };
    let mut rule = |number: usize| {
        let (a, b, c, d) = (word(), word(), word(), word());
        let check = match number % 4 {
            0 => format!(
                "max-words = 8\nregex = ['''{a}\\s+(?:the|this)?\\s*(?:{b}|{c})''', '''(?:our )?{d} here''']"
            ),
            1 => {
                format!(
                    "where = 'sentence'\nmatch = 'contains'\nmax-words = 45\nregex = ['''\\b{a} (?:us|me) (?:{b}|{c})\\b''']"
                )
            }
            2 => format!(
                "where = 'paragraph'\nmatch = 'contains'\nmax-words = 160\nregex = ['''{a} {b}|{c}[^.]{{0,60}}{d}''']"
            ),
            _ => format!(
                "near = 'start-or-end'\nmax-words = 12\nregex = ['''{a}(?: {b})?:? \\w+''']"
            ),
        };
        let mut text = String::new();
        let _ = write!(
            text,
            "code = 'XX{number:03}'\nname = 'generated-{number}'\nsummary = 'generated'\nwhy = ''\nsince = ''\n[[find]]\n{check}\n"
        );
        Rule::parse(&UserFile::new("generated.toml", text)).unwrap()
    };
    (0..count).map(&mut rule).collect()
}

/// Returns the peak memory of the process in megabytes, if the system reports it.
fn peak_memory() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim()
        .trim_end_matches("kB")
        .trim()
        .parse::<usize>()
        .ok()
        .map(|kilobytes| kilobytes / 1000)
}
