//! The page of one release: the verdict, the findings, the missing approvals, the vote.

use super::{Frame, Item, Notice, Section, Viewer, VotePanel, paths, samples, voting::changes};
use crate::{
    app::{gate::releases::History, gate::standing::Standing},
    model::{Approval, Decision, Release},
    render::Page,
    report::{LogIndexes, ReleaseReport},
};
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Downloads {
    report: String,
    record: Option<String>,
    commands: String,
}

/// The page of one release.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReleasePage {
    frame: Frame,
    release: ReleaseReport,
    vote: VotePanel,
    /// What has changed since the decision.
    changes: Vec<String>,
    downloads: Downloads,
    releases: &'static str,
    evidence_base: String,
}

impl Page for ReleasePage {
    const TEMPLATE: &'static str = "pages/release";
}

/// The rows that the page of one release is built from.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The release.
    pub release: &'a Release,
    /// Its decisions, oldest first.
    pub decisions: &'a [Decision],
    /// Its approvals and rejections, in any order.
    pub approvals: &'a [Approval],
    /// Its present state; `None` shows it as it was decided.
    pub standing: Option<&'a Standing>,
    /// Log indexes that these rows do not carry.
    pub indexes: &'a LogIndexes,
    /// The size of the namespace's log.
    pub log_size: u64,
    /// Which part of the findings is shown, counted from 1; 0 shows all of them.
    pub part: usize,
}

/// The report of a release with all its findings.
pub fn whole(history: &History, indexes: &LogIndexes) -> ReleaseReport {
    report(&Source {
        release: &history.stored.release,
        decisions: &history.decisions,
        approvals: &history.votes(),
        standing: Some(&history.standing),
        indexes,
        log_size: 0,
        part: 0,
    })
}

/// The report of a release in its present state.
pub fn report(source: &Source<'_>) -> ReleaseReport {
    let Source { release, decisions, approvals, indexes, .. } = *source;
    let report = match source.part {
        0 => ReleaseReport::new(release, decisions, approvals, indexes),
        part => ReleaseReport::part(part, release, decisions, approvals, indexes),
    };
    match (source.standing, source.decisions.last()) {
        (Some(now), Some(latest)) => {
            report.as_of_now(&latest.record.verdict, source.approvals, &now.approvals, now.ended)
        }
        _ => report,
    }
}

impl ReleasePage {
    /// The page for `viewer`, with `notice` on top about what they just did.
    pub fn new(source: &Source<'_>, viewer: &Viewer, notice: Option<Notice>) -> Self {
        let Source { release, decisions, approvals, standing, log_size, .. } = *source;
        let latest = decisions.last();
        let label = release
            .version
            .clone()
            .unwrap_or_else(|| release.artifact.hex().chars().take(12).collect());
        let title = format!("{} {label} to {}", release.model, release.environment);
        let commands = latest.map(|d| {
            format!(
                "modelgate export decision {id} --out {id}\nmodelgate verify {id} --trust pinned",
                id = d.id
            )
        });
        Self {
            frame: Frame::new(title, Section::Releases, Some(viewer), Some(log_size))
                .with_notice(notice),
            release: report(source),
            vote: VotePanel::new(viewer, &Item { release, latest, approvals, standing }),
            changes: changes(standing),
            downloads: Downloads {
                report: paths::report(&release.id),
                record: latest.map(|d| paths::record(&d.id)),
                commands: commands.unwrap_or_default(),
            },
            releases: paths::RELEASES,
            evidence_base: paths::documents(&release.id),
        }
    }

    fn of(story: &samples::Story, viewer: &Viewer) -> Self {
        Self::now(story, viewer, None)
    }

    fn now(story: &samples::Story, viewer: &Viewer, standing: Option<&Standing>) -> Self {
        let indexes = story.indexes();
        let Item { release, approvals, .. } = story.item();
        let decisions = &story.decisions;
        let source = Source {
            release,
            decisions,
            approvals,
            standing,
            indexes: &indexes,
            log_size: 48,
            part: 1,
        };
        Self::new(&source, viewer, None)
    }

    /// A pending release that a newer one of the same artifact has replaced.
    pub fn superseded() -> Self {
        Self::now(&samples::pending(), &samples::reviewer(), Some(&samples::superseded()))
    }

    /// A pending release whose policy was replaced since.
    pub fn overtaken() -> Self {
        Self::now(&samples::pending(), &samples::reviewer(), Some(&samples::overtaken()))
    }

    /// An allowed release whose approvals have expired.
    pub fn ended() -> Self {
        Self::now(&samples::allowed(), &samples::reviewer(), Some(&samples::ended()))
    }

    /// A denied release with every kind of finding.
    pub fn sample() -> Self {
        Self::of(&samples::denied(), &samples::reviewer())
    }

    /// A release that waits for the viewer.
    pub fn waiting() -> Self {
        Self::of(&samples::pending(), &samples::reviewer())
    }

    /// A release that its own submitter views.
    pub fn own() -> Self {
        Self::of(&samples::pending(), &samples::submitter())
    }

    /// An allowed release.
    pub fn allowed() -> Self {
        Self::of(&samples::allowed(), &samples::reviewer())
    }

    /// A revoked release.
    pub fn revoked() -> Self {
        Self::of(&samples::revoked(), &samples::reviewer())
    }

    /// A release that is not decided yet.
    pub fn undecided() -> Self {
        Self::of(&samples::undecided(), &samples::reviewer())
    }

    /// A release in which every text is hostile.
    pub fn hostile() -> Self {
        Self::of(&samples::hostile(), &samples::hostile_viewer())
    }
}
