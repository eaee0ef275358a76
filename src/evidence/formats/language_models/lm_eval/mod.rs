//! lm-evaluation-harness: `results_*.json` of `--output_path`, and the `samples_*.jsonl` of `--log_samples`.
//!
//! `results` has an object for each task and each group of tasks. Since 0.4 a key is the metric and
//! the filter of the answers (`exact_match,strict-match`), and the standard error is next to it
//! (`exact_match_stderr,strict-match`); 0.3 wrote plain names. Values that are not numbers:
//! `alias`, and `"N/A"` for a standard error that cannot be computed.
//!
//! * `n-samples.<task>.effective` is the number of evaluated rows (`original` is that of all rows).
//!   Files before 0.4.4 do not state it. From 0.4.13 on `sample_len` is in the task itself, and a
//!   group has `sample_count` by metric.
//! * A group is an average over its tasks: it is marked as one, and never has trials.
//! * `acc` is the share of rows answered right, and so our `accuracy`. If its standard error cannot
//!   be that of a share of this many rows, some rows are partly right, and it keeps its name. Other
//!   names have no fixed meaning (`f1` goes to 100 in some tasks): they stay as written, including
//!   the filter.
//!
//! `predict_only` scores nothing and writes a `bypass` of 999: a failed check.
//!
//! Python writes doubles in full. A file of samples has the values of each row, but neither its
//! task nor how they are aggregated: only metrics that are 0 or 1 in every row become a proportion.

mod samples;
#[cfg(test)]
mod tests;

use super::common::is_error_of_a_share;
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    counts::only_count,
    json::{Json, Object},
    precision::Precision,
    quoted,
};
use crate::model::{Evidence, Producer, Slice, Timestamp};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "lm-eval",
    title: "lm-evaluation-harness results and samples",
    family: Family::LanguageModels,
    written_by: "lm_eval --model hf --tasks gsm8k --output_path results --log_samples",
    reads: "every metric of every task with its filter and its standard error, the rows evaluated as n; groups of \
            tasks are marked as averages. `acc` is accuracy, with its count wherever the rows determine it. Of a \
            file of samples, the metrics that are 0 or 1 in every row.",
    carries: &[
        Carries::Metrics,
        Carries::Slices,
        Carries::SampleSize,
        Carries::Counts,
        Carries::Checks,
    ],
    recognised_by: "`results` and `versions` beside `n-shot`, `n-samples`, `lm_eval_version` or \
                    `config.bootstrap_iters`; rows with `doc_id` and `filtered_resps`",
    rule: "id = \"arc-accuracy\"\nmetric = \"accuracy\"\nslice = { task = \"arc_easy\" }\nmin = 0.7",
    detect,
    read,
};

/// Keys of a task that are not metrics.
const NO_METRIC: [&str; 8] =
    ["name", "alias", "task", "group", " ", "samples", "sample_len", "sample_count"];

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    if samples::first(document).is_some() {
        return Ok(());
    }
    let object = document.object()?;
    let is_object = |key: &str| object.get(key).is_some_and(|json| json.as_object().is_some());
    if !is_object("results") || !is_object("versions") {
        return Err(Declined::because("no objects `results` and `versions`"));
    }
    let known = ["n-shot", "n-samples", "lm_eval_version", "higher_is_better"]
        .iter()
        .any(|key| object.has(key));
    if !known && object.get("config").is_none_or(|config| config.get("bootstrap_iters").is_none()) {
        return Err(Declined::because(
            "none of `n-shot`, `n-samples`, `lm_eval_version` and `config.bootstrap_iters`",
        ));
    }
    Ok(())
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    if samples::first(document).is_some() {
        return samples::read(document, Collector::new(document, ADAPTER.id));
    }
    document.require(ADAPTER.id, detect(document))?;
    let json = document.json().map_err(Clone::clone)?;
    let mut collector = Collector::new(document, ADAPTER.id).precision(Precision::Full);
    collector.evidence.produced_at = date(json);
    let version = json.text("lm_eval_version").map(str::to_owned);
    collector.evidence.producer =
        Some(Producer { tool: Some("lm-eval".to_owned()), version, run: None });
    let Some(results) = json.get("results").and_then(Json::as_object) else {
        return collector.finish();
    };
    let groups = json.get("groups").and_then(Json::as_object);
    let others = groups.into_iter().flatten().filter(|group| !results.has(&group.key));
    for member in results.iter().chain(others) {
        let Some(task) = member.value.as_object() else {
            let message = format!(
                "{} of `results` is no object but {}",
                quoted(&member.key),
                member.value.kind()
            );
            return Err(document.invalid(ADAPTER.id, member.value.at, message));
        };
        Task::new(json, &member.key, task).read(&mut collector);
    }
    if results.is_empty() {
        collector.check("results", false, Some("no task was evaluated".to_owned()));
    }
    collector.finish()
}

/// The moment in `date`, which is in seconds since 1970.
fn date(json: &Json<'_>) -> Option<Timestamp> {
    let micros = json.get("date")?.as_number()?.value() * 1e6;
    crate::evidence::counts::whole(micros.round())
        .and_then(|micros| i64::try_from(micros).ok())
        .map(Timestamp::from_micros)
}

/// One entry of `results`.
struct Task<'j, 'a> {
    name: &'j str,
    entry: &'j Object<'a>,
    group: bool,
    /// Evaluated rows; the next field is all rows.
    effective: Option<u64>,
    original: Option<u64>,
}

impl<'j, 'a> Task<'j, 'a> {
    fn new(json: &'j Json<'a>, name: &'j str, entry: &'j Object<'a>) -> Self {
        let subtasks = json.at_path(&["group_subtasks", name]).and_then(Json::as_array);
        let group = subtasks.is_some_and(|tasks| !tasks.is_empty())
            || json.at_path(&["groups", name]).is_some();
        let rows = |key| json.at_path(&["n-samples", name, key])?.as_number()?.count();
        let own = || entry.get("sample_len").or_else(|| entry.get("samples"))?.as_number()?.count();
        Self {
            name,
            entry,
            group,
            effective: rows("effective").or_else(own),
            original: rows("original"),
        }
    }

    fn read(&self, collector: &mut Collector<'_>) {
        let mut metrics = 0_usize;
        let mut scored = false;
        for member in self.entry {
            let key: &str = &member.key;
            if NO_METRIC.contains(&key) {
                continue;
            }
            metrics += 1;
            scored |= !base(key).starts_with("bypass");
            let rows = self.rows(key);
            let ours =
                if base(key) == "acc" && !self.right_in_part(key) { "accuracy" } else { key };
            let Some(m) =
                collector.measure(ours, key, Slice::one("task", self.name), &member.value)
            else {
                continue;
            };
            (m.n, m.aggregate) = (rows, self.group);
            if ours == "accuracy" && !self.group {
                m.successes =
                    m.value.zip(rows).and_then(|(value, n)| only_count(value, n, m.rounding));
                m.trials = m.successes.and(rows);
            }
        }
        let name = quoted(self.name);
        // A group that has no average only names its tasks.
        let fault = match metrics {
            0 if self.group || self.entry.has(" ") => None,
            0 => Some("no metric was written"),
            _ if !scored => Some("answers were written, and nothing was scored (`predict_only`)"),
            _ if self.effective == Some(0) => Some("no row was evaluated"),
            _ => None,
        };
        if let Some(fault) = fault {
            collector.check(format!("task {}", self.name), false, Some(fault.to_owned()));
        }
        if let Some((effective, original)) =
            self.effective.zip(self.original).filter(|(some, all)| some < all)
        {
            collector.warn(format!("{effective} of {original} rows of {name} were evaluated"));
        }
    }

    /// Whether the standard error of `acc` shows that some rows are neither 0 nor 1.
    fn right_in_part(&self, key: &str) -> bool {
        let number = |key: &str| self.entry.get(key).and_then(Json::as_number);
        let error = number(&key.replacen("acc", "acc_stderr", 1));
        let told = number(key).zip(error).zip(self.rows(key).filter(|n| *n > 1));
        !self.group && told.is_some_and(|((share, error), n)| !is_error_of_a_share(share, error, n))
    }

    /// The rows of a metric. A group states them separately for each metric; a standard error is
    /// over the same rows.
    fn rows(&self, key: &str) -> Option<u64> {
        let counts = self.entry.get("sample_count").and_then(Json::as_object);
        let of = |key: &str| counts?.get(key)?.as_number()?.count();
        of(key).or_else(|| of(&key.replacen("_stderr", "", 1))).or(self.effective)
    }
}

/// The metric of a key: the part before the filter.
fn base(key: &str) -> &str {
    key.split_once(',').map_or(key, |(metric, _)| metric)
}
