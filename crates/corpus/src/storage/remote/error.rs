//! User-facing errors of stores.

use std::io;

use object_store::Error;

/// Whether the error means that the object does not exist.
pub(super) fn is_missing(error: &Error) -> bool {
    matches!(error, Error::NotFound { .. })
}

/// The error for an object that does not exist.
pub(super) fn missing() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "no such object")
}

/// The error for an object that has changed since it was opened.
pub(super) fn changed() -> io::Error {
    io::Error::other("the object changed while it was read; run again when nothing writes to it")
}

/// Describes an error, without the credentials that a URL or response may contain.
pub(super) fn describe(error: &Error) -> io::Error {
    match error {
        Error::NotFound { .. } => missing(),
        Error::Precondition { .. } => changed(),
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
            no_access("the store denies access with these credentials")
        }
        other => {
            let message = redacted(&other.to_string());
            // The address from which cloud instances get the credentials of their role.
            let has_asked_machine = message.contains("://169.254.169.254");
            match has_asked_machine || message.contains("Account must be specified") {
                true => no_access("there are no credentials"),
                false => io::Error::other(message),
            }
        }
    }
}

fn no_access(what: &str) -> io::Error {
    let message = format!(
        "{what}; they are read from the environment, such as AWS_ACCESS_KEY_ID, \
         GOOGLE_SERVICE_ACCOUNT, AZURE_STORAGE_ACCOUNT_NAME or HF_TOKEN"
    );
    io::Error::new(io::ErrorKind::PermissionDenied, message)
}

/// Removes the queries of URLs, which may be signed, and response bodies.
fn redacted(message: &str) -> String {
    const STATUS: &str = "status code: ";
    let body = message.find(STATUS).and_then(|at| {
        let status = at + STATUS.len();
        message[status..].find(": ").map(|end| status + end)
    });
    let message = &message[..body.unwrap_or(message.len())];
    let words = message.split_whitespace().map(|word| match word.split_once('?') {
        Some((address, _)) if address.contains("://") => address,
        _ => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_omit_signatures_and_responses() {
        let message = redacted(
            "Error performing GET https://a.example/c/b?sig=secret&se=1 in 2s - Server returned \
             non-2xx status code: 503 Slow Down: <Error>\n<Key>secret</Key></Error>",
        );
        assert_eq!(
            message,
            "Error performing GET https://a.example/c/b in 2s - Server returned non-2xx status \
             code: 503 Slow Down"
        );
    }
}
