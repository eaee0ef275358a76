//! Text that people and machines write for others to read: which characters it may contain, and how
//! long it may be. The same rule applies to every input, so that both database engines store the
//! same, and a line stays a single line.

use crate::app::core::error::AppError;

/// The longest comment, in characters.
pub const MAX_COMMENT: usize = 4_000;
/// The longest label, such as a version or a display name.
pub const MAX_NAME: usize = 200;
/// The longest name of a data set. It is part of an index key, and PostgreSQL's keys have at most
/// 2,704 bytes.
pub const MAX_DATASET: usize = 500;
/// The longest name of a document or of a column.
pub const MAX_LABEL: usize = 1_000;
/// The longest value of a context.
pub const MAX_VALUE: usize = 1_000;
/// The most documents of a submission.
pub const MAX_DOCUMENTS: usize = 1_000;
/// The most entries of a context.
pub const MAX_CONTEXT: usize = 100;

/// Refuses text that is not a single line of at most `max` characters.
///
/// # Errors
/// When it is too long, or contains a control character such as NUL, a line break or an escape.
pub fn line(what: &str, text: &str, max: usize) -> Result<(), AppError> {
    check(what, text, max, char::is_control)
}

/// Refuses text of more than `max` characters. It may contain line breaks and tabs.
///
/// # Errors
/// When it is too long, or contains another control character.
pub fn prose(what: &str, text: &str, max: usize) -> Result<(), AppError> {
    check(what, text, max, |c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

/// Refuses more than `max` of something.
///
/// # Errors
/// When there are more.
pub fn count(whose: &str, what: &str, count: usize, max: usize) -> Result<(), AppError> {
    if count <= max {
        return Ok(());
    }
    Err(AppError::invalid(
        "too-many",
        format!("{whose} can have at most {max} {what}; this one has {count}"),
    ))
}

fn check(
    what: &str,
    text: &str,
    max: usize,
    foreign: impl Fn(char) -> bool,
) -> Result<(), AppError> {
    // A character has at most four bytes, so the characters of longer text need not be counted.
    if text.len() > 4 * max || text.chars().count() > max {
        return Err(AppError::invalid(
            "text-too-long",
            format!("{what} can have at most {max} characters"),
        ));
    }
    match text.chars().find(|c| foreign(*c)) {
        None => Ok(()),
        Some(c) => {
            let message =
                format!("{what} contains the control character U+{:04X}; remove it", u32::from(c));
            Err(AppError::invalid("text-invalid", message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_length_are_refused() {
        assert!(line("x", "a b \u{e9}\u{1f600}", 7).is_ok());
        assert!(prose("x", "a\r\n\tb", 5).is_ok());
        for bad in ["a\0", "a\nb", "\u{1b}[31m", "\u{85}", "\u{7f}"] {
            assert_eq!(line("x", bad, 10).unwrap_err().code, "text-invalid", "{bad:?}");
        }
        for bad in ["a\0", "\u{1b}[31m"] {
            assert_eq!(prose("x", bad, 10).unwrap_err().code, "text-invalid", "{bad:?}");
        }
        assert_eq!(line("x", "\u{1f600}\u{1f600}", 1).unwrap_err().code, "text-too-long");
    }
}
