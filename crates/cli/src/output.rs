//! The only file that prints: data on stdout, words on stderr.

use std::io::{self, BufWriter, IsTerminal as _, Write as _};

use clap::ValueEnum;
use comfy_table::{Table, presets};
use serde::Serialize;

/// To the beginning of the line, and away with what stands in it (ECMA-48, EL).
const WIPE: &str = "\r\u{1b}[2K";

/// Where no terminal says how wide it is.
const USUAL_WIDTH: usize = 160;

/// How data is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people, with a heading
    Table,
    /// A line per row, cells separated by tabs, without a heading
    Tsv,
    /// One line of JSON
    Json,
}

/// What stands in a list: one object in JSON, one row otherwise.
pub trait Row: Serialize {
    const HEAD: &'static [&'static str];
    /// As many as the head has; absent ones are empty.
    fn cells(&self) -> Vec<String>;
}

/// Where data goes.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    format: Format,
    wished: bool,
}

impl Output {
    /// Without a wish: a table on a terminal, else tab-separated.
    pub fn new(wish: Option<Format>) -> Self {
        let usual = if io::stdout().is_terminal() { Format::Table } else { Format::Tsv };
        Self { format: wish.unwrap_or(usual), wished: wish.is_some() }
    }

    /// Things that come one by one. Without a wish: for people on a terminal, else in JSON.
    pub fn stream(self) -> Stream {
        let format = match self.format {
            Format::Tsv if !self.wished => Format::Json,
            format => format,
        };
        Stream { format, width: width(), stdout: BufWriter::new(io::stdout()) }
    }

    /// A list: an array in JSON.
    pub fn list<R: Row>(self, rows: &[R]) -> io::Result<()> {
        match self.format {
            Format::Json => line(&json(&rows)?),
            _ => self.rows(rows),
        }
    }

    /// One thing: an object in JSON.
    pub fn one<R: Row>(self, row: &R) -> io::Result<()> {
        match self.format {
            Format::Json => line(&json(row)?),
            _ => self.rows(std::slice::from_ref(row)),
        }
    }

    /// Several rows that are one thing: in JSON `whole`.
    pub fn rows_of<R: Row, T: Serialize>(self, rows: &[R], whole: &T) -> io::Result<()> {
        match self.format {
            Format::Json => line(&json(whole)?),
            _ => self.rows(rows),
        }
    }

    /// One thing of which people and scripts want `value` alone; all of it in JSON.
    pub fn value<T: Serialize>(self, value: &str, whole: &T) -> io::Result<()> {
        match self.format {
            Format::Json => line(&json(whole)?),
            Format::Table | Format::Tsv => line(value),
        }
    }

    fn rows<R: Row>(self, rows: &[R]) -> io::Result<()> {
        if self.format == Format::Table {
            return line(&table(rows));
        }
        for row in rows {
            let cells: Vec<_> = row.cells().iter().map(|cell| plain(cell)).collect();
            line(&cells.join("\t"))?;
        }
        Ok(())
    }
}

/// What comes one by one: one object in JSON, one line for people, or one row.
pub trait Told: Serialize {
    fn cells(&self) -> Vec<String>;
    /// Cut at the end when it is longer than a line, unless it is to be read to its end.
    fn for_people(&self) -> String;
    /// Whether its end matters as much as its beginning.
    fn is_read_to_its_end(&self) -> bool {
        false
    }
}

/// Where things go that come one by one.
#[derive(Debug)]
pub struct Stream {
    format: Format,
    width: usize,
    stdout: BufWriter<io::Stdout>,
}

impl Stream {
    /// Seen at the next [`flush`](Self::flush) at the latest.
    pub fn one<T: Told>(&mut self, told: &T) -> io::Result<()> {
        let line = match self.format {
            Format::Json => json(told)?,
            Format::Tsv => told.cells().iter().map(|cell| plain(cell)).collect::<Vec<_>>().join("\t"),
            Format::Table if told.is_read_to_its_end() => plain(&told.for_people()),
            Format::Table => cut(&plain(&told.for_people()), self.width),
        };
        writeln!(self.stdout, "{line}")
    }

    pub fn flush(&mut self) -> io::Result<()> {
        self.stdout.flush()
    }
}

/// One line on stdout, there at once.
pub fn line(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}")?;
    stdout.flush()
}

/// A text from elsewhere as one line: line breaks become spaces, and on a terminal nothing can steer it.
pub fn foreign_line(text: &str) -> io::Result<()> {
    if io::stdout().is_terminal() { line(&plain(text)) } else { line(&text.replace(['\n', '\r'], " ")) }
}

/// Words for people on stderr. Nobody reads on when that fails.
pub fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{}", plain(text));
}

/// A question on stderr; its answer is read elsewhere.
pub fn ask(question: &str) {
    let mut stderr = io::stderr();
    let _ = write!(stderr, "{} ", plain(question));
    let _ = stderr.flush();
}

/// A line on stderr that changes, when stderr is a terminal; it is wiped when this is dropped.
#[derive(Debug)]
pub struct Progress {
    seen: bool,
}

impl Progress {
    pub fn new() -> Self {
        Self { seen: io::stderr().is_terminal() }
    }

    /// Whether anybody sees it.
    pub fn is_seen(&self) -> bool {
        self.seen
    }

    /// Writes over what stood there; where nothing can be written over, a line of its own.
    pub fn say(&mut self, text: &str) {
        if self.seen { self.show(text) } else { say(text) }
    }

    /// Writes over what stood there.
    pub fn show(&mut self, text: &str) {
        if self.seen {
            let mut stderr = io::stderr();
            let _ = write!(stderr, "{WIPE}{}", plain(text));
            let _ = stderr.flush();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.show("");
    }
}

fn json<T: Serialize>(value: &T) -> io::Result<String> {
    serde_json::to_string(value).map_err(io::Error::from)
}

/// As wide as it is: an id that is broken over lines cannot be copied.
fn table<R: Row>(rows: &[R]) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(R::HEAD.iter().map(|name| name.to_uppercase()));
    for row in rows {
        table.add_row(row.cells().iter().map(|cell| plain(cell)));
    }
    table.trim_fmt()
}

/// How many characters stand in a line of the terminal.
fn width() -> usize {
    match rustix::termios::tcgetwinsize(io::stdout()) {
        Ok(size) if size.ws_col > 0 => size.ws_col.into(),
        _ => USUAL_WIDTH,
    }
}

/// At most `width` wide, with an ellipsis for what is cut.
fn cut(text: &str, width: usize) -> String {
    if text.chars().map(wide).sum::<usize>() <= width {
        return text.to_owned();
    }
    let mut left = width.saturating_sub(1);
    let fits = text.chars().take_while(|character| {
        let fits = wide(*character) <= left;
        left = left.saturating_sub(wide(*character));
        fits
    });
    fits.chain(['…']).collect()
}

/// How wide a terminal shows it, nearly: Chinese, Japanese, Korean and pictures as wide as two (UAX 11).
fn wide(character: char) -> usize {
    match character {
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}' => 2,
        '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{1f300}'.. => 2,
        _ => 1,
    }
}

/// Without control characters: no line breaks, no tabs, no terminal sequences.
fn plain(text: &str) -> String {
    let harmless = |character: char| match character {
        '\n' | '\r' | '\t' => ' ',
        control if control.is_control() => '\u{fffd}',
        // Would turn round what stands beside them.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        other => other,
    };
    text.chars().map(harmless).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Pair(&'static str, &'static str);

    impl Row for Pair {
        const HEAD: &'static [&'static str] = &["name", "value"];
        fn cells(&self) -> Vec<String> {
            vec![self.0.into(), self.1.into()]
        }
    }

    #[test]
    fn a_table_has_a_heading_and_no_terminal_sequences() {
        let shown = table(&[Pair("a", "1"), Pair("b", "\u{1b}[31m2\n")]);
        let lines: Vec<_> = shown.lines().map(str::trim).collect();
        assert!(lines[0].starts_with("NAME") && lines[0].ends_with("VALUE"), "{shown}");
        assert!(lines[2].ends_with("\u{fffd}[31m2"), "{shown}");
    }

    #[test]
    fn a_line_for_people_is_cut_at_its_width() {
        for (text, width, shown) in [
            ("abcdef", 6, "abcdef"),
            ("abcdef", 5, "abcd…"),
            ("", 1, ""),
            ("ab", 1, "…"),
            ("张三李四", 8, "张三李四"),
            ("张三李四", 7, "张三李…"),
            ("张三李四", 6, "张三…"),
        ] {
            assert_eq!(cut(text, width), shown, "{text} {width}");
        }
    }
}
