//! What proves that a run of fields is about nobody.

use std::collections::BTreeSet;

use super::Class;
use super::field::Field;
use crate::text::Document;

/// The fields whose value is of their label's class.
pub(super) fn fitting<'f>(document: &Document<'_>, fields: &'f [Field]) -> Vec<&'f Field> {
    fields.iter().filter(|field| field.class.fits(document.slice(field.value))).collect()
}

/// Whether only a generator can have made the fields.
///
/// A generator draws each value by itself, and draws what no page says of a real person beside a telephone number: a user
/// name, a birth date, a number of insurance. Each such sign alone may be chance.
pub(super) fn is_invented(document: &Document<'_>, fields: &[Field], min_fields: usize) -> bool {
    let fitting = fitting(document, fields);
    if fitting.len() < min_fields || fitting.len() * 10 < fields.len() * 6 {
        return false;
    }
    let kinds: BTreeSet<Class> = fitting.iter().map(|field| field.class).collect();
    let has = |class: Class| kinds.contains(&class);
    let filler = fitting.iter().any(|field| field.class.is_filler(document.slice(field.value)));
    let signs = kinds.iter().filter(|class| class.is_telling()).count();
    let private = kinds.iter().filter(|class| class.is_private()).count();
    let reachable = has(Class::Address) || has(Class::Phone) || has(Class::Identity);
    let strange = usize::from(is_strange(document, &fitting));
    filler && (signs >= 1 || kinds.len() >= 3)
        || signs + strange >= 2 && private >= 1 && kinds.len() >= 4
        || has(Class::Username) && has(Class::Followers) && kinds.len() >= 4
        || has(Class::Username) && has(Class::Name) && reachable && private >= 2 && kinds.len() >= 5
        || has(Class::Username) && has(Class::Name) && has(Class::Email) && kinds.len() >= 6
        || strange > 0 && private >= 3 && kinds.len() >= 6
}

/// Whether the mail address has nothing to do with the name, the company or the page beside it.
fn is_strange(document: &Document<'_>, fields: &[&Field]) -> bool {
    let values = |class: Class| {
        fields
            .iter()
            .filter(move |field| field.class == class)
            .map(|field| document.slice(field.value).to_ascii_lowercase())
    };
    let mut others = values(Class::Name).chain(values(Class::Company)).chain(values(Class::Url)).peekable();
    let names: Vec<String> = values(Class::Name).collect();
    // Addresses are written in Latin letters: a name in others cannot be compared with one.
    if names.is_empty() || others.any(|other| !other.is_ascii()) {
        return false;
    }
    let known: Vec<String> = values(Class::Name)
        .chain(values(Class::Company))
        .chain(values(Class::Url))
        .flat_map(|value| value.split(|c: char| !c.is_ascii_alphabetic()).map(str::to_owned).collect::<Vec<_>>())
        .filter(|word| {
            word.len() >= 3 && !["http", "https", "www", "com", "org", "net", "the", "and"].contains(&word.as_str())
        })
        .collect();
    values(Class::Email).any(|email| {
        let user = email.split('@').next().unwrap_or("");
        let is_shared = SHARED.iter().any(|shared| user.contains(shared));
        let letters = user.bytes().filter(u8::is_ascii_alphabetic).count();
        !is_shared && letters >= 5 && email.is_ascii() && !known.iter().any(|word| email.contains(&word[..3]))
    })
}

/// Names of mail boxes that belong to no one person.
const SHARED: &[&str] = &[
    "info", "contact", "press", "media", "sales", "support", "admin", "office", "hello", "mail", "team", "enquir",
    "inquir", "service", "editor", "news", "market", "book", "reserv", "master", "help", "job", "career", "event",
    "secretar", "desk",
];
