//! The audit report as a stream: rows are read, written and sent a page at a time.
//!
//! The last line of a complete report says that it is complete.

use super::{
    Web,
    problem::Answer,
    stream::{self, Pieces, Stopped},
};
use crate::{
    app::{core::blocking, core::error::AppError, reports::audit::AuditReport},
    identity::Actor,
    model::Timestamp,
    render::{AuditHtml, Renderer},
    report::audit::{AuditRow, ChangeLine, Csv, Json, OverrideRow, VoteLine},
};
use axum::{http::header::CONTENT_DISPOSITION, response::Response};
use serde::Deserialize;
use std::sync::Arc;

/// How the audit report is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReportFormat {
    /// A page that prints well.
    #[default]
    Html,
    /// One line per decision, and the control totals.
    Csv,
    /// One document.
    Json,
}

impl ReportFormat {
    const fn content_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json",
        }
    }

    /// The extension of such a file's name.
    pub(super) const fn extension(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }
}

/// Answers with the report of a period; as a download if a file name is given.
pub(super) async fn answer(
    web: &Web,
    actor: &Actor,
    (from, to): (Timestamp, Timestamp),
    format: ReportFormat,
    name: Option<String>,
) -> Answer<Response> {
    let report = web.service.audit(actor, from, to).await?;
    let writer = Writer::new(format, web.renderer.clone(), &report)?;
    let mut response = stream::answer(format.content_type(), |pieces| writer.write(report, pieces));
    if let Some(name) = name {
        let disposition = format!("attachment; filename=\"{name}.{}\"", format.extension());
        response
            .headers_mut()
            .insert(CONTENT_DISPOSITION, disposition.parse().map_err(AppError::failed)?);
    }
    Ok(response)
}

/// Writes a report in one of its formats.
#[derive(Clone)]
enum Writer {
    Csv,
    Json,
    Html(Arc<(Arc<Renderer>, AuditHtml)>),
}

impl Writer {
    fn new(
        format: ReportFormat,
        renderer: Arc<Renderer>,
        report: &AuditReport,
    ) -> Result<Self, AppError> {
        Ok(match format {
            ReportFormat::Csv => Self::Csv,
            ReportFormat::Json => Self::Json,
            ReportFormat::Html => {
                let parts = renderer.audit(report.summary()).map_err(AppError::failed)?;
                Self::Html(Arc::new((renderer, parts)))
            }
        })
    }

    async fn write(self, mut report: AuditReport, to: Pieces) -> Result<(), Stopped> {
        to.send(self.head(&report)).await?;
        let mut first = true;
        loop {
            let rows = report.decisions().await?;
            if rows.is_empty() {
                break;
            }
            to.send(self.aside(&report, move |writer| writer.decisions(first, &rows)).await?)
                .await?;
            first = false;
        }
        to.send(self.between(|parts| &parts.votes, Json::votes())).await?;
        first = true;
        loop {
            let votes = report.votes().await?;
            if votes.is_empty() {
                break;
            }
            to.send(self.aside(&report, move |writer| writer.votes(first, &votes)).await?).await?;
            first = false;
        }
        to.send(self.between(|parts| &parts.overrides, Json::overrides())).await?;
        first = true;
        loop {
            let rows = report.overrides().await?;
            if rows.is_empty() {
                break;
            }
            to.send(self.aside(&report, move |writer| writer.overrides(first, &rows)).await?)
                .await?;
            first = false;
        }
        to.send(self.between_changes(&report)).await?;
        first = true;
        loop {
            let changes = report.changes().await?;
            if changes.is_empty() {
                break;
            }
            to.send(self.aside(&report, move |writer| writer.changes(first, &changes)).await?)
                .await?;
            first = false;
        }
        report.end()?;
        to.send(self.tail(&report)?).await
    }

    /// Writes on a blocking thread.
    async fn aside(
        &self,
        report: &AuditReport,
        work: impl FnOnce(&Self) -> Result<String, AppError> + Send + 'static,
    ) -> Result<String, AppError> {
        let writer = self.clone();
        let _turn = report.turn().await?;
        blocking::run(move || work(&writer)).await?
    }

    fn head(&self, report: &AuditReport) -> String {
        match self {
            Self::Csv => Csv::head(),
            Self::Json => Json::head(report.summary()),
            Self::Html(html) => html.1.head.clone(),
        }
    }

    fn between(&self, part: impl Fn(&AuditHtml) -> &String, json: &str) -> String {
        match self {
            Self::Csv => String::new(),
            Self::Json => json.to_owned(),
            Self::Html(html) => part(&html.1).clone(),
        }
    }

    fn decisions(&self, first: bool, rows: &[AuditRow]) -> Result<String, AppError> {
        let mut out = String::new();
        match self {
            Self::Csv => rows.iter().for_each(|row| Csv::decision(&mut out, row)),
            Self::Json => rows
                .iter()
                .enumerate()
                .for_each(|(i, row)| Json::decision(&mut out, first && i == 0, row)),
            Self::Html(html) => out = html.0.audit_decisions(rows).map_err(AppError::failed)?,
        }
        Ok(out)
    }

    fn votes(&self, first: bool, votes: &[VoteLine]) -> Result<String, AppError> {
        let mut out = String::new();
        match self {
            // The CSV has one line per decision, which names who approved.
            Self::Csv => {}
            Self::Json => votes
                .iter()
                .enumerate()
                .for_each(|(i, vote)| Json::vote(&mut out, first && i == 0, vote)),
            Self::Html(html) => out = html.0.audit_votes(votes).map_err(AppError::failed)?,
        }
        Ok(out)
    }

    fn overrides(&self, first: bool, rows: &[OverrideRow]) -> Result<String, AppError> {
        let mut out = String::new();
        match self {
            Self::Csv => {}
            Self::Json => rows
                .iter()
                .enumerate()
                .for_each(|(i, row)| Json::overridden(&mut out, first && i == 0, row)),
            Self::Html(html) => {
                out = html.0.audit_overrides(first, rows).map_err(AppError::failed)?;
            }
        }
        Ok(out)
    }

    fn between_changes(&self, report: &AuditReport) -> String {
        match self {
            Self::Html(html) => {
                let end = Renderer::audit_overrides_end(report.listed());
                [end, html.1.changes.as_str()].concat()
            }
            _ => self.between(|parts| &parts.changes, Json::changes()),
        }
    }

    fn changes(&self, first: bool, changes: &[ChangeLine]) -> Result<String, AppError> {
        let mut out = String::new();
        match self {
            Self::Csv => changes.iter().for_each(|change| Csv::change(&mut out, change)),
            Self::Json => changes
                .iter()
                .enumerate()
                .for_each(|(i, change)| Json::change(&mut out, first && i == 0, change)),
            Self::Html(html) => {
                out = html.0.audit_changes(first, changes).map_err(AppError::failed)?;
            }
        }
        Ok(out)
    }

    fn tail(&self, report: &AuditReport) -> Result<String, AppError> {
        let (summary, listed) = (report.summary(), report.listed());
        Ok(match self {
            Self::Csv => Csv::tail(summary, listed),
            Self::Json => Json::tail(summary, listed),
            Self::Html(html) => {
                let end = html.0.audit_end(summary, listed).map_err(AppError::failed)?;
                [Renderer::audit_changes_end(listed), &html.1.tail, &end, &html.1.foot].concat()
            }
        })
    }
}
