//! Columns for people.

use crate::cli::output::plain;
use std::fmt::Write as _;

/// A table whose cells contain user text: every cell is escaped, and the last column is not padded.
pub(super) struct Table {
    rows: Vec<Vec<String>>,
    /// Columns that are aligned right, by index.
    right: &'static [usize],
}

impl Table {
    pub(super) fn new(heading: &[&str], right: &'static [usize]) -> Self {
        Self { rows: vec![heading.iter().map(|cell| (*cell).to_owned()).collect()], right }
    }

    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| plain(&cell)).collect());
    }

    pub(super) fn text(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            self.rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut out = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (i, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let _ = if self.right.contains(&i) {
                    write!(line, "{cell:>width$}  ")
                } else {
                    write!(line, "{cell:<width$}  ")
                };
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_and_escape_sequences_do_not_get_through() {
        let mut table = Table::new(&["metric", "n"], &[1]);
        table.row(["a\u{1b}[31m".to_owned(), "7".to_owned()]);
        table.row(["accuracy".to_owned(), "12000".to_owned()]);
        assert_eq!(table.text(), "metric           n\na\\u{1b}[31m      7\naccuracy     12000\n");
    }
}
