//! The summary: `stats`, `prompts` and `results`.

use super::{
    rows,
    rows::{Rows, Tally},
};
use crate::evidence::{
    Collector, Document, EvidenceError,
    formats::language_models::common::{Share, count, moment, pass_rate},
    json::{Json, Value},
};
use crate::model::{Producer, Slice, Unit};

/// Whether this is a summary: `stats` with counts, and a list of results or a table.
pub fn is_one(json: &Json<'_>) -> bool {
    let counted =
        |stats: &Json<'_>| stats.get("successes").is_some() && stats.get("failures").is_some();
    json.get("stats").is_some_and(counted)
        && (json.get("results").is_some()
            || json.get("table").is_some()
            || json.get("prompts").is_some())
}

/// Adds the facts about the whole output.
pub fn about(collector: &mut Collector<'_>, output: &Json<'_>, summary: &Json<'_>) {
    let version = output.get("metadata").and_then(|metadata| metadata.text("promptfooVersion"));
    let run = output.text("shareableUrl").or_else(|| output.text("evalId"));
    collector.evidence.producer = Some(Producer {
        tool: Some("promptfoo".to_owned()),
        version: version.map(str::to_owned),
        run: run.map(str::to_owned),
    });
    collector.evidence.produced_at = moment(summary, "timestamp");
}

/// How often each test was run.
pub fn repeat(output: &Json<'_>) -> u64 {
    let places = [
        &["runtimeOptions", "repeat"][..],
        &["config", "evaluateOptions", "repeat"],
        &["config", "commandLineOptions", "repeat"],
    ];
    let stated = places.iter().find_map(|path| output.at_path(path)?.as_number()?.count());
    stated.unwrap_or(1).max(1)
}

/// Reads a summary of tests that were each run `repeat` times.
///
/// # Errors
/// When its results are not a list.
pub fn read(
    collector: &mut Collector<'_>,
    document: &Document<'_>,
    summary: &Json<'_>,
    repeat: u64,
) -> Result<(), EvidenceError> {
    let head = summary.at_path(&["table", "head"]);
    let prompts =
        summary.get("prompts").or_else(|| head?.get("prompts")).map(many).unwrap_or_default();
    let stats = summary.get("stats");
    let counted = Tally {
        passed: stats.and_then(|stats| count(stats, "successes")).unwrap_or(0),
        failed: stats.and_then(|stats| count(stats, "failures")).unwrap_or(0),
        errored: stats.and_then(|stats| count(stats, "errors")).unwrap_or(0),
    };
    let readable = stats.is_some_and(|stats| {
        count(stats, "successes").is_some() && count(stats, "failures").is_some()
    });
    let total = Some(counted.total()).filter(|_| readable);
    let from = collector.evidence.measurements.len();
    if let Some(stats) = stats {
        read_stats(collector, stats, total);
    }
    let stats_end = collector.evidence.measurements.len();
    let rows = match summary.get("results") {
        Some(results) if results.as_array().is_some() || results.as_object().is_some() => {
            Some(check_rows(collector, many(results)))
        }
        Some(results) if !matches!(results.value, Value::Null) && results.as_str() != Some("") => {
            let message = format!("`results.results` is no list but {}", results.kind());
            return Err(document.invalid(collector.format(), results.at, message));
        }
        _ => summary.get("table").map(|table| check_table(collector, table)),
    };
    let listed = rows.is_some();
    let rows = rows.unwrap_or_default();
    if listed && readable && rows.tally != counted {
        compare(collector, counted, rows.tally);
    }
    let whole = listed && (!readable || rows.tally.total() == counted.total());
    let share = if whole { rows.share() } else { of_counts(counted, rows.unasked, repeat) };
    let stated = collector.evidence.measurements.iter_mut().take(stats_end).skip(from);
    stated.for_each(|m| m.n = m.n.map(|n| share.different(n)));
    let cut = listed && !whole;
    let rate = collector.evidence.measurements.len();
    shares(collector, share, if readable { counted } else { rows.tally });
    if cut {
        unfit(collector, rate, rows.tally.total(), counted.total());
    }
    for (prompt, place) in prompts.iter().zip(0..) {
        read_prompt(collector, prompt, total, (&rows, place, repeat), cut);
    }
    Ok(())
}

/// Marks a share of tests, from the measurement `from` on, because some of its rows are missing and
/// their outcome is not known.
fn unfit(collector: &mut Collector<'_>, from: usize, there: u64, counted: u64) {
    let why = format!(
        "{counted} tests are counted, {there} are listed, and the value rests on those that are not"
    );
    let rates = collector.evidence.measurements.iter_mut().skip(from);
    rates.filter(|m| m.metric == "pass_rate").for_each(|m| m.unfit = Some(why.clone()));
}

/// The share that `stats` counts, used if rows are missing.
fn of_counts(counted: Tally, unasked: u64, repeat: u64) -> Share {
    let (passed, runs) =
        (counted.passed.saturating_sub(unasked), counted.total().saturating_sub(unasked));
    Share { passed, runs, tests: runs / repeat }
}

/// Compares the rows with `stats`. Rows may be fewer than `stats` counts if the file contains a
/// part of the run. The same number of rows with other passes contradicts `stats`.
fn compare(collector: &mut Collector<'_>, said: Tally, rows: Tally) {
    let (total, there) = (said.total(), rows.total());
    if total != there {
        let said = format!(
            "`stats` counts {total} tests, and there are {there} rows: the file holds a part of the run"
        );
        collector.warn(said.as_str());
        if there < total {
            collector.check("stats", false, Some(said));
        }
    }
    if there > total || rows.passed > said.passed || total == there && rows.passed != said.passed {
        let why = format!(
            "`stats` counts {} passes of {total}, and the rows {} of {there}",
            said.passed, rows.passed
        );
        collector.check("stats", false, Some(why));
    }
}

/// A list in JSON. XML writes a list of one element as that element.
fn many<'j, 'a>(json: &'j Json<'a>) -> &'j [Json<'a>] {
    match &json.value {
        Value::Array(list) => list,
        Value::Object(_) => std::slice::from_ref(json),
        _ => &[],
    }
}

fn shares(collector: &mut Collector<'_>, share: Share, tally: Tally) {
    pass_rate(collector, "pass rate", Slice::overall(), share);
    if tally.errored > 0 {
        let (errors, total) = (tally.errored, tally.total());
        collector.warn(format!(
            "{errors} of {total} tests ended in an error, which is neither a pass nor a failed assertion"
        ));
    }
}

fn read_stats(collector: &mut Collector<'_>, stats: &Json<'_>, total: Option<u64>) {
    for member in collector.members(Some(stats)) {
        // XML writes undefined values as empty text.
        if member.value.as_str() == Some("") {
            continue;
        }
        if member.value.as_object().is_some() {
            collector.left_out(&format!("stats.{}", member.key));
            continue;
        }
        let name = format!("stats.{}", member.key);
        if let Some(m) = collector.measure(&name, &name, Slice::overall(), &member.value) {
            m.n = total;
            m.unit = member.key.ends_with("Ms").then_some(Unit::Milliseconds);
        }
    }
}

/// Reads the sums of one prompt with one provider. `namedScoresCount` says over how many tests a
/// named score is a sum.
fn read_prompt(
    collector: &mut Collector<'_>,
    prompt: &Json<'_>,
    total: Option<u64>,
    (rows, place, repeat): (&Rows, u64, u64),
    cut: bool,
) {
    let Some(metrics) =
        prompt.get("metrics").filter(|metrics| collector.object(Some(metrics)).is_some())
    else {
        return;
    };
    let label = words(prompt, "label")
        .or_else(|| words(prompt, "display"))
        .or_else(|| words(prompt, "raw"))
        .unwrap_or_default();
    let mut slice = Slice::one("prompt", label);
    if let Some(provider) = prompt.get("provider").and_then(rows::provider) {
        slice.0.insert("provider".to_owned(), provider.to_owned());
    }
    let tests = ["testPassCount", "testFailCount", "testErrorCount"].map(|key| count(metrics, key));
    let passed = tests.first().copied().flatten();
    let own = passed.map(|_| tests.iter().flatten().fold(0_u64, |sum, n| sum.saturating_add(*n)));
    let share = passed.zip(own).map(|(passed, runs)| {
        rows.of_prompt(place, runs).unwrap_or(Share { passed, runs, tests: runs / repeat })
    });
    // If there are several prompts, the file does not say whether a named score was over all tests
    // of its prompt.
    let named =
        own.filter(|n| total == Some(*n) && share.is_some_and(|share| share.tests == share.runs));
    for member in collector.members(Some(metrics)) {
        let key = &*member.key;
        if let Some(object) = member.value.as_object() {
            if key == "tokenUsage" {
                collector.left_out("tokenUsage");
                continue;
            }
            for inner in object {
                let name = format!("{key}.{}", inner.key);
                if let Some(m) = collector.measure(&name, &name, slice.clone(), &inner.value) {
                    m.n = named;
                }
            }
        } else if member.value.as_str() != Some("")
            && let Some(m) = collector.measure(key, key, slice.clone(), &member.value)
        {
            m.n = own.map(|n| share.map_or(n, |share| share.different(n)));
            m.unit = key.ends_with("Ms").then_some(Unit::Milliseconds);
        }
    }
    if let Some(share) = share {
        let from = collector.evidence.measurements.len();
        pass_rate(collector, "pass rate", slice, share);
        if cut && rows.of_prompt(place, share.runs).is_none() {
            unfit(collector, from, rows.of_that_prompt(place), share.runs);
        }
    }
}

/// Text at `key`. XML does not distinguish it from a number, so a number is text here, too.
fn words(json: &Json<'_>, key: &str) -> Option<String> {
    let value = json.get(key)?;
    let number = || value.as_number().map(|number| number.text().to_owned());
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned).or_else(number)
}

fn check_rows(collector: &mut Collector<'_>, list: &[Json<'_>]) -> Rows {
    let mut rows = Rows::default();
    for (row, place) in list.iter().zip(0..) {
        if collector.object(Some(row)).is_none() {
            continue;
        }
        let vars = row
            .get("vars")
            .or_else(|| row.at_path(&["testCase", "vars"]))
            .and_then(Json::as_object);
        let provider = row.get("provider").and_then(rows::provider).unwrap_or("None");
        let named = vars.into_iter().flatten().map(|member| (&*member.key, &member.value));
        let outcome = rows::check(collector, rows::name(named, provider), row);
        let key = rows::key(row, vars, provider, place);
        rows.add(row, key, outcome, count(row, "promptIdx"));
    }
    told(collector, &rows);
    rows
}

/// Warns of rows that measured nothing new.
pub fn told(collector: &mut Collector<'_>, rows: &Rows) {
    let (unasked, cached, total) = (rows.unasked, rows.cached, rows.tally.total());
    if unasked > 0 {
        collector.warn(format!(
            "{unasked} of {total} tests have no assertion and pass whatever is answered: they are no part of pass_rate"
        ));
    }
    if cached > 0 {
        collector.warn(format!(
            "{cached} of {total} answers come from a cache: their latency is not the provider's"
        ));
    }
}

/// Reads `head` and `body`.
pub fn table(collector: &mut Collector<'_>, table: &Json<'_>) {
    let rows = check_table(collector, table);
    shares(collector, rows.share(), rows.tally);
    for (prompt, place) in
        table.at_path(&["head", "prompts"]).map(many).unwrap_or_default().iter().zip(0..)
    {
        read_prompt(collector, prompt, Some(rows.tally.total()), (&rows, place, 1), false);
    }
}

fn check_table(collector: &mut Collector<'_>, table: &Json<'_>) -> Rows {
    let mut rows = Rows::default();
    let names = table.at_path(&["head", "vars"]).map(listed).unwrap_or_default();
    let prompts = table.at_path(&["head", "prompts"]).map(many).unwrap_or_default();
    for row in table.get("body").map(many).unwrap_or_default() {
        let values = row.get("vars").map(listed).unwrap_or_default();
        let outputs = row.get("outputs").map(many).unwrap_or_default();
        for (output, i) in outputs.iter().zip(0..) {
            if collector.object(Some(output)).is_none() {
                continue;
            }
            let vars =
                names.iter().zip(values).filter_map(|(name, value)| Some((name.as_str()?, value)));
            let own = output.get("provider").and_then(rows::provider);
            let prompt = || prompts.get(usize::try_from(i).ok()?);
            let provider = own
                .or_else(|| prompt()?.get("provider").and_then(rows::provider))
                .unwrap_or("None");
            let name = rows::name(vars, provider);
            // A test without variables cannot be recognised as a repeat.
            let told = names.is_empty().then(|| rows.tally.total());
            let asked = row.get("test").and_then(|test| test.get("assert"));
            let key = rows::key_of_table(&name, i, told, asked);
            let outcome = rows::check(collector, name, output);
            rows.add(output, key, outcome, Some(i));
        }
    }
    told(collector, &rows);
    rows
}

fn listed<'j, 'a>(json: &'j Json<'a>) -> &'j [Json<'a>] {
    json.as_array().unwrap_or(std::slice::from_ref(json))
}

/// Reads rows without a summary.
///
/// # Errors
/// When a row is not an object.
pub fn rows_alone(
    collector: &mut Collector<'_>,
    document: &Document<'_>,
    list: &[Json<'_>],
) -> Result<(), EvidenceError> {
    if let Some(row) = list.iter().find(|row| row.as_object().is_none()) {
        return Err(document.invalid(
            collector.format(),
            row.at,
            format!("a row is no object but {}", row.kind()),
        ));
    }
    let rows = check_rows(collector, list);
    shares(collector, rows.share(), rows.tally);
    Ok(())
}
