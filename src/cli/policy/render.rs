//! Mistakes as people read them: the source underlined. Colour is dropped if the output is not a
//! terminal.

use crate::{
    cli::output::plain,
    policy::{Mistake, Mistakes},
};
use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity,
    SourceCode,
};
use serde::Serialize;
use std::fmt::{self, Write as _};

/// One mistake with the source that contains it.
struct Shown<'a> {
    mistake: &'a Mistake,
    source: &'a NamedSource<String>,
    severity: Severity,
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.mistake.fmt(f)
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&plain(&self.mistake.message))
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.mistake.code))
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.mistake.help.as_ref()?;
        Some(Box::new(plain(help)))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.mistake.span.clone();
        Some(Box::new(std::iter::once(LabeledSpan::new(None, span.start, span.len()))))
    }
}

/// Every mistake with its source underlined.
pub fn report(file: &str, mistakes: &Mistakes) -> String {
    let count = mistakes.list.len();
    let noun = if count == 1 { "mistake" } else { "mistakes" };
    format!(
        "{count} {noun} in the policy {}\n\n{}",
        plain(file),
        drawn(file, mistakes, Severity::Error)
    )
}

/// Every warning with its source underlined.
pub fn warnings(file: &str, warnings: &Mistakes) -> String {
    drawn(file, warnings, Severity::Warning)
}

fn drawn(file: &str, mistakes: &Mistakes, severity: Severity) -> String {
    let source = NamedSource::new(plain(file), shown(&mistakes.source));
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode())
        .with_width(100)
        .with_links(false);
    let mut out = String::new();
    for mistake in &mistakes.list {
        // Writing to text does not fail; a mistake that cannot be drawn is still reported.
        if handler.render_report(&mut out, &Shown { mistake, source: &source, severity }).is_err() {
            let _ =
                writeln!(out, "{}:{}: {}", mistake.line, mistake.column, plain(&mistake.message));
        }
        out.push('\n');
    }
    out.trim_end().to_owned()
}

/// The source with every control character replaced by one of the same number of bytes, so that
/// positions do not change.
fn shown(source: &str) -> String {
    let replace = |c: char| match c {
        '\n' | '\t' => c,
        c if c.is_control() && c.len_utf8() == 1 => '?',
        c if c.is_control() => '¿',
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c => c,
    };
    source.chars().map(replace).collect()
}

/// One mistake as JSON.
#[derive(Debug, Serialize)]
pub struct MistakeV1 {
    code: &'static str,
    message: String,
    help: Option<String>,
    file: String,
    line: usize,
    column: usize,
    length: usize,
}

impl MistakeV1 {
    /// The mistake, in `file`.
    pub fn new(file: &str, mistake: &Mistake) -> Self {
        Self {
            code: mistake.code,
            message: mistake.message.clone(),
            help: mistake.help.clone(),
            file: file.to_owned(),
            line: mistake.line,
            column: mistake.column,
            length: mistake.length,
        }
    }
}
