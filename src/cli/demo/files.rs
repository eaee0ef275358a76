//! The files of the demo: a shipped policy, and what scikit-learn wrote about two models that were
//! really trained (`examples/demo/make_evidence.py`).

use super::Failure;
use crate::cli::output::plain;
use std::{fs, path::Path};

/// The files, by their paths in the demo's folder.
const FILES: [(&str, &str); 9] = [
    ("policies/credit-risk.toml", include_str!("../../../policies/credit-risk.toml")),
    ("bad/model.txt", include_str!("../../../examples/demo/bad/model.txt")),
    (
        "bad/classification-report.json",
        include_str!("../../../examples/demo/bad/classification-report.json"),
    ),
    ("bad/fairness.json", include_str!("../../../examples/demo/bad/fairness.json")),
    ("bad/latency.json", include_str!("../../../examples/demo/bad/latency.json")),
    ("good/model.txt", include_str!("../../../examples/demo/good/model.txt")),
    (
        "good/classification-report.json",
        include_str!("../../../examples/demo/good/classification-report.json"),
    ),
    ("good/fairness.json", include_str!("../../../examples/demo/good/fairness.json")),
    ("good/latency.json", include_str!("../../../examples/demo/good/latency.json")),
];

/// Writes all of them below `folder`.
pub(super) fn lay_out(folder: &Path) -> Result<(), Failure> {
    for (name, text) in FILES {
        write(folder, name, text.as_bytes())?;
    }
    Ok(())
}

/// Writes one file below `folder`.
pub(super) fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let path = folder.join(name);
    let done =
        path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, bytes));
    done.map_err(|e| {
        Failure::service("demo-folder", format!("{}: {e}", plain(&path.display().to_string())))
    })
}

/// Copies the files below `from`, two levels deep, as an export has them.
pub(super) fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
