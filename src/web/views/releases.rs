//! All releases, filtered.

use super::{Frame, Item, ReleaseRow, Section, Viewer, paths, samples};
use crate::{model::Outcome, render::Page, report::verdict::word};
use serde::Serialize;

/// The filter of the list; empty text means no filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// A verdict's word in JSON.
    pub verdict: String,
    /// A model, `namespace/name`.
    pub model: String,
    /// An environment.
    pub environment: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Choice {
    value: String,
    label: String,
    selected: bool,
}

fn choices(
    all: &str,
    values: impl IntoIterator<Item = (String, String)>,
    chosen: &str,
) -> Vec<Choice> {
    let mut list =
        vec![Choice { value: String::new(), label: all.to_owned(), selected: chosen.is_empty() }];
    list.extend(values.into_iter().map(|(value, label)| Choice {
        selected: value == chosen,
        value,
        label,
    }));
    // A value that is in the address and not in the list must not look like no filter at all.
    if !list.iter().any(|c| c.selected) {
        list.push(Choice { value: chosen.to_owned(), label: chosen.to_owned(), selected: true });
    }
    list
}

/// All releases.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReleasesPage {
    frame: Frame,
    action: &'static str,
    verdicts: Vec<Choice>,
    models: Vec<Choice>,
    environments: Vec<Choice>,
    filtered: bool,
    rows: Vec<ReleaseRow>,
    next: Option<String>,
}

impl Page for ReleasesPage {
    const TEMPLATE: &'static str = "pages/releases";
}

/// The names that the filter offers.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// Every model of the namespace.
    pub models: &'a [String],
    /// Every environment that a release was ever requested for.
    pub environments: &'a [String],
}

impl ReleasesPage {
    /// The list: `items` newest first and already filtered, `next` the address of the next part.
    pub fn new(
        viewer: &Viewer,
        log_size: u64,
        filter: &Filter,
        names: Names<'_>,
        items: &[Item<'_>],
        next: Option<String>,
    ) -> Self {
        let verdicts = Outcome::ALL.map(|o| (o.as_str().to_owned(), word(o).to_owned()));
        let own =
            |names: &[String]| names.iter().map(|n| (n.clone(), n.clone())).collect::<Vec<_>>();
        Self {
            frame: Frame::new("Releases", Section::Releases, Some(viewer), Some(log_size)),
            action: paths::RELEASES,
            verdicts: choices("Any verdict", verdicts, &filter.verdict),
            models: choices("Any model", own(names.models), &filter.model),
            environments: choices("Any environment", own(names.environments), &filter.environment),
            filtered: *filter != Filter::default(),
            rows: items.iter().map(ReleaseRow::from).collect(),
            next,
        }
    }

    /// A list with releases of every kind.
    pub fn sample() -> Self {
        let stories = samples::Story::all();
        let items: Vec<Item<'_>> = stories.iter().map(samples::Story::item).collect();
        let (models, environments) =
            (["acme/credit-risk".into(), "acme/churn".into()], ["production".into()]);
        let names = Names { models: &models, environments: &environments };
        Self::new(
            &samples::reviewer(),
            48,
            &Filter::default(),
            names,
            &items,
            Some("/releases?after=x".into()),
        )
    }

    /// A list whose filter matches nothing.
    pub fn empty() -> Self {
        let filter = Filter {
            verdict: "revoked".into(),
            model: "<script>".into(),
            environment: String::new(),
        };
        let names = Names { models: &[], environments: &[] };
        Self::new(&samples::reviewer(), 48, &filter, names, &[], None)
    }
}
