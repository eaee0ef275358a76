//! Text of a document inside a message.

use std::borrow::Cow;

/// At most `most` characters of `text`, with `…` after them if there are more.
pub fn clip(text: &str, most: usize) -> Cow<'_, str> {
    let end = text.char_indices().nth(most).map(|(at, _)| at);
    match end.and_then(|end| text.get(..end)) {
        Some(start) => Cow::Owned(format!("{start}…")),
        None => Cow::Borrowed(text),
    }
}

/// Text of a document, made safe for a message: in backticks, on one line, of bounded length,
/// without control characters or characters that change the direction of the text.
pub fn quoted(text: &str) -> String {
    const LONGEST: usize = 120;
    let text = clip(text, LONGEST);
    let mut out = String::with_capacity(text.len() + 2);
    out.push('`');
    for c in text.chars() {
        if c.is_control()
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
        {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out.push('`');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_between_characters_and_says_so() {
        assert_eq!(clip("abcdef", 3), "abc…");
        assert_eq!(clip("abc", 3), "abc");
        assert_eq!(clip("üöäß", 3), "üöä…");
        assert_eq!(clip("", 0), "");
    }

    #[test]
    fn text_of_a_document_cannot_break_out_of_a_message() {
        assert_eq!(quoted("a\n\u{1b}[2J\u{202e}b"), "`a\\u{a}\\u{1b}[2J\\u{202e}b`");
        assert_eq!(quoted(&"x".repeat(500)).chars().count(), 123);
    }
}
