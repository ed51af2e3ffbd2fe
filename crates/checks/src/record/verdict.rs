//! Decides whether a group of fields describes an invented person.

use std::collections::BTreeSet;

use super::field::Field;
use super::field_kind::FieldKind;
use dechaff_text::Document;

/// Returns the fields whose value is valid for their kind.
pub(super) fn valid_fields<'f>(document: &Document<'_>, fields: &'f [Field]) -> Vec<&'f Field> {
    fields.iter().filter(|field| field.kind.is_valid(document.slice(field.value))).collect()
}

/// Whether only a generator can have produced the fields.
///
/// A generator draws each value independently, and draws values that no page publishes about a real
/// person next to a telephone number: a user name, a birth date, an insurance number. Each of these
/// signs alone may be a coincidence.
pub(super) fn is_invented(document: &Document<'_>, fields: &[Field], min_fields: usize) -> bool {
    let valid_fields = valid_fields(document, fields);
    if valid_fields.len() < min_fields || valid_fields.len() * 10 < fields.len() * 6 {
        return false;
    }
    let kinds: BTreeSet<FieldKind> = valid_fields.iter().map(|field| field.kind).collect();
    let has = |kind: FieldKind| kinds.contains(&kind);
    let lorem_ipsum = valid_fields
        .iter()
        .any(|field| field.kind.is_lorem_ipsum_biography(document.slice(field.value)));
    let identifying = kinds.iter().filter(|kind| kind.is_identifying()).count();
    let private = kinds.iter().filter(|kind| kind.is_private()).count();
    let reachable = has(FieldKind::Address) || has(FieldKind::Phone) || has(FieldKind::Identity);
    let unrelated_email = usize::from(has_unrelated_email(document, &valid_fields));
    lorem_ipsum && (identifying >= 1 || kinds.len() >= 3)
        || identifying + unrelated_email >= 2 && private >= 1 && kinds.len() >= 4
        || has(FieldKind::Username) && has(FieldKind::Followers) && kinds.len() >= 4
        || has(FieldKind::Username)
            && has(FieldKind::Name)
            && reachable
            && private >= 2
            && kinds.len() >= 5
        || has(FieldKind::Username)
            && has(FieldKind::Name)
            && has(FieldKind::Email)
            && kinds.len() >= 6
        || unrelated_email > 0 && private >= 3 && kinds.len() >= 6
}

/// Whether the email address is unrelated to the name, company and URL next to it.
fn has_unrelated_email(document: &Document<'_>, fields: &[&Field]) -> bool {
    let values = |kind: FieldKind| {
        fields
            .iter()
            .filter(move |field| field.kind == kind)
            .map(|field| document.slice(field.value).to_ascii_lowercase())
    };
    let mut others = values(FieldKind::Name)
        .chain(values(FieldKind::Company))
        .chain(values(FieldKind::Url))
        .peekable();
    let names: Vec<String> = values(FieldKind::Name).collect();
    // Email addresses use Latin letters and cannot be compared with names in other scripts.
    if names.is_empty() || others.any(|other| !other.is_ascii()) {
        return false;
    }
    let known: Vec<String> = values(FieldKind::Name)
        .chain(values(FieldKind::Company))
        .chain(values(FieldKind::Url))
        .flat_map(|value| {
            value.split(|c: char| !c.is_ascii_alphabetic()).map(str::to_owned).collect::<Vec<_>>()
        })
        .filter(|word| {
            word.len() >= 3
                && !["http", "https", "www", "com", "org", "net", "the", "and"]
                    .contains(&word.as_str())
        })
        .collect();
    values(FieldKind::Email).any(|email| {
        let user = email.split('@').next().unwrap_or("");
        let is_shared = SHARED_MAILBOXES.iter().any(|shared| user.contains(shared));
        let letters = user.bytes().filter(u8::is_ascii_alphabetic).count();
        !is_shared
            && letters >= 5
            && email.is_ascii()
            && !known.iter().any(|word| email.contains(&word[..3]))
    })
}

/// Parts of shared mailbox names.
const SHARED_MAILBOXES: &[&str] = &[
    "info", "contact", "press", "media", "sales", "support", "admin", "office", "hello", "mail",
    "team", "enquir", "inquir", "service", "editor", "news", "market", "book", "reserv", "master",
    "help", "job", "career", "event", "secretar", "desk",
];
