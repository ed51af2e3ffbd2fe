//! Runs dechaff with file-system faults on a corpus of every format, in a separate directory.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, OnceLock};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use serde_json::json;

/// Files and their contents: decompressed, and Parquet as one line per row.
pub(crate) type Files = BTreeMap<PathBuf, Vec<u8>>;

pub(crate) struct Lab {
    binary: PathBuf,
    folder: PathBuf,
}

/// The result of a run.
pub(crate) struct Run {
    pub(crate) output: Output,
    /// The number of calls that failed.
    pub(crate) hits: u64,
}

impl Run {
    pub(crate) fn succeeds(&self) -> bool {
        self.output.status.success()
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }
}

impl Lab {
    /// Creates a lab in `folder`, which is emptied first.
    pub(crate) fn new(binary: &Path, folder: &Path) -> Self {
        let lab = Self { binary: binary.to_owned(), folder: folder.to_owned() };
        let _ = fs::remove_dir_all(folder);
        for name in ["run/temporary", "run/corpus/deep"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        lab
    }

    /// Returns the working directory of the runs.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.join("run")
    }

    /// Runs dechaff without faults.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.run_with("", arguments)
    }

    /// Runs dechaff with `fault`, in the syntax of `preload.rs`.
    pub(crate) fn run_with(&self, fault: &str, arguments: &[&str]) -> Run {
        let hits = self.folder.join("hits");
        let _ = fs::remove_file(&hits);
        let mut command = Command::new(&self.binary);
        command
            .current_dir(self.folder())
            .args(arguments)
            .env("TMPDIR", self.folder().join("temporary"));
        if !fault.is_empty() {
            command.env("LD_PRELOAD", preload()).env("FAULT", fault);
            command.env("FAULT_ROOT", self.folder()).env("FAULT_HITS", &hits);
        }
        let output = command.output().unwrap();
        Run { output, hits: fs::metadata(&hits).map_or(0, |metadata| metadata.len()) }
    }

    /// Writes a corpus with `texts` text files, and as many records in each shard. Removes
    /// everything else.
    pub(crate) fn write_corpus(&self, texts: u64) {
        self.clear("");
        let path = |name: &str| self.folder().join("corpus").join(name);
        fs::create_dir_all(path("deep")).unwrap();
        let records =
            |shard: u64| (0..texts).map(move |number| text(1_000 * shard + number)).enumerate();
        let lines = |shard| -> String {
            records(shard)
                .map(|(id, text)| format!("{}\n", json!({"id": id, "text": text})))
                .collect()
        };
        for number in 0..texts {
            fs::write(path(&format!("a{number}.txt")), text(number)).unwrap();
        }
        let blank = json!({"id": "blank", "text": " "});
        fs::write(path("b.jsonl"), format!("{}{blank}\n{}", lines(1), lines(2))).unwrap();
        fs::write(path("c.jsonl.gz"), gzip(&lines(3))).unwrap();
        fs::write(path("d.jsonl.zst"), zstd::encode_all(lines(4).as_bytes(), 1).unwrap()).unwrap();
        fs::write(path("deep/e.txt.gz"), gzip(&text(5_000))).unwrap();
        write_parquet(&path("f.parquet"), &[records(6).collect(), records(7).collect()]);
    }

    /// Returns the files below a directory, without hidden ones. A file that cannot be decoded has
    /// no content.
    pub(crate) fn files(&self, below: &str) -> Files {
        let mut files = Files::new();
        let root = self.folder().join(below);
        for path in walk(&root) {
            if !name(&path).starts_with('.') {
                files.insert(
                    path.strip_prefix(&root).unwrap().to_owned(),
                    content(&path).unwrap_or_default(),
                );
            }
        }
        files
    }

    /// Returns temporary files that runs left behind.
    pub(crate) fn stale_files(&self) -> Vec<PathBuf> {
        walk(&self.folder()).into_iter().filter(|path| name(path).ends_with(".tmp")).collect()
    }

    /// Returns the bytes of all files.
    pub(crate) fn snapshot(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        walk(&self.folder())
            .into_iter()
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect()
    }

    /// Restores a snapshot. An undo log keeps its inode.
    pub(crate) fn restore(&self, snapshot: &BTreeMap<PathBuf, Vec<u8>>) {
        for entry in fs::read_dir(self.folder()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                fs::remove_dir_all(path).unwrap();
            } else if !snapshot.contains_key(&path) {
                fs::remove_file(path).unwrap();
            }
        }
        fs::create_dir(self.folder().join("temporary")).unwrap();
        for (path, bytes) in snapshot {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }

    fn clear(&self, below: &str) {
        for path in walk(&self.folder().join(below)) {
            fs::remove_file(path).unwrap();
        }
    }
}

/// Returns the library to preload, built on first use.
fn preload() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let library =
            std::env::temp_dir().join(format!("dechaff-preload-{}.so", std::process::id()));
        let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let arguments = [
            "--edition",
            "2024",
            "--crate-type",
            "cdylib",
            "--crate-name",
            "preload",
            "-C",
            "panic=abort",
        ];
        let mut built = Command::new(compiler)
            .args(arguments)
            .arg("-o")
            .arg(&library)
            .arg("-")
            .stdin(Stdio::piped())
            .spawn()
            .expect("rustc builds the library that injects faults");
        built.stdin.take().unwrap().write_all(include_bytes!("preload.rs")).unwrap();
        assert!(built.wait().unwrap().success());
        library
    })
}

fn text(number: u64) -> String {
    let other = number * 7_919 % 10_007;
    format!(
        "Leave a Comment\n\nThe talks go on in Muscat, both sides said on day {number} of {other}.\n\n\
         They meet again in week {other} °.\n\n© 2024 Example Inc. All rights reserved.\n"
    )
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn write_parquet(path: &Path, groups: &[Vec<(usize, String)>]) {
    let schema = "message schema { REQUIRED INT64 id; OPTIONAL BYTE_ARRAY text (STRING); }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer =
        SerializedFileWriter::new(File::create(path).unwrap(), schema, properties).unwrap();
    for rows in groups {
        let ids: Vec<i64> = rows.iter().map(|(id, _)| *id as i64).collect();
        let texts: Vec<ByteArray> =
            rows.iter().map(|(_, text)| ByteArray::from(text.as_str())).collect();
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int64Type>().write_batch(&ids, None, None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<ByteArrayType>()
            .write_batch(&texts, Some(&vec![1; rows.len()]), None)
            .unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
}

/// Decodes a file. Returns `None` if it cannot be decoded.
fn content(path: &Path) -> Option<Vec<u8>> {
    let bytes = fs::read(path).unwrap();
    match path.extension()?.to_str()? {
        "gz" => {
            let mut content = Vec::new();
            GzDecoder::new(&*bytes).read_to_end(&mut content).ok()?;
            Some(content)
        }
        "zst" => zstd::decode_all(&*bytes).ok(),
        "parquet" => {
            let reader = SerializedFileReader::new(File::open(path).unwrap()).ok()?;
            let rows: Result<Vec<String>, _> = reader
                .get_row_iter(None)
                .ok()?
                .map(|row| row.map(|row| format!("{row}\n")))
                .collect();
            Some(rows.ok()?.concat().into_bytes())
        }
        _ => Some(bytes),
    }
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(walk(&path));
        } else {
            files.push(path);
        }
    }
    files
}

fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}
