//! Checks of every address before a handler sees it: its length, control characters, and query
//! parameters that the API document does not name.

use super::{api::openapi, nearest::nearest, problem::Problem};
use axum::http::{Method, StatusCode, Uri};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::OnceLock,
};

/// The longest path and query, in bytes.
const MAX_URI: usize = 8 << 10;

/// The query parameters of every operation of the API, by its route and method.
type Known = BTreeMap<String, HashMap<String, BTreeSet<String>>>;

/// Refuses an address that cannot be valid.
pub(super) fn check(method: &Method, route: &str, uri: &Uri) -> Result<(), Problem> {
    let query = uri.query().unwrap_or_default();
    if uri.path().len() + query.len() > MAX_URI {
        let detail = format!("the address is longer than {MAX_URI} bytes");
        return Err(Problem::new(StatusCode::URI_TOO_LONG, "address-too-long", detail));
    }
    if uri.path().contains("%00") || query.contains("%00") {
        return Err(Problem::bad(
            "text-invalid",
            "the address has the control character U+0000; take it out",
        ));
    }
    let operation = known().get(&template(route)).and_then(|methods| methods.get(method.as_str()));
    let Some(known) = operation else { return Ok(()) };
    let mut seen = BTreeSet::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split_once('=').map_or(pair, |(name, _)| name);
        if !known.contains(name) {
            return Err(Problem::bad("invalid-query", unknown(name, known)));
        }
        if !seen.insert(name) {
            return Err(Problem::bad(
                "invalid-query",
                format!("the query parameter `{name}` is given twice"),
            ));
        }
    }
    Ok(())
}

fn unknown(name: &str, known: &BTreeSet<String>) -> String {
    let shown: String = name.chars().take(60).flat_map(char::escape_default).collect();
    let words: Vec<&str> = known.iter().map(String::as_str).collect();
    if words.is_empty() {
        return format!("this address takes no query parameter; remove `{shown}`");
    }
    let meant =
        nearest(name, &words).map_or_else(String::new, |word| format!("; did you mean `{word}`?"));
    format!("unknown query parameter `{shown}`: expected one of `{}`{meant}", words.join("`, `"))
}

/// A route as the API document writes it.
fn template(route: &str) -> String {
    route.replace("{*", "{")
}

fn known() -> &'static Known {
    static KNOWN: OnceLock<Known> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let document = openapi::document();
        let paths = document["paths"].as_object().into_iter().flatten();
        paths
            .map(|(path, item)| {
                let methods = item.as_object().into_iter().flatten().map(|(method, operation)| {
                    let parameters = operation["parameters"].as_array().into_iter().flatten();
                    let queries = parameters
                        .filter(|p| p["in"] == "query")
                        .filter_map(|p| p["name"].as_str());
                    (method.to_uppercase(), queries.map(str::to_owned).collect())
                });
                (path.clone(), methods.collect())
            })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(route: &str, uri: &str) -> Result<(), String> {
        check(&Method::GET, route, &uri.parse().unwrap()).map_err(|problem| problem.detail)
    }

    #[test]
    fn what_is_misspelt_is_told_with_what_was_meant() {
        let detail = told("/api/v1/releases", "/api/v1/releases?enviroment=x").unwrap_err();
        assert!(detail.ends_with("did you mean `environment`?"), "{detail}");
        assert!(
            told("/api/v1/releases", "/api/v1/releases?zzzz=1")
                .unwrap_err()
                .contains("expected one of")
        );
        assert!(
            told("/api/v1/log", "/api/v1/log?limit=1").unwrap_err().contains("no query parameter")
        );
        assert!(
            told("/api/v1/releases", "/api/v1/releases?limit=1&limit=2")
                .unwrap_err()
                .contains("twice")
        );
        assert_eq!(told("/api/v1/releases", "/api/v1/releases?limit=1&verdict=deny"), Ok(()));
        assert_eq!(told("/releases", "/releases?anything=1"), Ok(()), "pages are lenient");
    }

    #[test]
    fn bytes_that_no_text_has_are_refused_everywhere() {
        for uri in ["/releases/a%00b", "/api/v1/datasets/x%00", "/?a=%00"] {
            assert!(told("/", uri).unwrap_err().contains("U+0000"), "{uri}");
        }
        assert!(told("/", &format!("/?a={}", "x".repeat(9_000))).unwrap_err().contains("longer"));
    }
}
