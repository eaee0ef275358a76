//! A release as one line of a list.

use super::paths;
use crate::{
    app::gate::standing::Standing,
    model::{Approval, Decision, Release},
    report::{Hash, Moment, verdict::Headline},
};
use serde::Serialize;

/// A release with its latest decision, as the store lists it.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// The release.
    pub release: &'a Release,
    /// Its latest decision.
    pub latest: Option<&'a Decision>,
    /// Its approvals; empty if the list does not need them.
    pub approvals: &'a [Approval],
    /// Its present state; `None` shows it as it was decided.
    pub standing: Option<&'a Standing>,
}

/// One line of a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReleaseRow {
    /// The address of its page.
    pub href: String,
    /// The model.
    pub model: String,
    /// Its version.
    pub version: Option<String>,
    /// The artifact.
    pub artifact: Hash,
    /// The environment that it is for.
    pub environment: String,
    /// Who requested it.
    pub submitter: String,
    /// When they requested it.
    pub requested: Moment,
    /// The verdict.
    pub headline: Headline,
}

impl From<&Item<'_>> for ReleaseRow {
    fn from(item: &Item<'_>) -> Self {
        let release = item.release;
        let record = item.latest.map(|d| &d.record);
        let decided =
            || record.map_or_else(Headline::undecided, |r| Headline::of(&r.verdict, &r.approvals));
        Self {
            href: paths::release(&release.id),
            model: release.model.to_string(),
            version: release.version.clone(),
            artifact: Hash::from(&release.artifact),
            environment: release.environment.to_string(),
            submitter: release.submitter.name.clone(),
            requested: Moment::from(release.requested_at),
            headline: item.standing.and_then(|s| s.ended).map_or_else(decided, Headline::ended),
        }
    }
}
