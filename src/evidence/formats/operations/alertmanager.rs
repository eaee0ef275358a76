//! Alertmanager's webhook body (versions 3 and 4), Grafana's, and the lists of alerts and of groups of its API v2.
//!
//! Each alert is a check that failed while it is firing and passed once it is resolved. The status
//! of the group is not that of its alerts: a group is firing while any of them is. `endsAt` in the
//! year 1 means "not ended"; neither it nor `startsAt` is when the message was made. Annotations
//! are text for people and stay in the check's detail; only Grafana writes the values of an alert
//! as numbers. If alerts were cut from the message (`truncatedAlerts`), this is a failed check of
//! its own: what they say is not known.

use crate::evidence::{
    Adapter, Carries, Declined, Document, EvidenceError, Family,
    collector::{Collector, finite},
    formats::{common::text, labels},
    json::{Json, Object},
};
use crate::model::{Evidence, Producer};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "alertmanager",
    title: "Alertmanager's webhook (version 4), Grafana's, or the alerts or groups of API v2",
    family: Family::Operations,
    written_by: "receivers: [{webhook_configs: [{url: …}]}], or `amtool alert query -o json`",
    reads: "every alert as a check named by its labels: firing failed, resolved passed; how many alerts were cut off.",
    carries: &[Carries::Checks, Carries::Metrics, Carries::Slices, Carries::Links],
    recognised_by: "`alerts`, `groupLabels` and `receiver`; in a list, `fingerprint`, `labels` and `status.state`",
    rule: "id = \"no-alert\"\ncheck = \"ModelLatencyHigh*\"",
    detect,
    read,
};

const WEBHOOK: [&str; 4] = ["alerts", "groupLabels", "commonLabels", "receiver"];

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    if let Ok(object) = document.object() {
        let missing = WEBHOOK.iter().find(|key| !object.has(key));
        return missing.map_or(Ok(()), |key| Err(Declined::because(format!("no key `{key}`"))));
    }
    let first = document.array()?.first();
    let one = |alert: &Json<'_>| {
        ["fingerprint", "labels", "startsAt"].iter().all(|key| alert.get(key).is_some())
            && alert.at_path(&["status", "state"]).is_some()
    };
    let grouped = first.is_some_and(|group| {
        let alerts = grouped(group).and_then(Json::as_array);
        group.at_path(&["receiver", "name"]).is_some()
            && alerts.and_then(<[_]>::first).is_some_and(one)
    });
    if grouped || first.is_some_and(one) {
        Ok(())
    } else {
        Err(Declined::because("no list of alerts with `fingerprint`, `labels` and `status.state`"))
    }
}

/// The alerts of a group of API v2; a single alert has no such list.
fn grouped<'j, 'a>(json: &'j Json<'a>) -> Option<&'j Json<'a>> {
    json.as_object()?.get("alerts")
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    document.require(ADAPTER.id, detect(document))?;
    let json = document.json().map_err(Clone::clone)?;
    let mut collector = Collector::new(document, ADAPTER.id);
    collector.evidence.producer =
        Some(Producer { tool: Some("alertmanager".to_owned()), ..Producer::default() });
    let alerts = json.as_object().and_then(|object| object.get("alerts")).unwrap_or(json);
    let list = alerts.as_array().ok_or_else(|| invalid(document, alerts, "`alerts` is no list"))?;
    for json in list {
        match grouped(json) {
            Some(alerts) => {
                let alerts = alerts
                    .as_array()
                    .ok_or_else(|| invalid(document, alerts, "`alerts` is no list"))?;
                alerts.iter().try_for_each(|alert| one(&mut collector, document, alert))?;
            }
            None => one(&mut collector, document, json)?,
        }
    }
    if let Some(object) = json.as_object() {
        whole(&mut collector, object);
    }
    if list.is_empty() {
        collector.check(
            "alerts",
            false,
            Some("the message holds no alert: it says nothing".to_owned()),
        );
    }
    collector.finish()
}

fn invalid(document: &Document<'_>, at: &Json<'_>, message: &str) -> EvidenceError {
    document.invalid(ADAPTER.id, at.at, message)
}

/// Reads the facts about all alerts together.
fn whole(collector: &mut Collector<'_>, object: &Object<'_>) {
    if let Some(json) = object.get("truncatedAlerts") {
        collector.measure(
            "truncatedAlerts",
            "truncatedAlerts",
            crate::model::Slice::overall(),
            json,
        );
        if finite(json).is_none_or(|cut| cut.value() > 0.0) {
            collector.check(
                "truncatedAlerts",
                false,
                Some("alerts were cut from this message".to_owned()),
            );
        }
    }
    if let Some(url) = text(object.get("externalURL")).filter(|url| !url.is_empty())
        && let Some(producer) = &mut collector.evidence.producer
    {
        producer.run = Some(url.to_owned());
    }
}

fn one(
    collector: &mut Collector<'_>,
    document: &Document<'_>,
    alert: &Json<'_>,
) -> Result<(), EvidenceError> {
    let labels = alert
        .get("labels")
        .and_then(Json::as_object)
        .ok_or_else(|| invalid(document, alert, "an alert without `labels`"))?;
    let status =
        alert.get("status").ok_or_else(|| invalid(document, alert, "an alert without `status`"))?;
    let state = status.as_str().or_else(|| text(status.get("state"))).unwrap_or_default();
    let passed = match state {
        "resolved" => true,
        "firing" | "active" | "suppressed" | "unprocessed" => false,
        _ => {
            return Err(invalid(
                document,
                status,
                "the status of an alert is neither `firing` nor `resolved`",
            ));
        }
    };
    collector.check(labels::alert(labels), passed, Some(detail(state, alert)));
    for value in collector.members(alert.get("values")) {
        collector.measure(&value.key, &value.key, labels::slice(labels), &value.value);
    }
    if let Some(url) = text(alert.get("generatorURL")).filter(|url| !url.is_empty()) {
        collector.link("alert", url);
    }
    Ok(())
}

fn detail(state: &str, alert: &Json<'_>) -> String {
    let notes = alert.get("annotations").and_then(Json::as_object).into_iter().flatten();
    let notes = notes.filter_map(|note| Some(format!("{}: {}", note.key, note.value.as_str()?)));
    std::iter::once(state.to_owned()).chain(notes).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Digest;

    fn of(text: &str) -> Result<Evidence, EvidenceError> {
        read(&Document::new(Digest::of(text.as_bytes()), text.as_bytes()))
    }

    fn webhook(alerts: &str, rest: &str) -> String {
        format!(
            r#"{{"receiver":"r","status":"firing","alerts":{alerts},"groupLabels":{{}},"commonLabels":{{}}{rest}}}"#
        )
    }

    #[test]
    fn each_alert_is_judged_by_its_own_status() {
        let alert = |status: &str, name: &str| {
            format!(
                r#"{{"status":"{status}","labels":{{"alertname":"{name}","q":"a\"b"}},"startsAt":"2026-11-20T14:35:53Z","endsAt":"0001-01-01T00:00:00Z"}}"#
            )
        };
        let evidence = of(&webhook(
            &format!("[{},{}]", alert("firing", "A"), alert("resolved", "B")),
            r#","truncatedAlerts":3"#,
        ))
        .unwrap();
        let checks: Vec<_> = evidence.checks.iter().map(|c| (c.name.as_str(), c.passed)).collect();
        assert_eq!(
            checks,
            [
                (r#"A {"alertname": "A", "q": "a\"b"}"#, false),
                (r#"B {"alertname": "B", "q": "a\"b"}"#, true),
                ("truncatedAlerts", false),
            ]
        );
        assert_eq!(evidence.measurements[0].value, Some(3.0));
        // When an alert began is not when the message was made.
        assert_eq!(evidence.produced_at, None);
    }

    #[test]
    fn no_alert_is_no_good_news_and_an_unknown_status_is_refused() {
        assert!(!of(&webhook("[]", "")).unwrap().checks[0].passed);
        for alerts in [
            r#"[{"status":"odd","labels":{}}]"#,
            r#"[{"labels":{}}]"#,
            r#"[{"status":"firing"}]"#,
            "[1]",
            "7",
        ] {
            assert_eq!(
                of(&webhook(alerts, "")).unwrap_err().code(),
                "evidence-invalid",
                "{alerts}"
            );
        }
    }

    #[test]
    fn the_list_of_api_v2_is_read() {
        let evidence =
            of(r#"[{"annotations":{},"endsAt":"2026-11-20T15:00:00Z","fingerprint":"f","receivers":[{"name":"r"}],
            "startsAt":"2026-11-20T14:00:00Z","status":{"inhibitedBy":[],"silencedBy":["s"],"state":"suppressed"},
            "labels":{"alertname":"A"}}]"#)
            .unwrap();
        assert_eq!(
            (evidence.checks[0].name.as_str(), evidence.checks[0].passed),
            (r#"A {"alertname": "A"}"#, false)
        );
    }

    #[test]
    fn the_groups_of_api_v2_are_read() {
        let alert = |name: &str| {
            format!(
                r#"{{"annotations":{{}},"endsAt":"2026-11-21T23:10:46.911Z","fingerprint":"a35b","receivers":[{{"name":"hook"}}],"startsAt":"2026-11-21T23:06:46.911Z","status":{{"inhibitedBy":[],"silencedBy":[],"state":"active"}},"labels":{{"alertname":"{name}"}}}}"#
            )
        };
        let group = |alerts: &str| {
            format!(r#"{{"alerts":{alerts},"labels":{{}},"receiver":{{"name":"hook"}}}}"#)
        };
        let text = format!(
            "[{},{}]",
            group(&format!("[{}]", alert("A"))),
            group(&format!("[{}]", alert("B")))
        );
        let evidence = of(&text).unwrap();
        let names: Vec<_> = evidence.checks.iter().map(|c| (c.name.as_str(), c.passed)).collect();
        assert_eq!(names, [(r#"A {"alertname": "A"}"#, false), (r#"B {"alertname": "B"}"#, false)]);
        assert!(of(&text.replace(&format!("[{}]", alert("B")), "7")).is_err());
    }

    #[test]
    fn grafana_writes_the_values() {
        let evidence = of(&webhook(
            r#"[{"status":"firing","labels":{"alertname":"A"},"values":{"B":44.5}}]"#,
            "",
        ))
        .unwrap();
        assert_eq!(
            (evidence.measurements[0].source_name.as_str(), evidence.measurements[0].value),
            ("B", Some(44.5))
        );
    }
}
