//! Tables in files, whole and damaged: read, changed and written again.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use dechaff::corpus::{
    InputFile, OpenedFile, ReadOptions, RecordAction, Rewriter, ShardItem, open,
};
use tempfile::TempDir;

use super::input::Control;

thread_local! {
    static FOLDER: TempDir = tempfile::tempdir().expect("a temporary folder can be made");
}

/// Whole files of one format, with `rows` rows each.
pub(super) struct TableFiles<'f> {
    pub(super) extension: &'static str,
    pub(super) files: &'f [Vec<u8>],
    pub(super) rows: usize,
}

impl TableFiles<'_> {
    /// The first byte selects a file and whether rows are dropped. The rest is damage: pairs of a
    /// distance from the end of the file and a byte to write there. If the first byte is 255, the
    /// rest is a whole file.
    pub(super) fn run(&self, input: &[u8]) {
        const MAX_DAMAGES: usize = 12;
        let (mut control, rest) = Control::split(input, 1);
        let options = control.byte();
        let mut bytes;
        if options == 255 {
            bytes = rest.to_vec();
        } else {
            bytes = self.files[usize::from(options) % self.files.len()].clone();
            let (mut control, _) = Control::split(rest, 3 * MAX_DAMAGES);
            while !control.is_empty() {
                let at = bytes.len() - 1 - control.below(bytes.len());
                bytes[at] = control.byte();
            }
        }
        let whole_rows = (options != 255 && rest.is_empty()).then_some(self.rows);
        let drops = options & 64 != 0;
        let name = format!("a.{}", self.extension);
        FOLDER.with(|folder| check(&folder.path().join(name), &bytes, whole_rows, drops));
    }

    /// Each file whole, with rows dropped, damaged, and as bytes.
    pub(super) fn seeds(&self) -> Vec<Vec<u8>> {
        let count = u8::try_from(self.files.len()).expect("there are few files");
        let whole = (0..count).flat_map(|number| {
            // A multiple of the number of files that has the bit for dropping.
            let dropping = (0..=254).find(|byte| byte & 64 != 0 && byte % count == number);
            [vec![number], vec![dropping.expect("there is one")], vec![number, 0, 60, 1]]
        });
        whole.chain(self.files.iter().map(|file| [&[255], &file[..]].concat())).collect()
    }
}

fn check(path: &Path, bytes: &[u8], whole_rows: Option<usize>, drops: bool) {
    fs::write(path, bytes).expect("a file can be written");
    let Some((rows, is_damaged)) = read(path) else {
        assert_eq!(whole_rows, None);
        return;
    };
    assert!(whole_rows.is_none_or(|whole| rows.len() == whole && !is_damaged));
    let Some(expected) = rewrite(path, drops) else {
        assert_eq!(whole_rows, None);
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

/// Appends to every second readable text, and drops every fourth if requested. Returns the expected
/// rows; `None` if nothing was written.
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
