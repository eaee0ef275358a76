use super::*;
use crate::model::{
    Decision, Digest, Engine, Inputs, Outcome, Person, PolicySummary, Record, Release, ReleaseId,
    Verdict, verdict::Mode,
};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn release(id: &str, index: u64) -> Release {
    Release {
        id: id.parse().unwrap(),
        model: "acme/credit-risk".parse().unwrap(),
        version: Some("=2+5".into()),
        artifact: Digest::of(id.as_bytes()),
        environment: "production".parse().unwrap(),
        submitter: Person { id: "u1".into(), name: "Ann, of risk".into() },
        comment: String::new(),
        requested_at: at("2026-11-20T12:00:00Z"),
        log_index: index,
    }
}

fn decision(release: &ReleaseId, outcome: Outcome, index: u64) -> Decision {
    let inputs = Inputs::default();
    let inputs_digest = inputs.digest().unwrap();
    let verdict = Verdict {
        verdict: outcome,
        model: None,
        artifact: None,
        environment: None,
        inputs_digest,
        policies: vec![PolicySummary {
            name: "p".into(),
            digest: Digest::of(b"p"),
            mode: Mode::Enforce,
        }],
        findings: vec![],
        approvals: vec![],
        engine: Engine { semantics: 1 },
    };
    Decision {
        id: format!("d{index}").parse().unwrap(),
        release: release.clone(),
        trigger: None,
        record: Record {
            inputs_digest,
            inputs,
            approvals: vec![],
            decided_at: at("2026-11-20T12:00:01Z"),
            verdict,
            engine: Engine { semantics: 1 },
        },
        record_index: index,
        vsa_index: None,
    }
}

/// The entries 4 to 7 of a log of ten: a request, two decisions and an entry of another sort.
fn tally() -> Tally {
    let words = |list: &[&str]| list.iter().map(|word| ((*word).to_owned(), 1)).collect();
    let table = |rows: u64, list: &[&str]| TableTally {
        rows,
        by_word: words(list),
        logged: rows,
        named: rows,
        entries: rows,
        ..TableTally::default()
    };
    Tally {
        start: 4,
        end: 8,
        entries: 4,
        decisions: table(2, &["allow", "pending"]),
        releases: table(1, &["production"]),
        ..Tally::default()
    }
}

fn summary_of(tally: &Tally, so_far: Option<&str>) -> Summary {
    let log = LogHead { size: 10, ..LogHead::default() };
    let (from, to) = (at("2026-11-20T00:00:00Z"), at("2026-11-21T00:00:00Z"));
    let namespace = "acme".parse().unwrap();
    Summary::new(
        &Period { namespace: &namespace, from, to, so_far: so_far.map(at), log: &log },
        tally,
    )
}

fn problems(change: impl Fn(&mut Tally)) -> Vec<String> {
    let mut tally = tally();
    change(&mut tally);
    let summary = summary_of(&tally, None);
    assert!(
        !summary.population.complete && summary.population.statement.starts_with("Not every entry")
    );
    summary.population.problems
}

fn listed() -> Listed {
    Listed { decisions: 2, ..Listed::default() }
}

#[test]
fn a_whole_period_is_said_to_be_whole() {
    let summary = summary_of(&tally(), None);
    assert!(summary.population.complete, "{:?}", summary.population.problems);
    assert_eq!((summary.population.first, summary.population.last), (Some(4), Some(7)));
    assert_eq!(
        summary.population.statement,
        "Entries 4 to 7 of a log of 10: 4 entries, no gaps. The log holds 2 decisions in this period, and all are listed \
         here."
    );
    assert!(
        summary.generated.is_none() && !summary.so_far,
        "the report of a period that is over never changes"
    );
    assert!(summary.end(&listed()).complete);
    let short = summary.end(&Listed { decisions: 1, ..listed() });
    assert!(
        !short.complete && short.statement.ends_with("The report is not complete."),
        "{short:?}"
    );
}

#[test]
fn a_period_that_has_not_ended_says_so_far_and_when() {
    let summary = summary_of(&tally(), Some("2026-11-20T12:30:00Z"));
    assert!(summary.so_far && summary.population.complete);
    assert_eq!(summary.generated.as_ref().unwrap().iso, "2026-11-20T12:30:00Z");
    assert!(summary.population.statement.starts_with("So far, until 2026-11-20T12:30:00Z,"));
    let csv = Csv::tail(&summary, &listed());
    assert!(
        csv.contains(",so_far,true\r\n") && csv.contains(",made_at,2026-11-20T12:30:00Z\r\n"),
        "{csv}"
    );
}

#[test]
fn every_kind_of_hole_is_found() {
    let missing = |t: &mut Tally| {
        t.entries = 3;
        t.absent = vec![(6, 6)];
    };
    assert_eq!(problems(missing), ["entry 6 is missing"]);
    assert_eq!(
        problems(|t| t.absent = vec![(2, 3), (8, 8)]),
        ["entries 2 to 3 are missing", "entry 8 is missing"]
    );
    // No entry can be named, but the counts do not add up.
    assert_eq!(problems(|t| t.entries = 3), ["the period has 4 indexes and 3 entries"]);
    let unlisted = |t: &mut Tally| {
        (t.decisions.rows, t.decisions.logged, t.decisions.named) = (1, 1, 1);
        t.decisions.unlisted = vec![5];
    };
    assert_eq!(
        problems(unlisted),
        ["entry 5 is a decision that is not listed", "the log holds 2 decisions, 1 listed"]
    );
    let unlogged = |t: &mut Tally| {
        (t.decisions.logged, t.decisions.entries) = (1, 1);
        t.decisions.unlogged = vec![("d7".into(), 7)];
    };
    assert_eq!(
        problems(unlogged),
        ["decision d7 has no entry 7 in the log", "the log holds 1 decision, 2 listed"]
    );
    // One entry twice and another not at all: the counts alone would not show it.
    let twice = |t: &mut Tally| {
        t.decisions.named = 1;
        t.decisions.twice = vec![5];
    };
    assert_eq!(problems(twice)[0], "the decision at entry 5 is listed twice");
    let requests =
        |t: &mut Tally| (t.releases.rows, t.releases.logged, t.releases.named) = (0, 0, 0);
    assert_eq!(problems(requests), ["the log holds 1 release request, 0 listed"]);
    let many = |t: &mut Tally| t.absent = (0..11).map(|i| (i * 2, i * 2)).collect();
    assert_eq!(problems(many).last().unwrap(), "and more of this sort");
}

fn row(outcome: Outcome, index: u64) -> AuditRow {
    let asked = release("r1", 4);
    AuditRow::new(
        at("2026-11-20T12:00:03Z"),
        &decision(&asked.id, outcome, index),
        Some(&AskedFor::from(&asked)),
    )
}

#[test]
fn csv_has_one_width_and_runs_nothing() {
    let mut text = Csv::head();
    Csv::decision(&mut text, &row(Outcome::Pending, 5));
    Csv::decision(&mut text, &row(Outcome::Allow, 7));
    text.push_str(&Csv::tail(&summary_of(&tally(), None), &listed()));
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    // By the clock of the log, not by that of the submitter.
    assert!(
        lines[1].starts_with("decision,2026-11-20T12:00:03Z,d5,r1,acme/credit-risk,'=2+5,sha256:"),
        "{}",
        lines[1]
    );
    assert!(lines[1].contains(",\"Ann, of risk\",5,sha256:"));
    assert!(lines.contains(&"total,,,,,,,,,,,,,,,,,,decisions,2"));
    assert!(lines.contains(&"total,,,,,,,,,,,,,,,,,,decisions.allow,1"));
    assert!(lines.contains(&"total,,,,,,,,,,,,,,,,,,population.complete,true"));
    assert_eq!(lines.last(), Some(&"total,,,,,,,,,,,,,,,,,,report.complete,true"));
    // Only the cells of the submitter and of the statement have a comma inside quotes here.
    for line in &lines {
        let quoted: usize =
            line.split('"').skip(1).step_by(2).map(|cell| cell.matches(',').count()).sum();
        assert_eq!(line.matches(',').count() - quoted, 19, "{line}");
    }
}

#[test]
fn json_in_parts_is_one_document() {
    let summary = summary_of(&tally(), None);
    let mut text = Json::head(&summary);
    Json::decision(&mut text, true, &row(Outcome::Pending, 5));
    Json::decision(&mut text, false, &row(Outcome::Allow, 7));
    text.push_str(Json::votes());
    text.push_str(Json::overrides());
    text.push_str(&Json::tail(&summary, &listed()));
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["decisions"][1]["record_index"], 7);
    assert_eq!(document["decisions"][0]["decided_at"], "2026-11-20T12:00:03Z");
    assert_eq!(
        (&document["totals"]["decisions"], &document["end"]["complete"]),
        (&2.into(), &true.into())
    );
}
