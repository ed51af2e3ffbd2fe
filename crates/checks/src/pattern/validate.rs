//! Rejects patterns that cannot be compiled, that can never match, or whose guards contradict each
//! other.

use regex_syntax::hir::{Hir, HirKind, Look};

use super::{Pattern, PatternUnit, SHORT_WORDS};
use crate::search::{Expression, LazyRegex, Search};
use dechaff_findings::ParameterError;
use dechaff_phrases::literals;

impl Pattern {
    /// Returns the first error, with its span.
    pub(super) fn validate(&self) -> Result<(), ParameterError> {
        let fault = |message: String| {
            Err(ParameterError {
                message,
                place: self.expressions.first().map(|one| one.place.clone()),
            })
        };
        if self.expressions.is_empty() && self.lines.is_empty() {
            return fault(
                "nothing to find: write phrases under the code of their language, such as `en`, or a `regex`".into(),
            );
        }
        if self.min_words > self.max_words {
            return fault(format!(
                "`min-words` {} is more than `max-words` {}",
                self.min_words, self.max_words
            ));
        }
        if self.max_words == 0 {
            return fault("`max-words` 0 lets nothing through".into());
        }
        if (self.after_neighbor || self.or_run_of > 0) && !self.needs_neighbor {
            return fault(
                "`or-run-of` says which neighbors count: set `needs-neighbor = true` too".into(),
            );
        }
        if !(0.0..1.0).contains(&self.not_before) {
            return fault(
                "`not-before` is a share of the document: at least 0 and less than 1".into(),
            );
        }
        self.validate_removal()?;
        for expression in &self.expressions {
            let regex = self.lazy_regex(vec![expression.source.clone()]);
            regex.compile().map_err(|message| expression.error(message))?;
        }
        for expression in &self.except {
            let regex = LazyRegex::new(vec![expression.source.clone()], false, self.case_sensitive);
            regex.compile().map_err(|message| expression.error(message))?;
        }
        for branch in self.expressions.iter().flat_map(Expression::branches) {
            let search = branch.search(!self.is_part)?;
            let Search::Required(required) = search.as_ref() else { continue };
            if required.key.is_empty() && !self.is_short() {
                return Err(branch.error(format!(
                    "nothing in `{}` is certain to occur, so that every unit would have to be tried: name a word of \
                     three letters that always occurs, or look at lines and set `max-words` to {SHORT_WORDS} or less",
                    branch.regex()
                )));
            }
        }
        Ok(())
    }

    /// Rejects expressions that can never match, or that match everything.
    fn validate_removal(&self) -> Result<(), ParameterError> {
        let parse = |expression: &Expression| literals::parse(&expression.regex()).ok();
        for expression in &self.expressions {
            let fault = |message: &str| Err(expression.error(message.into()));
            let Some(hir) = parse(expression) else { continue };
            if self.unit != PatternUnit::Paragraph && needs_line_end(&hir) {
                return fault(
                    "this can never match: a line or sentence holds no line end; set `where = \"paragraph\"`",
                );
            }
            if contradicts(&hir) {
                return fault(
                    "this can never match: it asks for text after the end (`$`) or before the start (`^`)",
                );
            }
            match hir.properties().minimum_len() {
                None => return fault("this can never match: nothing is what it asks for"),
                Some(0) => {
                    return fault(
                        "this matches everything: the empty text too; ask for at least a word",
                    );
                }
                Some(_) => {}
            }
        }
        let everything = self
            .except
            .iter()
            .find(|one| parse(one).is_some_and(|hir| hir.properties().minimum_len() == Some(0)));
        match everything {
            Some(one) => {
                let message = "the rule can never match: this exception matches everything, the empty text too";
                Err(one.error(message.into()))
            }
            None => Ok(()),
        }
    }
}

/// Whether `hir` can never match because it requires text after the end, or before the start, of
/// the text.
fn contradicts(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Concat(parts) => {
            let has_text =
                |part: &Hir| part.properties().minimum_len().is_some_and(|length| length > 0);
            let ends = |part: &Hir| part.properties().look_set_suffix().contains(Look::End);
            let starts = |part: &Hir| part.properties().look_set_prefix().contains(Look::Start);
            let end = parts.iter().position(ends);
            let start = parts.iter().rposition(starts);
            parts.iter().any(contradicts)
                || end.is_some_and(|end| parts[end + 1..].iter().any(has_text))
                || start.is_some_and(|start| parts[..start].iter().any(has_text))
        }
        HirKind::Alternation(branches) => branches.iter().all(contradicts),
        HirKind::Repetition(repetition) => repetition.min > 0 && contradicts(&repetition.sub),
        HirKind::Capture(capture) => contradicts(&capture.sub),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => false,
    }
}

/// Whether every match of `hir` contains a line end.
fn needs_line_end(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Literal(literal) => literal.0.contains(&b'\n'),
        HirKind::Concat(parts) => parts.iter().any(needs_line_end),
        HirKind::Alternation(branches) => branches.iter().all(needs_line_end),
        HirKind::Repetition(repetition) => repetition.min > 0 && needs_line_end(&repetition.sub),
        HirKind::Capture(capture) => needs_line_end(&capture.sub),
        HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) => false,
    }
}
