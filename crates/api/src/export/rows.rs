//! The rows of a task as they wait on the disk: the columns on the first line, then a JSON array on each.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::column::Columns;
use super::folder::{Folder, Part, rows_name};
use super::{Format, MAX_XLSX_ROWS};

/// Longest row, in bytes of JSON.
pub const MAX_ROW_BYTES: usize = 1 << 20;

/// Most rows of any kind of file.
const MAX_ROWS: u64 = 1 << 40;

const BUFFER_BYTES: usize = 256 << 10;

/// Why rows are not taken.
#[derive(Debug, thiserror::Error)]
pub enum RowsError {
    /// A row breaks a rule; the text names it.
    #[error("{0}")]
    Row(String),
    /// There is no end.
    #[error("the rows broke off")]
    BrokenOff,
    /// The disk.
    #[error("the rows cannot be written down: {0}")]
    Disk(#[from] io::Error),
}

/// Rows that are being written down. Dropped before [`Waiting::end`], nothing is left of it.
pub struct Waiting {
    file: BufWriter<File>,
    part: Part,
    columns: Columns,
    most: u64,
    rows: u64,
    line: Vec<u8>,
}

impl Waiting {
    /// Begins the rows of the task with this token.
    ///
    /// # Errors
    /// The disk's.
    pub fn begin(folder: &Folder, token: &str, columns: Columns, format: Format) -> io::Result<Self> {
        let (file, part) = folder.begin(&rows_name(token))?;
        let mut file = BufWriter::with_capacity(BUFFER_BYTES, file);
        serde_json::to_writer(&mut file, &columns)?;
        file.write_all(b"\n")?;
        let most = match format {
            Format::Xlsx => MAX_XLSX_ROWS,
            Format::Csv => MAX_ROWS,
        };
        Ok(Self { file, part, columns, most, rows: 0, line: Vec::new() })
    }

    /// Adds one row; `place` is how the caller calls it when it is wrong.
    ///
    /// # Errors
    /// [`RowsError`]
    pub fn add(&mut self, row: &[u8], place: impl FnOnce() -> String) -> Result<(), RowsError> {
        if row.len() > MAX_ROW_BYTES {
            return Err(RowsError::Row(format!("{} is longer than {MAX_ROW_BYTES} bytes", place())));
        }
        if self.rows == self.most {
            let text = format!("has more than the {} rows that a sheet holds; use the format csv", self.most);
            return Err(RowsError::Row(text));
        }
        let read = self.columns.read(row).map_err(|rule| RowsError::Row(format!("{}: {rule}", place())))?;
        self.line.clear();
        read.write_line(&mut self.line);
        self.file.write_all(&self.line)?;
        self.rows += 1;
        Ok(())
    }

    /// Everything is there: onto the disk with it. Gives how many rows there are.
    ///
    /// # Errors
    /// The disk's; then nothing is left.
    pub fn end(self) -> io::Result<u64> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        self.part.keep(&file)?;
        Ok(self.rows)
    }
}

/// Cuts chunks of bytes into lines, of which each is at most [`MAX_ROW_BYTES`] long.
#[derive(Default)]
pub struct Lines {
    begun: Vec<u8>,
    number: u64,
}

impl Lines {
    /// Lines counted from the one after `number`.
    #[must_use]
    pub fn after(number: u64) -> Self {
        Self { begun: Vec::new(), number }
    }

    /// Gives each line that ends in `chunk` to `take`, with its number; empty ones are passed over.
    ///
    /// # Errors
    /// A line that is too long, or what `take` gave.
    pub fn feed(
        &mut self,
        chunk: &[u8],
        mut take: impl FnMut(u64, &[u8]) -> Result<(), RowsError>,
    ) -> Result<(), RowsError> {
        let mut rest = chunk;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, after) = (&rest[..end], &rest[end + 1..]);
            self.number += 1;
            if self.begun.is_empty() {
                take_line(self.number, line, &mut take)?;
            } else {
                self.keep(line)?;
                take_line(self.number, &self.begun, &mut take)?;
                self.begun.clear();
            }
            rest = after;
        }
        self.keep(rest)
    }

    /// The last line, which may lack its end.
    ///
    /// # Errors
    /// What `take` gave.
    pub fn end(self, mut take: impl FnMut(u64, &[u8]) -> Result<(), RowsError>) -> Result<(), RowsError> {
        take_line(self.number + 1, &self.begun, &mut take)
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), RowsError> {
        // One more for a carriage return.
        if self.begun.len() + bytes.len() > MAX_ROW_BYTES + 1 {
            let line = self.number.max(1);
            return Err(RowsError::Row(format!(
                "line {line} or the next is longer than {MAX_ROW_BYTES} bytes"
            )));
        }
        self.begun.extend_from_slice(bytes);
        Ok(())
    }
}

fn take_line(
    number: u64,
    line: &[u8],
    take: &mut impl FnMut(u64, &[u8]) -> Result<(), RowsError>,
) -> Result<(), RowsError> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match line.is_empty() {
        true => Ok(()),
        false => take(number, line),
    }
}

/// The rows of a task, read again.
pub struct Rows {
    file: BufReader<File>,
    /// What stands in each column.
    pub columns: Columns,
}

impl Rows {
    /// Opens the rows of the task with this token.
    ///
    /// # Errors
    /// The disk's, or [`io::ErrorKind::InvalidData`].
    pub fn open(folder: &Folder, token: &str) -> io::Result<Self> {
        let file = File::open(folder.file(&rows_name(token)))?;
        let mut file = BufReader::with_capacity(BUFFER_BYTES, file);
        let mut line = Vec::new();
        file.read_until(b'\n', &mut line)?;
        let columns = serde_json::from_slice(&line)?;
        Ok(Self { file, columns })
    }

    /// How long they are together.
    ///
    /// # Errors
    /// The disk's.
    pub fn bytes(&self) -> io::Result<u64> {
        Ok(self.file.get_ref().metadata()?.len())
    }

    /// Reads the next row into `line`; `false` after the last.
    ///
    /// # Errors
    /// The disk's.
    pub fn next(&mut self, line: &mut Vec<u8>) -> io::Result<bool> {
        line.clear();
        Ok(self.file.read_until(b'\n', line)? > 0)
    }
}

/// How far a file is, and whether it is still wanted. Between a thread that writes and a task that watches.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    stop: AtomicBool,
}

impl Progress {
    /// How many rows are written.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Nobody wants the file any more.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Notes that `done` rows are written.
    ///
    /// # Errors
    /// [`WriteError::Stopped`]
    pub fn step(&self, done: u64) -> Result<(), WriteError> {
        self.done.store(done, Ordering::Relaxed);
        if self.is_stopped() { Err(WriteError::Stopped) } else { Ok(()) }
    }

    /// Whether nobody wants the file any more.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The disk.
    #[error("the file cannot be written: {0}")]
    Disk(#[from] io::Error),
    /// Nobody wants it any more.
    #[error("stopped")]
    Stopped,
    /// A row that was taken cannot be written.
    #[error("row {row} cannot be written: {reason}")]
    Row {
        /// Counted from 1.
        row: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The library that writes the file.
    #[error("{0}")]
    Fault(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(chunks: &[&str]) -> Result<Vec<(u64, String)>, RowsError> {
        let (mut lines, mut taken) = (Lines::default(), Vec::new());
        let mut take = |number, line: &[u8]| {
            taken.push((number, String::from_utf8(line.to_vec()).unwrap()));
            Ok(())
        };
        for chunk in chunks {
            lines.feed(chunk.as_bytes(), &mut take)?;
        }
        lines.end(&mut take)?;
        Ok(taken)
    }

    #[test]
    fn lines_are_the_same_however_the_bytes_arrive() {
        let text = "[1]\r\n\n[2,\"题\"]\n[3]";
        let whole = lines(&[text]).unwrap();
        assert_eq!(whole, [(1, "[1]".into()), (3, "[2,\"题\"]".into()), (4, "[3]".into())]);
        for cut in (0..text.len()).filter(|cut| text.is_char_boundary(*cut)) {
            assert_eq!(lines(&[&text[..cut], &text[cut..]]).unwrap(), whole, "{cut}");
        }
    }

    #[test]
    fn a_line_without_an_end_is_refused_before_it_fills_the_memory() {
        let long = "x".repeat(MAX_ROW_BYTES);
        assert!(lines(&[&long]).is_ok());
        assert!(lines(&[&long, "xx"]).is_err());
    }

    #[test]
    fn what_was_written_down_is_read_again_and_a_wrong_row_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        let columns: Columns = serde_json::from_str(r#"["a", {"title": "b", "type": "date"}]"#).unwrap();
        let begin = || Waiting::begin(&folder, "token", columns.clone(), Format::Xlsx).unwrap();
        let mut waiting = begin();
        waiting.add(b"[1, \"2026-11-23\"]", || "row 1".into()).unwrap();
        waiting.add(b"[]", || "row 2".into()).unwrap();
        assert_eq!(waiting.end().unwrap(), 2);
        let mut rows = Rows::open(&folder, "token").unwrap();
        assert_eq!(rows.columns, columns);
        let mut line = Vec::new();
        assert!(rows.next(&mut line).unwrap());
        assert_eq!(line, b"[1,\"2026-11-23\"]\n");
        assert!(rows.next(&mut line).unwrap());
        assert!(!rows.next(&mut line).unwrap());

        folder.remove(&rows_name("token"));
        let mut waiting = begin();
        let wrong = waiting.add(b"[1, 2]", || "line 7".into()).unwrap_err();
        assert!(wrong.to_string().starts_with("line 7: cell 2 must be"), "{wrong}");
        drop(waiting);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
