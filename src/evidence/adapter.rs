//! The description of one evidence format: what it is, how it is recognised and how it is read.

use super::{
    document::{Declined, Document},
    error::EvidenceError,
};
use crate::model::Evidence;
use std::fmt;

/// One format: a row of [`ADAPTERS`](super::ADAPTERS).
pub struct Adapter {
    /// Its id, in kebab-case: the name of its file and of its folder of fixtures.
    pub id: &'static str,
    /// The tool that writes it, and which of its documents this is.
    pub title: &'static str,
    /// What kind of tool that is.
    pub family: Family,
    /// The command or the lines of code that write the file.
    pub written_by: &'static str,
    /// What is read from the file, in a sentence or two: names, n, trials, slices, what stays
    /// unknown.
    pub reads: &'static str,
    /// Which parts of evidence it can give.
    pub carries: &'static [Carries],
    /// What it is recognised by.
    pub recognised_by: &'static str,
    /// An example rule on its evidence, as TOML below `[[rule]]`.
    pub rule: &'static str,
    /// Decides from its content whether a document is of this format.
    pub detect: fn(&Document<'_>) -> Result<(), Declined>,
    /// Reads a document of this format. It may be called on any document, because a submission can name the format.
    pub read: fn(&Document<'_>) -> Result<Evidence, EvidenceError>,
}

/// What kind of tool writes a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Our own format.
    Native,
    /// Evaluation of classifiers and regressors, and the trackers that store the results.
    Evaluation,
    /// Fairness.
    Fairness,
    /// Data quality and drift.
    Data,
    /// Evaluation of language models.
    LanguageModels,
    /// Latency and load.
    Load,
    /// Operations.
    Operations,
    /// Tests, scanners, bills of materials.
    SupplyChain,
}

impl Family {
    /// Every family, in the order of the formats page.
    pub const ALL: [Self; 8] = [
        Self::Native,
        Self::Evaluation,
        Self::Fairness,
        Self::Data,
        Self::LanguageModels,
        Self::Load,
        Self::Operations,
        Self::SupplyChain,
    ];

    /// Its heading.
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Native => "Our own",
            Self::Evaluation => "Evaluation and tracking",
            Self::Fairness => "Fairness",
            Self::Data => "Data quality and drift",
            Self::LanguageModels => "Language models",
            Self::Load => "Latency and load",
            Self::Operations => "Operations",
            Self::SupplyChain => "Tests and supply chain",
        }
    }
}

/// A part of evidence that a format can give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Carries {
    /// Numbers.
    Metrics,
    /// The group that a number applies to.
    Slices,
    /// How many rows a value is computed on.
    SampleSize,
    /// Successes and trials of a proportion, stated or determined: an exact bound is possible.
    Counts,
    /// Intervals or standard errors that the source computed.
    Intervals,
    /// Yes-or-no results.
    Checks,
    /// Other documents it names.
    Links,
}

impl fmt::Display for Carries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Metrics => "metrics",
            Self::Slices => "slices",
            Self::SampleSize => "n",
            Self::Counts => "counts",
            Self::Intervals => "intervals",
            Self::Checks => "checks",
            Self::Links => "links",
        })
    }
}
