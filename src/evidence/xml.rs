//! XML without entities: a document type declaration is refused.

use super::{
    error::EvidenceError,
    json::{MAX_DEPTH, MAX_VALUES, Place},
};

/// Reads a whole document.
///
/// # Errors
/// When it is not XML, has a document type declaration, or is nested too deep or too large.
pub fn parse(text: &str) -> Result<roxmltree::Document<'_>, EvidenceError> {
    let options = roxmltree::ParsingOptions {
        allow_dtd: false,
        nodes_limit: u32::try_from(MAX_VALUES).unwrap_or(u32::MAX),
        ..roxmltree::ParsingOptions::default()
    };
    shallow(text)?;
    roxmltree::Document::parse_with_options(text, options).map_err(|error| {
        let at = error.pos();
        let count = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        let place = Some(Place { line: count(at.row), column: count(at.col) });
        EvidenceError::Syntax { syntax: "XML", place, message: error.to_string() }
    })
}

/// The name of the root element, without its prefix: a cheap check before [`parse`]. `None` if no
/// element is found, or if a document type declaration comes first.
pub fn root(text: &str) -> Option<&str> {
    let tag = root_tag(text)?;
    let name = tag.split([' ', '\t', '\r', '\n', '/']).next().unwrap_or(tag);
    let local = name.rsplit(':').next().unwrap_or(name);
    local.starts_with(|c: char| c.is_alphabetic() || c == '_').then_some(local)
}

/// The text inside the start tag of the root element, up to the first `>`.
pub fn root_tag(text: &str) -> Option<&str> {
    let mut rest = text.trim_start();
    loop {
        let end = match rest {
            _ if rest.starts_with("<?") => rest.find("?>")? + 2,
            _ if rest.starts_with("<!--") => rest.get(4..)?.find("-->")? + 7,
            _ => break,
        };
        rest = rest.get(end..)?.trim_start();
    }
    let tag = rest.strip_prefix('<')?;
    tag.split('>').next()
}

/// How many attributes an element may have: the parser compares each with all others.
pub const MAX_ATTRIBUTES: usize = 500;

/// How many namespaces a document may declare: the parser copies those in scope for every element
/// that adds one.
pub const MAX_NAMESPACES: usize = 100;

/// Checks all tags before the parser starts: it recurses once for each open element and keeps every
/// attribute in memory.
///
/// Text in comments, character data, processing instructions and quoted values is not a tag.
/// Otherwise a document could hide its depth behind `<a b="/>">`.
fn shallow(text: &str) -> Result<(), EvidenceError> {
    let (mut depth, mut attributes, mut namespaces) = (0_usize, 0_usize, 0_usize);
    let mut at = 0_usize;
    while let Some(open) = text.get(at..).and_then(|rest| memchr::memchr(b'<', rest.as_bytes())) {
        let start = at + open;
        let tail = text.get(start..).unwrap_or("");
        let tag = Tag::of(tail);
        match tag.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            Kind::Empty | Kind::Other => {}
        }
        attributes += tag.attributes;
        namespaces += tag.namespaces;
        let message =
            if depth > MAX_DEPTH || (depth == MAX_DEPTH && matches!(tag.kind, Kind::Empty)) {
                format!("nested deeper than {MAX_DEPTH} levels")
            } else if tag.attributes > MAX_ATTRIBUTES {
                format!("an element with more than {MAX_ATTRIBUTES} attributes")
            } else if attributes > MAX_VALUES {
                format!("more than {MAX_VALUES} attributes; split the document")
            } else if namespaces > MAX_NAMESPACES {
                format!("more than {MAX_NAMESPACES} namespaces")
            } else {
                at = start + tag.length.max(1);
                continue;
            };
        return Err(EvidenceError::Syntax {
            syntax: "XML",
            place: Some(Place::of(text, start)),
            message,
        });
    }
    Ok(())
}

/// What `<` begins.
enum Kind {
    Open,
    Close,
    Empty,
    Other,
}

/// A tag or another piece of markup such as a comment, from `<` to its end.
struct Tag {
    kind: Kind,
    length: usize,
    attributes: usize,
    namespaces: usize,
}

impl Tag {
    fn of(tail: &str) -> Self {
        for (start, end) in [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")] {
            if let Some(inside) = tail.strip_prefix(start) {
                let length = memchr::memmem::find(inside.as_bytes(), end.as_bytes());
                let length = length.map_or(tail.len(), |length| start.len() + length + end.len());
                return Self { kind: Kind::Other, length, attributes: 0, namespaces: 0 };
            }
        }
        let bytes = tail.as_bytes();
        let (mut attributes, mut namespaces) = (0, 0);
        let mut at = 1;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'>' => break,
                // A quoted value ends at the same kind of quote.
                b'"' | b'\'' => {
                    let rest = bytes.get(at + 1..).unwrap_or(&[]);
                    at += memchr::memchr(*byte, rest).map_or(rest.len(), |end| end + 1);
                }
                b'=' => attributes += 1,
                b'x' if bytes.get(at..).is_some_and(|rest| rest.starts_with(b"xmlns")) => {
                    namespaces += 1;
                }
                _ => {}
            }
            at += 1;
        }
        let kind = match (bytes.get(1), at.checked_sub(1).and_then(|last| bytes.get(last))) {
            (Some(b'/'), _) => Kind::Close,
            (Some(b'!'), _) => Kind::Other,
            (_, Some(b'/')) => Kind::Empty,
            _ => Kind::Open,
        };
        Self { kind, length: (at + 1).min(bytes.len()), attributes, namespaces }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_and_deep_nesting_are_refused_with_a_place() {
        let bomb = "<!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]>\n<l>&b;</l>";
        assert_eq!(parse(bomb).unwrap_err().code(), "evidence-syntax");
        let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
        assert!(parse(&deep).unwrap_err().to_string().contains("nested deeper"));
        assert!(parse("<a>\n<b></a>").unwrap_err().to_string().contains("line 2"));
    }

    #[test]
    fn what_looks_like_a_tag_in_a_comment_is_none() {
        let many =
            format!("<a><!-- {} --><b/><![CDATA[{}]]></a>", "<x>".repeat(500), "<y>".repeat(500));
        assert!(parse(&many).is_ok());
        assert!(parse(&format!("<a>{}</a>", "<b k='1'/>".repeat(500))).is_ok());
    }
}
