//! Every template, rendered once for each of its states.

use super::{allowed, audit, denied, empty_audit, gapped_audit, hostile, many, release_report};
use crate::{
    render::{Page, RenderError, Renderer},
    web::views::{
        DocumentPage, LogPage, ProblemPage, QueuePage, ReleasePage, ReleasesPage, ReportsPage,
        SignInPage,
    },
};

/// Every sample as a named page.
///
/// # Errors
/// When a template asks for something that its page does not have.
pub fn gallery(renderer: &Renderer) -> Result<Vec<(&'static str, String)>, RenderError> {
    let mut all = Vec::new();
    let mut draw =
        |name, drawn: Result<String, RenderError>| drawn.map(|text| all.push((name, text)));
    draw("sign-in", of(renderer, &SignInPage::sample()))?;
    draw("sign-in-refused", of(renderer, &SignInPage::refused()))?;
    draw("queue", of(renderer, &QueuePage::sample()))?;
    draw("queue-long", of(renderer, &QueuePage::long()))?;
    draw("queue-empty", of(renderer, &QueuePage::empty()))?;
    draw("release-denied", of(renderer, &ReleasePage::sample()))?;
    draw("release-waiting", of(renderer, &ReleasePage::waiting()))?;
    draw("release-own", of(renderer, &ReleasePage::own()))?;
    draw("release-allowed", of(renderer, &ReleasePage::allowed()))?;
    draw("release-revoked", of(renderer, &ReleasePage::revoked()))?;
    draw("release-superseded", of(renderer, &ReleasePage::superseded()))?;
    draw("release-overtaken", of(renderer, &ReleasePage::overtaken()))?;
    draw("release-ended", of(renderer, &ReleasePage::ended()))?;
    draw("release-many", of(renderer, &many(4_000, 2)))?;
    draw("release-undecided", of(renderer, &ReleasePage::undecided()))?;
    draw("release-hostile", of(renderer, &ReleasePage::hostile()))?;
    draw("document", of(renderer, &DocumentPage::sample()))?;
    draw("document-empty", of(renderer, &DocumentPage::empty()))?;
    draw("document-hostile", of(renderer, &DocumentPage::hostile()))?;
    draw("releases", of(renderer, &ReleasesPage::sample()))?;
    draw("releases-empty", of(renderer, &ReleasesPage::empty()))?;
    draw("problem", of(renderer, &ProblemPage::sample()))?;
    draw("problem-failure", of(renderer, &ProblemPage::failure()))?;
    draw("reports", of(renderer, &ReportsPage::sample()))?;
    draw("reports-mistaken", of(renderer, &ReportsPage::mistaken()))?;
    draw("log", of(renderer, &LogPage::sample()))?;
    draw("report-denied", of(renderer, &release_report(&denied())))?;
    draw("report-allowed", of(renderer, &release_report(&allowed())))?;
    draw("report-hostile", of(renderer, &release_report(&hostile())))?;
    draw("audit", renderer.whole_audit(&audit()))?;
    draw("audit-gapped", renderer.whole_audit(&gapped_audit()))?;
    draw("audit-empty", renderer.whole_audit(&empty_audit()))?;
    Ok(all)
}

fn of<P: Page>(renderer: &Renderer, page: &P) -> Result<String, RenderError> {
    renderer.render(page)
}
