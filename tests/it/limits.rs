//! Limits apply while input is read: bombs, devices and pipes cause one clear message and need
//! little memory. A signal ends every phase.

#![cfg(target_os = "linux")]

mod findings;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

/// The result of a run.
struct RunResult {
    code: Option<i32>,
    printed: String,
    /// Peak memory in bytes.
    peak: u64,
}

fn start(folder: &Path, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_dechaff"))
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits for a run. The output must fit into a pipe.
fn wait(mut child: Child) -> RunResult {
    const TIMEOUT: Duration = Duration::from_secs(300);
    let (start, status) = (Instant::now(), format!("/proc/{}/status", child.id()));
    let mut peak = 0;
    let code = loop {
        if let Some(kilobytes) = fs::read_to_string(&status).ok().and_then(|status| {
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
            line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()
        }) {
            peak = kilobytes << 10;
        }
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        if start.elapsed() > TIMEOUT {
            child.kill().unwrap();
            panic!("it does not end");
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let mut printed = String::new();
    child.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut printed).unwrap();
    RunResult { code, printed, peak }
}

fn run(folder: &Path, arguments: &[&str]) -> RunResult {
    wait(start(folder, arguments))
}

fn terminate(child: &Child) {
    assert!(
        Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success()
    );
}

/// Waits until a run has installed its handler for SIGTERM, or gives up.
fn await_listening(process: u32) {
    const TRIES: u32 = 200;
    for _ in 0..TRIES {
        std::thread::sleep(Duration::from_millis(300));
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let caught =
            status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or_default();
        if u64::from_str_radix(caught.trim(), 16).unwrap_or(0) & 1 << 14 != 0 {
            return;
        }
    }
}

fn make_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Creates a directory with a small text, `small.txt`.
fn corpus() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("small.txt"), "The bridge opened on Monday.\n").unwrap();
    folder
}

/// Compresses `first` and then `block`, which has 1 MB, repeated to `megabytes`.
fn gzip(first: &str, block: &[u8], megabytes: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(first.as_bytes()).unwrap();
    (0..megabytes).for_each(|_| encoder.write_all(block).unwrap());
    encoder.finish().unwrap()
}

fn zstd(first: &str, block: &[u8], megabytes: usize) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.write_all(first.as_bytes()).unwrap();
    (0..megabytes).for_each(|_| encoder.write_all(block).unwrap());
    encoder.finish().unwrap()
}

const MEGABYTE: usize = 1 << 20;

#[test]
fn bombs_are_skipped_with_little_memory() {
    const SIZE: usize = 32;
    let folder = corpus();
    let usual = run(folder.path(), &["check", "."]).peak;
    let (zeros, words) =
        (vec![0; MEGABYTE], "word ".repeat(MEGABYTE / 5 + 1).into_bytes()[..MEGABYTE].to_vec());
    fs::write(folder.path().join("zeros.txt.gz"), gzip("", &zeros, SIZE)).unwrap();
    fs::write(folder.path().join("zeros.txt.zst"), zstd("", &zeros, SIZE)).unwrap();
    fs::write(folder.path().join("words.txt.gz"), gzip("", &words, SIZE)).unwrap();
    fs::write(folder.path().join("words.md.zst"), zstd("", &words, SIZE)).unwrap();
    let line = "{\"text\": \"The bridge opened.\"}\n{\"text\": \"";
    fs::write(folder.path().join("line.jsonl.zst"), zstd(line, &words, SIZE)).unwrap();
    fs::write(folder.path().join("line.jsonl.gz"), gzip(line, &zeros, SIZE)).unwrap();
    fs::File::create(folder.path().join("sparse.txt")).unwrap().set_len(5_000_000_000).unwrap();
    let RunResult { code, printed, peak } =
        run(folder.path(), &["check", ".", "--max-record", "1MB"]);
    assert_eq!(code, Some(2), "{printed}");
    for expected in [
        "skipped zeros.txt.gz: binary file\n",
        "skipped zeros.txt.zst: binary file\n",
        "skipped sparse.txt: binary file\n",
        "words.txt.gz: larger than 1048576 bytes; raise the limit with --max-record\n",
        "words.md.zst: larger than 1048576 bytes; raise the limit with --max-record\n",
        "line.jsonl.zst: record 2: larger than 1048576 bytes; raise the limit with --max-record\n",
        "line.jsonl.gz: record 2: larger than 1048576 bytes; raise the limit with --max-record\n",
    ] {
        assert!(printed.contains(expected), "no {expected}{printed}");
    }
    assert!(peak < usual + (20 << 20), "{peak} bytes, usually {usual}");
}

#[test]
fn files_larger_than_the_default_limit_are_not_read() {
    let folder = corpus();
    let mut file = fs::File::create(folder.path().join("large.txt")).unwrap();
    file.write_all("word ".repeat(2_000).as_bytes()).unwrap();
    file.set_len(5_000_000_000).unwrap();
    drop(file);
    let usual = run(folder.path(), &["check", "small.txt"]).peak;
    let RunResult { code, printed, peak } = run(folder.path(), &["check", "."]);
    assert_eq!(code, Some(2), "{printed}");
    assert!(
        printed
            .contains("large.txt: larger than 67108864 bytes; raise the limit with --max-record"),
        "{printed}"
    );
    assert!(peak < usual + (20 << 20), "{peak} bytes, usually {usual}");
}

#[test]
fn stdin_has_the_same_limit() {
    let folder = corpus();
    let mut child = start(folder.path(), &["check", "-", "--max-record", "1MB"]);
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        let block = "word ".repeat(MEGABYTE / 5);
        while stdin.write_all(block.as_bytes()).is_ok() {}
    });
    let RunResult { code, printed, .. } = wait(child);
    writer.join().unwrap();
    assert_eq!(code, Some(2), "{printed}");
    assert!(
        printed.contains("-: larger than 1048576 bytes; raise the limit with --max-record"),
        "{printed}"
    );
}

#[test]
fn devices_are_refused() {
    let folder = corpus();
    symlink("/dev/zero", folder.path().join("link.txt")).unwrap();
    for device in ["/dev/zero", "/dev/null", "link.txt"] {
        let RunResult { code, printed, .. } = run(folder.path(), &["check", device, "small.txt"]);
        assert_eq!(code, Some(2), "{printed}");
        let message = format!(
            "dechaff: error: {device}: is a device, not a file; pass a file or directory\n"
        );
        assert_eq!(printed, message);
    }
}

#[test]
fn pipes_are_read_once() {
    let folder = corpus();
    let texts = ["a.txt", "a.jsonl", "a"].map(|name| {
        let text = "The bridge opened on Monday.\n\nLeave a Comment\n";
        (
            name,
            if name == "a.jsonl" {
                format!("{}\n", serde_json::json!({ "text": text }))
            } else {
                text.into()
            },
        )
    });
    for (name, text) in texts {
        let pipe = folder.path().join(name);
        make_pipe(&pipe);
        let writer = std::thread::spawn(move || fs::write(pipe, text).unwrap());
        let RunResult { code, printed, .. } = run(
            folder.path(),
            &["check", name, "small.txt", "--memory", "1MB", "--output-format", "concise"],
        );
        writer.join().unwrap();
        assert_eq!(code, Some(1), "{printed}");
        assert!(printed.starts_with(&format!("{name}:")) && printed.contains("BP001"), "{printed}");
        let RunResult { code, printed, .. } = run(folder.path(), &["check", name, "--fix"]);
        assert_eq!(code, Some(2), "{printed}");
        assert!(printed.contains("a pipe cannot be fixed in place"), "{printed}");
    }
}

/// Each of these runs waits for input that never comes.
#[test]
fn a_signal_ends_a_run_that_waits() {
    let folder = corpus();
    make_pipe(&folder.path().join("pipe.jsonl"));
    for arguments in [["check", "pipe.jsonl"], ["check", "-"]] {
        let child = start(folder.path(), &arguments);
        // Until the handler is installed, the signal ends the process.
        await_listening(child.id());
        terminate(&child);
        let ended = wait(child);
        assert_eq!(ended.code, Some(130), "{}", ended.printed);
        assert!(ended.printed.contains("interrupted; every file is either"), "{}", ended.printed);
    }
}

/// Linting one document does not check for signals.
#[test]
fn a_signal_ends_a_run_that_works_on_one_document() {
    let folder = corpus();
    let sentence = |number: usize| {
        format!("The bridge number {number} opened on Monday in hall {}. ", number * 7_919 % 10_007)
    };
    fs::write(folder.path().join("large.txt"), (0..200_000).map(sentence).collect::<String>())
        .unwrap();
    let child = start(folder.path(), &["check", "large.txt"]);
    await_listening(child.id());
    terminate(&child);
    let RunResult { code, printed, .. } = wait(child);
    assert_eq!(code, Some(130), "{printed}");
    assert!(printed.contains("interrupted"), "{printed}");
}

/// Writes a Parquet file with a row per text. Equal texts are stored once, in the dictionary.
fn write_parquet(path: &Path, texts: &[&str]) {
    use parquet::basic::{Compression, GzipLevel};
    use parquet::data_type::{ByteArray, ByteArrayType};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;
    let gzip = Compression::GZIP(GzipLevel::default());
    let properties = WriterProperties::builder()
        .set_compression(gzip)
        .set_dictionary_page_size_limit(1 << 30)
        .set_data_page_size_limit(1 << 30)
        .build();
    let schema =
        parse_message_type("message schema { REQUIRED BYTE_ARRAY text (STRING); }").unwrap().into();
    let mut writer =
        SerializedFileWriter::new(fs::File::create(path).unwrap(), schema, properties.into())
            .unwrap();
    for texts in [texts, &["The bridge opened on Monday.\n\nLeave a Comment\n"]] {
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let texts: Vec<ByteArray> = texts.iter().map(|text| ByteArray::from(*text)).collect();
        column.typed::<ByteArrayType>().write_batch(&texts, None, None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
}

#[test]
fn pages_larger_than_the_limit_are_not_decompressed() {
    let folder = corpus();
    let usual = run(folder.path(), &["check", "small.txt"]).peak;
    let large = "word ".repeat(30 * MEGABYTE / 5);
    let parquet = folder.path().join("a.parquet");
    write_parquet(&parquet, &[&large, "The bridge opened."]);
    let arguments = ["check", "a.parquet", "--max-record", "1MB"];
    let RunResult { code, printed, peak } = run(folder.path(), &arguments);
    assert_eq!(code, Some(2), "{printed}");
    let reason = "records 1 to 2 (row group 1) cannot be read: Parquet error: a page has ";
    assert!(
        printed.contains(reason) && printed.contains("a larger --max-record allows more"),
        "{printed}"
    );
    assert!(printed.contains("a.parquet: record 3") && printed.contains("BP001"), "{printed}");
    assert!(peak < usual + (15 << 20), "{peak} bytes, usually {usual}");

    // A page is not decompressed beyond the size in its header.
    let mut bytes = fs::read(&parquet).unwrap();
    // As long as the number it replaces, so that all offsets remain valid.
    let varint = |number: usize| -> [u8; 4] {
        [0, 7, 14, 21].map(|shift| {
            u8::try_from(((number * 2) >> shift) & 0x7F).unwrap()
                | if shift < 21 { 0x80 } else { 0 }
        })
    };
    let honest = varint(large.len() + 4 + "The bridge opened.".len() + 4);
    let at = bytes.windows(honest.len()).position(|window| window == honest).unwrap();
    bytes[at..at + honest.len()].copy_from_slice(&varint(1_000));
    fs::write(&parquet, bytes).unwrap();
    let RunResult { code, printed, peak } = run(folder.path(), &arguments);
    assert_eq!(code, Some(2), "{printed}");
    assert!(printed.contains(reason), "{printed}");
    assert!(peak < usual + (15 << 20), "{peak} bytes, usually {usual}");
}

/// Runs a check with its output in a file, because it does not fit into a pipe.
fn run_to_file(folder: &Path, arguments: &[&str]) -> RunResult {
    let path = folder.join("printed.log");
    let file = fs::File::create(&path).unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_dechaff"))
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(file.try_clone().unwrap())
        .stderr(file)
        .spawn()
        .unwrap();
    let status = child.wait_with_output().unwrap().status;
    RunResult { code: status.code(), printed: fs::read_to_string(path).unwrap(), peak: 0 }
}

#[test]
fn rule_files_larger_than_the_limit_are_refused() {
    let folder = corpus();
    fs::write(folder.path().join("a.txt"), "The harbour opened.\n").unwrap();
    let path = folder.path().join("rules.toml");
    fs::write(&path, "#".repeat((8 << 20) + 1)).unwrap();
    let arguments = ["check", "a.txt", "--isolated", "--config", "rules = ['rules.toml']"];
    let RunResult { code, printed, .. } = run_to_file(folder.path(), &arguments);
    assert_eq!(code, Some(2), "{printed}");
    assert!(
        printed.contains("rules.toml") && printed.contains("it is larger than 8 MiB"),
        "{printed}"
    );
}

/// Returns the last lines of the output.
fn tail(printed: &str) -> &str {
    printed.rmatch_indices('\n').nth(5).map_or(printed, |(at, _)| &printed[at..])
}
