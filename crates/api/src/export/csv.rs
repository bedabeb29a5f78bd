//! Comma-separated values (RFC 4180), as spreadsheets open them: UTF-8 with a byte order mark, lines that end with CR LF.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufWriter, Write as _};

use csv::{ByteRecord, Terminator, WriterBuilder};

use super::cell::Cell;
use super::rows::{Progress, Rows, WriteError};

/// Writes all rows to `file`.
///
/// # Errors
/// [`WriteError`]
pub fn write(mut rows: Rows, file: &File, progress: &Progress) -> Result<(), WriteError> {
    let mut out = BufWriter::with_capacity(256 << 10, file);
    out.write_all("\u{feff}".as_bytes())?;
    let mut table = WriterBuilder::new().terminator(Terminator::CRLF).flexible(true).from_writer(out);
    let mut record = ByteRecord::new();
    for column in rows.columns.iter() {
        record.push_field(harmless(&column.title).as_bytes());
    }
    table.write_byte_record(&record).map_err(disk)?;
    let (mut line, mut done) = (Vec::new(), 0);
    while rows.next(&mut line)? {
        let row = rows.columns.read(&line);
        let row = row.map_err(|rule| WriteError::Row { row: done + 1, reason: rule.into_owned() })?;
        record.clear();
        for cell in &row.cells {
            record.push_field(text(cell).as_bytes());
        }
        // Every line has as many fields as there are headers.
        for _ in row.cells.len()..rows.columns.iter().len() {
            record.push_field(b"");
        }
        table.write_byte_record(&record).map_err(disk)?;
        done += 1;
        progress.step(done)?;
    }
    Ok(table.flush()?)
}

fn disk(error: csv::Error) -> WriteError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => WriteError::Disk(error),
        other => WriteError::Fault(format!("{other:?}")),
    }
}

fn text<'a>(cell: &'a Cell<'_>) -> Cow<'a, str> {
    match cell {
        Cell::Empty => "".into(),
        Cell::Bool(true) => "TRUE".into(),
        Cell::Bool(false) => "FALSE".into(),
        Cell::Number(digits) => (*digits).into(),
        Cell::Text(text) => harmless(text),
        Cell::Date(date) => date.to_string().into(),
        Cell::DateTime(time) => time.format("%Y-%m-%d %H:%M:%S").to_string().into(),
    }
}

/// The text of a field as no formula: a spreadsheet takes what begins so for one and calculates it; behind an apostrophe it is text.
#[must_use]
pub fn harmless(text: &str) -> Cow<'_, str> {
    match text.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') => {
            format!("'{text}").into()
        }
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_begins_like_a_formula() {
        for wrong in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1"] {
            assert_eq!(harmless(wrong), format!("'{wrong}"));
        }
        for fine in ["", "a=1", "1-1", " =", "题"] {
            assert_eq!(harmless(fine), fine);
        }
    }
}
