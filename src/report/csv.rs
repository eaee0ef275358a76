//! CSV that a spreadsheet opens without running anything: RFC 4180, and no cell that starts a formula.

/// Appends one record, ended by CRLF.
pub fn record<'a>(out: &mut String, cells: impl IntoIterator<Item = &'a str>) {
    for (i, cell) in cells.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        field(out, cell);
    }
    out.push_str("\r\n");
}

/// One cell. What a spreadsheet would take for a formula gets an apostrophe in front, as OWASP
/// advises; a cell with a comma, a quote or a line's end is quoted.
fn field(out: &mut String, cell: &str) {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let quoted =
        cell.contains(['"', ',', '\r', '\n']) || cell.starts_with(' ') || cell.ends_with(' ');
    if quoted {
        out.push('"');
    }
    if formula {
        out.push('\'');
    }
    if quoted {
        out.push_str(&cell.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(cell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_as_the_standard_says() {
        let mut out = String::new();
        record(&mut out, ["a", "", "b,c", "say \"no\"", "two\r\nlines"]);
        assert_eq!(out, "a,,\"b,c\",\"say \"\"no\"\"\",\"two\r\nlines\"\r\n");
    }

    #[test]
    fn no_cell_starts_a_formula() {
        let mut out = String::new();
        record(
            &mut out,
            ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "=HYPERLINK(\"x\",\"y\")", "a=b"],
        );
        assert_eq!(
            out,
            "'=1+1,'+1,'-1,'@x,'\t=1,\"'\r=1\",\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\",a=b\r\n"
        );
    }
}
