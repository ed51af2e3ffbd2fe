//! Access control for the server: only the person who has the address may use it, and no other site
//! in their browser.

use tiny_http::{Method, Request};

/// The token that a request must have, and the origin it must come from.
pub(super) struct Access {
    token: String,
    port: u16,
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AccessError {
    /// The host is not this machine, as after DNS rebinding.
    Host,
    /// The address lacks the token.
    Token,
    /// Another site sends the request.
    Origin,
}

impl AccessError {
    /// Returns the reason as a sentence.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Host => "The request is for another host.",
            Self::Token => {
                "The address lacks the token: use the one that `dechaff review` printed."
            }
            Self::Origin => "The request comes from another site.",
        }
    }
}

impl Access {
    /// Creates a random token of 128 bits for a server on `port`.
    ///
    /// # Errors
    ///
    /// The system has no random numbers.
    pub(super) fn new(port: u16) -> anyhow::Result<Self> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)
            .map_err(|error| anyhow::anyhow!("cannot get random numbers: {error}"))?;
        Ok(Self { token: bytes.iter().map(|byte| format!("{byte:02x}")).collect(), port })
    }

    /// Returns the address to open.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/{}/", self.port, self.token)
    }

    /// Checks a request. Returns the part of its path after the token, with the query.
    pub(super) fn check<'r>(&self, request: &'r Request) -> Result<&'r str, AccessError> {
        let hosts = ["127.0.0.1", "localhost"].map(|host| format!("{host}:{}", self.port));
        let host = only(request, "Host")
            .and_then(|host| hosts.iter().find(|own| own.eq_ignore_ascii_case(host)));
        let Some(host) = host else { return Err(AccessError::Host) };
        let path = request.url().strip_prefix('/').unwrap_or_default();
        let end = path.find(['/', '?']).unwrap_or(path.len());
        let (token, rest) = path.split_at(end);
        if !is_equal(token.as_bytes(), self.token.as_bytes()) {
            return Err(AccessError::Token);
        }
        if *request.method() == Method::Post {
            // Every browser sends `Origin` with POST.
            let is_own =
                only(request, "Origin").is_some_and(|origin| origin == format!("http://{host}"));
            let is_same_origin =
                only(request, "Sec-Fetch-Site").is_none_or(|site| site == "same-origin");
            if !is_own || !is_same_origin {
                return Err(AccessError::Origin);
            }
        }
        Ok(rest)
    }
}

/// Returns the value of a header, or `None` if it is missing. A repeated one has no value.
fn only<'r>(request: &'r Request, name: &'static str) -> Option<&'r str> {
    let mut values = request
        .headers()
        .iter()
        .filter(|header| header.field.equiv(name))
        .map(|header| header.value.as_str());
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value),
        (Some(_), Some(_)) => Some(""),
        _ => None,
    }
}

/// Compares in constant time, whatever the position of the first difference.
fn is_equal(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).fold(0, |all, (one, other)| all | (one ^ other)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_random_and_compared_as_a_whole() {
        let (one, other) = (Access::new(1).unwrap(), Access::new(1).unwrap());
        assert_eq!(one.token.len(), 32);
        assert_ne!(one.token, other.token);
        assert!(is_equal(b"abc", b"abc"));
        assert!(!is_equal(b"abc", b"abd") && !is_equal(b"abc", b"ab") && !is_equal(b"", b"a"));
    }
}
