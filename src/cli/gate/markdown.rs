//! The verdict as a Markdown table, with user text escaped.

use super::verdict_text;
use crate::{
    cli::output::plain,
    model::{Finding, Outcome, Slice, Status, Verdict},
    wire::release::DecidedV1,
};

/// The maximum number of rows of a table or a list.
const MAX_ROWS: usize = 200;
/// The maximum number of bytes of the findings, and of everything after them. GitHub drops a step
/// summary above 1 MiB completely, and hostile text takes up to seven bytes per character.
const MOST_OF_FINDINGS: usize = 500 << 10;
const MOST_OF_OTHERS: usize = 150 << 10;
/// The maximum number of characters of one text.
const MAX_TEXT: usize = 1_000;

/// The summary of a decision.
pub(super) fn summary(decided: &DecidedV1) -> String {
    let verdict = &decided.verdict.to_verdict();
    let state = if decided.ended.is_some() { Outcome::Pending } else { verdict.verdict };
    let mut out = format!("## {} {}\n\n", symbol(verdict, state), heading(verdict, state));
    if decided.ended.is_none() {
        out.push_str(&format!("{}.\n\n", escaped(&verdict_text::next(verdict))));
    }
    for remark in super::standing(decided) {
        out.push_str(&format!("{}.\n\n", escaped(&remark)));
    }
    if !verdict.findings.is_empty() {
        out.push_str("| | Rule | Slice | Finding |\n|---|---|---|---|\n");
    }
    let mut findings: Vec<&Finding> = verdict.findings.iter().collect();
    findings.sort_by_key(|f| verdict_text::rank(verdict, f));
    let shown =
        some(&mut out, MOST_OF_FINDINGS, findings.iter().map(|finding| row(verdict, finding)));
    if findings.len() > shown {
        out.push_str(&format!("\n…and {} more.\n", findings.len() - shown));
    }
    if !verdict.approvals.is_empty() {
        out.push_str("\n| Approval | By | People |\n|---|---|---|\n");
        let rows = verdict.approvals.iter().map(|a| {
            let rejected =
                if a.rejected > 0 { format!("; {} rejected", a.rejected) } else { String::new() };
            let (id, role) = (code(&a.id), code(&a.role));
            format!("| {id} | {role} | {} of {}{rejected} |\n", a.given.min(a.needed), a.needed)
        });
        some(&mut out, MOST_OF_OTHERS, rows);
    }
    out.push_str(&folded(&remarks(decided)));
    out.push_str(&format!(
        "\nRelease {}, decision {}",
        code(decided.release.as_str()),
        code(decided.decision.as_str())
    ));
    match link(&decided.url) {
        Some(url) => out.push_str(&format!(": [see the whole release]({url})\n")),
        None => out.push('\n'),
    }
    out
}

/// The files that were not read, and the warnings of the others.
pub(super) fn remarks(decided: &DecidedV1) -> Vec<String> {
    let unread = decided.left_out.iter().map(|name| format!("{name}: no format recognises it"));
    unread.chain(decided.warnings.iter().cloned()).collect()
}

/// Adds rows while they fit; returns how many were added.
fn some(out: &mut String, most: usize, rows: impl Iterator<Item = String>) -> usize {
    let start = out.len();
    let mut count = 0;
    for row in rows.take(MAX_ROWS) {
        if out.len() - start + row.len() > most {
            break;
        }
        out.push_str(&row);
        count += 1;
    }
    count
}

fn folded(all: &[String]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let mut out =
        format!("\n<details><summary>Warnings of the evidence: {}</summary>\n\n", all.len());
    let shown =
        some(&mut out, MOST_OF_OTHERS, all.iter().map(|remark| format!("- {}\n", escaped(remark))));
    if all.len() > shown {
        out.push_str(&format!("- …and {} more\n", all.len() - shown));
    }
    out.push_str("\n</details>\n");
    out
}

fn heading(verdict: &Verdict, state: Outcome) -> String {
    let mut text = match state {
        Outcome::Allow if !verdict.is_enforced() => "Let through",
        Outcome::Allow => "Allowed",
        Outcome::Pending => "Waiting for approval",
        Outcome::Deny => "Denied",
        Outcome::Revoked => "Revoked",
    }
    .to_owned();
    if let Some(model) = &verdict.model {
        text.push_str(&format!(": {}", code(&model.to_string())));
    }
    if let Some(environment) = &verdict.environment {
        text.push_str(&format!(" to {}", code(environment.as_str())));
    }
    text
}

fn symbol(verdict: &Verdict, state: Outcome) -> &'static str {
    match state {
        Outcome::Allow if verdict_text::is_good(verdict) => "✅",
        Outcome::Allow => "⚠️",
        Outcome::Pending => "⏳",
        Outcome::Deny | Outcome::Revoked => "❌",
    }
}

fn row(verdict: &Verdict, finding: &Finding) -> String {
    let symbol = match finding.status {
        Status::Skipped => "–",
        status if status.holds() => "✅",
        _ if !verdict.is_blocking(finding) => "⚠️",
        _ => "❌",
    };
    let rule = if verdict.policies.len() > 1 {
        code(&format!("{}: {}", finding.policy, finding.rule))
    } else {
        code(&finding.rule)
    };
    let slice = slice(&finding.slice);
    format!("| {symbol} {} | {rule} | {slice} | {} |\n", finding.status, escaped(&finding.message))
}

fn slice(slice: &Slice) -> String {
    if slice.is_overall() { String::new() } else { code(&slice.to_string()) }
}

/// A name or an id as code: nothing in it becomes a link, a mention or markup.
fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

/// User text that stays data in Markdown and HTML, on one line. What could be markup becomes a
/// character reference; what a site may turn into a link after rendering, a mention or the number
/// of an issue, is broken by a zero-width space.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let (text, more) = match text.char_indices().nth(MAX_TEXT) {
        Some((at, _)) => (text.get(..at).unwrap_or_default(), "…"),
        None => (text, ""),
    };
    // A line break in data becomes a space, not an unreadable escape.
    for c in plain(&text.replace(['\r', '\n', '\t'], " ")).chars() {
        match c {
            ' ' | ',' | ';' | '%' | '.' | '-' => out.push(c),
            '@' | '#' => out.push_str(&format!("&#{};\u{200b}", u32::from(c))),
            c if c.is_ascii_punctuation() => out.push_str(&format!("&#{};", u32::from(c))),
            c => out.push(c),
        }
    }
    // The only kind of link that needs neither a scheme nor a bracket.
    let out = out.replace("www.", "www&#46;").replace("WWW.", "WWW&#46;");
    format!("{out}{more}")
}

/// An address that can be linked to: http or https, with characters that end neither a link nor a
/// table.
fn link(url: &str) -> Option<&str> {
    let web = url.starts_with("https://") || url.starts_with("http://");
    let fine = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'*+,;=%".contains(&b);
    (web && url.len() <= 2_000 && url.bytes().all(fine)).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_text_is_data() {
        let hostile = "a|b `c` <script>alert(1)</script> @octocat #12\n## x [y](http://evil) www.evil.example \u{1b}[31m\u{202e}";
        let text = escaped(hostile);
        for mark in [
            "|", "`", "<", ">", "@", "[", "](", "://", "\n", "*", "_", "www.", "\u{1b}", "\u{202e}",
        ] {
            assert!(!text.contains(mark), "{mark}: {text}");
        }
        // Every `#` left belongs to a character reference.
        assert!(text.match_indices('#').all(|(at, _)| text[..at].ends_with('&')), "{text}");
        assert_eq!(
            escaped("accuracy is 0.91 on 1,400 samples; 95% sure"),
            "accuracy is 0.91 on 1,400 samples; 95% sure"
        );
        assert_eq!(escaped(&"x".repeat(2_000)).chars().count(), MAX_TEXT + 1);
    }

    #[test]
    fn warnings_are_folded_away_as_data() {
        let out = folded(&["all.zip: a|b.png".to_owned(), "x.json: `auc` is NaN".to_owned()]);
        assert!(out.contains("Warnings of the evidence: 2</summary>\n\n- all.zip"), "{out}");
        assert!(
            !out.contains('|') && !out.contains('`') && out.ends_with("\n</details>\n"),
            "{out}"
        );
        assert_eq!(folded(&[]), "");
        let many: Vec<String> = (0..=MAX_ROWS).map(|i| i.to_string()).collect();
        assert!(folded(&many).contains("- …and 1 more"));
    }

    #[test]
    fn a_summary_fits_into_what_a_step_may_say() {
        let hostile = "<&>".repeat(400);
        let mut out = String::new();
        let count = some(
            &mut out,
            MOST_OF_FINDINGS,
            (0..5_000).map(|_| format!("| {} |\n", escaped(&hostile))),
        );
        assert!(count > 10 && count < MAX_ROWS, "{count}");
        let rest = folded(&vec![hostile; 5_000]);
        assert!(rest.contains("…and ") && rest.ends_with("</details>\n"));
        assert!(
            out.len() + rest.len() + MOST_OF_OTHERS < 1 << 20,
            "{} and {}",
            out.len(),
            rest.len()
        );
    }

    #[test]
    fn only_addresses_of_the_web_are_linked() {
        assert!(link("https://gate.example.com/releases/01K").is_some());
        for bad in ["javascript:alert(1)", "https://x/)|", "https://x/ y", "http://x/\n"] {
            assert!(link(bad).is_none(), "{bad}");
        }
    }
}
