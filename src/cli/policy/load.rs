//! Reading policy files.

use super::render;
use crate::{
    cli::{exit::Failure, output::plain},
    policy::{self, Policy},
};
use std::{path::Path, sync::Arc};

/// The text of a policy file.
///
/// # Errors
/// `policy-unreadable` when the file cannot be read or is not UTF-8.
pub fn text(path: &Path) -> Result<String, Failure> {
    let name = plain(&path.display().to_string());
    let bytes = std::fs::read(path).map_err(|e| {
        Failure::input("policy-unreadable", format!("cannot read the policy `{name}`: {e}"))
    })?;
    String::from_utf8(bytes).map_err(|e| {
        let line = e.as_bytes().get(..e.utf8_error().valid_up_to()).unwrap_or_default();
        let line = line.split(|b| *b == b'\n').count();
        Failure::input(
            "policy-unreadable",
            format!("the policy `{name}` is not UTF-8 (line {line})"),
        )
    })
}

/// Reads one policy.
///
/// # Errors
/// As [`text`]; `policy-mistakes` with every mistake shown in its source.
pub fn policy(path: &Path) -> Result<Arc<Policy>, Failure> {
    let text = text(path)?;
    policy::admit(&text).map(Arc::new).map_err(|mistakes| {
        Failure::input("policy-mistakes", render::report(&path.display().to_string(), &mistakes))
    })
}

/// Reads several policies; the mistakes of all are reported at once.
///
/// # Errors
/// As [`policy()`].
pub fn policies<P: AsRef<Path>>(paths: &[P]) -> Result<Vec<Arc<Policy>>, Failure> {
    let mut read = Vec::new();
    let mut failed: Option<Failure> = None;
    for path in paths {
        match (policy(path.as_ref()), &mut failed) {
            (Ok(policy), _) => read.push(policy),
            (Err(failure), None) => failed = Some(failure),
            (Err(failure), Some(first)) => {
                first.message.push('\n');
                first.message.push_str(&failure.message);
            }
        }
    }
    failed.map_or(Ok(read), Err)
}
