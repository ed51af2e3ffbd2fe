//! Columns made with tabs or blanks instead of pipes.

use super::fault::Fault;
use crate::text::Document;

pub(super) fn faults(_document: &Document<'_>, _faults: &mut Vec<Fault>) {}
