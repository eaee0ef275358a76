//! The role of each column of a block.

use super::{
    PredictionsError,
    block::{Kind, Wanted},
};
use crate::model::{Columns, Task};

/// The index of each column in a block, by role.
#[derive(Debug, Clone, Default)]
pub(super) struct Roles {
    /// The columns to request.
    pub(super) wanted: Vec<Wanted>,
    pub(super) label: Option<usize>,
    pub(super) prediction: Option<usize>,
    pub(super) score: Option<usize>,
    pub(super) groups: Vec<usize>,
    pub(super) latency: Option<usize>,
    pub(super) energy: Option<usize>,
    pub(super) id: Option<usize>,
    pub(super) cluster: Option<usize>,
}

impl Roles {
    /// The index of a column; a column with two roles is read once.
    pub(super) fn want(&mut self, name: &str, kind: Kind) -> usize {
        let wanted = Wanted { name: name.to_owned(), kind };
        if let Some(place) = self.wanted.iter().position(|w| *w == wanted) {
            return place;
        }
        self.wanted.push(wanted);
        self.wanted.len() - 1
    }

    fn maybe(&mut self, name: Option<&String>, kind: Kind) -> Option<usize> {
        name.map(|name| self.want(name, kind))
    }

    /// The columns that a file of predictions must have: all of the candidate's, except labels and
    /// groups if these are in a separate data set.
    pub(super) fn of_predictions(
        columns: &Columns,
        attributes: &[String],
        task: Option<Task>,
        apart: bool,
    ) -> Self {
        let mut roles = Self::default();
        let target = if task == Some(Task::Regression) { Kind::Number } else { Kind::Any };
        if !apart {
            roles.label = roles.maybe(columns.label.as_ref(), target);
            roles.groups = attributes.iter().map(|a| roles.want(a, Kind::Category)).collect();
        }
        roles.prediction = roles.maybe(columns.prediction.as_ref(), target);
        roles.score = roles.maybe(columns.score.as_ref(), Kind::Number);
        roles.latency = roles.maybe(columns.latency.as_ref().map(|t| &t.column), Kind::Number);
        roles.energy = roles.maybe(columns.energy.as_ref().map(|t| &t.column), Kind::Number);
        roles.id = roles.maybe(columns.id.as_ref(), Kind::Any);
        roles.cluster = roles.maybe(columns.cluster.as_ref(), Kind::Any);
        roles
    }

    /// The columns that a data set of labels must have.
    pub(super) fn of_labels(
        columns: &Columns,
        attributes: &[String],
        task: Option<Task>,
    ) -> Result<Self, PredictionsError> {
        let Some(id) = &columns.id else {
            return Err(PredictionsError::new(
                "predictions-no-id",
                "labels that are kept apart are joined on an id: name its column with `--id`",
            ));
        };
        let mut roles = Self::default();
        let target = if task == Some(Task::Regression) { Kind::Number } else { Kind::Any };
        roles.label = roles.maybe(columns.label.as_ref(), target);
        roles.groups = attributes.iter().map(|a| roles.want(a, Kind::Category)).collect();
        roles.id = Some(roles.want(id, Kind::Any));
        Ok(roles)
    }
}
