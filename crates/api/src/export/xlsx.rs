//! A workbook with one sheet, written row by row: it takes the memory of one row.
//!
//! Rows go to a temporary file in the export directory first and are packed at the end. The library ends in a panic when that
//! file cannot be written; here it becomes an error like any other.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{Datelike as _, NaiveDate, NaiveTime, Timelike as _};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::cell::Cell;
use super::column::Columns;
use super::folder::Folder;
use super::rows::{Progress, Rows, WriteError};

/// The largest integer that a cell's number, a double, holds with all those below it.
const MAX_WHOLE: u64 = 1 << 53;
/// Longest name of a sheet.
const MAX_SHEET_NAME: usize = 31;
/// From so many bytes of rows on the sheet may become larger than 4 GiB before it is packed, which old readers do not know.
const LARGE_ROWS: u64 = 128 << 20;

/// Writes all rows, `total` of them, to `file`.
///
/// # Errors
/// [`WriteError`]
pub fn write(
    rows: Rows,
    total: u64,
    folder: &Folder,
    title: &str,
    file: &File,
    progress: &Progress,
) -> Result<(), WriteError> {
    // A panic leaves nothing behind that would be used again: the workbook is dropped with everything in it.
    let written = catch_unwind(AssertUnwindSafe(|| write_book(rows, total, folder, title, file, progress)));
    written.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map_or("", String::as_str);
        let full = ["StorageFull", "QuotaExceeded"].iter().any(|kind| text.contains(kind));
        Err(match full {
            true => WriteError::Disk(io::ErrorKind::StorageFull.into()),
            false => WriteError::Fault(format!("the workbook could not be written: {text}")),
        })
    })
}

fn write_book(
    mut rows: Rows,
    total: u64,
    folder: &Folder,
    title: &str,
    file: &File,
    progress: &Progress,
) -> Result<(), WriteError> {
    let mut book = Workbook::new();
    book.set_tempdir(folder.path()).map_err(fault)?;
    book.use_zip_large_file(rows.bytes()? > LARGE_ROWS);
    let sheet = book.add_worksheet_with_constant_memory().map_err(fault)?;
    sheet.set_name(sheet_name(title)).map_err(fault)?;
    write_headers(sheet, &rows.columns, total).map_err(fault)?;
    let formats = Formats::default();
    let (mut line, mut done) = (Vec::new(), 0_u64);
    while rows.next(&mut line)? {
        let at_row = |reason: String| WriteError::Row { row: done + 1, reason };
        let row = rows.columns.read(&line).map_err(|rule| at_row(rule.into_owned()))?;
        let number = u32::try_from(done + 1).map_err(|error| at_row(error.to_string()))?;
        for (column, cell) in (0_u16..).zip(&row.cells) {
            write_cell(sheet, number, column, cell, &formats).map_err(|error| at_row(error.to_string()))?;
        }
        done += 1;
        progress.step(done)?;
    }
    let mut out = Wanted { out: BufWriter::with_capacity(256 << 10, file), progress, trouble: None };
    match book.save_to_writer(&mut out) {
        Ok(()) => Ok(out.out.flush()?),
        Err(_) if progress.is_stopped() => Err(WriteError::Stopped),
        Err(error) => Err(out.trouble.map_or_else(|| fault(error), WriteError::Disk)),
    }
}

fn fault(error: XlsxError) -> WriteError {
    match error {
        XlsxError::IoError(error) | XlsxError::TempFileError(_, error) => WriteError::Disk(error),
        other => WriteError::Fault(other.to_string()),
    }
}

/// In bold, and there while one scrolls; with a filter on each.
fn write_headers(sheet: &mut Worksheet, columns: &Columns, total: u64) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    let last_row = u32::try_from(total).unwrap_or(u32::MAX);
    let last_column = u16::try_from(columns.iter().len() - 1).unwrap_or(u16::MAX);
    sheet.set_freeze_panes(1, 0)?;
    sheet.autofilter(0, 0, last_row, last_column)?;
    for (number, column) in (0_u16..).zip(columns.iter()) {
        // As wide as its header, and a little more; wide characters count twice.
        let width: u32 = column.title.chars().map(|one| if one.is_ascii() { 1 } else { 2 }).sum();
        sheet.set_column_width(number, f64::from((width + 4).clamp(12, 60)))?;
        sheet.write_string_with_format(0, number, &column.title, &bold)?;
    }
    Ok(())
}

struct Formats {
    date: Format,
    date_time: Format,
}

impl Default for Formats {
    fn default() -> Self {
        Self {
            date: Format::new().set_num_format("yyyy-mm-dd"),
            date_time: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
        }
    }
}

/// Text is always written as text, so it never becomes a formula or a link.
fn write_cell(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    cell: &Cell<'_>,
    formats: &Formats,
) -> Result<(), XlsxError> {
    match cell {
        Cell::Empty => return Ok(()),
        Cell::Bool(yes) => sheet.write_boolean(row, column, *yes)?,
        Cell::Number(digits) => match exact(digits) {
            Some(number) => sheet.write_number(row, column, number)?,
            None => sheet.write_string(row, column, *digits)?,
        },
        Cell::Text(text) if text.is_empty() => return Ok(()),
        Cell::Text(text) => sheet.write_string(row, column, &**text)?,
        Cell::Date(date) => match excel_time(*date, NaiveTime::MIN) {
            Some(time) => sheet.write_datetime_with_format(row, column, &time, &formats.date)?,
            None => sheet.write_string(row, column, date.to_string())?,
        },
        Cell::DateTime(time) => match excel_time(time.date(), time.time()) {
            Some(time) => sheet.write_datetime_with_format(row, column, &time, &formats.date_time)?,
            None => sheet.write_string(row, column, time.format("%Y-%m-%d %H:%M:%S").to_string())?,
        },
    };
    Ok(())
}

/// `None` for a whole number that a double would round: its digits say more.
fn exact(digits: &str) -> Option<f64> {
    let whole = digits.strip_prefix('-').unwrap_or(digits);
    if whole.bytes().all(|byte| byte.is_ascii_digit()) {
        whole.parse::<u64>().ok().filter(|whole| *whole <= MAX_WHOLE)?;
    }
    digits.parse().ok()
}

/// `None` for days that a sheet does not know: those before 1900.
fn excel_time(date: NaiveDate, time: NaiveTime) -> Option<ExcelDateTime> {
    let year = u16::try_from(date.year()).ok()?;
    let (month, day) = (u8::try_from(date.month()).ok()?, u8::try_from(date.day()).ok()?);
    let (minute, second) = (u8::try_from(time.minute()).ok()?, u8::try_from(time.second()).ok()?);
    let hour = u16::try_from(time.hour()).ok()?;
    let day = ExcelDateTime::from_ymd(year, month, day).ok()?;
    day.and_hms(hour, minute, second).ok()
}

/// As much of the title as a sheet may be called.
fn sheet_name(title: &str) -> String {
    let fitting = |one: char| if one.is_control() || r"[]:*?/\".contains(one) { ' ' } else { one };
    let mut name = String::new();
    let mut units = 0;
    for character in title.chars().map(fitting) {
        units += character.len_utf16();
        if units > MAX_SHEET_NAME {
            break;
        }
        name.push(character);
    }
    match name.trim_matches(['\'', ' ']) {
        "" => "Sheet1".into(),
        // Excel keeps this one for itself.
        taken if taken.eq_ignore_ascii_case("history") => "Sheet1".into(),
        fine => fine.into(),
    }
}

/// Writes while the file is wanted, and keeps the disk's own error, which the packer wraps.
struct Wanted<'a, W> {
    out: W,
    progress: &'a Progress,
    trouble: Option<io::Error>,
}

impl<W: Write> Wanted<'_, W> {
    fn noted<T>(&mut self, written: io::Result<T>) -> io::Result<T> {
        written.map_err(|error| {
            let kind = error.kind();
            self.trouble.get_or_insert(error);
            kind.into()
        })
    }
}

impl<W: Write> Write for Wanted<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.progress.is_stopped() {
            return Err(io::Error::other("stopped"));
        }
        let written = self.out.write(bytes);
        self.noted(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.out.flush();
        self.noted(flushed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_a_double_would_round_stay_text() {
        assert_eq!(exact("9007199254740992"), Some(9_007_199_254_740_992.0));
        assert_eq!(exact("-9007199254740992"), Some(-9_007_199_254_740_992.0));
        assert_eq!(exact("9007199254740993"), None);
        assert_eq!(exact("123456789012345678901234567890"), None);
        assert_eq!(exact("-1.5e3"), Some(-1_500.0));
    }

    #[test]
    fn a_sheet_is_called_by_what_fits_of_the_title() {
        assert_eq!(sheet_name("用户列表"), "用户列表");
        assert_eq!(sheet_name("a/b[c]"), "a b c");
        assert_eq!(sheet_name(&"🙂".repeat(40)), "🙂".repeat(15));
        for odd in ["", "''", "/", "History"] {
            assert_eq!(sheet_name(odd), "Sheet1");
        }
    }
}
