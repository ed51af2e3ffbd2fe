//! Expressions in a row of bytes, as they are walked: what their ends say, then parts that follow each other, each behind its
//! kind and its length.
//!
//! The build script reads this file too, so that the programs of the rules that come with the program are known when it starts.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

use super::bytes::{Bytes, End, at_end};
use super::compact::compact;

/// What an expression says; `None` if it is none.
pub(super) fn parse(expression: &str, case_sensitive: bool) -> Option<Hir> {
    ParserBuilder::new().case_insensitive(!case_sensitive).build().parse(&compact(expression)).ok()
}

/// An expression as it is walked.
#[derive(Clone, Copy)]
pub(super) struct Program<'p> {
    /// Of which bytes one stands where it begins; all bytes if it may be empty.
    pub(super) first: Bytes,
    /// The same where it ends.
    pub(super) last: Bytes,
    /// As [`parts`] reads them.
    pub(super) parts: &'p [u8],
}

impl<'p> Program<'p> {
    /// What [`written`] wrote; `None` if it did not.
    pub(super) fn read(bytes: &'p [u8]) -> Option<Self> {
        let (first, bytes) = bytes.split_first_chunk()?;
        let (last, parts) = bytes.split_first_chunk()?;
        let [first, last] = [first, last].map(|set| Bytes(u128::from_le_bytes(*set)));
        Some(Self { first, last, parts })
    }
}

/// A part of a program.
#[derive(Clone, Copy)]
pub(super) enum Part<'p> {
    /// These bytes.
    Literal(&'p [u8]),
    /// These bytes, whose letters may be large or small.
    Letters(&'p [u8]),
    /// One of some characters.
    Class(CharacterClass<'p>),
    /// A place of a kind, as [`regex_syntax::hir::Look::as_repr`] numbers them.
    Look(u32),
    /// Parts in a row so often: at least, and at most.
    Repetition(u32, u32, &'p [u8]),
    /// One of some, each a [`Part::Branch`].
    Alternation(&'p [u8]),
    /// Parts in a row, and the bytes of which one stands where they begin; all bytes if they may be empty.
    Branch(Bytes, &'p [u8]),
}

/// Some characters: a bit for each of ASCII, and ranges of others.
#[derive(Clone, Copy)]
pub(super) struct CharacterClass<'p> {
    ascii: u128,
    /// First and last of each range, in order.
    wide: &'p [[u8; 2 * CHARACTER]],
}

impl CharacterClass<'_> {
    /// Where in `text` the character at a place ends that is one of these.
    #[inline]
    pub(super) fn after(&self, text: &str, at: usize) -> Option<usize> {
        let byte = *text.as_bytes().get(at)?;
        if byte.is_ascii() {
            return (self.ascii >> byte & 1 != 0).then_some(at + 1);
        }
        text.get(at..)?
            .chars()
            .next()
            .filter(|character| self.has_wide(*character))
            .map(|character| at + character.len_utf8())
    }

    /// Whether a character beyond ASCII is one of these.
    fn has_wide(&self, character: char) -> bool {
        let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte));
        let behind = self.wide.partition_point(|range| number(&range[CHARACTER..]) < character as u32);
        self.wide.get(behind).is_some_and(|range| number(&range[..CHARACTER]) <= character as u32)
    }
}

/// Bytes of a character's number.
const CHARACTER: usize = 3;
/// Bytes of a part's kind and length.
const HEAD: usize = 4;
/// Bytes of a number.
const NUMBER: usize = size_of::<u32>();

const LITERAL: u8 = 0;
const LETTERS: u8 = 1;
const CLASS: u8 = 2;
const LOOK: u8 = 3;
const REPETITION: u8 = 4;
const ALTERNATION: u8 = 5;
const BRANCH: u8 = 6;

/// Parts in a row; ends early where there are none.
pub(super) fn parts(mut program: &[u8]) -> impl Iterator<Item = Part<'_>> {
    std::iter::from_fn(move || {
        let (&[kind, low, middle, high], rest) = program.split_first_chunk::<HEAD>()?;
        let length = u32::from_le_bytes([low, middle, high, 0]) as usize;
        let (body, rest) = rest.split_at_checked(length)?;
        program = rest;
        part(kind, body)
    })
}

fn part(kind: u8, body: &[u8]) -> Option<Part<'_>> {
    let number = |bytes: &[u8]| bytes.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
    match kind {
        LITERAL => Some(Part::Literal(body)),
        LETTERS => Some(Part::Letters(body)),
        CLASS => {
            let (ascii, wide) = body.split_first_chunk()?;
            let (wide, _) = wide.as_chunks();
            Some(Part::Class(CharacterClass { ascii: u128::from_le_bytes(*ascii), wide }))
        }
        LOOK => number(body).map(Part::Look),
        REPETITION => Some(Part::Repetition(number(body)?, number(body.get(NUMBER..)?)?, body.get(2 * NUMBER..)?)),
        ALTERNATION => Some(Part::Alternation(body)),
        BRANCH => {
            let (first, program) = body.split_first_chunk()?;
            Some(Part::Branch(Bytes(u128::from_le_bytes(*first)), program))
        }
        _ => None,
    }
}

/// Writes an expression down; `None` where that is not possible: it is too long, or asks for bytes that are no characters.
pub(super) fn written(hir: &Hir) -> Option<Vec<u8>> {
    let mut program = Vec::new();
    program.extend([End::First, End::Last].iter().flat_map(|end| at_end(hir, *end).0.to_le_bytes()));
    write(hir, &mut program)?;
    Some(program)
}

fn write(hir: &Hir, program: &mut Vec<u8>) -> Option<()> {
    match hir.kind() {
        HirKind::Empty => Some(()),
        HirKind::Literal(literal) => write_bytes(LITERAL, program, &literal.0),
        HirKind::Class(class) => match letter(class) {
            Some(letter) => write_bytes(LETTERS, program, &[letter]),
            None => write_part(CLASS, program, |body| write_class(class, body)),
        },
        HirKind::Look(look) => write_bytes(LOOK, program, &look.as_repr().to_le_bytes()),
        HirKind::Repetition(repetition) => write_part(REPETITION, program, |body| {
            body.extend(repetition.min.to_le_bytes());
            body.extend(repetition.max.unwrap_or(u32::MAX).to_le_bytes());
            write(&repetition.sub, body)
        }),
        HirKind::Capture(capture) => write(&capture.sub, program),
        HirKind::Concat(parts) => write_sequence(parts, program),
        HirKind::Alternation(branches) => write_part(ALTERNATION, program, |body| {
            branches.iter().try_for_each(|branch| {
                write_part(BRANCH, body, |body| {
                    body.extend(at_end(branch, End::First).0.to_le_bytes());
                    write(branch, body)
                })
            })
        }),
    }
}

/// Parts in a row, of which letters and what stands between them become one.
fn write_sequence(mut parts: &[Hir], program: &mut Vec<u8>) -> Option<()> {
    while let Some((first, rest)) = parts.split_first() {
        let row: Vec<Vec<u8>> = parts.iter().map_while(caseless).collect();
        if row.is_empty() {
            write(first, program)?;
            parts = rest;
        } else {
            let bytes = row.concat();
            let kind = if bytes.iter().any(u8::is_ascii_alphabetic) { LETTERS } else { LITERAL };
            write_bytes(kind, program, &bytes)?;
            parts = &parts[row.len()..];
        }
    }
    Some(())
}

/// The bytes that a part is, a letter of ASCII in its small form; `None` if it is no such row, or if case tells in it.
fn caseless(part: &Hir) -> Option<Vec<u8>> {
    match part.kind() {
        HirKind::Class(class) => letter(class).map(|letter| vec![letter]),
        HirKind::Literal(literal) => (!literal.0.iter().any(u8::is_ascii_alphabetic)).then(|| literal.0.to_vec()),
        _ => None,
    }
}

fn write_bytes(kind: u8, program: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    write_part(kind, program, |body| {
        body.extend_from_slice(bytes);
        Some(())
    })
}

fn write_part(kind: u8, program: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> Option<()>) -> Option<()> {
    let head = program.len();
    program.extend([kind, 0, 0, 0]);
    write(program)?;
    let [low, middle, high, 0] = u32::try_from(program.len() - head - HEAD).ok()?.to_le_bytes() else { return None };
    program[head + 1..head + HEAD].copy_from_slice(&[low, middle, high]);
    Some(())
}

fn write_class(class: &Class, body: &mut Vec<u8>) -> Option<()> {
    let ranges = ranges(class)?;
    let (small, wide): (Vec<_>, Vec<_>) = ranges.into_iter().partition(|(_, last)| *last < 0x80);
    let bits = |(first, last): (u32, u32)| (first..=last).fold(0_u128, |bits, number| bits | 1 << number);
    let mut ascii = small.into_iter().map(bits).fold(0, |all, bits| all | bits);
    // A range may begin in ASCII and end beyond.
    ascii |= wide
        .iter()
        .filter(|(first, _)| *first < 0x80)
        .map(|(first, _)| bits((*first, 0x7F)))
        .fold(0, |all, bits| all | bits);
    body.extend(ascii.to_le_bytes());
    for (first, last) in wide {
        body.extend_from_slice(&first.to_le_bytes()[..CHARACTER]);
        body.extend_from_slice(&last.to_le_bytes()[..CHARACTER]);
    }
    Some(())
}

/// The numbers of a class's characters; `None` where it has bytes that are none.
fn ranges(class: &Class) -> Option<Vec<(u32, u32)>> {
    match class {
        Class::Unicode(class) => Some(class.iter().map(|range| (range.start() as u32, range.end() as u32)).collect()),
        Class::Bytes(class) => {
            class.is_ascii().then(|| class.iter().map(|range| (range.start().into(), range.end().into())).collect())
        }
    }
}

/// The letter of ASCII, small, of which a class is the large and the small form; those of `k` and `s` have a third.
fn letter(class: &Class) -> Option<u8> {
    let ranges = ranges(class)?;
    let (&(large, last), rest) = ranges.split_first()?;
    let large = u8::try_from(large).ok().filter(|large| large.is_ascii_uppercase() && last == u32::from(*large))?;
    let small = large.to_ascii_lowercase();
    let forms = [Some(u32::from(small)), third_form(small).map(u32::from)];
    let is_all = forms.into_iter().flatten().map(|form| (form, form)).eq(rest.iter().copied());
    is_all.then_some(small)
}

/// What else than its large form is the same as a small letter of ASCII, case aside.
pub(super) fn third_form(small: u8) -> Option<char> {
    match small {
        b'k' => Some('\u{212A}'),
        b's' => Some('\u{17F}'),
        _ => None,
    }
}
