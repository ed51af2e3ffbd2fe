//! Python exceptions with the messages of the command.

use dechaff::report::render_user_file_error;
use dechaff::user_file::UserFileError;
use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;

create_exception!(
    dechaff,
    Error,
    PyException,
    "An error, with the message that the command prints."
);
create_exception!(
    dechaff,
    ConfigError,
    Error,
    "An error in settings, rules or an ignore list, with its position and a hint."
);

/// Converts an error. Errors in files include the line, like those of the command.
pub(crate) fn to_python(error: &anyhow::Error) -> PyErr {
    match error.downcast_ref::<UserFileError>() {
        Some(fault) => {
            let message = render_user_file_error(fault, false);
            let message = message.strip_prefix("error: ").unwrap_or(&message);
            ConfigError::new_err(message.trim_end().to_owned())
        }
        None => ConfigError::new_err(format!("{error:#}")),
    }
}
