//! Records that cannot be read: each is told, those that follow each other with the same fault as a range.

use super::output;
use crate::corpus::FIELDS;

/// The last fault, and how often it came again.
#[derive(Default)]
pub(super) struct BadRecords {
    last: Option<Run>,
}

struct Run {
    /// The shard.
    path: String,
    reason: String,
    /// The record that came last, and how many came after the first.
    index: u64,
    more: u64,
}

impl BadRecords {
    /// Tells of the record with number `index` of the shard `path`; `place` names it.
    pub(super) fn tell(&mut self, path: &str, index: u64, place: &str, reason: &str) {
        if let Some(run) = &mut self.last
            && run.path == path
            && without_fields(&run.reason) == without_fields(reason)
            && run.index + 1 == index
        {
            run.index = index;
            run.more += 1;
            return;
        }
        self.end();
        output::error(&format!("{place}: {reason}"));
        self.last = Some(Run { path: path.to_owned(), reason: reason.to_owned(), index, more: 0 });
    }

    /// Tells of those that came after the first.
    pub(super) fn end(&mut self) {
        if let Some(Run { path, reason, index, more }) = self.last.take() {
            let reason = without_fields(&reason);
            match more {
                0 => {}
                1 => output::error(&format!("{path}: record {index}: {reason}")),
                _ => output::error(&format!("{path}: records {} to {index}: {reason}", index - more + 1)),
            }
        }
    }
}

/// `reason` without the list of the fields that a record has. Records with other fields can have the same fault.
fn without_fields(reason: &str) -> &str {
    reason.split(FIELDS).next().unwrap_or(reason)
}
