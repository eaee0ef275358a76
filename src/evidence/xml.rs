//! XML without entities: a document type declaration is refused.

use super::{
    EvidenceError,
    json::{MAX_DEPTH, MAX_VALUES, Place},
};

/// Reads a whole document.
///
/// # Errors
/// When it is no XML, has a document type declaration, or is nested too deep or too large.
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

/// The name of the root element, without its prefix: a cheap look before [`parse`]. `None` where none is in sight, and where
/// a document type declaration comes first.
pub fn root(text: &str) -> Option<&str> {
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
    let name = tag.split([' ', '\t', '\r', '\n', '/', '>']).next().unwrap_or(tag);
    let local = name.rsplit(':').next().unwrap_or(name);
    local.starts_with(|c: char| c.is_alphabetic() || c == '_').then_some(local)
}

/// The parser descends once for each open element: an upper bound of how deep, before it starts.
fn shallow(text: &str) -> Result<(), EvidenceError> {
    let mut depth = 0_usize;
    let mut rest = text;
    let mut passed = 0_usize;
    while let Some(open) = memchr::memchr(b'<', rest.as_bytes()) {
        let tail = rest.get(open + 1..).unwrap_or("");
        let skip = skipped(tail);
        let end = memchr::memchr(b'>', tail.get(skip..).unwrap_or("").as_bytes()).map_or(tail.len(), |end| skip + end);
        match tail.as_bytes().first() {
            Some(b'/') => depth = depth.saturating_sub(1),
            Some(b'!' | b'?') => {}
            _ if tail.get(..end).is_some_and(|tag| tag.ends_with('/')) => {}
            _ => depth += 1,
        }
        if depth > MAX_DEPTH {
            let place = Some(Place::of(text, passed + open));
            let message = format!("nested deeper than {MAX_DEPTH} levels");
            return Err(EvidenceError::Syntax { syntax: "XML", place, message });
        }
        passed += open + 1 + end;
        rest = tail.get(end..).unwrap_or("");
    }
    Ok(())
}

/// How many bytes of a comment or of character data come before its end is to be looked for.
fn skipped(tail: &str) -> usize {
    let end = if tail.starts_with("!--") {
        tail.find("-->").map(|end| end + 2)
    } else if tail.starts_with("![CDATA[") {
        tail.find("]]>").map(|end| end + 2)
    } else {
        Some(0)
    };
    end.unwrap_or(tail.len())
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
        let many = format!("<a><!-- {} --><b/><![CDATA[{}]]></a>", "<x>".repeat(500), "<y>".repeat(500));
        assert!(parse(&many).is_ok());
        assert!(parse(&format!("<a>{}</a>", "<b k='1'/>".repeat(500))).is_ok());
    }
}
