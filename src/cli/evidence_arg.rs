//! `--evidence [format=…,dataset=…,produced-at=…,mapping=…:]PATH`.

use super::{
    exit::Failure,
    mapping,
    output::{self, plain},
};
use crate::{
    evidence::{self, EvidenceError, How, MAX_DOCUMENT_BYTES, Opened, Part, names::nearest},
    model::{Claimed, Digest, Submitted, Timestamp},
};
use std::{
    fs::File,
    io::{self, Read},
    str::FromStr,
};

/// One evidence file as the command line names it, with what the submission says about it.
///
/// Only a list of the keys `format`, `dataset`, `produced-at` and `mapping` is a prefix; anything
/// else is the path, even with colons and equals signs. Values end at the first comma or colon,
/// except a time, which is read as far as it is valid. A path that looks like a prefix is written
/// with `./` in front.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EvidenceArg {
    /// The file; `-` is standard input.
    pub path: String,
    /// The format to read it as; recognised by content if absent.
    pub format: Option<String>,
    /// The data set that the submission claims.
    pub dataset: Option<String>,
    /// When it was made, as the submission claims.
    pub produced_at: Option<Timestamp>,
    /// The mapping to read it with.
    pub mapping: Option<String>,
}

/// The content of a file: one document, or those of an archive.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// What was read.
    pub opened: Opened,
    /// The digest of the file.
    pub digest: Digest,
    /// What the submission says about it.
    pub claimed: Claimed,
    /// The digest of the mapping it was read with.
    pub mapping: Option<Digest>,
}

impl Loaded {
    /// The documents, with what the submission says about them. Files of an archive that are not
    /// read are listed on stderr.
    pub fn submitted(self, path: &str) -> Vec<Submitted> {
        let names: Vec<String> =
            self.opened.left_out.iter().map(|name| format!("{path}: {name}")).collect();
        output::left_out(&names);
        self.opened.parts.iter().for_each(|part| output::warnings(&part.warnings(path)));
        let Self { opened, claimed, mapping, .. } = self;
        let submitted =
            |part: Part| Submitted { evidence: part.evidence, claimed: claimed.clone(), mapping };
        opened.parts.into_iter().map(submitted).collect()
    }
}

const KEYS: [&str; 4] = ["format", "dataset", "produced-at", "mapping"];

impl FromStr for EvidenceArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut arg = Self::default();
        let mut rest = text;
        loop {
            let Some((key, after)) = rest.split_once('=').filter(|(key, _)| KEYS.contains(key))
            else {
                // A list with an unknown key is not a prefix.
                arg = Self::default();
                rest = text;
                break;
            };
            let Some((value, end, tail)) = value(key, after)? else {
                arg = Self::default();
                rest = text;
                break;
            };
            arg.set(key, value)?;
            rest = tail;
            if end == ':' {
                break;
            }
        }
        if rest.is_empty() {
            return Err("a path is missing".to_owned());
        }
        rest.clone_into(&mut arg.path);
        Ok(arg)
    }
}

/// The value at the start of `text`, the comma or colon that ends it, and what follows; `None` if
/// nothing ends it.
fn value<'t>(key: &str, text: &'t str) -> Result<Option<(&'t str, char, &'t str)>, String> {
    let ends = |c: char| matches!(c, ',' | ':');
    let cut = |at: usize| {
        let (value, tail) = text.split_at_checked(at)?;
        let end = tail.chars().next()?;
        Some((value, end, tail.get(1..)?))
    };
    if key != "produced-at" {
        return Ok(text.find(ends).and_then(cut));
    }
    let places = text.char_indices().filter(|(_, c)| ends(*c)).map(|(at, _)| at);
    let moment = places.filter_map(cut).rfind(|(value, _, _)| value.parse::<Timestamp>().is_ok());
    match moment {
        None if text.contains(ends) => {
            Err("`produced-at` is not a moment: expected RFC 3339 with a zone, such as `2026-11-20T12:00:00Z`"
                .to_owned())
        }
        found => Ok(found),
    }
}

impl EvidenceArg {
    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        if value.is_empty() {
            return Err(format!("`{key}=` has no value"));
        }
        let slot = match key {
            "format" => &mut self.format,
            "dataset" => &mut self.dataset,
            "mapping" => &mut self.mapping,
            _ => {
                if self.produced_at.is_some() {
                    return Err(format!("`{key}` is given twice"));
                }
                self.produced_at = value.parse().ok();
                return Ok(());
            }
        };
        if slot.is_some() {
            return Err(format!("`{key}` is given twice"));
        }
        *slot = Some(value.to_owned());
        Ok(())
    }

    /// What the submission says about the document.
    pub fn claimed(&self) -> Claimed {
        Claimed { subject: None, dataset: self.dataset.clone(), produced_at: self.produced_at }
    }

    /// The bytes of the file, or of standard input.
    ///
    /// # Errors
    /// `evidence-unreadable` when the file cannot be read, `evidence-too-large` when it is larger
    /// than the limit for documents; no more than that is read.
    pub fn bytes(&self) -> Result<Vec<u8>, Failure> {
        let unreadable = |error: io::Error| {
            let hint = self
                .misspelt()
                .map(|key| format!("; did you mean the key `{key}=`?"))
                .unwrap_or_default();
            Failure::input(
                "evidence-unreadable",
                format!("cannot read `{}`: {error}{hint}", plain(&self.path)),
            )
        };
        let limit = u64::try_from(MAX_DOCUMENT_BYTES).unwrap_or(u64::MAX);
        let mut bytes = Vec::new();
        if self.path == "-" {
            io::stdin().lock().take(limit + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        } else {
            let file = File::open(&self.path).map_err(unreadable)?;
            let size = file.metadata().map_err(unreadable)?.len();
            if size > limit {
                return Err(self.refused(&EvidenceError::TooLarge));
            }
            bytes.reserve(usize::try_from(size).unwrap_or(0));
            file.take(limit + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        }
        Ok(bytes)
    }

    /// Reads the file.
    ///
    /// # Errors
    /// As [`Self::bytes`]; the code of [`EvidenceError`] when a document is refused; the mistakes of the mapping.
    pub fn load(&self) -> Result<Loaded, Failure> {
        if let Some(format) = &self.format {
            evidence::find(format).map_err(|error| self.refused(&error))?;
        }
        let mapping = self.mapping.as_deref().map(mapping::load).transpose()?;
        if self.format.is_some() && mapping.is_some() {
            let message = "a format and a mapping are two ways to read one file; keep one";
            return Err(Failure::input("usage", message));
        }
        let bytes = self.bytes()?;
        let how = How { format: self.format.as_deref(), mapping: mapping.as_ref() };
        let opened = evidence::open(&bytes, how).map_err(|error| self.refused(&error))?;
        let mapping = mapping.map(|mapping| mapping.digest);
        Ok(Loaded { digest: opened.digest, opened, claimed: self.claimed(), mapping })
    }

    fn refused(&self, error: &EvidenceError) -> Failure {
        let path = if self.path == "-" { "standard input".to_owned() } else { plain(&self.path) };
        Failure::input(error.code(), format!("{path}: {error}"))
    }

    /// The key that was probably intended in a path such as `fromat=native:report.json`.
    fn misspelt(&self) -> Option<&'static str> {
        let (key, rest) = self.path.split_once('=')?;
        if rest.contains(':') { nearest(key, KEYS) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> EvidenceArg {
        text.parse().unwrap()
    }

    fn path(path: &str) -> EvidenceArg {
        EvidenceArg { path: path.to_owned(), ..EvidenceArg::default() }
    }

    #[test]
    fn a_prefix_of_known_keys_is_taken_off() {
        let all = parse(
            "format=native,dataset=holdout-2026q3,produced-at=2026-11-20T12:00:00Z,mapping=m.toml:a/b.json",
        );
        assert_eq!(all.path, "a/b.json");
        assert_eq!(all.format.as_deref(), Some("native"));
        assert_eq!(all.dataset.as_deref(), Some("holdout-2026q3"));
        assert_eq!(all.produced_at, "2026-11-20T12:00:00Z".parse().ok());
        assert_eq!(all.mapping.as_deref(), Some("m.toml"));
        assert_eq!(parse("dataset=d:C:\\r=1.json").path, "C:\\r=1.json");
        assert_eq!(parse("format=native:-").path, "-");
    }

    #[test]
    fn a_moment_keeps_its_colons() {
        for zone in ["Z", "+01:00", "-05:30"] {
            let arg = parse(&format!("produced-at=2026-11-20T12:00:00{zone}:f.json"));
            assert_eq!(
                arg.produced_at,
                format!("2026-11-20T12:00:00{zone}").parse().ok(),
                "{zone}"
            );
            assert_eq!(arg.path, "f.json");
        }
        assert_eq!(
            parse("produced-at=2026-11-20T12:00:00Z,dataset=d:f").dataset.as_deref(),
            Some("d")
        );
    }

    #[test]
    fn anything_else_is_a_path() {
        for text in [
            "a:b",
            "k=v:w",
            "format",
            "format=x",
            "formats=x:y",
            "./format=native:x",
            "format=native,k=v:x",
            "C:\\x",
            "a=b,format=native:x",
        ] {
            assert_eq!(parse(text), path(text), "{text}");
        }
    }

    #[test]
    fn mistakes_in_a_prefix_are_named() {
        for text in
            ["", "dataset=:f", "format=a,format=b:f", "produced-at=yesterday:f", "format=native:"]
        {
            assert!(text.parse::<EvidenceArg>().is_err(), "{text}");
        }
    }
}
