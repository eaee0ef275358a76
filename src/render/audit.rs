//! The audit report as a document, in parts: the frame around the lines is rendered once and cut
//! where lines are inserted.

use super::{Page, RenderError, Renderer};
use crate::report::{
    Audit,
    audit::{AuditRow, ChangeLine, Listed, OverrideRow, Summary, VoteLine},
};
use serde::Serialize;

/// The marks where lines are inserted. User text cannot add these to a report, because it is
/// escaped.
const CUTS: [&str; 5] =
    ["<!--decisions-->", "<!--votes-->", "<!--overrides-->", "<!--changes-->", "<!--end-->"];

#[derive(Serialize)]
struct Frame<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    slots: Slots,
}

#[derive(Serialize)]
struct Slots {
    decisions: &'static str,
    votes: &'static str,
    overrides: &'static str,
    changes: &'static str,
    end: &'static str,
}

#[derive(Serialize)]
struct Decisions<'a> {
    rows: &'a [AuditRow],
}

#[derive(Serialize)]
struct Votes<'a> {
    votes: &'a [VoteLine],
}

#[derive(Serialize)]
struct Overrides<'a> {
    first: bool,
    overrides: &'a [OverrideRow],
}

impl Page for Frame<'_> {
    const TEMPLATE: &'static str = "reports/audit";
}

impl Page for Decisions<'_> {
    const TEMPLATE: &'static str = "reports/audit-decisions";
}

impl Page for Votes<'_> {
    const TEMPLATE: &'static str = "reports/audit-votes";
}

impl Page for Overrides<'_> {
    const TEMPLATE: &'static str = "reports/audit-overrides";
}

#[derive(Serialize)]
struct Changes<'a> {
    first: bool,
    changes: &'a [ChangeLine],
}

impl Page for Changes<'_> {
    const TEMPLATE: &'static str = "reports/audit-changes";
}

impl Page for crate::report::audit::End {
    const TEMPLATE: &'static str = "reports/audit-end";
}

/// The parts of a report around its lines.
#[derive(Debug, Clone)]
pub struct AuditHtml {
    /// Up to the first decision.
    pub head: String,
    /// Between the decisions and the votes.
    pub votes: String,
    /// Between the votes and the overrides.
    pub overrides: String,
    /// Between the overrides and the changes.
    pub changes: String,
    /// After the changes, up to the end statement.
    pub tail: String,
    /// After the end statement.
    pub foot: String,
}

impl Renderer {
    /// The parts around the lines of a report.
    ///
    /// # Errors
    /// As [`Renderer::render`].
    pub fn audit(&self, summary: &Summary) -> Result<AuditHtml, RenderError> {
        let [decisions, votes, overrides, changes, end] = CUTS;
        let slots = Slots { decisions, votes, overrides, changes, end };
        let drawn = self.render(&Frame { summary, slots })?;
        let mut rest = drawn.as_str();
        let mut parts = CUTS.map(|cut| {
            // A table without lines has no mark.
            let (before, after) = rest.split_once(cut).unwrap_or(("", rest));
            rest = after;
            before.to_owned()
        });
        let [head, votes, overrides, changes, tail] = parts.each_mut().map(std::mem::take);
        Ok(AuditHtml { head, votes, overrides, changes, tail, foot: rest.to_owned() })
    }

    /// Some decisions of a report.
    ///
    /// # Errors
    /// As [`Renderer::render`].
    pub fn audit_decisions(&self, rows: &[AuditRow]) -> Result<String, RenderError> {
        self.render(&Decisions { rows })
    }

    /// Some approvals and rejections of a report.
    ///
    /// # Errors
    /// As [`Renderer::render`].
    pub fn audit_votes(&self, votes: &[VoteLine]) -> Result<String, RenderError> {
        self.render(&Votes { votes })
    }

    /// Some overrides of a report; `first` says whether they are the first ones.
    ///
    /// # Errors
    /// As [`Renderer::render`].
    pub fn audit_overrides(
        &self,
        first: bool,
        overrides: &[OverrideRow],
    ) -> Result<String, RenderError> {
        self.render(&Overrides { first, overrides })
    }

    /// What follows the last override: the end of their table, or a sentence that there was none.
    pub fn audit_overrides_end(listed: &Listed) -> &'static str {
        if listed.overrides > 0 {
            "</table>"
        } else {
            "<p class=\"soft\">No finding was waived in this period.</p>"
        }
    }

    /// Some changes of policies and users; `first` says whether they are the first ones.
    ///
    /// # Errors
    /// As [`Renderer::render`].
    pub fn audit_changes(
        &self,
        first: bool,
        changes: &[ChangeLine],
    ) -> Result<String, RenderError> {
        self.render(&Changes { first, changes })
    }

    /// What follows the last change: the end of their table, or a sentence that there was none.
    pub fn audit_changes_end(listed: &Listed) -> &'static str {
        if listed.changes > 0 {
            "</table>"
        } else {
            "<p class=\"soft\">No policy was published and no user was changed in this period.</p>"
        }
    }

    /// The end statement of a report.
    ///
    /// # Errors
    /// As [`Renderer::render`].
    pub fn audit_end(&self, summary: &Summary, listed: &Listed) -> Result<String, RenderError> {
        self.render(&summary.end(listed))
    }

    /// A whole report, for short ones.
    ///
    /// # Errors
    /// As [`Renderer::render`].
    pub fn whole_audit(&self, audit: &Audit) -> Result<String, RenderError> {
        let (parts, listed) = (self.audit(&audit.summary)?, audit.listed());
        let overrides = if audit.overrides.is_empty() {
            String::new()
        } else {
            self.audit_overrides(true, &audit.overrides)?
        };
        let changes = if audit.changes.is_empty() {
            String::new()
        } else {
            self.audit_changes(true, &audit.changes)?
        };
        Ok([
            parts.head,
            self.audit_decisions(&audit.rows)?,
            parts.votes,
            self.audit_votes(&audit.votes)?,
            parts.overrides,
            overrides,
            Self::audit_overrides_end(&listed).to_owned(),
            parts.changes,
            changes,
            Self::audit_changes_end(&listed).to_owned(),
            parts.tail,
            self.audit_end(&audit.summary, &listed)?,
            parts.foot,
        ]
        .concat())
    }
}
