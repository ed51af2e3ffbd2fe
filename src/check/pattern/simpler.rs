//! Forms of an expression that say the same of a text and take less to compile and to run.

use std::sync::LazyLock;

use regex_syntax::hir::{Class, ClassUnicode, Hir, HirKind, Look, Repetition};

use super::expression::{MARKS, is_mark};

/// From here on a bound is large: each repetition is a state of its own.
const LARGE: u32 = 100;

/// Bytes of the longest text that the large bounds in `hir` say nothing of: it cannot hold more repetitions.
pub(super) fn largest_length(hir: &Hir) -> usize {
    let of_all = |parts: &[Hir]| parts.iter().map(largest_length).min().unwrap_or(usize::MAX);
    match hir.kind() {
        HirKind::Repetition(repetition) => {
            let own = repetition.max.filter(|&max| max >= LARGE).map_or(usize::MAX, |max| max as usize);
            own.min(largest_length(&repetition.sub))
        }
        HirKind::Capture(capture) => largest_length(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => of_all(parts),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => usize::MAX,
    }
}

/// `hir` without large bounds: the same for texts of at most [`largest_length`] bytes.
pub(super) fn opened(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Repetition(Repetition { min, max, greedy, sub }) => {
            let max = max.filter(|&max| max < LARGE);
            Hir::repetition(Repetition { min: *min, max, greedy: *greedy, sub: Box::new(opened(sub)) })
        }
        HirKind::Capture(capture) => opened(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(opened).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(opened).collect()),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => hir.clone(),
    }
}

/// `hir` without bounds: it matches whatever `hir` does and more, and tells most of what does not match in a fraction of the
/// states, since none counts. `None` where `hir` has no bound to speak of.
pub(super) fn loosened(hir: &Hir) -> Option<Hir> {
    /// From here on a bound is worth leaving out.
    const BOUND: u32 = 5;
    let of_all = |parts: &[Hir]| {
        let loose: Vec<Option<Hir>> = parts.iter().map(loosened).collect();
        let is_any = loose.iter().any(Option::is_some);
        is_any
            .then(|| loose.into_iter().zip(parts).map(|(loose, part)| loose.unwrap_or_else(|| part.clone())).collect())
    };
    match hir.kind() {
        HirKind::Repetition(Repetition { min, max, greedy, sub }) => {
            let loose = loosened(sub);
            let is_bounded = max.unwrap_or(*min) >= BOUND;
            if loose.is_none() && !is_bounded {
                return None;
            }
            let (min, max) = if is_bounded { ((*min).min(1), None) } else { (*min, *max) };
            let sub = Box::new(loose.unwrap_or_else(|| (**sub).clone()));
            Some(Hir::repetition(Repetition { min, max, greedy: *greedy, sub }))
        }
        HirKind::Capture(capture) => loosened(&capture.sub),
        HirKind::Concat(parts) => of_all(parts).map(Hir::concat),
        HirKind::Alternation(parts) => of_all(parts).map(Hir::alternation),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => None,
    }
}

/// The ends of a unit that marks are taken from before an expression is tried.
#[derive(Clone, Copy, Default)]
pub(super) struct Ends {
    pub(super) start: bool,
    pub(super) end: bool,
}

impl Ends {
    /// Those at which no match of `hir` has a mark of its own, so that all marks there stand around it.
    fn free_of_marks(hir: &Hir) -> Self {
        let properties = hir.properties();
        // What stands beside a match must stay where the expression looks at it.
        if properties.minimum_len().is_none_or(|length| length == 0) || !properties.look_set().is_empty() {
            return Self::default();
        }
        Self { start: !may_touch(hir, false), end: !may_touch(hir, true) }
    }

    /// The unit without marks at these ends.
    pub(super) fn of(self, unit: &str) -> &str {
        let unit = if self.start { unit.trim_start_matches(is_mark) } else { unit };
        if self.end { unit.trim_end_matches(is_mark) } else { unit }
    }
}

/// What matches a whole unit if `hir` does, marks around it aside, and the ends from which marks are to be taken before.
pub(super) fn whole_unit(hir: Hir) -> (Hir, Ends) {
    let bare = Ends::free_of_marks(&hir);
    let marks = |is_bare: bool| if is_bare { Hir::empty() } else { ANY_MARKS.clone() };
    let parts = vec![Hir::look(Look::Start), marks(bare.start), hir, marks(bare.end), Hir::look(Look::End)];
    (Hir::concat(parts), bare)
}

/// Parses the expression for marks.
pub(super) fn warm_up() {
    LazyLock::force(&MARK_CLASS);
}

static ANY_MARKS: LazyLock<Hir> = LazyLock::new(|| regex_syntax::parse(MARKS).unwrap_or_else(|_| Hir::fail()));

static MARK_CLASS: LazyLock<Option<ClassUnicode>> = LazyLock::new(|| match ANY_MARKS.kind() {
    HirKind::Repetition(marks) => match marks.sub.kind() {
        HirKind::Class(Class::Unicode(class)) => Some(class.clone()),
        _ => None,
    },
    _ => None,
});

/// Whether what `hir` matches may begin, or end, with a mark, if it is not empty.
fn may_touch(hir: &Hir, at_end: bool) -> bool {
    let concat = |parts: &mut dyn Iterator<Item = &Hir>| {
        for part in parts {
            if may_touch(part, at_end) {
                return true;
            }
            if part.properties().minimum_len().is_some_and(|length| length > 0) {
                return false;
            }
        }
        true
    };
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(Class::Bytes(_)) => true,
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).unwrap_or_default();
            let touching = if at_end { text.chars().next_back() } else { text.chars().next() };
            touching.is_none_or(is_mark)
        }
        HirKind::Class(Class::Unicode(class)) => MARK_CLASS.as_ref().is_none_or(|marks| {
            let mut both = class.clone();
            both.intersect(marks);
            !both.ranges().is_empty()
        }),
        HirKind::Repetition(repetition) => may_touch(&repetition.sub, at_end),
        HirKind::Capture(capture) => may_touch(&capture.sub, at_end),
        HirKind::Alternation(parts) => parts.iter().any(|part| may_touch(part, at_end)),
        HirKind::Concat(parts) if at_end => concat(&mut parts.iter().rev()),
        HirKind::Concat(parts) => concat(&mut parts.iter()),
    }
}
