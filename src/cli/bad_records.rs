//! Records that cannot be read. Consecutive ones with the same reason are reported as a range.

use super::output;
use crate::corpus::FIELD_LIST_PREFIX;

/// Reports bad records, merging consecutive ones.
#[derive(Default)]
pub(super) struct BadRecords {
    open: Option<RecordRange>,
}

/// Consecutive records of a shard with the same reason. The first one has been reported.
struct RecordRange {
    path: String,
    reason: String,
    /// The number of the last record.
    last: u64,
    /// Records after the first.
    more: u64,
}

impl BadRecords {
    /// Reports record number `index` of the shard `path`, which `place` describes.
    pub(super) fn report(&mut self, path: &str, index: u64, place: &str, reason: &str) {
        if let Some(range) = &mut self.open
            && range.path == path
            && without_fields(&range.reason) == without_fields(reason)
            && range.last + 1 == index
        {
            range.last = index;
            range.more += 1;
            return;
        }
        self.finish();
        output::error(&format!("{place}: {reason}"));
        self.open = Some(RecordRange {
            path: path.to_owned(),
            reason: reason.to_owned(),
            last: index,
            more: 0,
        });
    }

    /// Reports the rest of the open range.
    pub(super) fn finish(&mut self) {
        if let Some(RecordRange { path, reason, last, more }) = self.open.take() {
            let reason = without_fields(&reason);
            match more {
                0 => {}
                1 => output::error(&format!("{path}: record {last}: {reason}")),
                _ => output::error(&format!(
                    "{path}: records {} to {last}: {reason}",
                    last - more + 1
                )),
            }
        }
    }
}

/// Returns `reason` without the list of a record's fields: records with different fields can have
/// the same error.
fn without_fields(reason: &str) -> &str {
    reason.split(FIELD_LIST_PREFIX).next().unwrap_or(reason)
}
