//! Parquet files, whole and damaged: read, changed and written again.

use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use dechaff::corpus::{
    InputFile, OpenedFile, ReadOptions, RecordAction, Rewriter, ShardItem, open,
};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use tempfile::TempDir;

use super::input::Control;

thread_local! {
    static FOLDER: TempDir = tempfile::tempdir().expect("a temporary folder can be made");
}

const TEXTS: [&str; 6] =
    ["First text.", "", "Ein Satz 😀 über alles.", "Share this:", "First text.", "x\0\u{feff}\n"];

/// Small files, each written in another way.
static FILES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let plain = || WriterProperties::builder().set_dictionary_enabled(false);
    let builders = [
        plain().set_statistics_enabled(EnabledStatistics::None),
        WriterProperties::builder().set_compression(Compression::SNAPPY),
        plain()
            .set_compression(Compression::GZIP(Default::default()))
            .set_bloom_filter_enabled(true),
        plain().set_compression(Compression::ZSTD(ZstdLevel::default())),
        plain().set_compression(if cfg!(feature = "codecs") {
            Compression::BROTLI(Default::default())
        } else {
            Compression::UNCOMPRESSED
        }),
        plain()
            .set_compression(Compression::LZ4_RAW)
            .set_column_encoding("text".into(), Encoding::DELTA_BYTE_ARRAY),
        plain()
            .set_column_encoding("text".into(), Encoding::DELTA_LENGTH_BYTE_ARRAY)
            .set_data_page_row_count_limit(2),
        WriterProperties::builder()
            .set_writer_version(parquet::file::properties::WriterVersion::PARQUET_2_0),
    ];
    builders.into_iter().map(file).collect()
});

/// Two row groups of three rows; every third text is null.
fn file(builder: WriterPropertiesBuilder) -> Vec<u8> {
    let schema = "message schema { REQUIRED INT64 id; OPTIONAL BYTE_ARRAY text (STRING); }";
    let schema = Arc::new(parse_message_type(schema).expect("the schema is one"));
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::new(builder.build()))
        .expect("memory does not fail");
    for texts in TEXTS.chunks(3) {
        let mut group = writer.next_row_group().expect("memory does not fail");
        let mut ids =
            group.next_column().expect("memory does not fail").expect("there is a column");
        ids.typed::<Int64Type>().write_batch(&[1, 2, 3], None, None).expect("memory does not fail");
        ids.close().expect("memory does not fail");
        let mut column =
            group.next_column().expect("memory does not fail").expect("there is a column");
        let values: Vec<ByteArray> =
            texts.iter().take(2).map(|text| ByteArray::from(*text)).collect();
        column
            .typed::<ByteArrayType>()
            .write_batch(&values, Some(&[1, 1, 0]), None)
            .expect("memory does not fail");
        column.close().expect("memory does not fail");
        group.close().expect("memory does not fail");
    }
    writer.close().expect("memory does not fail");
    bytes
}

/// The first byte selects a file and whether rows are dropped. The rest is damage: pairs of a
/// distance from the end of the file and a byte to write there. If the first byte is 255, the rest
/// is a whole file.
pub fn run(input: &[u8]) {
    const MAX_DAMAGES: usize = 12;
    let (mut control, rest) = Control::split(input, 1);
    let options = control.byte();
    let mut bytes;
    if options == 255 {
        bytes = rest.to_vec();
    } else {
        bytes = FILES[usize::from(options) % FILES.len()].clone();
        let (mut control, _) = Control::split(rest, 3 * MAX_DAMAGES);
        while !control.is_empty() {
            let at = bytes.len() - 1 - control.below(bytes.len());
            bytes[at] = control.byte();
        }
    }
    let is_whole = options != 255 && rest.is_empty();
    let drops = options & 64 != 0;
    FOLDER.with(|folder| check(&folder.path().join("a.parquet"), &bytes, is_whole, drops));
}

pub fn seeds() -> Vec<Vec<u8>> {
    let whole =
        (0..8_u8).flat_map(|number| [vec![number], vec![number | 64], vec![number, 0, 60, 1]]);
    whole.chain(FILES.iter().map(|file| [&[255], &file[..]].concat())).collect()
}

fn check(path: &Path, bytes: &[u8], is_whole: bool, drops: bool) {
    fs::write(path, bytes).expect("a file can be written");
    let Some((rows, is_damaged)) = read(path) else {
        assert!(!is_whole);
        return;
    };
    assert!(!is_whole || rows.len() == TEXTS.len() && !is_damaged);
    let Some(expected) = rewrite(path, drops) else {
        assert!(!is_whole);
        assert_eq!(
            fs::read(path).expect("the file is there"),
            bytes,
            "a file that is not written stays as it is"
        );
        return;
    };
    let (now, is_damaged) = read(path).expect("what was written can be opened");
    assert!(!is_damaged, "what was written can be read");
    assert_eq!(now, expected);
}

/// The texts of the rows, and whether some cannot be read; `None` if the file cannot be opened.
fn read(path: &Path) -> Option<(Vec<Option<String>>, bool)> {
    let input = InputFile::new(path.to_owned(), true);
    let Ok(OpenedFile::Shard(_, records)) = open(&input, &ReadOptions::default(), &Arc::default())
    else {
        return None;
    };
    let (mut rows, mut is_damaged) = (Vec::new(), false);
    for item in records {
        match item {
            ShardItem::Record(raw) => {
                let source = raw.decode().1.ok().flatten();
                rows.push(source.map(|source| source.text.to_string()));
            }
            ShardItem::Unreadable(error) => {
                let _ = error.to_string();
                is_damaged = true;
            }
        }
    }
    Some((rows, is_damaged))
}

/// Appends to every second text that can be read, and drops every fourth if asked to. The rows that
/// should be there afterwards; `None` if nothing was written.
fn rewrite(path: &Path, drops: bool) -> Option<Vec<Option<String>>> {
    let input = InputFile::new(path.to_owned(), true);
    let Ok(OpenedFile::Shard(shard, records)) =
        open(&input, &ReadOptions::default(), &Arc::default())
    else {
        return None;
    };
    let mut rewriter = Rewriter::new(&shard, None).ok()?;
    let mut expected = Vec::new();
    for (number, item) in records.enumerate() {
        let ShardItem::Record(raw) = item else {
            rewriter.mark_damaged();
            continue;
        };
        let (handle, decoded) = raw.decode();
        let source = decoded.ok().flatten();
        let text = source.as_ref().map(|source| source.text.to_string());
        let can_change = source.as_ref().is_some_and(|source| source.decoding.is_none());
        let changed = text
            .as_deref()
            .filter(|_| can_change && number % 2 == 0)
            .map(|text| format!("{text} and more"));
        let action = match &changed {
            _ if drops && number % 4 == 1 => RecordAction::Drop,
            Some(text) => RecordAction::Edit(text, Vec::new()),
            None => RecordAction::Keep,
        };
        if !matches!(action, RecordAction::Drop) {
            expected.push(changed.clone().or(text));
        }
        rewriter.write_record(&handle, action).ok()?;
    }
    rewriter.finish(|_| Ok(())).ok().filter(|is_whole| *is_whole).map(|_| expected)
}
