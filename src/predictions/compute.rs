//! Computes evidence from a plan and rows.

#[cfg(test)]
mod tests;

use super::{
    PredictionsError,
    cells::Layout,
    confusion::Sums,
    contrast,
    counts::{self, Counts},
    dictionary::Dictionary,
    disparity, drift,
    job::Job,
    join::Labels,
    latency,
    radix::RowBuckets,
    rates::{self, Part},
    refusal,
    roles::Roles,
    scan::{self, Gathered},
    scores::{self, Scores},
    shared::Shared,
    sink::Sink,
    task::Classes,
    values,
};
use crate::model::{COMPUTED, Computed, Digest, Evidence, Task};

/// Everything that the plan asks for and the columns allow, with n, counts and intervals. The
/// result is the same for any order of rows, any split into files and any thread pool. The caller
/// that read the files fills in digest and sources.
///
/// # Errors
/// When a column or the plan does not fit, a file cannot be read, ids do not match, or there are no rows.
pub fn compute(job: &Job) -> Result<Evidence, PredictionsError> {
    let attributes = check(job)?;
    let mut continuous = job.columns.task == Some(Task::Regression);
    let first = read(job, &attributes, continuous)?;
    continuous |= first.is_none();
    let mut read = if let Some(read) = first {
        read
    } else {
        self::read(job, &attributes, true)?.ok_or_else(nothing)?
    };
    let rows: u64 = read.gathered.iter().map(|g| g.rows).sum();
    if rows == 0 {
        return Err(nothing());
    }
    let names: Vec<_> = read.shared.groups.iter().map(Dictionary::list).collect();
    let layout = Layout::new(&job.plan.slices, &attributes, &names, &read.shared.cells.list());
    let mut sink = Sink::new(job.plan);
    missing_groups(&mut sink, &read.shared.groups);
    let cells = read.shared.cells.list().len();
    let clustered = job.columns.cluster.is_some();
    let latencies =
        RowBuckets::new(read.gathered.iter_mut().map(|g| std::mem::take(&mut g.latencies)));
    let energies =
        RowBuckets::new(read.gathered.iter_mut().map(|g| std::mem::take(&mut g.energies)));
    if continuous {
        if job.columns.task.is_none() {
            sink
                .warn("the labels are numbers and no classes: measured as a regression; say `--task` if that is wrong");
        }
        let pairs = read.gathered.into_iter().flat_map(|g| g.pairs).collect();
        values::regression(&mut sink, pairs, &layout, clustered);
    } else {
        classes(job, &mut sink, read, &layout)?;
    }
    if let Some(column) = &job.columns.latency {
        latency::measure(&mut sink, &latencies, column.unit, &layout, cells, job.pool);
    }
    if let Some(column) = &job.columns.energy {
        values::energy(&mut sink, &energies, column.unit, &layout, clustered);
    }
    drift::measure(&mut sink, job)?;
    let comparisons = contrast::compare(job, &attributes, continuous)?;
    let (measurements, warnings) = sink.finish();
    let mut evidence = Evidence::new(Digest::from_bytes([0; 32]), COMPUTED);
    evidence.measurements = measurements;
    evidence.comparisons = comparisons;
    evidence.warnings = warnings;
    evidence.computed = Some(Computed {
        sources: Vec::new(),
        columns: job.columns.clone(),
        plan: job.plan.clone(),
        rows,
    });
    Ok(evidence)
}

fn nothing() -> PredictionsError {
    PredictionsError::new(
        "predictions-empty",
        "there are no rows, and nothing can be measured on none",
    )
}

/// Warns of groups whose names mean a missing value.
fn missing_groups(sink: &mut Sink, groups: &[Dictionary]) {
    for group in groups {
        let words = group.missing_words();
        if !words.is_empty() {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            sink.warn(refusal::missing_name(group.column(), &words));
        }
    }
}

/// The result of one pass.
struct Read {
    shared: Shared,
    gathered: Vec<Gathered>,
}

/// Makes one pass over the predictions; `None` if the labels turned out to be values.
fn read(
    job: &Job,
    attributes: &[String],
    continuous: bool,
) -> Result<Option<Read>, PredictionsError> {
    let told = job.columns.task.is_some() || job.columns.positive.is_some();
    let shared = Shared::new(job.columns, attributes, continuous, !told);
    let task = if continuous { Some(Task::Regression) } else { job.columns.task };
    let labels = match job.labels {
        Some(source) => {
            let roles = Roles::of_labels(job.columns, attributes, task)?;
            let reader = source.open(&roles.wanted)?;
            Some(Labels::read(reader.as_ref(), &roles, &shared)?)
        }
        None => None,
    };
    if shared.looks_continuous() {
        return Ok(None);
    }
    let roles = Roles::of_predictions(job.columns, attributes, task, labels.is_some());
    let reader = job.predictions.open(&roles.wanted)?;
    let gathered = scan::scan(reader.as_ref(), &roles, &shared, labels.as_ref(), job.pool)?;
    if shared.looks_continuous() {
        return Ok(None);
    }
    if let Some(labels) = &labels {
        labels.all_used()?;
    }
    drop(reader);
    Ok(Some(Read { shared, gathered }))
}

/// Checks that plan and columns fit together; returns the attributes that the plan's slices use,
/// each once.
fn check(job: &Job) -> Result<Vec<String>, PredictionsError> {
    let mut attributes: Vec<String> = job.plan.slices.iter().flatten().cloned().collect();
    attributes.extend(job.plan.contrasts.iter().flat_map(|c| c.slices.iter().cloned()));
    attributes.sort();
    attributes.dedup();
    if let Some(unknown) = attributes.iter().find(|a| !job.columns.groups.contains(a)) {
        return Err(PredictionsError::new(
            "predictions-unknown-group",
            format!(
                "the plan measures groups of `{unknown}`, which is not among the group columns; name it with `--group`"
            ),
        ));
    }
    if let Some(bad) = job.plan.confidences.iter().find(|c| !(**c > 0.5 && **c < 1.0)) {
        return Err(PredictionsError::new(
            "predictions-bad-confidence",
            format!(
                "{bad} is no one-sided confidence: expected one between 0.5 and 1, such as 0.95"
            ),
        ));
    }
    if let Some(bad) = job.plan.quantiles.iter().find(|q| !(**q > 0.0 && **q < 1.0)) {
        return Err(PredictionsError::new(
            "predictions-bad-quantile",
            format!("{bad} is no quantile: expected one between 0 and 1, such as 0.99"),
        ));
    }
    let columns = job.columns;
    if columns.label.is_some() && columns.prediction.is_none() && columns.score.is_none() {
        return Err(PredictionsError::new(
            "predictions-nothing-predicted",
            "labels alone measure nothing: name the column of predictions with `--prediction`, or of scores with `--score`",
        ));
    }
    Ok(attributes)
}

fn classes(
    job: &Job,
    sink: &mut Sink,
    read: Read,
    layout: &Layout,
) -> Result<(), PredictionsError> {
    let classes = Classes::tell(&read.shared.classes.list(), job.columns)?;
    let outside = read.gathered.iter().any(|g| g.outside);
    let (counts, numbers): (Vec<_>, Vec<_>) =
        read.gathered.into_iter().map(|g| (g.counts, g.scores)).unzip();
    let counts = Counts::total(counts);
    let cells = read.shared.cells.list().len();
    let pairs = counts::by_slice(&counts, layout, &classes.of);
    if let Some(warning) = &classes.warning {
        sink.warn(warning.clone());
    }
    let sums: Vec<Sums> = pairs.iter().map(|p| Sums::of(p, classes.names.len())).collect();
    if job.columns.label.is_some() && job.columns.prediction.is_some() {
        let parts = layout.slices.iter().zip(&pairs).zip(&sums);
        let mut parts = parts.map(|((slice, pairs), sums)| Part { slice, pairs, sums });
        if let Some(overall) = parts.next() {
            one(sink, &overall, &classes);
            // Without them, many classes cost nothing more than few.
            if sink.wants_any(&["precision", "recall", "f1"]) {
                rates::by_class(sink, overall.sums, &classes.names);
                rates::averages(sink, &overall, &classes.names);
            }
        }
        for part in parts {
            one(sink, &part, &classes);
        }
        for set in &layout.sets {
            disparity::disparities(sink, set, &sums, classes.binary);
        }
    }
    if job.columns.score.is_none() || job.columns.label.is_none() || !scores::wanted(sink) {
        return Ok(());
    }
    if !classes.binary {
        sink.warn("scores are measured where there is a positive class only");
        return Ok(());
    }
    let rows: Vec<u64> = sums.iter().map(|s| s.n).collect();
    let positive = std::array::from_fn(|i| classes.of.get(i) == Some(&1));
    let clustered = job.columns.cluster.is_some();
    let scores =
        Scores { layout, cells, positive, probabilities: !outside, clustered, rows: &rows };
    scores::measure(sink, &RowBuckets::new(numbers), &scores, job.pool);
    Ok(())
}

fn one(sink: &mut Sink, part: &Part, classes: &Classes) {
    if classes.binary {
        rates::binary(sink, part, &classes.names);
    } else {
        rates::multiclass(sink, part, &classes.names);
    }
}
