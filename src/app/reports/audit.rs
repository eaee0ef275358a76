//! The audit report of a namespace for a period: counted first, then listed page by page, so that a
//! report of any length needs the memory of one page.

use crate::app::{
    Service,
    core::blocking,
    core::error::AppError,
    core::places::Place,
    core::prover::{LoggedFact, Prover},
};
use crate::{
    identity::{Actor, Scope},
    ledger::{
        Checkpoint,
        facts::{Change as What, UserChanged},
    },
    model::{Age, Namespace, Timestamp},
    report::audit::{
        AskedFor, AuditRow, ChangeLine, End, Listed, LogHead, OverrideRow, Period, Summary,
        TableTally, Tally, VoteLine,
    },
    store::{self, Population, RawDecision, Store},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many reports compute their next part at the same time. Others wait: each takes one
/// processor, and submissions need the rest.
pub(in crate::app) const AT_ONCE: usize = 2;
/// How many reports may be open at once, of all namespaces and of one. Each holds some parts in
/// memory until its client reads them.
pub(in crate::app) const OPEN: (usize, usize) = (16, 4);
/// How long a report or an export waits until it may start.
pub(in crate::app) const WAIT: Duration = Duration::from_secs(45);
/// How long after the end of a period an entry of that period may still become visible. A batch
/// that any service was writing then is durable by this time, or has failed.
const SETTLED: Age = Age::from_secs(60);
/// How many inconsistencies of one kind are read: one more than the report lists.
const SOME: u32 = 11;

/// A report while it is made.
pub struct AuditReport {
    store: Store,
    prover: Prover,
    namespace: Namespace,
    summary: Summary,
    end: u64,
    next_decision: u64,
    /// The decisions from `next_decision` on, if they have been read already.
    ahead: Option<Vec<store::Listed<RawDecision>>>,
    next_vote: u64,
    next_change: u64,
    /// The log indexes of the records that have overrides, which are listed last.
    overridden: VecDeque<u64>,
    listed: Listed,
    turns: Arc<Semaphore>,
    _place: Place,
}

impl Service {
    /// What happened in `[from, to)` by the clock of the log: first the totals and whether they are
    /// complete, then every line.
    ///
    /// # Errors
    /// When the actor lacks the scope, the namespace has no log yet, too many reports are open, or
    /// the database fails.
    pub async fn audit(
        &self,
        actor: &Actor,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<AuditReport, AppError> {
        actor.require(Scope::Read)?;
        if to <= from {
            return Err(AppError::invalid(
                "invalid-period",
                "the period must begin before it ends",
            ));
        }
        let namespace = &actor.namespace;
        let place = self.reports.enter(namespace).await?;
        let _turn = turn(&self.reporting).await?;
        // Read before the head: an entry that this head does not cover was not in the log at that
        // moment.
        let now = self.env.now();
        let log = self.report_head(actor).await?;
        let first = self.store.first_at(namespace, log.size, from).await?;
        let end = self.store.first_at(namespace, log.size, to).await?;
        // If the log has an entry after the period, the period is complete: times never decrease
        // along a log.
        let so_far = (end == log.size && now < to.plus(SETTLED)).then_some(now);
        let tally = tally(&self.store, namespace, first, end).await?;
        let summary = Summary::new(&Period { namespace, from, to, so_far, log: &log }, &tally);
        Ok(AuditReport {
            store: self.store.clone(),
            prover: self.prover.clone(),
            namespace: namespace.clone(),
            summary,
            end,
            next_decision: first,
            ahead: None,
            next_vote: first,
            next_change: first,
            overridden: VecDeque::new(),
            listed: Listed::default(),
            turns: self.reporting.clone(),
            _place: place,
        })
    }

    /// The signed head of the actor's log, as reports show it.
    ///
    /// # Errors
    /// When the actor lacks the scope, there is no log yet, or the database fails.
    pub async fn report_head(&self, actor: &Actor) -> Result<LogHead, AppError> {
        actor.require(Scope::Read)?;
        let head = self.checkpoint(&actor.namespace).await?;
        let signed = Checkpoint::unverified(&head.checkpoint).map_err(AppError::failed)?;
        let vkey = Some(self.log_key(&actor.namespace).await?.to_string());
        Ok(LogHead {
            size: head.size,
            root: STANDARD.encode(signed.root),
            checkpoint: head.checkpoint,
            vkey,
        })
    }
}

/// A permit to compute. It is released before the report waits for its client, so the wait for it
/// is short.
async fn turn(turns: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, AppError> {
    turns.clone().acquire_owned().await.map_err(AppError::failed)
}

/// What the log and the tables contain of the entries `start .. end`.
async fn tally(
    store: &Store,
    namespace: &Namespace,
    start: u64,
    end: u64,
) -> Result<Tally, AppError> {
    let kinds = store.kinds_in(namespace, start, end).await?;
    let entries = kinds.iter().map(|(_, count)| count).sum();
    let mut tally = Tally { start, end, entries, ..Tally::default() };
    if entries != end - start {
        tally.absent = store.absent_in(namespace, start, end, SOME).await?;
    }
    let places = [
        (Population::Decisions, "decision-record", &mut tally.decisions),
        (Population::Votes, "approval-given", &mut tally.votes),
        (Population::Releases, "release-requested", &mut tally.releases),
    ];
    for (population, kind, place) in places {
        let held = store.held_in(population, namespace, start, end).await?;
        *place = TableTally {
            rows: held.by_word.iter().map(|(_, rows, _)| rows).sum(),
            logged: held.by_word.iter().map(|(_, _, logged)| logged).sum(),
            by_word: held.by_word.into_iter().map(|(word, rows, _)| (word, rows)).collect(),
            named: held.named,
            entries: kinds.iter().find(|(word, _)| word == kind).map_or(0, |(_, count)| *count),
            ..TableTally::default()
        };
        if !place.holds() {
            (place.unlisted, place.unlogged, place.twice) =
                store.odd_in(population, namespace, start, end, SOME).await?;
        }
    }
    Ok(tally)
}

impl AuditReport {
    /// The totals of the report.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// A permit to compute a part of the report. Release it before waiting for the client.
    ///
    /// # Errors
    /// When the service is stopping.
    pub async fn turn(&self) -> Result<OwnedSemaphorePermit, AppError> {
        turn(&self.turns).await
    }

    /// The next decisions, in the order of the log; empty after the last one.
    ///
    /// # Errors
    /// When the database fails, or a record cannot be read.
    pub async fn decisions(&mut self) -> Result<Vec<AuditRow>, AppError> {
        let turn = self.turn().await?;
        let page = match self.ahead.take() {
            Some(page) => page,
            None => {
                self.store.decisions_page(&self.namespace, self.next_decision, self.end).await?
            }
        };
        let Some(last) = page.last() else { return Ok(Vec::new()) };
        self.next_decision = last.index + 1;
        // The database reads the next page while the lines of this one are computed.
        let next = self.store.decisions_page(&self.namespace, self.next_decision, self.end);
        let (next, proved) = tokio::join!(next, self.prove_decisions(page));
        self.ahead = Some(next?);
        let (proved, problems) = proved?;
        for problem in problems {
            self.listed.unproved(problem);
        }
        let Rows { listed: rows, overridden, problems } =
            blocking::run(move || rows(proved)).await??;
        for problem in problems {
            self.listed.unproved(problem);
        }
        self.listed.decisions += rows.len() as u64;
        self.overridden.extend(overridden);
        if rows.is_empty() {
            // None of this page can be listed; the end is where no page is left.
            drop(turn);
            return Box::pin(self.decisions()).await;
        }
        Ok(rows)
    }

    /// The decisions of a page that are what was logged, with what was requested, and a sentence for
    /// each of the others.
    async fn prove_decisions(
        &self,
        page: Vec<store::Listed<RawDecision>>,
    ) -> Result<(Vec<Line>, Vec<String>), AppError> {
        let ns = &self.namespace;
        let requests = page.iter().filter_map(|row| row.asked_at);
        let indexes: Vec<u64> = page.iter().map(|row| row.index).chain(requests).collect();
        self.prover.learn(ns, indexes).await?;
        let (mut lines, mut problems) = (Vec::with_capacity(page.len()), Vec::new());
        for row in page {
            // An entry that is missing is a problem that the totals name; its row is listed with
            // the time that its record states.
            if row.at.is_some() {
                let id = row.row.id().parse().map_err(AppError::failed)?;
                let record = (row.row.record_digest(), row.index);
                if let Some(problem) = problem(self.prover.record(ns, &id, record).await)? {
                    problems.push(problem);
                    continue;
                }
            }
            let asked = self.asked(row.asked_at).await?;
            lines.push((row, asked));
        }
        Ok((lines, problems))
    }

    /// What was requested, as the entry of the request states it.
    async fn asked(&self, index: Option<u64>) -> Result<Option<AskedFor>, AppError> {
        let Some(index) = index else { return Ok(None) };
        let fact = match self.prover.requested(&self.namespace, index).await {
            Err(error) if error.unproved_row().is_some() => return Ok(None),
            fact => fact?,
        };
        Ok(Some(AskedFor {
            model: fact.model,
            version: fact.version,
            artifact: fact.artifact,
            environment: fact.environment,
            submitter: fact.submitter.name,
        }))
    }

    /// The next approvals and rejections, in the order of the log; empty after the last one.
    ///
    /// # Errors
    /// As [`AuditReport::decisions`].
    pub async fn votes(&mut self) -> Result<Vec<VoteLine>, AppError> {
        let turn = self.turn().await?;
        let page = self.store.votes_page(&self.namespace, self.next_vote, self.end).await?;
        let Some(last) = page.last() else { return Ok(Vec::new()) };
        self.next_vote = last.index + 1;
        let requests = page.iter().filter_map(|row| row.asked_at);
        let indexes: Vec<u64> = page.iter().map(|row| row.index).chain(requests).collect();
        self.prover.learn(&self.namespace, indexes).await?;
        let mut lines = Vec::with_capacity(page.len());
        for row in page {
            let read = row.row.read().map_err(AppError::from);
            let held = match (&read, row.at) {
                (Ok(vote), Some(_)) => self.prover.approval(&self.namespace, vote, row.index).await,
                _ => Ok(()),
            };
            let vote = match held.and(read) {
                Err(error) if error.unproved_row().is_some() => {
                    self.listed.unproved(altered("approval or rejection", row.index));
                    continue;
                }
                vote => vote?,
            };
            let asked = self.asked(row.asked_at).await?;
            lines.push(VoteLine::new(row.at.unwrap_or(vote.at), &vote, asked.as_ref()));
        }
        self.listed.votes += lines.len() as u64;
        if lines.is_empty() {
            drop(turn);
            return Box::pin(self.votes()).await;
        }
        Ok(lines)
    }

    /// The next publications of policies and changes of users, in the order of the log; empty after
    /// the last one. A new password is not one of them, because it changes no rights.
    ///
    /// # Errors
    /// As [`AuditReport::decisions`].
    pub async fn changes(&mut self) -> Result<Vec<ChangeLine>, AppError> {
        let turn = self.turn().await?;
        let page = self.store.changes_page(&self.namespace, self.next_change, self.end).await?;
        let Some(last) = page.last() else { return Ok(Vec::new()) };
        self.next_change = last + 1;
        self.prover.learn(&self.namespace, page.iter().copied()).await?;
        let mut lines = Vec::with_capacity(page.len());
        for index in page {
            match self.prover.logged(&self.namespace, index).await {
                Ok(logged) => lines.extend(line(index, logged)),
                Err(error) if error.unproved_row().is_some() => {
                    self.listed.unproved(altered("change of a policy or user", index));
                }
                Err(error) => return Err(error),
            }
        }
        self.listed.changes += lines.len() as u64;
        if lines.is_empty() {
            drop(turn);
            return Box::pin(self.changes()).await;
        }
        Ok(lines)
    }

    /// The next findings that a waiver overrode. Call it after all decisions were listed; empty
    /// after the last one.
    ///
    /// # Errors
    /// As [`AuditReport::decisions`].
    pub async fn overrides(&mut self) -> Result<Vec<OverrideRow>, AppError> {
        let Some(index) = self.overridden.pop_front() else { return Ok(Vec::new()) };
        let _turn = self.turn().await?;
        let page = self.store.decisions_page(&self.namespace, index, index + 1).await?;
        let work = move || -> Result<Vec<OverrideRow>, AppError> {
            let mut found = Vec::new();
            for row in page {
                // One that was changed since it was listed; `rows` named every one before that.
                let Some(decision) = read(&row)?.ok() else { continue };
                found.extend(OverrideRow::all(
                    row.at.unwrap_or(decision.record.decided_at),
                    &decision,
                ));
            }
            Ok(found)
        };
        let found = blocking::run(work).await??;
        self.listed.overrides += found.len() as u64;
        Ok(found)
    }

    /// How much was listed so far.
    pub fn listed(&self) -> &Listed {
        &self.listed
    }

    /// The closing totals. Call it after everything was listed.
    ///
    /// # Errors
    /// When fewer lines were listed than were counted: the database lost rows in between.
    pub fn end(&self) -> Result<End, AppError> {
        let end = self.summary.end(&self.listed);
        let listed = end.decisions + end.votes + self.listed.unproved;
        if listed < self.summary.decisions + self.summary.votes {
            return Err(AppError::broken(
                "the database has fewer rows of the period than were counted",
            ));
        }
        Ok(end)
    }
}

/// A decision of a page, and what was requested.
type Line = (store::Listed<RawDecision>, Option<AskedFor>);

/// The lines of a page, the indexes of its decisions that have overrides, and a sentence for each
/// decision that is not what its record says.
#[derive(Default)]
struct Rows {
    listed: Vec<AuditRow>,
    overridden: Vec<u64>,
    problems: Vec<String>,
}

fn rows(page: Vec<Line>) -> Result<Rows, AppError> {
    let mut found = Rows::default();
    for (row, asked) in page {
        let decision = match read(&row)? {
            Ok(decision) => decision,
            Err(problem) => {
                found.problems.push(problem);
                continue;
            }
        };
        let at = row.at.unwrap_or(decision.record.decided_at);
        if !OverrideRow::all(at, &decision).is_empty() {
            found.overridden.push(row.index);
        }
        found.listed.push(AuditRow::new(at, &decision, asked.as_ref()));
    }
    Ok(found)
}

/// A decision, or the sentence for one whose verdict, inputs or approvals are not those of its
/// record.
fn read(
    row: &store::Listed<RawDecision>,
) -> Result<Result<crate::model::Decision, String>, AppError> {
    match row.decision() {
        Ok(decision) => Ok(Ok(decision)),
        Err(error) => match problem(Err(error.into()))? {
            Some(problem) => Ok(Err(problem)),
            None => Err(AppError::broken("an error without a sentence")),
        },
    }
}

/// The sentence for a row that is not what was logged; `None` if it is.
fn problem(held: Result<(), AppError>) -> Result<Option<String>, AppError> {
    let Err(error) = held else { return Ok(None) };
    match error.unproved_row() {
        Some(what) => Ok(Some(format!("{what}, so it is not listed"))),
        None => Err(error),
    }
}

fn altered(what: &str, index: u64) -> String {
    format!("the {what} at entry {index} does not match its entry, so it is not listed")
}

/// The line of a publication or of a change of a user.
fn line(log_index: u64, logged: LoggedFact) -> Option<ChangeLine> {
    let (at, kind, subject, what, by) = match logged {
        LoggedFact::Policy { at, name, digest, by } => {
            let by = by.map(|by| by.name).unwrap_or_default();
            let what = format!("policy {name} was published: {digest}");
            (at, "policy", name, what, by)
        }
        LoggedFact::User(at, user) => {
            let what = changed(&user)?;
            (at, "user", user.name, what, String::new())
        }
    };
    Some(ChangeLine { at: at.into(), kind, subject, what, by, log_index })
}

fn changed(user: &UserChanged) -> Option<String> {
    let UserChanged { name, roles, .. } = user;
    let roles = if roles.is_empty() { "no role".to_owned() } else { roles.join(", ") };
    Some(match user.change {
        What::Created => format!("user {name} was created with: {roles}"),
        What::TakenOver => {
            format!("user {name} of an earlier version was taken over with: {roles}")
        }
        What::Roles => format!("user {name} has now: {roles}"),
        What::Disabled => format!("user {name} was disabled"),
        What::Enabled => format!("user {name} was enabled with: {roles}"),
        What::Password | What::Expiry | What::Revoked => return None,
    })
}
