//! Matching by an expression as it is written down: for those that a run tries a few times, compiling would take longer.
//!
//! All ways through the expression are gone at once: of each part it is told at which places of the text it may end, given
//! those at which it may begin. That takes no more than the length of the text times that of the expression, loops unrolled.

use regex_automata::util::look::{Look, LookMatcher};

use super::bytes::Bytes;
use super::expression::is_mark;
use super::program::{CharacterClass, Part, Program, parts, third_form};

/// Longer texts are walked as far as this reaches, at a bit for each byte.
const WORDS: usize = 8;

/// Whether an expression may match all of `text`, marks around it aside, as its ends tell.
pub(super) fn may_match(program: Program<'_>, text: &str) -> bool {
    let (first, last) = (up_to_text(text, text.char_indices()), up_to_text(text, text.char_indices().rev()));
    first.meet(&[program.first]) && last.meet(&[program.last])
}

/// What stands in `text` from an end of it to the first character that is no mark; where all are marks, anything may.
fn up_to_text(text: &str, characters: impl Iterator<Item = (usize, char)>) -> Bytes {
    let mut bytes = Bytes(0);
    for (at, character) in characters {
        bytes = bytes.with(Bytes::of_byte(text.as_bytes()[at]));
        if !is_mark(character) {
            return bytes;
        }
    }
    Bytes::ALL
}

/// Matches with a bound on how long that may take.
pub(super) struct Walk<'t> {
    text: &'t str,
    /// Steps that may still be taken.
    left: u32,
}

impl<'t> Walk<'t> {
    /// In `text`, in so many steps: one is to look at one part of an expression at one place.
    pub(super) fn new(text: &'t str, steps: u32) -> Self {
        Self { text, left: steps }
    }

    /// Steps that were not taken.
    pub(super) fn left(&self) -> u32 {
        self.left
    }

    /// Whether `program` matches the whole text, marks around it aside, or else a part of it; `None` if that is not told within
    /// the steps, or by looking at how a long text begins.
    pub(super) fn is_match(&mut self, program: Program<'_>, is_whole: bool) -> Option<bool> {
        let text = self.text;
        if !is_whole {
            let is_at_start =
                matches!(parts(program.parts).next(), Some(Part::Look(look)) if look == Look::Start.as_repr());
            let all = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            let start = Places::of(all.take(if is_at_start { 1 } else { usize::MAX }))?;
            return self.after(program.parts, start).map(|ends| !ends.is_empty());
        }
        let marks = text.char_indices().take_while(|(_, character)| is_mark(*character));
        let start = Places::of([0].into_iter().chain(marks.map(|(at, mark)| at + mark.len_utf8())))?;
        let ends = self.after(program.parts, start)?;
        let marks = text.char_indices().rev().take_while(|(_, character)| is_mark(*character));
        // Those that are too far were not walked to.
        Some([text.len()].into_iter().chain(marks.map(|(at, _)| at)).any(|end| ends.has(end)))
    }

    /// Where `program` may end that begins at one of `places`.
    fn after(&mut self, program: &[u8], mut places: Places) -> Option<Places> {
        for part in parts(program) {
            if places.is_empty() {
                break;
            }
            places = self.after_part(part, places)?;
        }
        Some(places)
    }

    fn after_part(&mut self, part: Part<'_>, places: Places) -> Option<Places> {
        let text = self.text;
        match part {
            Part::Literal(literal) => self.each(places, |at| {
                text.as_bytes().get(at..).is_some_and(|rest| rest.starts_with(literal)).then(|| at + literal.len())
            }),
            Part::Letters(letters) => self.each(places, |at| after_letters(text.as_bytes(), at, letters)),
            Part::Class(class) => self.each(places, |at| class.after(text, at)),
            Part::Look(look) => {
                let (look, looks) = (Look::from_repr(look)?, LookMatcher::new());
                self.each(places, |at| looks.matches(look, text.as_bytes(), at).then_some(at))
            }
            Part::Repetition(least, most, program) => self.after_repetition(least, most, program, places),
            Part::Alternation(branches) => {
                let mut here = Bytes(0);
                // At the end of the text stands nothing: what may begin with any byte may also be empty.
                self.each(places, |at| {
                    here = here.with(Bytes::of_byte(text.as_bytes().get(at).copied().unwrap_or_default()));
                    None
                })?;
                let mut ends = Places::default();
                for branch in parts(branches) {
                    self.left = self.left.checked_sub(1)?;
                    if matches!(branch, Part::Branch(first, _) if here.meet(&[first])) {
                        ends = ends.or(self.after_part(branch, places)?);
                    }
                }
                Some(ends)
            }
            Part::Branch(_, program) => self.after(program, places),
        }
    }

    fn after_repetition(&mut self, least: u32, most: u32, program: &[u8], places: Places) -> Option<Places> {
        let mut last = places;
        for _ in 0..least {
            if last.is_empty() {
                return Some(last);
            }
            last = self.after(program, last)?;
        }
        let more = most.saturating_sub(least);
        let mut row = parts(program);
        if let (Some(Part::Class(class)), None) = (row.next(), row.next())
            && (last.is_one() || more as usize >= self.text.len())
        {
            return self.after_row(class, last, more);
        }
        let mut ends = last;
        for _ in 0..more {
            // What was reached in fewer rounds leads nowhere in more.
            last = self.after(program, last)?.without(ends);
            if last.is_empty() {
                break;
            }
            ends = ends.or(last);
        }
        Some(ends)
    }

    /// Where rows of at most so many characters of a class end that begin at `places`: at one, or else as long as the text.
    fn after_row(&mut self, class: CharacterClass<'_>, places: Places, most: u32) -> Option<Places> {
        let (mut ends, steps) = (places, self.left.min(most));
        let mut left = steps;
        for word in 0..WORDS {
            // Those that are added stand behind.
            let mut seen = 0;
            loop {
                let next = ends.0[word] & !seen;
                if next == 0 || left == 0 {
                    break;
                }
                left -= 1;
                seen |= next & next.wrapping_neg();
                if let Some(end) = class.after(self.text, word * u64::BITS as usize + next.trailing_zeros() as usize) {
                    ends.insert(end)?;
                }
            }
        }
        self.left -= steps - left;
        (self.left > 0).then_some(ends)
    }

    /// Where `step` leads from each of `places`.
    fn each(&mut self, places: Places, mut step: impl FnMut(usize) -> Option<usize>) -> Option<Places> {
        let mut ends = Places::default();
        for (word, &bits) in places.0.iter().enumerate() {
            self.left = self.left.checked_sub(bits.count_ones())?;
            let mut bits = bits;
            while bits != 0 {
                if let Some(end) = step(word * u64::BITS as usize + bits.trailing_zeros() as usize) {
                    ends.insert(end)?;
                }
                bits &= bits - 1;
            }
        }
        // One for the part itself.
        self.left = self.left.checked_sub(1)?;
        Some(ends)
    }
}

/// Where `letters` end that begin at a byte, large or small.
fn after_letters(text: &[u8], mut at: usize, letters: &[u8]) -> Option<usize> {
    for letter in letters {
        if text.get(at)?.eq_ignore_ascii_case(letter) {
            at += 1;
        } else {
            let mut bytes = [0; 4];
            let third = third_form(*letter)?.encode_utf8(&mut bytes).as_bytes();
            at += text[at..].starts_with(third).then_some(third.len())?;
        }
    }
    Some(at)
}

/// Places in a text, its end included, as far as it is walked.
#[derive(Clone, Copy, Default)]
struct Places([u64; WORDS]);

impl Places {
    /// `None` if one is too far.
    fn of(mut places: impl Iterator<Item = usize>) -> Option<Self> {
        let mut all = Self::default();
        places.try_for_each(|place| all.insert(place))?;
        Some(all)
    }

    /// `None` if it is too far.
    fn insert(&mut self, place: usize) -> Option<()> {
        *self.0.get_mut(place / u64::BITS as usize)? |= 1 << (place % u64::BITS as usize);
        Some(())
    }

    fn has(&self, place: usize) -> bool {
        self.0.get(place / u64::BITS as usize).is_some_and(|word| word >> (place % u64::BITS as usize) & 1 != 0)
    }

    fn is_one(self) -> bool {
        self.0.iter().map(|word| word.count_ones()).sum::<u32>() == 1
    }

    fn is_empty(self) -> bool {
        self.0 == [0; WORDS]
    }

    fn or(self, other: Self) -> Self {
        self.with(other, |own, other| own | other)
    }

    fn without(self, other: Self) -> Self {
        self.with(other, |own, other| own & !other)
    }

    fn with(mut self, other: Self, join: impl Fn(u64, u64) -> u64) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(own, other)| *own = join(*own, other));
        self
    }
}
