//! The metrics of a scorer.

use super::groups::Samples;
use crate::evidence::{
    Collector,
    counts::only_count,
    formats::language_models::common::{count, is_error_of_a_share, over_tests},
    json::Json,
};
use crate::model::Slice;

/// Whether so many of `all` are missing that a value of `some` does not represent all: every
/// missing one may have been wrong. A run may lose 1 of 100, the same limit that the p99 of a load
/// test has.
pub(super) fn too_few(some: u64, all: u64) -> bool {
    all.saturating_sub(some) > all / 100
}

/// Marks the metrics of scorers, from the measurement `from` on, so that no rule can use them.
pub(super) fn unfit(collector: &mut Collector<'_>, from: usize, why: &str) {
    let metrics = collector.evidence.measurements.iter_mut().skip(from);
    metrics.filter(|m| m.source_name.contains('/')).for_each(|m| m.unfit = Some(why.to_owned()));
}

/// Scorers of Inspect that mark an answer right or wrong and never in between. If two have the same
/// name, a number follows the name of the second.
const ALL_OR_NOTHING: [&str; 6] = ["match", "includes", "pattern", "answer", "exact", "choice"];

/// Facts that apply to all scorers of a run.
pub struct Run<'s> {
    /// Samples times epochs that ended without an error.
    pub completed: Option<u64>,
    /// Samples times epochs that should have been run.
    pub total: Option<u64>,
    /// How often each sample was run; at least 1.
    pub epochs: u64,
    /// The samples, if the log contains them.
    pub samples: Samples<'s>,
}

impl Run<'_> {
    /// Reads the metrics of a scorer and returns how many there are.
    pub fn score(
        &self,
        collector: &mut Collector<'_>,
        score: &Json<'_>,
        name: Option<&str>,
    ) -> usize {
        let Some(metrics) = collector.object(score.get("metrics")) else { return 0 };
        let from = collector.evidence.measurements.len();
        let repeated = self.repeated();
        // Several epochs reduced by a vote give another quantity than the share of right answers.
        let plain = score.text("reducer").is_none_or(|reducer| reducer == "mean");
        let share = plain && self.right_or_wrong(score, name);
        let reducer =
            score.text("reducer").map(|reducer| format!("[{reducer}]")).unwrap_or_default();
        for member in metrics {
            let theirs = format!("{}/{}{reducer}", name.unwrap_or("scorer"), member.key);
            let leaf = member.value.text("name").unwrap_or(&member.key);
            let place = Place::of(&member.value, leaf);
            let ours = if share && place.metric(leaf) == "accuracy" { "accuracy" } else { &theirs };
            // Logs of version 1 may write a bare number.
            let value = member.value.get("value").unwrap_or(&member.value);
            let Some(m) = collector.measure(ours, &theirs, place.slice(), value) else { continue };
            m.aggregate = matches!(place, Place::MeanOfGroups);
            m.trials = match place {
                _ if ours != "accuracy" || m.aggregate => None,
                Place::Group { key, name: group, .. } => {
                    let scorer = score.text("scorer").or(name).unwrap_or_default();
                    self.samples.of(scorer, key, group, self.trials(score))
                }
                _ => self.trials(score),
            };
            // A repeated sample is not another row.
            if !matches!(place, Place::Group { .. }) && !repeated {
                m.n = self.completed;
            }
            // Over several epochs a sample's score is a mean or a vote, and a sum of means is not a
            // count.
            match m.trials {
                Some(trials) if repeated => over_tests(m, trials),
                Some(trials) => {
                    m.successes = m.value.and_then(|value| only_count(value, trials, m.rounding));
                }
                None => {}
            }
        }
        if count(score, "scored_samples") == Some(0) {
            collector.check(
                format!("scorer {}", name.unwrap_or("scorer")),
                false,
                Some("no sample was scored".to_owned()),
            );
        }
        let samples = self.total.or(self.completed).map(|all| all / self.epochs);
        let scored = count(score, "scored_samples").zip(samples);
        if let Some((some, all)) = scored.filter(|(some, all)| *some > 0 && too_few(*some, *all)) {
            let why =
                format!("{some} of {all} samples were scored, and the value leaves the others out");
            unfit(collector, from, &why);
            collector.warn(format!("{}: {why}", name.unwrap_or("scorer")));
        }
        metrics.len()
    }

    /// Whether an accuracy is a share of samples, and not a mean that includes marks such as 0.5
    /// for a partly right answer. It is a share if the samples show it, if the standard error is
    /// that of right and wrong answers only, or if the scorer has no other marks.
    fn right_or_wrong(&self, score: &Json<'_>, name: Option<&str>) -> bool {
        let name = name.unwrap_or_default();
        let scorer = score.text("scorer").unwrap_or(name);
        if let Some(told) = self.samples.right_or_wrong(scorer, name) {
            return told;
        }
        let metric =
            |name: &str| score.at_path(&["metrics", name, "value"]).and_then(Json::as_number);
        let spread = (self.epochs == 1)
            .then(|| metric("accuracy").zip(metric("stderr")).zip(self.trials(score)));
        if spread.flatten().is_some_and(|((share, error), n)| is_error_of_a_share(share, error, n))
        {
            return true;
        }
        let own = scorer.rsplit_once('/').map_or(scorer, |(_, name)| name);
        ALL_OR_NOTHING.contains(&own.trim_end_matches(|c: char| c.is_ascii_digit()))
    }

    /// Whether samples were run more than once.
    fn repeated(&self) -> bool {
        self.epochs > 1
            || self
                .completed
                .zip(self.samples.different())
                .is_some_and(|(runs, samples)| samples < runs)
    }

    /// The number of samples that an accuracy is the mean over, each counted once, whatever the
    /// number of epochs. Without a reducer `scored_samples` counts each of them as often as it was
    /// run.
    fn trials(&self, score: &Json<'_>) -> Option<u64> {
        let each_once = self.completed.map(|n| n / self.epochs);
        let scored = count(score, "scored_samples");
        if scored.zip(self.completed).is_some_and(|(scored, completed)| scored > completed) {
            return None;
        }
        let all = scored.or(each_once)?;
        let most = [each_once, self.samples.different(), self.completed];
        Some(most.into_iter().flatten().fold(all, u64::min))
    }
}

/// What a metric was computed over.
enum Place<'j> {
    /// Every sample.
    Whole { of: Option<&'j str> },
    /// One group of samples.
    Group { key: &'j str, name: &'j str, of: Option<&'j str> },
    /// The mean over all groups.
    MeanOfGroups,
    /// One of the values of a metric that has several, such as `frequency`.
    Part { function: &'j str, name: &'j str },
}

impl<'j> Place<'j> {
    fn of(metric: &'j Json<'_>, leaf: &'j str) -> Self {
        let params = metric.get("params").or_else(|| metric.get("options"));
        let param = |key: &str| params.and_then(|params| params.text(key));
        let of =
            params.and_then(|params| params.get("metric")).and_then(|metric| metric.text("name"));
        match (param("group_key"), metric.text("group")) {
            (Some(_), _) if leaf == param("all_label").unwrap_or("all") => match param("all") {
                Some("groups") => Self::MeanOfGroups,
                _ => Self::Whole { of },
            },
            (Some(key), _) => Self::Group { key, name: leaf, of },
            (None, Some(function)) => Self::Part { function, name: leaf },
            (None, None) => Self::Whole { of: None },
        }
    }

    /// The metric's own name, without its package.
    fn metric(&self, leaf: &'j str) -> &'j str {
        let name = match self {
            Self::Whole { of } => of.unwrap_or(leaf),
            Self::Group { of, .. } => of.unwrap_or_default(),
            Self::MeanOfGroups | Self::Part { .. } => "",
        };
        name.rsplit_once('/').map_or(name, |(_, name)| name)
    }

    fn slice(&self) -> Slice {
        match self {
            Self::Whole { .. } | Self::MeanOfGroups => Slice::overall(),
            Self::Group { key, name, .. } => Slice::one(*key, *name),
            Self::Part { function, name } => Slice::one(*function, *name),
        }
    }
}
