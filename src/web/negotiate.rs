//! The format of a failure: a person at a browser gets a page, a program gets a problem document.

use axum::http::{HeaderMap, header};

/// Whether a failure is answered as a page. `page` decides if the request itself does not say: true
/// for the addresses of pages.
pub(super) fn wants_page(headers: &HeaderMap, page: bool) -> bool {
    // No browser sends a token by itself, and the `Accept` that some HTTP libraries send by default begins with HTML.
    if headers.contains_key(header::AUTHORIZATION) {
        return false;
    }
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges: Vec<(&str, f64)> =
        accepted.flat_map(|line| line.split(',')).filter_map(range).collect();
    if ranges.is_empty() {
        return page;
    }
    let html = weight(&ranges, "text/html", "text/*");
    let json = weight(&ranges, "application/json", "application/*").max(weight(
        &ranges,
        "application/problem+json",
        "application/*",
    ));
    if (html - json).abs() < f64::EPSILON { page } else { html > json }
}

/// A media range of an `Accept` header and its weight (RFC 9110, section 12.5.1).
fn range(text: &str) -> Option<(&str, f64)> {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty())?;
    let weight = parts.find_map(|p| p.strip_prefix("q=").or_else(|| p.strip_prefix("Q=")));
    Some((name, weight.map_or(1.0, |w| w.parse().unwrap_or(0.0))))
}

/// The weight of the most specific range that names the type.
fn weight(ranges: &[(&str, f64)], exact: &str, family: &str) -> f64 {
    let of = |name: &str| {
        ranges.iter().find(|(range, _)| range.eq_ignore_ascii_case(name)).map(|(_, weight)| *weight)
    };
    of(exact).or_else(|| of(family)).or_else(|| of("*/*")).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn wants(accept: &str, page: bool) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_str(accept).unwrap());
        wants_page(&headers, page)
    }

    #[test]
    fn browsers_get_pages_and_programs_get_documents() {
        // What Chromium and Firefox send when a user follows a link.
        for browser in [
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        ] {
            assert!(wants(browser, false) && wants(browser, true), "{browser}");
        }
        for program in [
            "application/json",
            "application/problem+json",
            "application/json, text/html;q=0.5",
            "Application/JSON",
        ] {
            assert!(!wants(program, false) && !wants(program, true), "{program}");
        }
        // curl and most libraries; ours; a style sheet's request.
        for either in ["*/*", "text/css,*/*;q=0.1", "text/html;q=0.5,application/json;q=0.5"] {
            assert!(!wants(either, false) && wants(either, true), "{either}");
        }
        assert!(wants_page(&HeaderMap::new(), true) && !wants_page(&HeaderMap::new(), false));
    }

    #[test]
    fn what_sends_a_token_is_a_program() {
        let mut headers = HeaderMap::new();
        // The default of Java's HttpURLConnection.
        headers.insert(
            header::ACCEPT,
            HeaderValue::from_static("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"),
        );
        assert!(wants_page(&headers, false));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer x"));
        assert!(!wants_page(&headers, false) && !wants_page(&headers, true));
    }
}
