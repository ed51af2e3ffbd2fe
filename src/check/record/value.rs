//! Classes of fields and the values that fit them.

use serde::{Deserialize, Serialize};

use crate::check::lorem_ipsum::is_lorem_ipsum;
use crate::text::is_blank;

/// What a field of a person's record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// A person's name.
    Name,
    /// A name to log in with.
    Username,
    /// A mail address.
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
    /// The address of a page or profile.
    Url,
    /// A count of followers, or of those followed.
    Followers,
    /// A number that identifies a person: of an insurance, a card or an account.
    Identity,
    /// A secret to log in with.
    Password,
    /// Sex, age, blood group and what else a form asks for.
    Trait,
}

impl Class {
    /// The class as a diagnostic names it.
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

    /// Classes that a real contact block does not have.
    pub(super) fn is_telling(self) -> bool {
        matches!(self, Self::Username | Self::Birthdate | Self::Followers | Self::Identity | Self::Biography)
    }

    /// Classes that a public biography does not have.
    pub(super) fn is_private(self) -> bool {
        matches!(self, Self::Email | Self::Phone | Self::Address | Self::Identity | Self::Password)
    }

    /// Whether `value` is pseudo-Latin where the class calls for a text.
    pub(super) fn is_filler(self, value: &str) -> bool {
        self == Self::Biography && is_lorem_ipsum(value, 4)
    }

    /// Whether `value` looks like what the class calls for.
    pub(super) fn fits(self, value: &str) -> bool {
        let value = value.trim_matches(['*', '_', '`', ' ', '"', '\'', ',']);
        match self {
            Self::Name => is_name(value),
            Self::Username => is_handle(value),
            Self::Email => is_email(value),
            Self::Birthdate => is_date(value),
            Self::Address => (1..=40).contains(&value.split_whitespace().count()),
            Self::Phone => is_phone(value),
            Self::Company | Self::Job => value.split_whitespace().count() <= 20,
            Self::Biography => value.split_whitespace().count() >= 3 || has_wide_script(value),
            Self::Url => is_url(value),
            Self::Followers => is_count(value),
            Self::Identity => value.chars().filter(char::is_ascii_digit).count() >= 6 && value.len() <= 40,
            Self::Password => !value.contains(' ') && (4..=40).contains(&value.len()),
            Self::Trait => value.split_whitespace().count() <= 6,
        }
    }
}

fn is_name(value: &str) -> bool {
    let words: Vec<&str> = value.split_whitespace().collect();
    (1..=6).contains(&words.len())
        && value.len() <= 80
        && !value.contains(|character: char| character.is_ascii_digit() || "@/:".contains(character))
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
            !user.is_empty() && !value.contains(char::is_whitespace) && host.contains('.') && !host.contains('@')
        }
        None => false,
    }
}

/// Digits in three groups, or in two with a year of four; at most 60 bytes.
fn is_date(value: &str) -> bool {
    // Years of the Persian and the Thai calendar lie on either side of ours.
    const YEARS: std::ops::RangeInclusive<u32> = 1300..=2600;
    let groups: Vec<&str> = value.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    let year = groups.iter().any(|group| group.len() == 4 && group.parse().is_ok_and(|year| YEARS.contains(&year)));
    value.len() <= 60 && year && (2..=7).contains(&groups.len()) || value.len() <= 10 && groups.len() == 3
}

fn is_phone(value: &str) -> bool {
    let digits = value.chars().filter(|character| character.is_numeric()).count();
    (6..=20).contains(&digits)
        && value.chars().all(|character| {
            character.is_numeric() || is_blank(character) || " +-().x/extEXT#–\u{2010}\u{2011}".contains(character)
        })
}

fn is_url(value: &str) -> bool {
    let value = value.trim_start_matches(['[', '<']);
    value.starts_with("http://") || value.starts_with("https://") || value.starts_with("www.")
}

fn is_count(value: &str) -> bool {
    !value.is_empty() && value.len() <= 15 && value.chars().all(|c| c.is_ascii_digit() || ", .\u{a0}".contains(c))
}

/// Whether the text is in a script that puts no spaces between words.
fn has_wide_script(value: &str) -> bool {
    value.chars().any(|character| character >= '\u{2E80}') && value.chars().count() >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fit_their_class() {
        assert!(
            Class::Phone.fits("859.419.6077") && Class::Phone.fits("+49 (0) 30 1234567") && !Class::Phone.fits("911")
        );
        assert!(Class::Birthdate.fits("1993-04-22") && Class::Birthdate.fits("22 avril 1993"));
        assert!(!Class::Birthdate.fits("1993") && !Class::Birthdate.fits("soon"));
        assert!(Class::Email.fits("a.b@example.org") && !Class::Email.fits("a b@c.d"));
        assert!(Class::Name.fits("Danial Spinka") && Class::Name.fits("佐藤 太郎") && !Class::Name.fits("user1"));
    }
}
