//! Checks that a segment is undamaged.

use sha2::{Digest, Sha256};

use super::postings::PostingStream;
use super::segment::{DOCUMENT_OFFSETS, IndexSegment, UNIT_BYTES, UNITS};
use super::{IndexError, Result, hex};
use dechaff_duplicates::indexed::KeyKind;

impl IndexSegment {
    /// Checks the checksums of all sections and the counts.
    pub(super) fn verify(&self) -> Result<()> {
        const CHUNK: u64 = 1 << 20;
        for section in &self.footer.sections {
            let mut hasher = Sha256::new();
            let mut from = 0;
            while from < section.length {
                let length = CHUNK.min(section.length - from);
                hasher.update(self.read(section, from, length)?);
                from += length;
            }
            if section.sha256 != hex(&hasher.finalize()) {
                let what = format!("the checksum of `{}` is wrong", section.name);
                return Err(IndexError::damaged(&self.path, what));
            }
        }
        let expected = [
            (UNITS, u64::from(self.entry.units) * UNIT_BYTES as u64),
            (DOCUMENT_OFFSETS, (u64::from(self.entry.documents) + 1) * 8),
        ];
        for (name, length) in expected {
            if self.section(name)?.length != length {
                let what = format!("the number of entries in `{name}` is wrong");
                return Err(IndexError::damaged(&self.path, what));
            }
        }
        let mut documents = 0;
        self.for_each_document(&mut |_, _| {
            documents += 1;
            Ok(())
        })?;
        if documents != self.entry.documents.saturating_sub(self.entry.removed_documents()) {
            return Err(IndexError::damaged(&self.path, "the number of documents is wrong"));
        }
        for kind in KeyKind::ALL {
            self.verify_postings(kind)?;
        }
        Ok(())
    }

    /// Checks that the postings of a kind are sorted and refer to existing units.
    fn verify_postings(&self, kind: KeyKind) -> Result<()> {
        let mut before = (0, 0);
        let mut is_valid = true;
        let mut stream = PostingStream::new(self, kind)?;
        while let Some(posting) = stream.next(self)? {
            let at = (posting.key, posting.unit);
            is_valid &= before <= at && posting.unit < self.entry.units;
            before = at;
        }
        if is_valid {
            return Ok(());
        }
        let what = format!("the postings of kind `{}` are not in order", kind.name());
        Err(IndexError::damaged(&self.path, what))
    }
}
