//! Mistakes in a policy: reported all at once, each with a code, a place and the nearest valid
//! word.

use std::{fmt, ops::Range, sync::Arc};

/// One mistake. Lines and columns start at 1; columns and lengths are in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// A stable code for scripts, such as `unknown-key`.
    pub code: &'static str,
    /// The description of the mistake.
    pub message: String,
    /// Advice how to fix it.
    pub help: Option<String>,
    /// The place, as a byte range of the source.
    pub span: Range<usize>,
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
    /// The number of underlined characters.
    pub length: usize,
}

/// All mistakes in one text, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes {
    /// The text with the mistakes.
    pub source: Arc<str>,
    /// The mistakes.
    pub list: Vec<Mistake>,
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, mistake) in self.list.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(
                f,
                "{}:{}: {} ({})",
                mistake.line, mistake.column, mistake.message, mistake.code
            )?;
            if let Some(help) = &mistake.help {
                write!(f, "; {help}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

/// Collects mistakes while a policy is read.
#[derive(Debug)]
pub(super) struct Collector<'a> {
    text: &'a str,
    list: Vec<Mistake>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, list: Vec::new() }
    }

    /// Adds a mistake at `span`.
    pub(super) fn add(
        &mut self,
        code: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
    ) {
        self.push(code, span, message.into(), None);
    }

    /// Adds a mistake at `span`, with advice how to fix it.
    pub(super) fn help(
        &mut self,
        code: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(code, span, message.into(), Some(help.into()));
    }

    fn push(
        &mut self,
        code: &'static str,
        span: Range<usize>,
        message: String,
        help: Option<String>,
    ) {
        let span = clamp(self.text, span);
        let length = self.text.get(span.clone()).unwrap_or_default().chars().count();
        self.list.push(Mistake { code, message, help, span, line: 0, column: 0, length });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The mistakes, sorted by their position in the text.
    pub(super) fn finish(mut self) -> Mistakes {
        self.list.sort_by(|a, b| {
            a.span.start.cmp(&b.span.start).then_with(|| a.message.cmp(&b.message))
        });
        // One pass through the text for all mistakes, because a text can contain very many.
        let (mut at, mut line, mut column) = (0, 1, 1);
        for mistake in &mut self.list {
            for c in self.text.get(at..mistake.span.start).unwrap_or_default().chars() {
                (line, column) = if c == '\n' { (line + 1, 1) } else { (line, column + 1) };
            }
            at = mistake.span.start;
            (mistake.line, mistake.column) = (line, column);
        }
        self.list.dedup();
        Mistakes { source: self.text.into(), list: self.list }
    }
}

/// `span`, moved to lie within the text and on character boundaries, because parsers may report
/// other spans.
fn clamp(text: &str, span: Range<usize>) -> Range<usize> {
    let inside = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = inside(span.start);
    start..inside(span.end).max(start)
}

/// The word of `known` nearest to `word`, if it is near enough that it was probably meant.
pub(super) fn nearest<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let near =
        |w: &&str| strsim::normalized_damerau_levenshtein(&word.to_lowercase(), &w.to_lowercase());
    let scored = known.into_iter().map(|w| (near(&w), w)).filter(|(score, _)| *score >= 0.5);
    scored.max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1))).map(|(_, w)| w)
}

/// "did you mean `x`?", or the whole list if no word is near.
pub(super) fn suggest(word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("expected one of {}", listed(known)),
    }
}

/// A list of words in backticks: `a`, `b` and `c`.
pub(super) fn listed(words: &[&str]) -> String {
    words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ")
}

/// User text for a message: shortened, on one line.
pub(super) fn quote(text: &str) -> String {
    let mut short: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() {
        short.push('…');
    }
    format!("`{short}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_from_one() {
        let text = "a = 1\nnäme = 2\n";
        let mut found = Collector::new(text);
        found.add("x", 12..14, "here");
        found.add("x", 0..1, "first");
        found.add("x", 8..900, "inside a letter, past the end");
        let list = found.finish().list;
        assert_eq!((list[0].line, list[0].column, list[0].length), (1, 1, 1));
        assert_eq!((list[2].line, list[2].column), (2, 6));
        assert_eq!((list[1].line, list[1].column), (2, 2));
    }

    #[test]
    fn the_nearest_word_is_offered_only_when_near() {
        assert_eq!(nearest("min_sample", ["min", "min_samples"]), Some("min_samples"));
        assert_eq!(nearest("xyz", ["min", "metric"]), None);
    }
}
