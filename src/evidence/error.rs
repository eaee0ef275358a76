//! Why a document was refused.

use super::{
    json::{JsonError, Place},
    limits::{MAX_DOCUMENT_BYTES, MAX_RATIO},
    message::quoted,
};
use std::fmt;

/// Why a document was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// It is larger than the limit.
    #[error(
        "the document is larger than {} MiB, the most that is read as evidence; send raw predictions as predictions",
        MAX_DOCUMENT_BYTES >> 20
    )]
    TooLarge,
    /// It is compressed far more than real documents are.
    #[error(
        "the {kind} data unpacks to more than {} times its size; that is a bomb, or no evidence",
        MAX_RATIO
    )]
    Bomb {
        /// The compression.
        kind: &'static str,
    },
    /// Its compression is broken.
    #[error("the {kind} data cannot be unpacked: {why}; was the file cut off?")]
    Compressed {
        /// The compression.
        kind: &'static str,
        /// Why.
        why: String,
    },
    /// It is an archive that we do not read.
    #[error("the archive is not read: {why}")]
    Archive {
        /// Why.
        why: String,
    },
    /// One of its files is refused.
    #[error("{}: {error}", quoted(.name))]
    Member {
        /// Its name in the archive.
        name: String,
        /// Why.
        error: Box<EvidenceError>,
    },
    /// The mapping that it was read with is not available.
    #[error("the mapping that this document was read with is not at hand")]
    NoMapping,
    /// It is JSON, or YAML, that we do not read.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// It is XML or CSV that we do not read.
    #[error("{syntax}{}: {message}", .place.map(|place| format!(", {place}")).unwrap_or_default())]
    Syntax {
        /// `XML`, `CSV`.
        syntax: &'static str,
        /// Where.
        place: Option<Place>,
        /// What is wrong.
        message: String,
    },
    /// No format recognises it.
    #[error(
        "no known format recognises this document; a team's own JSON or table is read with a mapping{}",
        Reasons(.tried)
    )]
    NotUnderstood {
        /// Every format that was tried.
        tried: Vec<Tried>,
    },
    /// No format has the id that was asked for.
    #[error(
        "there is no format {}{}; `modelgate evidence formats` lists them",
        quoted(.id),
        .nearest.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default()
    )]
    UnknownFormat {
        /// The id that was asked for.
        id: String,
        /// The most similar id of a format.
        nearest: Option<&'static str>,
    },
    /// Its format finds mistakes in it.
    #[error("not valid as `{format}`{}", Listed(.mistakes))]
    Invalid {
        /// The format.
        format: &'static str,
        /// Every mistake, in the order of the document.
        mistakes: Vec<Mistake>,
    },
    /// It is not evidence that modelgate computed and stored.
    #[error("not evidence that modelgate computed: {why}")]
    Computed {
        /// Why.
        why: String,
    },
}

impl EvidenceError {
    /// The stable error code for scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Member { error, .. } => error.code(),
            Self::NoMapping => "mapping-missing",
            Self::TooLarge | Self::Bomb { .. } | Self::Json(JsonError::TooMany { .. }) => {
                "evidence-too-large"
            }
            Self::Compressed { .. } => "evidence-compressed",
            Self::Archive { .. } => "evidence-archive",
            Self::Syntax { .. }
            | Self::Json(JsonError::Syntax { .. } | JsonError::NotUtf8 { .. }) => "evidence-syntax",
            Self::Json(JsonError::DuplicateKey { .. }) => "evidence-duplicate-key",
            Self::Json(JsonError::TooDeep { .. }) => "evidence-too-deep",
            Self::NotUnderstood { .. } => "evidence-not-understood",
            Self::UnknownFormat { .. } => "evidence-unknown-format",
            Self::Invalid { .. } => "evidence-invalid",
            Self::Computed { .. } => "evidence-computed",
        }
    }
}

/// A format that was tried and declined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// Its id.
    pub format: &'static str,
    /// Why it declined.
    pub why: String,
}

/// One thing that is wrong in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where, as a path of keys: `measurements[3].interval.sides`; empty for the document itself.
    pub path: String,
    /// Where, as line and column, in a text format.
    pub place: Option<Place>,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = self.place {
            write!(f, "{place}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", quoted(&self.path))?;
        }
        f.write_str(&self.message)
    }
}

/// Why formats declined; formats that share a reason are listed together.
struct Reasons<'e>(&'e [Tried]);

impl fmt::Display for Reasons<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told: Vec<&str> = Vec::new();
        for Tried { why, .. } in self.0 {
            if told.contains(&why.as_str()) {
                continue;
            }
            told.push(why);
            let formats = self.0.iter().filter(|tried| tried.why == *why).map(|tried| tried.format);
            write!(f, "\n  {}: {why}", formats.collect::<Vec<_>>().join(", "))?;
        }
        Ok(())
    }
}

/// A list below its heading; a single entry follows on the same line.
struct Listed<'e, T>(&'e [T]);

/// How many entries of a list are shown.
const SHOWN: usize = 50;

impl<T: fmt::Display> fmt::Display for Listed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [only] = self.0 {
            return write!(f, ": {only}");
        }
        f.write_str(":")?;
        for entry in self.0.iter().take(SHOWN) {
            write!(f, "\n  {entry}")?;
        }
        if self.0.len() > SHOWN {
            write!(f, "\n  … and {} more", self.0.len() - SHOWN)?;
        }
        Ok(())
    }
}
