//! Where the results of a card are.

use crate::evidence::{
    Document,
    json::{Json, Object},
    yaml,
};

/// The results of a card.
pub(super) enum Shape<'j, 'a> {
    /// `model-index`, and the card around it.
    Index { models: &'j [Json<'a>], card: Option<&'j Object<'a>> },
    /// A list of `dataset` and `value`.
    Entries(&'j [Json<'a>]),
}

impl<'j, 'a> Shape<'j, 'a> {
    /// The results, or why the card has none.
    pub(super) fn of(json: &'j Json<'a>) -> Result<Self, String> {
        if let Some(object) = json.as_object() {
            let card = [Some(json), json.get("cardData")]
                .into_iter()
                .flatten()
                .filter_map(Json::as_object);
            let index = |card: &'j Object<'a>| Some((card, card.get("model-index")?.as_array()?));
            let (card, models) = card.clone().find_map(index).ok_or("no list `model-index`")?;
            // The API repeats the index next to `cardData`; the rest of the card is in `cardData`.
            let card = object.get("cardData").and_then(Json::as_object).unwrap_or(card);
            return Ok(Self::Index { models, card: Some(card) });
        }
        let list = json.as_array().ok_or("neither a card nor a list of results")?;
        if all(list, |entry| {
            entry.get("results").is_some_and(|results| results.as_array().is_some_and(is_results))
        }) {
            return Ok(Self::Index { models: list, card: None });
        }
        if all(list, |entry| {
            entry.get("error").is_some() && entry.get("filename").is_some() || is_entry(entry)
        }) {
            return Ok(Self::Entries(list));
        }
        Err("no `model-index`, and no list of `dataset` and `value`".to_owned())
    }
}

fn all(list: &[Json<'_>], is: impl Fn(&Json<'_>) -> bool) -> bool {
    !list.is_empty() && list.iter().all(is)
}

fn is_results(results: &[Json<'_>]) -> bool {
    all(results, |result| result.get("task").is_some() && result.get("metrics").is_some())
}

fn is_entry(entry: &Json<'_>) -> bool {
    let entry = entry.get("data").unwrap_or(entry);
    entry.get("value").is_some()
        && ["id", "task_id"].iter().all(|key| entry.at_path(&["dataset", key]).is_some())
}

/// Passes the card to `take`: the YAML between two lines `---`, JSON, or YAML alone.
pub(super) fn with_card<T>(
    document: &Document<'_>,
    take: impl FnOnce(&Json<'_>) -> T,
) -> Result<T, String> {
    if document.looks_like_json() {
        return document.json().map(take).map_err(|error| format!("not JSON: {error}"));
    }
    let text = document.text().map_err(|_| "not text")?;
    if text.starts_with("---") {
        if let Ok(json) = document.front_matter() {
            return Ok(take(json));
        }
        // A bare YAML file may also begin with the line `---`; then there is no second one.
        if text.get(3..).unwrap_or("").lines().any(|line| line.trim_end() == "---") {
            return document
                .front_matter()
                .map(take)
                .map_err(|error| format!("not a model card: {error}"));
        }
    }
    let first = text.lines().find(|line| {
        !line.trim().is_empty() && !line.starts_with(['#', '-']) || line.starts_with("- dataset:")
    });
    let listed = first.is_some_and(|line| line.starts_with("- dataset:"));
    if !listed && !text.lines().take(500).any(|line| line.trim_end() == "model-index:") {
        return Err("no YAML between two lines `---`, and no line `model-index:` or `- dataset:`"
            .to_owned());
    }
    let from = text.strip_prefix("---").map_or(0, |_| 3);
    yaml::parse(text, from, text.len())
        .map(|json| take(&json))
        .map_err(|error| format!("not a model card: {error}"))
}
