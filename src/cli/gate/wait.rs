//! Waiting for reviewers.

use crate::{
    app::core::env::Env,
    cli::{
        client::{Client, Refusal, jittered},
        exit::Failure,
        output,
    },
    model::{Age, ApprovalCount, Outcome},
    wire::{
        release::{DecidedV1, ObstacleV1, ReleaseV1},
        verdict::ApprovalCountV1,
    },
};
use std::{io::IsTerminal as _, time::Duration};
use tokio::time::Instant;

/// The pause between two requests for the state, at first and at most.
const LOOKS: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));
/// How long one request for the state may take.
const LOOK: Duration = Duration::from_secs(15);
/// How often a log, whose lines cannot be rewritten, gets a line that we still wait.
const SPARSE: Duration = Duration::from_mins(1);

/// Polls a pending release until it is decided, or until the time is up. Only the service itself
/// can say that the release does not exist: while the service is restarted or moved, connections
/// break, and the proxy in front of it answers in its place.
///
/// # Errors
/// When the service says that the release does not exist or cannot be read; when it could not be
/// reached at the end.
pub(super) async fn until_decided(
    client: &Client,
    first: DecidedV1,
    limit: Age,
) -> Result<DecidedV1, Failure> {
    let mut now = first;
    let end = Instant::now() + Duration::from_secs(limit.secs());
    let mut pause = LOOKS.0;
    let mut told = Told::new();
    let mut failure: Option<Refusal> = None;
    let mut counts = None;
    while now.verdict.verdict == Outcome::Pending {
        told.waiting(counts.as_deref().unwrap_or(&now.verdict.approvals), failure.as_ref());
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            told.end();
            output::note("the time is up, and approvals are still missing");
            return failure.map_or(Ok(now), |refusal| Err(refusal.at_the_end()));
        }
        let asked = failure.as_ref().and_then(|refusal| refusal.after).unwrap_or_default();
        tokio::time::sleep(jittered(pause, Env::default().random()[0]).max(asked).min(left)).await;
        pause = (pause * 3 / 2).min(LOOKS.1);
        failure = None;
        match client.look::<ReleaseV1>(&format!("/api/v1/releases/{}", now.release), LOOK).await {
            Ok(release) => {
                let obstacle = release.standing.as_ref().and_then(|s| s.obstacle.clone());
                counts = release.standing.as_ref().map(|s| s.approvals.clone());
                now = latest(release, now);
                // No one can approve it any more: waiting would only end with the time.
                let superseded = |obstacle: &ObstacleV1| obstacle.code == "superseded";
                let pending = now.verdict.verdict == Outcome::Pending;
                if let Some(obstacle) = obstacle.filter(|o| pending && superseded(o)) {
                    told.end();
                    output::note(&format!(
                        "it can no longer be approved: {}",
                        output::plain(&obstacle.message)
                    ));
                    return Ok(now);
                }
            }
            Err(refusal) if refusal.is_passing() => failure = Some(refusal),
            Err(refusal) => return Err(refusal.failure),
        }
    }
    told.end();
    Ok(now)
}

/// The release's state now.
fn latest(release: ReleaseV1, before: DecidedV1) -> DecidedV1 {
    match release.decisions.into_iter().last() {
        Some(d) => {
            let ended = release.standing.and_then(|s| s.ended);
            DecidedV1 { decision: d.decision, verdict: d.verdict, log: d.log, ended, ..before }
        }
        None => before,
    }
}

/// The messages while waiting: one line that is rewritten on a terminal, few lines elsewhere.
struct Told {
    terminal: bool,
    last: Option<(String, Instant)>,
}

impl Told {
    fn new() -> Self {
        Self { terminal: std::io::stderr().is_terminal(), last: None }
    }

    fn waiting(&mut self, counts: &[ApprovalCountV1], refusal: Option<&Refusal>) {
        let text = if let Some(refusal) = refusal {
            format!("still waiting: {}", refusal.failure.message)
        } else {
            let open = counts.iter().filter(|a| a.given < a.needed);
            let open: Vec<_> = open
                .map(|a| output::plain(&ApprovalCount::from((*a).clone()).sentence()))
                .collect();
            format!("waiting for approvals: {}", open.join(", "))
        };
        let said =
            self.last.as_ref().is_some_and(|(last, at)| *last == text && at.elapsed() < SPARSE);
        if said {
            return;
        }
        if self.terminal {
            output::note_over(&text);
        } else {
            output::note(&text);
        }
        self.last = Some((text, Instant::now()));
    }

    fn end(&mut self) {
        if self.terminal && self.last.take().is_some() {
            output::note("");
        }
    }
}
