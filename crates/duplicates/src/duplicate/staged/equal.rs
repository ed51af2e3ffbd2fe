//! Finds units with equal text in steps.

use super::super::matches::{DocSpan, Match, MatchEvidence, extra_copies, for_each_copy};
use super::super::unit_kind::UnitKind;
use super::groups::for_each_unclaimed_group;
use super::{DuplicateCheck, MinWords};
use crate::staged::{StagedRow, StagedTable, StepInput, StepOutput};
use crate::store;

/// Reports equal units. Later rules do not compare units that an earlier rule reports.
pub(super) fn find(
    check: &DuplicateCheck,
    input: &dyn StepInput,
    output: &mut dyn StepOutput,
) -> store::Result<()> {
    for_each_unclaimed_group(input, StagedTable::Exact, input.share(), &mut |group| {
        if group.len() < 2 {
            return Ok(());
        }
        let mut rest: Vec<StagedRow> = group.to_vec();
        for (rule, parameters) in &check.exact {
            let equal: Vec<StagedRow> =
                rest.iter().filter(|row| admits(&parameters.min_words, row)).copied().collect();
            let mut found = Vec::new();
            for_each_copy(
                equal.len(),
                |at| equal[at].values[0],
                |copy, original, _| {
                    found.push(Match {
                        rule,
                        copy: doc_span(&equal[copy]),
                        original: doc_span(&equal[original]),
                        extra_copies: extra_copies(&equal),
                        evidence: MatchEvidence::Exact,
                    });
                },
            );
            write(check, &found, output)?;
            remove_copies(&mut rest, &equal);
        }
        let Some((rule, parameters, _)) = check.near_rule() else { return Ok(()) };
        let equal: Vec<StagedRow> = rest
            .into_iter()
            .filter(|row| row.values[5] > 0 && admits(&parameters.min_words, row))
            .collect();
        let found: Vec<Match<'_>> = equal
            .iter()
            .skip(1)
            .map(|row| Match {
                rule,
                copy: doc_span(row),
                original: doc_span(&equal[0]),
                extra_copies: extra_copies(&equal),
                evidence: MatchEvidence::Jaccard {
                    shared: row.values[5],
                    union: row.values[5],
                    is_truncated: false,
                    may_delete: true,
                },
            })
            .collect();
        write(check, &found, output)
    })
}

/// Removes all but the first of `equal` from `rows`.
fn remove_copies(rows: &mut Vec<StagedRow>, equal: &[StagedRow]) {
    let mut copies = equal.iter().skip(1).peekable();
    rows.retain(|row| copies.next_if_eq(&row).is_none());
}

fn write(
    check: &DuplicateCheck,
    found: &[Match<'_>],
    output: &mut dyn StepOutput,
) -> store::Result<()> {
    found.iter().try_for_each(|found| check.write_claim(found, output))
}

fn doc_span(row: &StagedRow) -> DocSpan {
    let [document, start, end, ..] = row.values;
    DocSpan { document, start, end }
}

fn admits(minima: &MinWords, row: &StagedRow) -> bool {
    minima.admits(UnitKind::from_number(row.values[4]), row.values[3])
}
