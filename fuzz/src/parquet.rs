//! Parquet files, whole and damaged: read, changed and written again.

use std::sync::{Arc, LazyLock};

use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::table::TableFiles;

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

fn files() -> TableFiles<'static> {
    TableFiles { extension: "parquet", files: &FILES, rows: TEXTS.len() }
}

pub fn run(input: &[u8]) {
    files().run(input);
}

pub fn seeds() -> Vec<Vec<u8>> {
    files().seeds()
}
