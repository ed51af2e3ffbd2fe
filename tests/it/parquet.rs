//! Parquet files written by other programs: codecs, and columns without text.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::record::RowAccessor;
use parquet::schema::parser::parse_message_type;
use tempfile::TempDir;

use crate::command::dechaff;

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
