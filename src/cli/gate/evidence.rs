//! The evidence of a submission: patterns to files, and their bytes.

use crate::{
    cli::{evidence_arg::EvidenceArg, exit::Failure, mapping, output::plain},
    wire::release::DocumentV1,
};
use bytes::Bytes;
use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

/// One document to be sent.
#[derive(Debug, Clone)]
pub(super) struct Document {
    /// What the submission says about it. Its name is that of its part in the form.
    pub(super) said: DocumentV1,
    /// Its bytes.
    pub(super) bytes: Bytes,
}

/// Reads what the arguments name. Each may be a pattern; a file with exactly that name takes
/// precedence.
///
/// # Errors
/// `evidence-unreadable` when a pattern is not valid, matches nothing, or a file cannot be read;
/// the mistakes of a mapping.
pub(super) fn read(args: &[EvidenceArg]) -> Result<Vec<Document>, Failure> {
    let mut files: Vec<EvidenceArg> = Vec::new();
    for arg in args {
        for file in expand(arg)? {
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    let mut names = HashSet::new();
    files.iter().map(|file| document(file, &mut names)).collect()
}

/// The files of predictions that the arguments name, each once. Their order does not matter: they
/// are one set of rows.
///
/// # Errors
/// `predictions-unreadable` when a pattern is not valid, matches nothing, or a name is not UTF-8.
pub(super) fn predictions(args: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for arg in args {
        let not_text = || {
            let message = format!("the name `{}` is not UTF-8", plain(&arg.display().to_string()));
            Failure::input("predictions-unreadable", message)
        };
        files.extend(
            matched(arg.to_str().ok_or_else(not_text)?, "predictions-unreadable")?
                .into_iter()
                .map(PathBuf::from),
        );
    }
    files.sort_unstable();
    files.dedup();
    Ok(files)
}

fn expand(arg: &EvidenceArg) -> Result<Vec<EvidenceArg>, Failure> {
    let found = matched(&arg.path, "evidence-unreadable")?;
    Ok(found.into_iter().map(|path| EvidenceArg { path, ..arg.clone() }).collect())
}

/// The files that a pattern matches, sorted; a path that is not a pattern, or that exists, names
/// itself.
fn matched(path: &str, code: &'static str) -> Result<Vec<String>, Failure> {
    let pattern = path.contains(['*', '?', '[']);
    if !pattern || Path::new(path).exists() {
        return Ok(vec![path.to_owned()]);
    }
    let wrong = |why: String| Failure::input(code, format!("the pattern `{}` {why}", plain(path)));
    let options =
        glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::new() };
    let matched =
        glob::glob_with(path, options).map_err(|e| wrong(format!("cannot be read: {e}")))?;
    let mut found = Vec::new();
    for path in matched {
        let path = path.map_err(|e| wrong(format!("cannot be followed: {e}")))?;
        if path.is_file() {
            let path = path
                .to_str()
                .ok_or_else(|| wrong("matches a name that is not UTF-8".to_owned()))?;
            found.push(path.to_owned());
        }
    }
    if found.is_empty() {
        return Err(wrong("matches no file".to_owned()));
    }
    found.sort_unstable();
    Ok(found)
}

fn document(file: &EvidenceArg, names: &mut HashSet<String>) -> Result<Document, Failure> {
    let said = DocumentV1 {
        name: Some(name(&file.path, names)),
        format: file.format.clone(),
        mapping: mapping(file)?,
        dataset: file.dataset.clone(),
        produced_at: file.produced_at,
        ..DocumentV1::default()
    };
    Ok(Document { said, bytes: file.bytes()?.into() })
}

/// How the service identifies a mapping: by the digest of a file, which must be published there, or
/// by a name.
fn mapping(file: &EvidenceArg) -> Result<Option<String>, Failure> {
    match &file.mapping {
        Some(named) if Path::new(named).is_file() => {
            Ok(Some(mapping::load(named)?.digest.to_string()))
        }
        named => Ok(named.clone()),
    }
}

/// A unique name for a part of the form, which the service's messages use for the file: the path,
/// in characters that need no escape in a header.
fn name(path: &str, names: &mut HashSet<String>) -> String {
    let fine = |c: char| if c.is_ascii_alphanumeric() || "._-/ ".contains(c) { c } else { '_' };
    let base: String =
        if path == "-" { "standard input".to_owned() } else { path.chars().map(fine).collect() };
    let mut name = base.clone();
    let mut count = 1;
    while !names.insert(name.clone()) {
        count += 1;
        name = format!("{base} {count}");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn args(list: &[String]) -> Vec<EvidenceArg> {
        list.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn patterns_are_expanded_once_and_sorted() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| format!("{}/{name}", dir.path().display());
        for name in ["b \"x\".json", "a.json", ".hidden.json", "[c].json"] {
            fs::write(at(name), name).unwrap();
        }
        fs::create_dir(at("d.json")).unwrap();
        let read = |list: &[String]| read(&args(list));
        let documents =
            read(&[format!("dataset=q3:{}", at("*.json")), at("[c].json"), at("a.json")]).unwrap();
        let bodies: Vec<_> =
            documents.iter().map(|d| String::from_utf8_lossy(&d.bytes).into_owned()).collect();
        assert_eq!(bodies, ["[c].json", "a.json", "b \"x\".json", "[c].json", "a.json"]);
        assert_eq!(documents[0].said.dataset.as_deref(), Some("q3"));
        assert_eq!(documents[4].said.dataset, None);
        let names: HashSet<_> = documents.iter().map(|d| d.said.name.clone().unwrap()).collect();
        assert_eq!(names.len(), 5, "{names:?}");
        assert!(names.iter().any(|n| n.ends_with("b _x_.json")), "{names:?}");
    }

    #[test]
    fn a_pattern_that_matches_nothing_is_a_mistake() {
        let dir = tempfile::tempdir().unwrap();
        let missing = format!("{}/*.json", dir.path().display());
        assert!(read(&args(&[missing])).unwrap_err().message.contains("matches no file"));
        assert!(read(&args(&["***".to_owned()])).is_err());
    }
}
