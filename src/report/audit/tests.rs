use super::*;
use crate::model::{
    Digest, Engine, Inputs, Person, PolicySummary, Record, ReleaseId, Verdict, verdict::Mode,
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
        policies: vec![PolicySummary { name: "p".into(), digest: Digest::of(b"p"), mode: Mode::Enforce }],
        findings: vec![],
        approvals: vec![],
        engine: Engine { semantics: 1 },
    };
    Decision {
        id: format!("d{index}").parse().unwrap(),
        release: release.clone(),
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

struct Rows {
    namespace: Namespace,
    releases: Vec<Release>,
    decisions: Vec<Decision>,
    entries: Vec<LogEntry>,
    before: Option<u64>,
    after: Option<u64>,
    log: LogHead,
}

impl Rows {
    /// A log of ten entries; the period holds 4 to 7: a request, two decisions and an entry of another sort.
    fn new() -> Self {
        use EntryKind::{Decision as D, Other, Release as R};
        let asked = release("r1", 4);
        let id = asked.id.clone();
        let entries = [(4, R), (5, D), (6, Other), (7, D)];
        Self {
            namespace: "acme".parse().unwrap(),
            releases: vec![asked],
            decisions: vec![decision(&id, Outcome::Allow, 7), decision(&id, Outcome::Pending, 5)],
            entries: entries.into_iter().map(|(index, kind)| LogEntry { index, kind }).collect(),
            before: Some(3),
            after: Some(8),
            log: LogHead { size: 10, ..LogHead::default() },
        }
    }

    fn audit(&self) -> Audit {
        Audit::new(&AuditSource {
            namespace: &self.namespace,
            from: at("2026-11-20T00:00:00Z"),
            to: at("2026-11-21T00:00:00Z"),
            generated: None,
            releases: &self.releases,
            decisions: &self.decisions,
            approvals: &[],
            entries: &self.entries,
            before: self.before,
            after: self.after,
            log: &self.log,
        })
    }

    fn problems(&self) -> Vec<String> {
        self.audit().population.problems
    }
}

#[test]
fn a_whole_period_is_said_to_be_whole() {
    let audit = Rows::new().audit();
    assert!(audit.population.complete, "{:?}", audit.population.problems);
    assert_eq!((audit.population.first, audit.population.last), (Some(4), Some(7)));
    assert_eq!(
        audit.population.statement,
        "Entries 4 to 7 of a log of 10: 4 entries, no gaps. The log holds 2 decisions in this period, and all are listed \
         here."
    );
    let indexes: Vec<u64> = audit.rows.iter().map(|r| r.record_index).collect();
    assert_eq!(indexes, [5, 7], "oldest first");
}

#[test]
fn every_kind_of_hole_is_found() {
    let mut rows = Rows::new();
    rows.entries.remove(2);
    assert_eq!(rows.problems(), ["entry 6 is missing"]);

    let mut rows = Rows::new();
    rows.before = Some(1);
    rows.after = Some(9);
    assert_eq!(rows.problems(), ["entries 2 to 3 are missing", "entry 8 is missing"]);

    let mut rows = Rows::new();
    rows.before = None;
    rows.after = None;
    assert_eq!(rows.problems(), ["entries 0 to 3 are missing", "entries 8 to 9 are missing"]);

    let mut rows = Rows::new();
    rows.decisions.pop();
    assert_eq!(rows.problems(), ["entry 5 is a decision that is not listed"]);

    let mut rows = Rows::new();
    rows.entries[3].kind = EntryKind::Other;
    assert_eq!(rows.problems(), ["decision d7 has no entry 7 in the log"]);

    let mut rows = Rows::new();
    rows.releases.clear();
    assert_eq!(rows.problems(), ["the log holds 1 release request, 0 counted"]);

    let mut rows = Rows::new();
    rows.entries.push(LogEntry { index: 5, kind: EntryKind::Decision });
    assert_eq!(rows.problems(), ["entry 5 is listed twice"]);

    let mut rows = Rows::new();
    rows.log.size = 6;
    rows.after = None;
    assert!(rows.problems().contains(&"entry 7 lies beyond the checkpoint, which covers 6".to_owned()));
}

#[test]
fn an_empty_period_needs_its_neighbours_to_touch() {
    let mut rows = Rows::new();
    rows.entries.clear();
    rows.decisions.clear();
    rows.releases.clear();
    rows.after = Some(4);
    assert!(rows.audit().population.complete);
    rows.after = Some(6);
    assert_eq!(rows.problems(), ["entries 4 to 5 are missing"]);
}

#[test]
fn csv_has_one_width_and_runs_nothing() {
    let audit = Rows::new().audit();
    let text = audit.csv();
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    assert!(lines[1].starts_with("decision,2026-11-20T12:00:01Z,d5,r1,acme/credit-risk,'=2+5,sha256:"));
    assert!(lines[1].contains(",\"Ann, of risk\",5,sha256:"));
    assert!(lines.contains(&"total,,,,,,,,,,,,,,,,,decisions,2"));
    assert!(lines.contains(&"total,,,,,,,,,,,,,,,,,decisions.allow,1"));
    assert!(lines.contains(&"total,,,,,,,,,,,,,,,,,population.complete,true"));
    // No cell here holds a comma inside quotes but the submitter's and the statement's.
    for line in &lines {
        let quoted: usize = line.split('"').skip(1).step_by(2).map(|cell| cell.matches(',').count()).sum();
        assert_eq!(line.matches(',').count() - quoted, 18, "{line}");
    }
}
