//! Runs dechaff on hostile input, and measures time, memory and the delay after a signal.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

const MB: u64 = 1 << 20;
/// The value of `--memory` in the first run. The second run uses the default.
const MEMORY: u64 = 100 * MB;
/// The memory that a run may take in addition.
const MAX_OVERHEAD: u64 = 300 * MB;
/// Maximum time from a signal to the end of the process.
const MAX_DELAY: Duration = Duration::from_secs(1);
/// A run that takes this long is considered hung.
const TIMEOUT: Duration = Duration::from_secs(1_200);

/// An input to generate, and the arguments after `check --isolated -q`.
struct Case {
    name: &'static str,
    write: WriteInput,
    arguments: &'static [&'static str],
    /// The sizes passed to `write`, usually one and four times that, to see whether time is
    /// linear.
    sizes: &'static [u64],
    /// The expected exit code: [`CLEAN`] for no findings or for binary files, which are skipped,
    /// [`FLAGGED`] for findings, [`REFUSED`] for input that is refused.
    code: i32,
}

type WriteInput = fn(&Path, u64) -> Result<()>;

/// Expected exit codes.
const CLEAN: i32 = 0;
const FLAGGED: i32 = 1;
const REFUSED: i32 = 2;

const fn case(
    code: i32,
    name: &'static str,
    write: WriteInput,
    arguments: &'static [&'static str],
    sizes: &'static [u64],
) -> Case {
    Case { name, write, arguments, sizes, code }
}

/// The result of a run.
struct Outcome {
    code: Option<i32>,
    time: Duration,
    peak: u64,
}

const CASES: &[Case] = &[
    case(CLEAN, "zeros, gzip (GB)", zeros_gzip, &["a.txt.gz", "b.txt"], &[5]),
    case(CLEAN, "zeros, zstd (GB)", zeros_zstd, &["a.txt.zst", "b.txt"], &[10]),
    case(REFUSED, "words, zstd (GB)", words_zstd, &["a.txt.zst"], &[10]),
    case(REFUSED, "JSON line, zstd (GB)", line_zstd, &["a.jsonl.zst"], &[10]),
    case(CLEAN, "sparse text file (GB)", sparse, &["a.txt", "b.txt"], &[5]),
    case(REFUSED, "/dev/zero", nothing, &["/dev/zero"], &[1]),
    case(REFUSED, "JSON line (MB), beyond --max-record", json_line, &["a.jsonl"], &[500]),
    case(FLAGGED, "JSON line (MB)", json_line, &["a.jsonl"], &[60]),
    case(REFUSED, "line (MB), beyond --max-record", line, &["a.txt"], &[100]),
    case(FLAGGED, "line (MB)", line, &["a.txt"], &[15, 60]),
    case(CLEAN, "one sentence (MB)", sentence, &["a.txt"], &[15, 60]),
    case(CLEAN, "`x y x y` (MB)", periodic, &["a.txt"], &[12, 50]),
    case(REFUSED, "`x y x y` (MB), beyond --max-record", periodic, &["a.txt"], &[200]),
    case(FLAGGED, "`x y x y`, Parquet (MB)", periodic_table, &["a.parquet"], &[40, 160]),
    case(FLAGGED, "rows of 24 MB, Parquet", bomb_table, &["a.parquet"], &[50, 200]),
    case(FLAGGED, "tiny records", tiny, &["a.jsonl"], &[250_000, 1_000_000]),
    case(FLAGGED, "equal records", equal_records, &["a.jsonl"], &[250_000, 1_000_000]),
    case(FLAGGED, "identical lines", identical, &["a.txt"], &[250_000, 1_000_000]),
    case(FLAGGED, "identical paragraphs", identical_paragraphs, &["a.txt"], &[250_000, 1_000_000]),
    case(FLAGGED, "`Leave a Comment`", comments, &["a.txt"], &[250_000, 1_000_000]),
    case(FLAGGED, "share bars", share_bars, &["a.txt"], &[125_000, 500_000]),
    case(FLAGGED, "invisible characters (MB)", invisible, &["a.txt"], &[8, 32]),
    case(FLAGGED, "HTML (MB)", html, &["a.txt"], &[8, 30]),
    case(CLEAN, "table rows", table, &["a.md"], &[25_000, 100_000]),
    case(CLEAN, "near-identical paragraphs", near, &["a.txt"], &[50_000, 200_000]),
    case(CLEAN, "nested JSON", nested, &["a.jsonl"], &[100_000, 400_000]),
    case(
        CLEAN,
        "baseline of files gone",
        baseline,
        &["a.txt", "--baseline", "b.json"],
        &[250_000, 1_000_000],
    ),
    case(
        CLEAN,
        "ignore list",
        ignore_list,
        &["a.txt", "--ignore-list", "list"],
        &[250_000, 1_000_000],
    ),
    case(
        CLEAN,
        "rule file (expressions)",
        rules,
        &["a.txt", "--config", "rules = ['rules.toml']"],
        &[5_000, 20_000],
    ),
    case(
        REFUSED,
        "rule file (expressions), beyond 8 MiB",
        rules,
        &["a.txt", "--config", "rules = ['rules.toml']"],
        &[200_000],
    ),
];

/// Runs `binary` on each input whose name contains `filter`, and prints a table. Returns whether
/// all limits hold.
pub(crate) fn run(binary: &Path, filter: &str) -> Result<bool> {
    let binary = binary.canonicalize().context("no such binary")?;
    let folder = std::env::temp_dir().join(format!("dechaff-hostile-{}", std::process::id()));
    let default = free_memory()? / 4;
    let mut all_hold = true;
    println!(
        "| input | size | exit | time | peak, `--memory 100MB` | peak, default | ends after a signal |"
    );
    println!("|---|---|---|---|---|---|---|");
    for case in CASES.iter().filter(|case| case.name.contains(filter)) {
        let mut times = Vec::new();
        for &size in case.sizes {
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir_all(&folder)?;
            fs::write(folder.join("b.txt"), "The bridge opened on Monday.\n")?;
            (case.write)(&folder, size)?;
            let tight = start(&binary, &folder, case, &["--memory", "100MB"], None)?;
            let usual = start(&binary, &folder, case, &[], None)?;
            let mut delay = Duration::ZERO;
            for part in [0.3, 0.6, 0.9] {
                let signal = Some(tight.time.mul_f32(part));
                delay =
                    delay.max(start(&binary, &folder, case, &["--memory", "100MB"], signal)?.time);
            }
            let is_bounded = tight.peak <= MEMORY + MAX_OVERHEAD
                && usual.peak <= default + MAX_OVERHEAD
                && delay <= MAX_DELAY;
            let holds =
                is_bounded && tight.code == Some(case.code) && usual.code == Some(case.code);
            all_hold &= holds;
            let (name, code) =
                (case.name, tight.code.map_or("signal".into(), |code| code.to_string()));
            let (time, delay) = (tight.time.as_secs_f32(), delay.as_secs_f32());
            let (tight_peak, usual_peak) = (tight.peak / 1_000_000, usual.peak / 1_000_000);
            let mark = match (holds, is_bounded) {
                (true, _) => "",
                (false, true) => " **wrong exit code**",
                (false, false) => " **too much**",
            };
            println!(
                "| {name} | {size} | {code} | {time:.2} s | {tight_peak} MB | {usual_peak} MB | {delay:.2} s{mark} |"
            );
            times.push((size, tight.time));
        }
        if let [(small, first), (large, second)] = times[..]
            && large > small
        {
            let ratio = second.as_secs_f64() / first.as_secs_f64() / (large as f64 / small as f64);
            println!("| {} | time for each, larger to smaller | | {ratio:.2} | | | |", case.name);
        }
    }
    fs::remove_dir_all(&folder)?;
    Ok(all_hold)
}

/// Runs a case. With `signal`, sends SIGTERM after that time, and measures the time from there.
fn start(
    binary: &Path,
    folder: &Path,
    case: &Case,
    more: &[&str],
    signal: Option<Duration>,
) -> Result<Outcome> {
    let mut child = Command::new(binary)
        .current_dir(folder)
        .args(["check", "--isolated", "-q"])
        .args(case.arguments)
        .args(more)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let start = Instant::now();
    let mut peak = 0;
    let mut signalled = None;
    loop {
        let read = fs::read_to_string(&status).unwrap_or_default();
        peak = peak_of(&read).unwrap_or(peak);
        if let Some(ended) = child.try_wait()? {
            let time = signalled.map_or(start.elapsed(), |at: Instant| at.elapsed());
            let time = if signal.is_some() && signalled.is_none() { Duration::ZERO } else { time };
            return Ok(Outcome { code: ended.code(), time, peak });
        }
        if signalled.is_none() && signal.is_some_and(|after| start.elapsed() >= after) {
            Command::new("kill").args(["-TERM", &child.id().to_string()]).status()?;
            signalled = Some(Instant::now());
        }
        if start.elapsed() > TIMEOUT {
            child.kill()?;
            child.wait()?;
            bail!("{} does not end", case.name);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn peak_of(status: &str) -> Option<u64> {
    kilobytes(status, "VmHWM:")
}

fn free_memory() -> Result<u64> {
    let information = fs::read_to_string("/proc/meminfo")?;
    kilobytes(&information, "MemAvailable:").context("this needs Linux")
}

fn kilobytes(lines: &str, name: &str) -> Option<u64> {
    let number = lines.lines().find_map(|line| line.strip_prefix(name))?;
    number.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}

fn nothing(_: &Path, _: u64) -> Result<()> {
    Ok(())
}

/// Writes a file of `first`, about `bytes` bytes of repeated `block`, and `last`.
fn repeat(path: &Path, first: &[u8], block: &[u8], bytes: u64, last: &[u8]) -> Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(first)?;
    for _ in 0..bytes / block.len() as u64 {
        file.write_all(block)?;
    }
    file.write_all(last)?;
    Ok(file.flush()?)
}

/// Returns a megabyte of words.
fn words() -> Vec<u8> {
    b"word of ".repeat(1 << 17)
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

fn zstd(bytes: &[u8]) -> Result<Vec<u8>> {
    Ok(zstd::encode_all(bytes, 19)?)
}

/// Writes a file of identical members of 16 MB, which only has to compress one.
fn members(path: &Path, first: &[u8], block: &[u8], gigabytes: u64) -> Result<()> {
    let count = gigabytes * 1_000_000_000 / (16 * MB);
    repeat(path, first, block, count * block.len() as u64, b"")
}

fn zeros_gzip(folder: &Path, gigabytes: u64) -> Result<()> {
    members(&folder.join("a.txt.gz"), b"", &gzip(&vec![0; 16 << 20])?, gigabytes)
}

fn zeros_zstd(folder: &Path, gigabytes: u64) -> Result<()> {
    members(&folder.join("a.txt.zst"), b"", &zstd(&vec![0; 16 << 20])?, gigabytes)
}

fn words_zstd(folder: &Path, gigabytes: u64) -> Result<()> {
    members(&folder.join("a.txt.zst"), b"", &zstd(&words().repeat(16))?, gigabytes)
}

fn line_zstd(folder: &Path, gigabytes: u64) -> Result<()> {
    members(
        &folder.join("a.jsonl.zst"),
        &zstd(b"{\"text\": \"")?,
        &zstd(&words().repeat(16))?,
        gigabytes,
    )
}

fn sparse(folder: &Path, gigabytes: u64) -> Result<()> {
    Ok(File::create(folder.join("a.txt"))?.set_len(gigabytes * 1_000_000_000)?)
}

const SENTENCE: &[u8] = b"The bridge opened on Monday and closed again. ";

fn json_line(folder: &Path, megabytes: u64) -> Result<()> {
    repeat(&folder.join("a.jsonl"), b"{\"text\": \"", SENTENCE, megabytes * 1_000_000, b"\"}\n")
}

fn line(folder: &Path, megabytes: u64) -> Result<()> {
    repeat(&folder.join("a.txt"), b"", SENTENCE, megabytes * 1_000_000, b"\n")
}

fn sentence(folder: &Path, megabytes: u64) -> Result<()> {
    let words = b"The bridge opened on Monday and closed again ";
    repeat(&folder.join("a.txt"), b"", words, megabytes * 1_000_000, b"\n")
}

fn periodic(folder: &Path, megabytes: u64) -> Result<()> {
    repeat(&folder.join("a.txt"), b"", b"x y ", megabytes * 1_000_000, b"\n")
}

fn periodic_table(folder: &Path, megabytes: u64) -> Result<()> {
    let text = "x y ".repeat(10_000_000 / 4);
    parquet(folder, &text, megabytes / 10)
}

fn bomb_table(folder: &Path, rows: u64) -> Result<()> {
    parquet(folder, &String::from_utf8(SENTENCE.repeat(24_000_000 / SENTENCE.len()))?, rows)
}

/// Writes rows with the same text, which the dictionary stores once.
fn parquet(folder: &Path, text: &str, rows: u64) -> Result<()> {
    let compression = parquet::basic::Compression::ZSTD(parquet::basic::ZstdLevel::try_new(19)?);
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_dictionary_page_size_limit(1 << 30)
        .set_data_page_size_limit(1 << 30)
        .build();
    let schema = parse_message_type("message schema { REQUIRED BYTE_ARRAY text (STRING); }")?;
    let mut writer = SerializedFileWriter::new(
        File::create(folder.join("a.parquet"))?,
        schema.into(),
        properties.into(),
    )?;
    let mut group = writer.next_row_group()?;
    let mut column = group.next_column()?.context("no column")?;
    let texts = vec![ByteArray::from(text); usize::try_from(rows)?];
    column.typed::<ByteArrayType>().write_batch(&texts, None, None)?;
    column.close()?;
    group.close()?;
    writer.close()?;
    Ok(())
}

/// Writes the result of `one` for each number below `count`.
fn each(path: &Path, count: u64, mut one: impl FnMut(u64, &mut String)) -> Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let mut text = String::new();
    for number in 0..count {
        text.clear();
        one(number, &mut text);
        file.write_all(text.as_bytes())?;
    }
    Ok(file.flush()?)
}

fn tiny(folder: &Path, count: u64) -> Result<()> {
    each(&folder.join("a.jsonl"), count, |number, text| {
        let _ = writeln!(text, "{{\"text\": \"record {number}\"}}");
    })
}

fn identical(folder: &Path, count: u64) -> Result<()> {
    each(&folder.join("a.txt"), count, |_, text| text.push_str("The same line of text again.\n"))
}

fn identical_paragraphs(folder: &Path, count: u64) -> Result<()> {
    each(&folder.join("a.txt"), count, |_, text| text.push_str("The same line of text again.\n\n"))
}

fn equal_records(folder: &Path, count: u64) -> Result<()> {
    each(&folder.join("a.jsonl"), count, |_, text| {
        text.push_str("{\"text\": \"The same record of text again.\"}\n")
    })
}

fn comments(folder: &Path, count: u64) -> Result<()> {
    each(&folder.join("a.txt"), count, |_, text| text.push_str("Leave a Comment\n"))
}

fn share_bars(folder: &Path, count: u64) -> Result<()> {
    each(&folder.join("a.txt"), count, |_, text| {
        text.push_str("Share on Facebook | Share on Twitter | Email\n\n")
    })
}

fn invisible(folder: &Path, megabytes: u64) -> Result<()> {
    let paragraph = "The te\u{ad}xt goes on.\n\n";
    repeat(&folder.join("a.txt"), b"", paragraph.as_bytes(), megabytes * 1_000_000, b"")
}

fn html(folder: &Path, megabytes: u64) -> Result<()> {
    let line = b"<div class=\"a\"><p>The bridge &amp; the <b>road</b> opened.</p></div>\n";
    repeat(&folder.join("a.txt"), b"", line, megabytes * 1_000_000, b"")
}

fn table(folder: &Path, rows: u64) -> Result<()> {
    each(&folder.join("a.md"), rows, |number, text| {
        if number == 0 {
            text.push_str("| a | b | c |\n|---|---|---|\n");
        }
        let _ = writeln!(text, "| {number} | {} | value {} |", number * 7, number % 97);
    })
}

fn near(folder: &Path, count: u64) -> Result<()> {
    each(&folder.join("a.txt"), count, |number, text| {
        for word in 0..40 {
            let changed = (number * 7_919 + word * 31) % 20 == 0;
            let _ = write!(text, "word{}{} ", word, if changed { number } else { 0 });
        }
        text.push_str("\n\n");
    })
}

fn nested(folder: &Path, depth: u64) -> Result<()> {
    let depth = usize::try_from(depth)?;
    let (open, close) = ("[".repeat(depth), "]".repeat(depth));
    Ok(fs::write(
        folder.join("a.jsonl"),
        format!("{{\"a\": {open}{close}, \"text\": \"The bridge opened.\"}}\n"),
    )?)
}

fn baseline(folder: &Path, count: u64) -> Result<()> {
    fs::write(folder.join("a.txt"), "A line of text.\n")?;
    each(&folder.join("b.json"), count, |number, text| {
        text.push_str(if number == 0 { "{\"version\":1,\"findings\":[" } else { "," });
        let _ = write!(
            text,
            "{{\"path\":\"p/{number}.txt\",\"rule\":\"BP001\",\"fingerprint\":\"{number:032x}\",\"text\":\"x\"}}"
        );
        if number + 1 == count {
            text.push_str("]}");
        }
    })
}

fn ignore_list(folder: &Path, count: u64) -> Result<()> {
    fs::write(folder.join("a.txt"), "A line of text.\n")?;
    each(&folder.join("list"), count, |number, text| {
        let _ = writeln!(text, "BP001 {number:032x} # a.txt:1: passage number {number}");
    })
}

fn rules(folder: &Path, count: u64) -> Result<()> {
    fs::write(folder.join("a.txt"), "A line of text.\n")?;
    let head = "code = \"XX001\"\nname = \"many-words\"\nsummary = \"many words\"\nwhy = \"Many.\"\nsince = \"0.1.0\"\n\n\
                [[find]]\nregex = [\n";
    each(&folder.join("rules.toml"), count, |number, text| {
        if number == 0 {
            text.push_str(head);
        }
        let _ = writeln!(text, "  '''furniture\\s+number\\s+{number}\\s+of\\s+pages''',");
        if number + 1 == count {
            text.push_str("]\n\n[[example]]\nbad = \"⟦furniture number 1 of pages⟧\"\n");
        }
    })
}
