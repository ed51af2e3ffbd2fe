//! The parameters of kinds that have none.

use serde::{Deserialize, Serialize};

use dechaff_findings::ParameterError;

/// The parameters of a kind that has none.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {}

/// Accepts all parameters; there are none.
///
/// # Errors
///
/// Never fails.
pub fn validate(_: &Parameters) -> Result<(), ParameterError> {
    Ok(())
}
