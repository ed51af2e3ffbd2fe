//! Arrow files and streams, whole and damaged: read, changed and written again.

use std::sync::{Arc, LazyLock};

use arrow_array::types::{Int8Type, Int32Type};
use arrow_array::{
    ArrayRef, DictionaryArray, Int64Array, LargeStringArray, RecordBatch, StringArray,
    StringViewArray, StructArray,
};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{DictionaryHandling, FileWriter, IpcWriteOptions, StreamWriter};

use super::table::TableFiles;

const TEXTS: [Option<&str>; 6] = [
    Some("First text."),
    None,
    Some("Ein Satz 😀 über alles."),
    Some("Share this:"),
    Some("First text."),
    Some("A text that is too long to be stored in a view of a few bytes."),
];

/// Small files and streams, one per string type.
static FILES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let options = |compression| {
        let options = IpcWriteOptions::default().try_with_compression(compression);
        options
            .expect("the codec is compiled in")
            .with_dictionary_handling(DictionaryHandling::Delta)
    };
    let (lz4, zstd) = (Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD));
    vec![
        file("string", options(None)),
        file("dictionary", options(None)),
        file("view", options(lz4)),
        stream("large", options(zstd)),
        stream("small dictionary", options(None)),
        file("nested", options(None)),
    ]
});

/// Two batches of three rows; every text of a batch may be null.
fn batches(string_type: &str) -> Vec<RecordBatch> {
    let batch = |texts: &[Option<&str>]| {
        let text: ArrayRef = match string_type {
            "large" => Arc::new(texts.iter().collect::<LargeStringArray>()),
            "view" => Arc::new(texts.iter().collect::<StringViewArray>()),
            "dictionary" => Arc::new(texts.iter().copied().collect::<DictionaryArray<Int32Type>>()),
            "small dictionary" => {
                Arc::new(texts.iter().copied().collect::<DictionaryArray<Int8Type>>())
            }
            _ => Arc::new(texts.iter().collect::<StringArray>()),
        };
        let ids: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
        let doc: ArrayRef = Arc::new(
            StructArray::try_from(vec![("text", Arc::clone(&text))]).expect("the arrays fit"),
        );
        let columns = [("id", ids, false), ("text", text, true), ("doc", doc, true)];
        let shown = if string_type == "nested" { 3 } else { 2 };
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().take(shown))
            .expect("the columns fit")
    };
    let all = TEXTS.chunks(3).map(batch).collect::<Vec<_>>();
    match string_type {
        // A file has one dictionary.
        "dictionary" => vec![all[0].clone(), all[0].clone()],
        _ => all,
    }
}

fn file(string_type: &str, options: IpcWriteOptions) -> Vec<u8> {
    let (batches, mut bytes) = (batches(string_type), Vec::new());
    let mut writer = FileWriter::try_new_with_options(&mut bytes, &batches[0].schema(), options)
        .expect("memory does not fail");
    batches.iter().for_each(|batch| writer.write(batch).expect("memory does not fail"));
    writer.finish().expect("memory does not fail");
    drop(writer);
    bytes
}

fn stream(string_type: &str, options: IpcWriteOptions) -> Vec<u8> {
    let (batches, mut bytes) = (batches(string_type), Vec::new());
    let mut writer = StreamWriter::try_new_with_options(&mut bytes, &batches[0].schema(), options)
        .expect("memory does not fail");
    batches.iter().for_each(|batch| writer.write(batch).expect("memory does not fail"));
    writer.finish().expect("memory does not fail");
    drop(writer);
    bytes
}

fn files() -> TableFiles<'static> {
    TableFiles { extension: "arrow", files: &FILES, rows: TEXTS.len() }
}

pub fn run(input: &[u8]) {
    files().run(input);
}

pub fn seeds() -> Vec<Vec<u8>> {
    files().seeds()
}
