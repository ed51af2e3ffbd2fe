//! Parquet files written by other programs: codecs, and columns without text.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

#[cfg(feature = "codecs")]
use parquet::basic::BrotliLevel;
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::record::RowAccessor;
use parquet::schema::parser::parse_message_type;
use tempfile::TempDir;

use crate::command::{dechaff, stderr, stdout};

const TEXT: &str =
    "The talks go on in Muscat next week, both sides said on Monday.\n\nLeave a Comment\n";

fn write(path: &Path, schema: &str, codec: Compression, levels: (&[i16], &[i16])) {
    let properties = WriterProperties::builder().set_compression(codec).build();
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer =
        SerializedFileWriter::new(File::create(path).unwrap(), schema, Arc::new(properties))
            .unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let values = vec![ByteArray::from(TEXT); levels.0.len()];
    column.typed::<ByteArrayType>().write_batch(&values, Some(levels.0), Some(levels.1)).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
}

#[test]
fn every_codec_is_read_and_written() {
    let codecs = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        #[cfg(feature = "codecs")]
        Compression::BROTLI(BrotliLevel::default()),
        Compression::LZ4_RAW,
        Compression::ZSTD(ZstdLevel::default()),
    ];
    for codec in codecs {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a.parquet");
        write(
            &path,
            "message schema { OPTIONAL BYTE_ARRAY text (STRING); }",
            codec,
            (&[1, 1], &[0, 0]),
        );
        let output =
            dechaff(folder.path(), &["check", "a.parquet", "--select", "BP001", "--fix-only"]);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{codec}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let reader = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
        let written = reader.metadata().row_group(0).column(0).compression();
        assert_eq!(std::mem::discriminant(&written), std::mem::discriminant(&codec));
        for row in reader.get_row_iter(None).unwrap() {
            assert!(!row.unwrap().get_string(0).unwrap().contains("Leave"), "{codec}");
        }
    }
}

/// Made by pyarrow 26.0.1: `write_table` with `compression="brotli"`, of three texts.
#[test]
fn pages_in_brotli_are_read_or_the_error_names_the_feature() {
    let folder = TempDir::new().unwrap();
    let fixture =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/parquet/brotli.parquet");
    fs::copy(&fixture, folder.path().join("a.parquet")).unwrap();
    let mut arguments = vec!["check", ".", "--isolated", "--select", "BP001"];
    if cfg!(feature = "codecs") {
        arguments.push("--fix");
    }
    let output = dechaff(folder.path(), &arguments);
    let errors = stderr(&output);
    if cfg!(feature = "codecs") {
        assert_eq!(output.status.code(), Some(0), "{errors}");
        assert!(stdout(&output).contains("2 findings fixed in 2 records"), "{}", stdout(&output));
        return;
    }
    assert_eq!(output.status.code(), Some(2));
    let error = "a.parquet: its pages are compressed with Brotli, which this build does not decompress; \
                 build dechaff with `--features codecs`";
    assert_eq!(errors.matches(error).count(), 1, "{errors}");
    assert!(stdout(&output).contains("1 record could not be read"), "{}", stdout(&output));
    arguments.push("--fix");
    assert_eq!(dechaff(folder.path(), &arguments).status.code(), Some(2));
    assert!(fs::read(folder.path().join("a.parquet")).unwrap() == fs::read(fixture).unwrap());
}

#[test]
fn a_column_without_text_is_reported_with_the_reason() {
    let folder = TempDir::new().unwrap();
    let message = |name: &str, arguments: &[&str]| {
        let output = dechaff(folder.path(), &[&["check", name], arguments].concat());
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let list = "message schema { OPTIONAL GROUP text (LIST) { REPEATED GROUP list { OPTIONAL BYTE_ARRAY element (STRING); } } }";
    write(&folder.path().join("list.parquet"), list, Compression::UNCOMPRESSED, (&[3, 3], &[0, 1]));
    let expected = "list.parquet: the column `text` holds lists; dechaff needs one string per row";
    assert!(message("list.parquet", &[]).contains(expected));
    assert!(
        message("list.parquet", &["--text-field", "text.list.element"]).contains("holds lists; ")
    );

    let nested = "message schema { OPTIONAL GROUP doc { OPTIONAL BYTE_ARRAY body (STRING); } }";
    write(&folder.path().join("nested.parquet"), nested, Compression::UNCOMPRESSED, (&[2], &[0]));
    assert!(
        message("nested.parquet", &["--text-field", "doc"])
            .contains("such as --text-field doc.body")
    );
    let expected = "no column `content` among `doc.body`; give --text-field";
    assert!(message("nested.parquet", &["--text-field", "content"]).contains(expected));
}
