//! Kinds of fields, and the values that are valid for them.

use serde::{Deserialize, Serialize};

use crate::lorem_ipsum::is_lorem_ipsum;
use dechaff_text::is_blank;

/// What a field of a personal record holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldKind {
    /// A person's name.
    Name,
    /// A login name.
    Username,
    /// An email address.
    Email,
    /// A date of birth.
    Birthdate,
    /// A postal address.
    Address,
    /// A telephone number.
    Phone,
    /// An employer.
    Company,
    /// An occupation.
    Job,
    /// A text about the person.
    Biography,
    /// The URL of a page or profile.
    Url,
    /// A number of followers, or of accounts followed.
    Followers,
    /// A number that identifies a person, such as an insurance, card or account number.
    Identity,
    /// A password.
    Password,
    /// Sex, age, blood group and other attributes.
    Trait,
}

impl FieldKind {
    /// The name of the kind in diagnostics.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Username => "user name",
            Self::Email => "mail",
            Self::Birthdate => "birth date",
            Self::Address => "address",
            Self::Phone => "phone",
            Self::Company => "company",
            Self::Job => "job",
            Self::Biography => "biography",
            Self::Url => "profile",
            Self::Followers => "followers",
            Self::Identity => "identity number",
            Self::Password => "password",
            Self::Trait => "trait",
        }
    }

    /// Whether real contact blocks lack this kind of field.
    pub(super) fn is_identifying(self) -> bool {
        matches!(
            self,
            Self::Username | Self::Birthdate | Self::Followers | Self::Identity | Self::Biography
        )
    }

    /// Whether public biographies lack this kind of field.
    pub(super) fn is_private(self) -> bool {
        matches!(self, Self::Email | Self::Phone | Self::Address | Self::Identity | Self::Password)
    }

    /// Whether the value is lorem ipsum in place of a biography.
    pub(super) fn is_lorem_ipsum_biography(self, value: &str) -> bool {
        self == Self::Biography && is_lorem_ipsum(value, 4)
    }

    /// Whether `value` looks valid for this kind.
    pub(super) fn is_valid(self, value: &str) -> bool {
        let value = value.trim_matches(['*', '_', '`', ' ', '"', '\'', ',']);
        match self {
            Self::Name => is_name(value),
            Self::Username => is_handle(value),
            Self::Email => is_email(value),
            Self::Birthdate => is_date(value),
            Self::Address => (1..=40).contains(&value.split_whitespace().count()),
            Self::Phone => is_phone(value),
            Self::Company | Self::Job => value.split_whitespace().count() <= 20,
            Self::Biography => {
                value.split_whitespace().count() >= 3 || is_in_spaceless_script(value)
            }
            Self::Url => is_url(value),
            Self::Followers => is_count(value),
            Self::Identity => {
                value.chars().filter(char::is_ascii_digit).count() >= 6 && value.len() <= 40
            }
            Self::Password => !value.contains(' ') && (4..=40).contains(&value.len()),
            Self::Trait => value.split_whitespace().count() <= 6,
        }
    }
}

fn is_name(value: &str) -> bool {
    let words: Vec<&str> = value.split_whitespace().collect();
    (1..=6).contains(&words.len())
        && value.len() <= 80
        && !value
            .contains(|character: char| character.is_ascii_digit() || "@/:".contains(character))
        && words.iter().any(|word| word.chars().next().is_some_and(|first| !first.is_lowercase()))
}

fn is_handle(value: &str) -> bool {
    (2..=60).contains(&value.len())
        && value.contains(char::is_alphabetic)
        && value.chars().all(|character| !character.is_whitespace() && !"/:,;|".contains(character))
}

fn is_email(value: &str) -> bool {
    let value = value.strip_prefix('[').and_then(|link| link.split(']').next()).unwrap_or(value);
    let value = value.trim_start_matches("mailto:").trim_matches(['<', '>']);
    match value.split_once('@') {
        Some((user, host)) => {
            !user.is_empty()
                && !value.contains(char::is_whitespace)
                && host.contains('.')
                && !host.contains('@')
        }
        None => false,
    }
}

/// Accepts three groups of digits, or two or more including a four-digit year, in at most 60 bytes.
fn is_date(value: &str) -> bool {
    // Includes years of the Persian and Thai calendars.
    const YEARS: std::ops::RangeInclusive<u32> = 1300..=2600;
    let groups: Vec<&str> =
        value.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    let year = groups
        .iter()
        .any(|group| group.len() == 4 && group.parse().is_ok_and(|year| YEARS.contains(&year)));
    value.len() <= 60 && year && (2..=7).contains(&groups.len())
        || value.len() <= 10 && groups.len() == 3
}

fn is_phone(value: &str) -> bool {
    let digits = value.chars().filter(|character| character.is_numeric()).count();
    (6..=20).contains(&digits)
        && value.chars().all(|character| {
            character.is_numeric()
                || is_blank(character)
                || " +-().x/extEXT#–\u{2010}\u{2011}".contains(character)
        })
}

fn is_url(value: &str) -> bool {
    let value = value.trim_start_matches(['[', '<']);
    value.starts_with("http://") || value.starts_with("https://") || value.starts_with("www.")
}

fn is_count(value: &str) -> bool {
    !value.is_empty()
        && value.len() <= 15
        && value.chars().all(|c| c.is_ascii_digit() || ", .\u{a0}".contains(c))
}

/// Whether the text is in a script without spaces between words.
fn is_in_spaceless_script(value: &str) -> bool {
    value.chars().any(|character| character >= '\u{2E80}') && value.chars().count() >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validates_values_by_kind() {
        assert!(
            FieldKind::Phone.is_valid("859.419.6077")
                && FieldKind::Phone.is_valid("+49 (0) 30 1234567")
                && !FieldKind::Phone.is_valid("911")
        );
        assert!(
            FieldKind::Birthdate.is_valid("1993-04-22")
                && FieldKind::Birthdate.is_valid("22 avril 1993")
        );
        assert!(!FieldKind::Birthdate.is_valid("1993") && !FieldKind::Birthdate.is_valid("soon"));
        assert!(
            FieldKind::Email.is_valid("a.b@example.org") && !FieldKind::Email.is_valid("a b@c.d")
        );
        assert!(
            FieldKind::Name.is_valid("Danial Spinka")
                && FieldKind::Name.is_valid("佐藤 太郎")
                && !FieldKind::Name.is_valid("user1")
        );
    }
}
