//! Every page and document, drawn from made-up rows: templates are strict, and text stays text.

use modelgate::{
    render::{Renderer, asset},
    web::views::samples,
};

fn drawn() -> Vec<(&'static str, String)> {
    let renderer = Renderer::new().expect("every template parses");
    samples::gallery(&renderer).expect("every template finds what it asks for")
}

fn page(name: &str) -> String {
    drawn().into_iter().find(|(n, _)| *n == name).expect(name).1
}

/// The start tags of `markup`.
fn tags(markup: &str) -> Vec<&str> {
    let body = markup.split_once("</style>").map_or(markup, |(_, rest)| rest);
    body.split('<').skip(1).filter_map(|t| t.split_once('>')).map(|(tag, _)| tag).collect()
}

#[test]
fn nothing_on_a_page_needs_more_than_the_content_policy_allows() {
    for (name, markup) in drawn() {
        for tag in tags(&markup) {
            assert!(!tag.starts_with("script"), "{name}: {tag}");
            assert!(!tag.contains(" style="), "{name}: {tag}");
            let handler =
                tag.split_whitespace().skip(1).any(|a| a.starts_with("on") && a.contains('='));
            assert!(!handler || tag.contains("&lt;script"), "{name}: {tag}");
        }
    }
}

#[test]
fn hostile_text_stays_text() {
    for name in [
        "release-hostile",
        "report-hostile",
        "document-hostile",
        "audit",
        "queue",
        "sign-in-refused",
    ] {
        let markup = page(name);
        assert!(markup.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{name}");
        assert!(!markup.contains("<script"), "{name}");
    }
    // Data is never a template.
    assert!(page("release-hostile").contains("{{frame.title}}"));
}

#[test]
fn every_form_that_changes_something_carries_its_token() {
    for (name, markup) in drawn() {
        for form in markup.split("<form").skip(1).map(|f| f.split("</form>").next().unwrap_or(f)) {
            if form.contains("method=\"post\"") {
                assert!(form.contains("name=\"csrf\""), "{name}: {form}");
            }
        }
    }
}

#[test]
fn documents_stand_alone() {
    for (name, markup) in
        drawn().into_iter().filter(|(n, _)| n.starts_with("report-") || n.starts_with("audit"))
    {
        for tag in tags(&markup) {
            assert!(
                !tag.contains(" src=") && !tag.contains("href=\"http") && !tag.contains("href=\"/"),
                "{name}: {tag}"
            );
        }
        assert!(
            markup.contains("<style>") && !markup.contains("@import") && !markup.contains("url("),
            "{name}"
        );
        assert!(markup.contains("modelgate verify"), "{name} says how to check it");
    }
}

#[test]
fn the_same_rows_give_the_same_document() {
    assert_eq!(page("audit"), page("audit"));
    assert_eq!(page("report-denied"), page("report-denied"));
}

#[test]
fn only_somebody_who_is_asked_gets_the_form() {
    let form = "name=\"vote\" value=\"approve\"";
    assert!(page("release-waiting").contains(form));
    assert!(page("release-waiting").contains("name=\"inputs_digest\" value=\"sha256:"));
    for name in
        ["release-own", "release-denied", "release-allowed", "release-revoked", "release-undecided"]
    {
        assert!(!page(name).contains(form), "{name}");
    }
    assert!(page("release-own").contains("You asked for this release, so you cannot approve it."));
}

#[test]
fn a_long_queue_says_how_long_it_is_and_leads_on() {
    let markup = page("queue-long");
    assert!(
        markup.contains("<span class=\"count-badge\">1,130</span>")
            && markup.contains("1 to 50 of 1,130, oldest first")
    );
    assert_eq!(
        markup.matches("class=\"row-title\"").count(),
        50,
        "what waits is not shown a second time"
    );
    assert!(markup.contains("Next page</a>"));
    assert!(!page("queue").contains("oldest first"), "a queue of one page needs no more");
}

#[test]
fn what_stands_in_the_way_comes_first_and_is_not_said_by_colour_alone() {
    let markup = page("release-denied");
    let place = |text: &str| markup.find(text).expect(text);
    assert!(place("Denied:") < place("income-drift"));
    assert!(place("accuracy-floor") < place("p99-latency"), "a warning comes after what blocks");
    for word in ["Fail", "Not enough data", "Missing", "Error", "Waived", "Pass"] {
        assert!(markup.contains(&format!("{word}</div>")), "{word}");
    }
}

#[test]
fn a_decision_says_what_it_was_compared_with_and_how_often_its_data_was_tried() {
    let champion = modelgate::model::Digest::of(b"the champion").to_string();
    for name in ["release-denied", "report-denied"] {
        let markup = page(name);
        assert!(markup.contains("<dt>Champion</dt>") && markup.contains(&champion), "{name}");
        assert!(!markup.contains("<dt>Reference</dt>"), "{name}");
        assert!(
            markup.contains(
                "Test set <bdi>holdout-2026q3</bdi> used 3 times under <bdi>credit-risk</bdi>"
            ),
            "{name}"
        );
        assert!(
            markup.contains("Test set without a name used 11 times under <bdi>green-ai</bdi>"),
            "{name}"
        );
    }
}

#[test]
fn a_document_shows_failed_checks_first_and_what_was_not_read() {
    let markup = page("document");
    let place = |text: &str| markup.find(text).unwrap_or_else(|| panic!("{text}"));
    assert!(place("no-missing-labels") < place("schema matches training data"));
    assert!(markup.contains("1 failed") && markup.contains("<h2>Warnings</h2>"));
    assert!(
        markup.contains("latency p99")
            && markup.contains("84.1 ms")
            && markup.contains("undefined")
    );
    assert!(page("document-empty").contains("The document has no numbers."));
    assert!(!page("document-hostile").contains("href=\"javascript"));
}

#[test]
fn an_audit_report_says_when_it_is_not_complete() {
    assert!(page("audit").contains("<b>Complete.</b>"));
    let gapped = page("audit-gapped");
    assert!(
        gapped.contains("<b>Not complete.</b>") && gapped.contains("entries 3 to 5 are missing")
    );
    assert!(!gapped.contains("no gaps"));
}

#[test]
fn assets_are_found_by_name_and_nothing_else() {
    let css = asset("base.css").expect("a style sheet");
    assert_eq!(css.content_type, "text/css; charset=utf-8");
    assert!(css.etag.starts_with('"') && css.etag.ends_with('"') && css.etag.len() == 18);
    assert!(asset("../base.css").is_none() && asset("").is_none());
    assert!(page("queue").contains(&format!("/assets/base.css?v={}", css.etag.trim_matches('"'))));
}

/// A decision with this many findings, as its page and its report draw it.
fn many_findings(n: usize, part: usize) -> String {
    Renderer::new().unwrap().render(&samples::many(n, part)).unwrap()
}

#[test]
fn a_page_of_very_many_findings_stays_small_and_leads_to_all_of_them() {
    let first = many_findings(4_000, 1);
    assert!(first.len() < 300_000, "{} bytes", first.len());
    let place = |text: &str| first.find(text).unwrap_or_else(|| panic!("no {text}"));
    assert!(place("Fail</div>") > 0 && !first.contains("Pass</div>"), "what blocks comes first");
    assert!(
        first.contains("1 to 40 of 4,000 findings")
            && first.contains("href=\"?findings=2#findings\"")
    );
    assert!(!first.contains("findings=0") && !first.contains(">Previous</a>"));
    let mut seen = std::collections::BTreeSet::new();
    for part in [1, 2, 60, 100] {
        let page = many_findings(4_000, part).replace("&#x3D;", "=");
        assert!(page.len() < 300_000, "part {part} has {} bytes", page.len());
        for tag in page.split("city = ").skip(1) {
            seen.insert(tag.split('<').next().unwrap_or_default().to_owned());
        }
    }
    assert_eq!(seen.len(), 160, "each page shows others");
    let last = many_findings(4_000, 100);
    assert!(last.contains("Pass</div>") && !last.contains("Fail</div>"));
    assert!(last.contains(">Previous</a>") && !last.contains(">Next</a>"));
    assert_eq!(many_findings(4_000, 7_000), last, "there is nothing after the last");
    assert!(!many_findings(30, 1).contains("findings=2"));
}
